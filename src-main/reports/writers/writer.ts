/** The contract of a report's formats, and what they share. */
import type { ReportFormat, ResolvedBlock, ResolvedReport, Value } from '../../../src-shared/report.ts';
import { formatValue } from '../format.ts';

/** A file of a written report. Names are relative, with `/` between folders. */
export interface WrittenFile {
  readonly name: string;
  /** Media type. */
  readonly type: string;
  readonly content: string | Uint8Array;
}

export interface WriterTools {
  /** Prints a page of ours. @throws AssayError `not-found` where nothing on this machine can. */
  readonly printPdf: (html: string) => Promise<Uint8Array>;
}

export interface Writer {
  readonly format: ReportFormat;
  readonly title: string;
  /** The same report gives the same bytes, so that a file can be held against its numbers; false for a print. */
  readonly isExact: boolean;
  write(report: ResolvedReport, tools: WriterTools): readonly WrittenFile[] | Promise<readonly WrittenFile[]>;
}

/** Of all files that belong to the page or text: without folders and extension. */
export const BASE = 'report';

/** `2026-11-21`, in UTC: the same wherever it is written. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** Title, author and program in one line. */
export const byline = ({ report, program }: ResolvedReport): string =>
  [report.author, dayOf(report.created), `Assay ${program}`].filter((part) => part !== null && part !== '').join(', ');

/** Numbers of tables and figures in the order in which they stand. */
export function numbered(blocks: readonly ResolvedBlock[]): ReadonlyMap<ResolvedBlock, number> {
  const counts = { table: 0, figure: 0 };
  const numbers = new Map<ResolvedBlock, number>();
  for (const block of blocks)
    if (block.form === 'table' || block.form === 'figure') numbers.set(block, ++counts[block.form]);
  return numbers;
}

/** Where a value comes from, in words. */
export function provenanceOf(value: Pick<Value, 'metric' | 'at' | 'estimator' | 'sources'>): string {
  return [value.metric, value.at, value.estimator, value.sources.join(', ')].filter((part) => part !== '').join('; ');
}

/** The runs of some sources, each once. */
export function runsOf({ sources }: ResolvedReport, ids: readonly string[]) {
  const runs = new Map(
    sources.filter(({ id }) => ids.includes(id)).flatMap((source) => source.runs.map((run) => [run.id, run] as const)),
  );
  return [...runs.values()];
}

/** A value with its interval, plain. */
export function plainValue(value: Value): string {
  const { main, interval } = formatValue(value);
  return interval === null ? main : `${main} ${interval}`;
}
