/** The address that makes a report: of a run, of runs, of a study or of a comparison. */
import { z } from 'zod';
import type { ComparedGroup } from '../../../src-shared/comparison.ts';
import type { ReportOf } from '../../../src-shared/report.ts';
import { type CompareView, compareSearch, referenceOf, viewOf } from '../comparison/view.ts';

/** An id of digits only is a number to whoever reads addresses. */
const text = z.union([z.string(), z.number()]).transform(String);
const ids = z
  .union([z.array(text), text.transform((list) => list.split(','))])
  .transform((list) => [...new Set(list.filter(Boolean))].slice(0, 200));

/** A wrong value is left out, never an error: addresses are typed and kept by people. */
export const newReportSearch = z.object({
  run: text.optional().catch(undefined),
  runs: ids.optional().catch(undefined),
  reference: text.optional().catch(undefined),
  study: text.optional().catch(undefined),
  scale: z.enum(['tiny', 'paper']).optional().catch(undefined),
  /** The address of a comparison. */
  comparison: compareSearch.optional().catch(undefined),
});
export type NewReportSearch = z.infer<typeof newReportSearch>;

/** A comparison is known by its view: what its groups are the app says. */
export type Request = { readonly of: ReportOf } | { readonly comparison: CompareView };

/** Null: the address names nothing. */
export function requestOf({ run, runs = [], reference, study, scale, comparison }: NewReportSearch): Request | null {
  const [first] = runs;
  if (study !== undefined) return { of: { study, ...(scale && { scale }) } };
  if (comparison !== undefined) {
    const view = viewOf(comparison);
    return view.runs.length === 0 ? null : { comparison: view };
  }
  if (run !== undefined) return { of: { run } };
  if (first === undefined) return null;
  return { of: runs.length === 1 ? { run: first } : { runs, ...(reference && { reference }) } };
}

/** The groups that a comparison shows, and what it holds them against. Labels that are the same get numbers. */
export function comparisonOf(
  { hidden, reference }: CompareView,
  groups: readonly Pick<ComparedGroup, 'key' | 'label' | 'runIds'>[],
): Extract<ReportOf, { comparison: unknown }> {
  const against = referenceOf(reference, groups)?.group;
  const shown = groups.filter(({ key }) => key === against || !hidden.includes(key));
  const labels: string[] = [];
  for (const { label } of shown) {
    const base = label.slice(0, 190) || 'runs';
    let own = base;
    for (let n = 2; labels.includes(own); n++) own = `${base} (${n})`;
    labels.push(own);
  }
  return {
    comparison: shown.map(({ runIds }, i) => ({ label: labels[i] ?? '', runs: [...runIds] })),
    reference: labels[shown.findIndex(({ key }) => key === against)] ?? null,
  };
}
