/** Runs under headings: one for each value of a field, with the mean of a measure over its members. */
import type { RunSummary } from '../../../src-shared/api.ts';
import { t975 } from '../../../src-shared/charts/mean-band.ts';
import type { OptionValue } from '../../../src-shared/options.ts';
import type { Field } from './fields.ts';

export interface RunGroup {
  /** Unique among the groups. */
  readonly id: string;
  /** Null: runs without a value. */
  readonly value: OptionValue | null;
  readonly runs: readonly RunSummary[];
}

/** In the order of values, numbers by size; those without one last. A run with several tags is in several groups. */
export function groupRuns(runs: readonly RunSummary[], field: Field): RunGroup[] {
  const groups = new Map<string, { value: OptionValue | null; runs: RunSummary[] }>();
  for (const run of runs) {
    const values = field.values(run);
    for (const value of values.length === 0 ? [null] : values) {
      const id = JSON.stringify(value);
      const group = groups.get(id) ?? { value, runs: [] };
      groups.set(id, group);
      group.runs.push(run);
    }
  }
  return Array.from(groups, ([id, group]) => ({ id, ...group })).sort((a, b) => compare(a.value, b.value));
}

function compare(a: OptionValue | null, b: OptionValue | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

export interface Estimate {
  readonly mean: number;
  /** Half width of the 95 % Student-t interval of the mean; null below two values. */
  readonly halfWidth: number | null;
  readonly n: number;
}

/** Of the finite values; null where there are none. */
export function estimate(values: readonly (number | null | undefined)[]): Estimate | null {
  const known = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  const n = known.length;
  if (n === 0) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, halfWidth: null, n };
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, halfWidth: t975(n - 1) * Math.sqrt(variance / n), n };
}

/** A row of the table: a run, or the heading of a group. A run in two groups makes two rows. */
export type TableRow =
  | { readonly kind: 'group'; readonly key: string; readonly group: RunGroup; readonly collapsed: boolean }
  | { readonly kind: 'run'; readonly key: string; readonly run: RunSummary };

/** @param field null: no groups */
export function tableRows(
  runs: readonly RunSummary[],
  field: Field | null,
  collapsed: ReadonlySet<string>,
): readonly TableRow[] {
  if (field === null) return runs.map((run) => ({ kind: 'run', key: run.id, run }));
  return groupRuns(runs, field).flatMap((group): TableRow[] => {
    const isCollapsed = collapsed.has(group.id);
    const head: TableRow = { kind: 'group', key: `group ${group.id}`, group, collapsed: isCollapsed };
    if (isCollapsed) return [head];
    return [head, ...group.runs.map((run): TableRow => ({ kind: 'run', key: `${group.id} ${run.id}`, run }))];
  });
}
