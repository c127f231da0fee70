/** How the table of runs is looked at: what is filtered, sorted, grouped and shown. Has an address, and can be kept. */
import { z } from 'zod';
import { DEFAULT_COLUMNS, NAME } from './columns.ts';

const ids = z.array(z.string().max(240)).max(200);

/** What is shown, beside what is asked for: remembered from one visit to the next. */
export const layoutSchema = z.object({
  columns: ids,
  pinned: ids,
  /** px by column, where it is not the usual one. */
  widths: z.record(z.string(), z.number()),
});
export type Layout = z.infer<typeof layoutSchema>;

export const viewSchema = layoutSchema.extend({
  q: z.string(),
  /** Column; `-` in front: largest first. */
  sort: z.string(),
  /** Key of a field. */
  group: z.string().nullable(),
  /** Column whose mean the groups show. */
  measure: z.string(),
});
export type RunsView = z.infer<typeof viewSchema>;

/** A wrong value is left out, never an error: addresses are typed and kept by people. */
export const runsSearch = z.object({
  q: z.string().max(2000).optional().catch(undefined),
  sort: z.string().optional().catch(undefined),
  group: z.string().optional().catch(undefined),
  measure: z.string().optional().catch(undefined),
  columns: ids.optional().catch(undefined),
  pinned: ids.optional().catch(undefined),
});
export type RunsSearch = z.infer<typeof runsSearch>;

export const DEFAULT_LAYOUT: Layout = { columns: [...DEFAULT_COLUMNS], pinned: [NAME], widths: {} };
const DEFAULTS = { q: '', sort: `-${NAME}`, group: null, measure: 'last' } as const;

/** The address says what it says; the rest is as it was left. */
export function viewOf(search: RunsSearch, layout: Layout): RunsView {
  const columns = search.columns ?? layout.columns;
  return {
    ...DEFAULTS,
    ...layout,
    columns: [NAME, ...new Set(columns.filter((id) => id !== NAME))],
    pinned: search.pinned ?? layout.pinned,
    q: search.q ?? DEFAULTS.q,
    sort: search.sort ?? DEFAULTS.sort,
    group: search.group ?? DEFAULTS.group,
    measure: search.measure ?? DEFAULTS.measure,
  };
}

/** The address of a view. Columns are part of it only where they are not the usual ones. */
export function searchOf({ q, sort, group, measure, columns, pinned }: RunsView): RunsSearch {
  const same = (a: readonly string[], b: readonly string[]) => a.join('\n') === b.join('\n');
  return {
    q: q === DEFAULTS.q ? undefined : q,
    sort: sort === DEFAULTS.sort ? undefined : sort,
    group: group ?? undefined,
    measure: measure === DEFAULTS.measure ? undefined : measure,
    columns: same(columns, DEFAULT_LAYOUT.columns) ? undefined : columns,
    pinned: same(pinned, DEFAULT_LAYOUT.pinned) ? undefined : pinned,
  };
}

/** Whether two views show the same, widths aside. */
export const isSameView = (a: RunsView, b: RunsView): boolean =>
  JSON.stringify(searchOf(a)) === JSON.stringify(searchOf(b));
