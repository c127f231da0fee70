/** Which runs are chosen in a list, by click, by shift and by key. */

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Where a range starts: the last one chosen by itself. */
  readonly anchor: string | null;
}

export const NOTHING: Selection = { ids: new Set(), anchor: null };

export function toggle({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/** All from the anchor to `id`, in the order shown, beside what is chosen; just `id` where the anchor is not shown. */
export function extend(selection: Selection, id: string, shown: readonly string[]): Selection {
  const from = selection.anchor === null ? -1 : shown.indexOf(selection.anchor);
  const to = shown.indexOf(id);
  if (from < 0 || to < 0) return { ids: new Set([...selection.ids, id]), anchor: id };
  const range = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...selection.ids, ...range]), anchor: selection.anchor };
}

/** All that are shown; none of them where all are chosen already. */
export function toggleAll(selection: Selection, shown: readonly string[]): Selection {
  const all = shown.length > 0 && shown.every((id) => selection.ids.has(id));
  const next = new Set(selection.ids);
  for (const id of shown) {
    if (all) next.delete(id);
    else next.add(id);
  }
  return { ids: next, anchor: null };
}
