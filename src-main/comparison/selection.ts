/** The runs that a comparison is asked for, in groups, with what is not comparable about them. */
import type { ComparabilityIssue, Grouping } from '../../src-shared/comparison.ts';
import { COMPARED_RUNS } from '../../src-shared/comparison.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { MetricName } from '../../src-shared/metrics.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { comparability } from './comparability.ts';
import { comparedRun, groupRuns, type RunGroup } from './grouping.ts';
import { metricName, RunSeries } from './series.ts';

export interface Selection {
  readonly groups: readonly RunGroup[];
  readonly metrics: readonly MetricName[];
  readonly issues: readonly ComparabilityIssue[];
  readonly seriesOf: (runId: string) => RunSeries;
}

/** @throws AssayError `not-found`, or `usage` for fewer than two runs, an unknown metric or option path. */
export function select(
  store: Store,
  input: { readonly runIds: readonly string[]; readonly grouping: Grouping; readonly metrics: readonly string[] },
): Selection {
  const ids = [...new Set(input.runIds)];
  if (ids.length < COMPARED_RUNS.least)
    throw new AssayError('usage', `runIds: ${ids.length} different run; at least ${COMPARED_RUNS.least} are compared`, {
      path: 'runIds',
    });
  const runs = ids.map((id) => store.runs.get(id));
  const series = new Map(ids.map((id) => [id, new RunSeries(store, id)]));
  return {
    groups: groupRuns(
      runs.map((run) => comparedRun(store, run)),
      input.grouping,
    ),
    metrics: [...new Set(input.metrics)].map((name) => metricName(name, [...series.values()])),
    issues: issuesOf(store, runs),
    seriesOf: (runId) => series.get(runId) ?? new RunSeries(store, runId),
  };
}

/** The comparability guard over stored runs. */
export const issuesOf = (store: Store, runs: readonly StoredRun[]): ComparabilityIssue[] =>
  comparability(runs.map((run) => ({ ...run, step: store.steps.last(run.id) ?? 0 })));
