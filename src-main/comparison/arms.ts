/** The two sides of a comparison: one number a seed, and, where they are stored, the scores of problems behind it. */
import type { MetricName } from '../../src-shared/metrics.ts';
import type { ArmScores } from '../stats/bootstrap.ts';
import { mean, passAtK } from '../stats/describe.ts';
import type { Store } from '../store/store.ts';
import type { ComparedRun } from './grouping.ts';
import { type RunSeries, valueAt } from './series.ts';

export interface Arm {
  /** By unit (grouping.ts): the metric, as a mean over runs of the unit. */
  readonly values: ReadonlyMap<number | string, number>;
  /** Null where they are not stored, do not give the metric, or the metric is not made of problems. */
  readonly scores: ArmScores | null;
  /** Of the runs that have a value, in their order. */
  readonly steps: readonly number[];
}

/** Which values are compared: each run's last, or those of a step. */
export type At = 'last' | number;

/** Null where no run has the metric there. */
export function armOf(
  store: Store,
  metric: MetricName,
  at: At,
  members: readonly ComparedRun[],
  seriesOf: (runId: string) => RunSeries,
): Arm | null {
  const found = members.flatMap(({ run, unit }) => {
    const line = seriesOf(run.id).line(metric, 'step');
    const step = at === 'last' ? line.at(-1)?.step : at;
    const value = step === undefined ? null : valueAt(line, step);
    return step === undefined || value === null ? [] : [{ unit, runId: run.id, step, value }];
  });
  if (found.length === 0) return null;
  const units = Map.groupBy(found, ({ unit }) => unit);
  const scores = new Map<number | string, ReadonlyMap<string, readonly number[]>>();
  for (const [unit, runs] of units) {
    const merged = new Map<string, number[]>();
    for (const { runId, step, value } of runs)
      for (const [problem, score] of problemScores(store, metric, runId, step, value))
        merged.set(problem, [...(merged.get(problem) ?? []), score]);
    if (merged.size > 0) scores.set(unit, merged);
  }
  return {
    values: new Map([...units].map(([unit, runs]) => [unit, mean(runs.map(({ value }) => value))])),
    scores: scores.size === units.size ? scores : null,
    steps: found.map(({ step }) => step),
  };
}

/** Stored samples may be fewer than those measured; scores that do not give the logged metric are not believed. */
const AGREES = 1e-9;

function problemScores(store: Store, metric: MetricName, runId: string, step: number, value: number) {
  const score = scoreOf(metric);
  if (score === null) return new Map<string, number>();
  const scores = new Map(
    store.outcomes.ofStep(runId, step).flatMap(({ problemId, passed, samples }) => {
      const one = samples === 0 ? null : score(passed, samples);
      return one === null ? [] : [[problemId, one] as const];
    }),
  );
  return scores.size > 0 && Math.abs(mean([...scores.values()]) - value) <= AGREES ? scores : new Map<string, number>();
}

/** How a metric is made of a problem's samples; null where it is not the mean over problems of something. */
export function scoreOf(metric: string): ((passed: number, samples: number) => number | null) | null {
  if (metric === 'eval/avg@k') return (passed, samples) => passed / samples;
  const k = /^eval\/pass@(k|\d+)$/.exec(metric)?.[1];
  if (k === undefined) return null;
  return (passed, samples) => {
    const drawn = k === 'k' ? samples : Number(k);
    return samples < drawn ? null : passAtK(samples, passed, drawn);
  };
}
