/** What the resolver of a block works with. */
import type { Block, BlockKind, Report, ResolvedBlock } from '../../src-shared/report.ts';
import type { Ledger, Origin } from './ledger.ts';
import type { LoadedCondition, LoadedRun, ReportSource } from './runs.ts';

export interface BlockContext {
  /** Of the block: ids of its values start with it. */
  readonly id: string;
  readonly report: Report;
  readonly conditions: readonly LoadedCondition[];
  /** The one that the others are held against; null: none. */
  readonly reference: LoadedCondition | null;
  readonly source: ReportSource;
  readonly load: (runId: string) => LoadedRun | null;
  readonly ledger: Ledger;
}

export type Resolver<K extends BlockKind> = (
  block: Extract<Block, { kind: K }>,
  context: BlockContext,
) => readonly ResolvedBlock[];

/** The runs of a condition as the origin of a number. */
export const origin = ({ label, runs }: LoadedCondition): Origin => ({ label, runs });

/** A run alone as the origin of a number. */
export const originOf = (run: LoadedRun): Origin => ({ label: `#${run.detail.number}`, runs: [run] });

/** "3 seeds", "2 to 3 seeds", "1 seed". */
export function seedsOf(conditions: readonly LoadedCondition[]): string {
  const counts = conditions.map(({ runs }) => runs.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${most} ${most === 1 ? 'seed' : 'seeds'}` : `${least} to ${most} seeds`;
}

export const isOneRun = ({ conditions }: BlockContext): LoadedRun | null => {
  const [only] = conditions;
  return conditions.length === 1 && only?.runs.length === 1 ? (only.runs[0] ?? null) : null;
};
