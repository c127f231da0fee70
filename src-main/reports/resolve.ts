/** From what a report asks for to what it shows: every block resolved against the store. */
import { AssayError } from '../../src-shared/errors.ts';
import {
  type Block,
  type Report,
  type ResolvedBlock,
  type ResolvedReport,
  resolvedReportSchema,
} from '../../src-shared/report.ts';
import { resolvers } from './blocks/index.ts';
import type { BlockContext, Resolver } from './context.ts';
import { Ledger } from './ledger.ts';
import { type LoadedRun, loadConditions, loadRun, type ReportSource } from './runs.ts';

export interface ResolveOptions {
  /** The Assay that resolves it. */
  readonly program: string;
  /** `skip`: whatever needs only runs that are there is resolved. Default: a missing run is an error. */
  readonly missing?: 'skip';
}

/** @throws AssayError `not-found` for a run or rollout that is not there, `usage` for a reference or study that is not. */
export function resolveReport(report: Report, source: ReportSource, options: ResolveOptions): ResolvedReport {
  const load = loader(source);
  if (options.missing !== 'skip') check(report, source, load);
  const conditions = loadConditions(report, load);
  const reference = conditions.find(({ label }) => label === report.reference) ?? null;
  const ledger = new Ledger();
  const blocks =
    conditions.length === 0
      ? []
      : report.blocks.flatMap((block, i) =>
          resolved(block, { id: `b${i + 1}`, report, conditions, reference, source, load, ledger }),
        );
  // In the order of the schema, as whoever reads it back has it.
  return resolvedReportSchema.parse({ version: 1, program: options.program, report, sources: ledger.sources, blocks });
}

function resolved(block: Block, context: BlockContext): readonly ResolvedBlock[] {
  // The resolver of a kind takes blocks of that kind.
  return (resolvers[block.kind] as Resolver<typeof block.kind>)(block as never, context);
}

/** Each run is read once. */
export function loader(source: ReportSource): (id: string) => LoadedRun | null {
  const loaded = new Map<string, LoadedRun | null>();
  return (id) => {
    const known = loaded.get(id);
    if (known !== undefined) return known;
    const run = loadRun(source, id);
    loaded.set(id, run);
    return run;
  };
}

function check(report: Report, source: ReportSource, load: (id: string) => LoadedRun | null): void {
  const labels = report.conditions.map(({ label }) => label);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) throw new AssayError('usage', `condition "${twice}": there are two of this name`);
  if (report.reference !== null && !labels.includes(report.reference))
    throw new AssayError('usage', `reference "${report.reference}": allowed is ${labels.join(', ')}`);
  const ids = [...report.conditions.flatMap(({ runs }) => runs), ...Object.values(report.study?.runs ?? {})];
  for (const id of ids) if (load(id) === null) throw new AssayError('not-found', `There is no run ${id}`);
  for (const block of report.blocks)
    if (block.kind === 'samples')
      for (const id of block.rollouts)
        if (source.rollout(id) === null) throw new AssayError('not-found', `There is no rollout ${id}`);
}
