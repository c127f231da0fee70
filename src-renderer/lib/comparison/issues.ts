/** Comparability warnings where they belong: which of them concern a metric, and who has which value. */
import { type ComparabilityIssue, type ComparedGroup, concerns } from '../../../src-shared/comparison.ts';
import { NO_VALUE } from '../../../src-shared/format.ts';

/** Those that stand beside a metric: what is about all metrics stands at the top once. */
export const issuesOfMetric = (issues: readonly ComparabilityIssue[], metric: string): ComparabilityIssue[] =>
  issues.filter((issue) => issue.metrics.length > 0 && concerns(issue, metric));

/** Runs as people name them: whole groups by their label, others by number, many as a count. */
export function whoHas(
  runIds: readonly string[],
  groups: readonly ComparedGroup[],
  numberOf: (runId: string) => number | undefined,
): string {
  const left = new Set(runIds);
  const whole = groups.filter((group) => group.runIds.length > 1 && group.runIds.every((id) => left.has(id)));
  for (const { runIds: members } of whole) for (const id of members) left.delete(id);
  const single = [...left].map((id) => `#${numberOf(id) ?? id}`);
  const names = [...whole.map(({ label }) => label), ...single];
  return names.length <= MOST_NAMED ? names.join(', ') : `${runIds.length} runs`;
}
const MOST_NAMED = 6;

/** One line for a tooltip: title and values. */
export const issueLine = (issue: ComparabilityIssue): string =>
  `${issue.title}: ${issue.values.map(({ value }) => value ?? NO_VALUE).join(' / ')} (${issue.why})`;
