/** What is compared, and how it is looked at: the state of the comparison page. Has an address, and can be kept. */
import { z } from 'zod';
import { COMPARED_RUNS, type ComparedGroup, type Grouping } from '../../../src-shared/comparison.ts';

export const TABS = ['overview', 'completions', 'sweep'] as const;
export type CompareTab = (typeof TABS)[number];
export const COMPARE_X = ['step', 'tokens', 'time'] as const;
export type CompareX = (typeof COMPARE_X)[number];

const id = z.string().min(1).max(64);
const texts = z.array(z.string().min(1).max(200));

export const compareViewSchema = z.object({
  /** In the order in which they stand. Fewer than two cannot be compared yet, and are kept while more are chosen. */
  runs: z.array(id).max(COMPARED_RUNS.most),
  /** Key of a group, or id of a run; null: the first group. */
  reference: z.string().min(1).max(200).nullable(),
  /** `config`, `tag`, `none`, or option paths. */
  grouping: z.union([z.enum(['config', 'tag', 'none']), texts.min(1).max(20)]),
  metrics: texts.min(1).max(24),
  x: z.enum(COMPARE_X),
  /** Weight of the past, 0..1. */
  smoothing: z.number().min(0).max(0.98),
  /** The single runs of a group are drawn behind it. */
  lines: z.boolean(),
  /** 95 % bands are drawn. */
  bands: z.boolean(),
  /** Keys of groups that are not drawn. */
  hidden: texts.max(COMPARED_RUNS.most),
  /** Values that the table of effects holds against each other: the last, or those of the last common step. */
  at: z.enum(['last', 'common']),
  tab: z.enum(TABS),
  /** Of the completions: the problem, the step, and the runs side by side (empty: one of each group). */
  problem: z.string().max(500).nullable(),
  step: z.number().int().nonnegative().nullable(),
  columns: z.array(id).max(4),
});
export type CompareView = z.infer<typeof compareViewSchema>;

export const DEFAULT_METRICS: readonly string[] = ['eval/avg@k', 'train/reward', 'train/length', 'train/token-entropy'];

export const DEFAULT_VIEW: CompareView = {
  runs: [],
  reference: null,
  grouping: 'config',
  metrics: [...DEFAULT_METRICS],
  x: 'step',
  smoothing: 0,
  lines: false,
  bands: true,
  hidden: [],
  at: 'last',
  tab: 'overview',
  problem: null,
  step: null,
  columns: [],
};

/** Lists of ids and names stand in the address with commas, as people type them; what may hold a comma stands as JSON. */
const list = z.union([
  z.array(z.string()),
  // An id of digits only is a number to whoever reads addresses.
  z.union([z.string(), z.number()]).transform((text) => String(text).split(',').filter(Boolean)),
]);
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** A wrong value is left out, never an error: addresses are typed and kept by people. */
export const compareSearch = z.object({
  runs: optional(list),
  reference: optional(z.string()),
  grouping: optional(list),
  metrics: optional(list),
  x: optional(z.enum(COMPARE_X)),
  smoothing: optional(z.number()),
  lines: optional(z.boolean()),
  bands: optional(z.boolean()),
  hidden: optional(z.array(z.string())),
  at: optional(z.enum(['last', 'common'])),
  tab: optional(z.enum(TABS)),
  problem: optional(z.string()),
  step: optional(z.number()),
  columns: optional(list),
});
export type CompareSearch = z.infer<typeof compareSearch>;

/** Each part of an address by itself: one that is wrong has its usual value, the others theirs. */
export function viewOf(search: CompareSearch): CompareView {
  const [first] = search.grouping ?? [];
  const isWord = search.grouping?.length === 1 && ['config', 'tag', 'none'].includes(first ?? '');
  const given: Record<string, unknown> = {
    ...search,
    runs: search.runs === undefined ? undefined : [...new Set(search.runs)].slice(0, COMPARED_RUNS.most),
    grouping: isWord ? first : search.grouping,
  };
  const { shape } = compareViewSchema;
  const view: Record<string, unknown> = { ...DEFAULT_VIEW };
  for (const key of Object.keys(shape) as (keyof typeof shape)[]) {
    const read = shape[key].safeParse(given[key]);
    if (given[key] !== undefined && read.success) view[key] = read.data;
  }
  return compareViewSchema.parse(view);
}

/** The address of a view; what is as usual is left out. */
export function searchOf(view: CompareView): Record<string, unknown> {
  const search: Record<string, unknown> = {};
  for (const key of Object.keys(DEFAULT_VIEW) as (keyof CompareView)[]) {
    const value = view[key];
    if (JSON.stringify(value) === JSON.stringify(DEFAULT_VIEW[key])) continue;
    const isPlainList = Array.isArray(value) && key !== 'hidden';
    search[key] = isPlainList ? value.join(',') : value;
  }
  return search;
}

/** Whether two views show the same. */
export const isSameView = (a: CompareView, b: CompareView): boolean =>
  JSON.stringify(searchOf(a)) === JSON.stringify(searchOf(b));

/** As the calls take it. */
export const groupingOf = ({ grouping }: CompareView): Grouping =>
  typeof grouping === 'string' ? { by: grouping } : { by: 'paths', paths: grouping };

/**
 * What the others are held against: a group by its key, a run within its group by its id, the first group where that
 * names nothing that is there. Null without groups.
 */
export function referenceOf(
  reference: string | null,
  groups: readonly Pick<ComparedGroup, 'key' | 'runIds'>[],
): { readonly group: string; readonly runId: string | null } | null {
  const [first] = groups;
  if (first === undefined) return null;
  const group = groups.find(({ key }) => key === reference);
  const holder = groups.find(({ runIds }) => reference !== null && runIds.includes(reference));
  if (group === undefined && holder !== undefined && holder.runIds.length > 1)
    return { group: holder.key, runId: reference };
  return { group: (group ?? holder ?? first).key, runId: null };
}

/** Without a run, and without what was said about it. */
export function withoutRun(view: CompareView, runId: string): CompareView {
  return {
    ...view,
    runs: view.runs.filter((other) => other !== runId),
    columns: view.columns.filter((other) => other !== runId),
    reference: view.reference === runId ? null : view.reference,
  };
}

/** Keys of groups mean something else under another grouping. */
export const withGrouping = (view: CompareView, grouping: CompareView['grouping']): CompareView => ({
  ...view,
  grouping,
  hidden: [],
  reference: null,
});
