/** Estimates over the seeds of a condition, and differences between two: where reports take their statistics from. */

import { concerns } from '../../src-shared/comparison.ts';
import { NEVER_BELOW_ZERO } from '../../src-shared/format.ts';
import { METRICS, type Metric } from '../../src-shared/metrics.ts';
import { stream } from '../../src-shared/random.ts';
import type { Arm } from '../comparison/arms.ts';
import { comparability } from '../comparison/comparability.ts';
import { measureEffect, verdictOn } from '../comparison/effect.ts';
import type { Interval } from '../stats/bootstrap.ts';
import { mean } from '../stats/describe.ts';
import { holm, studentInterval } from '../stats/effects.ts';
import { accuracyError, realDifference, type Verdict } from '../stats/verdict.ts';
import { type LoadedCondition, type LoadedRun, lastOf, numberOption } from './runs.ts';

export const ACCURACY = 'eval/avg@k';
const ERROR = 'eval/avg@k-se';
const Z95 = 1.959963984540054;

/** What an imported run logged under a name that is none of ours is a number. */
export function metricOf(name: string): Metric {
  const found = METRICS.find((metric) => metric.name === name);
  return found ?? { name, title: name, unit: 'number', help: 'As the tool logged it.', source: 'imported' };
}

/** One number of a run, null where it has none. */
export type Pick = (run: LoadedRun) => number | null;

export interface Estimate {
  /** Null: no run has a value. */
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly estimator: string;
}

/** The mean over runs with its 95 % Student-t interval. Of one run the value, with what its own evaluation allows. */
export function estimate({ runs }: LoadedCondition, metric: string, pick: Pick): Estimate {
  const values = bySeed(runs.map((run) => [run, pick(run)] as const));
  if (values.length === 0) return { value: null, interval: null, estimator: 'no run has a value' };
  const [only] = values;
  if (values.length > 1) {
    const interval = bounded(studentInterval(values), metricOf(metric).unit);
    return { value: mean(values), interval, estimator: `mean of ${values.length} seeds, 95 % Student-t interval` };
  }
  return { value: only ?? null, interval: null, estimator: 'one run' };
}

/** Of one evaluation: 1.96 standard errors over its problems. Null where that error is not known. */
export function evaluationInterval(run: LoadedRun, step: number): Interval | null {
  const at = run.steps.find((each) => each.step === step)?.metrics;
  const [value, error] = [at?.[ACCURACY], at?.[ERROR]];
  if (value === undefined || error === undefined) return null;
  return bounded({ low: value - Z95 * error, high: value + Z95 * error }, 'fraction');
}

export const ONE_EVALUATION = 'one evaluation, 95 % interval from the standard error over its problems';

/** Where values cannot be, an interval need not reach: cutting it there loses no coverage. */
export function bounded(interval: Interval | null, unit: Metric['unit']): Interval | null {
  if (interval === null || !NEVER_BELOW_ZERO.has(unit)) return interval;
  return { low: Math.max(0, interval.low), high: unit === 'fraction' ? Math.min(1, interval.high) : interval.high };
}

/** Of the last values of a condition minus those of the reference. */
export interface Difference {
  readonly condition: LoadedCondition;
  readonly value: number;
  readonly interval: Interval | null;
  readonly estimator: string;
  readonly seeds: number;
  /** After Holm's correction over the conditions held against the reference. Null with fewer than two seeds. */
  readonly p: number | null;
  readonly verdict: Verdict;
  readonly why: string;
}

/** All conditions against the reference, judged as call `compareFinal` judges them, by their seeds alone. */
export function differencesFrom(
  reference: LoadedCondition,
  conditions: readonly LoadedCondition[],
  metric: string,
): readonly Difference[] {
  const against = armOf(reference, metric);
  const rows = conditions.flatMap((condition) => {
    const arm = armOf(condition, metric);
    if (condition === reference || arm.values.size === 0 || against.values.size === 0) return [];
    const margin = marginOf([condition, reference], metric);
    // Nothing is drawn where there are no scores of problems.
    const measured = measureEffect(arm, against, margin, () => stream(0, 'report', metric));
    return [{ condition, measured }];
  });
  const tested = rows.filter(({ measured }) => measured.test !== null);
  const corrected = holm(tested.map(({ measured }) => measured.test?.p ?? 1));
  return rows.map((row) => {
    const { condition, measured } = row;
    const p = corrected[tested.indexOf(row)] ?? null;
    const runs = [condition, reference].flatMap((each) => each.runs.map(({ detail }) => detail));
    const forbidden = comparability(runs).filter((issue) => issue.severity === 'differs' && concerns(issue, metric));
    const { effect, pairedBy, seeds } = measured;
    const interval = withinShares(measured.interval, metric);
    const estimator =
      pairedBy === 'seed'
        ? `mean of ${seeds} differences within a seed, 95 % Student-t interval`
        : 'difference of means over independent seeds, 95 % Welch interval';
    const titles = forbidden.map(({ title }) => title.toLowerCase()).join(', ');
    return { condition, value: effect, interval, estimator, seeds, p, ...verdictOn(measured, p, titles || null) };
  });
}

/** No difference of shares is beyond 1. */
function withinShares(interval: Interval | null, metric: string): Interval | null {
  if (interval === null || metricOf(metric).unit !== 'fraction') return interval;
  return { low: Math.max(-1, interval.low), high: Math.min(1, interval.high) };
}

/** Smallest difference of accuracies that counts: 1.5 points or two standard errors of an evaluation. Null: none is known. */
export function marginOf(conditions: readonly LoadedCondition[], metric: string): number | null {
  if (metric !== ACCURACY) return null;
  const errors = conditions.flatMap(({ runs }) =>
    runs.flatMap((run) => {
      const [problems, samples] = [numberOption(run, 'evaluation.problems'), numberOption(run, 'evaluation.samples')];
      const value = lastOf(run, metric)?.value;
      return problems === null || samples === null || value === undefined
        ? []
        : [accuracyError(value, problems, samples)];
    }),
  );
  return errors.length === 0 ? null : realDifference(Math.max(...errors));
}

/** One number a seed: runs of one seed are no independent samples, so they count as their mean. */
function bySeed(values: readonly (readonly [run: LoadedRun, value: number | null])[]): number[] {
  const known = values.flatMap(([run, value]) => (value === null ? [] : [{ unit: unitOf(run), value }]));
  return [...Map.groupBy(known, ({ unit }) => unit).values()].map((of) => mean(of.map(({ value }) => value)));
}

/** A run without a seed counts by itself. */
const unitOf = ({ detail }: LoadedRun): number | string => detail.seed ?? detail.id;

function armOf({ runs }: LoadedCondition, metric: string): Arm {
  const found = runs.flatMap((run) => {
    const last = lastOf(run, metric);
    return last === null ? [] : [{ unit: unitOf(run), ...last }];
  });
  const units = Map.groupBy(found, ({ unit }) => unit);
  return {
    values: new Map([...units].map(([unit, of]) => [unit, mean(of.map(({ value }) => value))])),
    scores: null,
    steps: found.map(({ step }) => step),
  };
}
