/** Accuracy of samples by problem: pass@k for several k, and the interval of a mean over problems. */
import { PASS_AT } from '../../src-shared/accuracy.ts';
import { stream } from '../../src-shared/random.ts';
import { bootstrapMean, type Interval } from './bootstrap.ts';
import { passAtK } from './describe.ts';

/** Draws of an interval: the error of its ends is then a few hundredths of its width. */
const REPLICATES = 1000;

/** Judged samples of one problem; `samples` is at least 1. */
export interface Judged {
  readonly samples: number;
  readonly passed: number;
}

/**
 * pass@k of a set of problems, for k of `PASS_AT` as far as the samples of any problem reach. A problem whose judged
 * samples are fewer than k, because the sandbox failed on some, is left out of that k.
 * @returns For each k the values by problem.
 */
export function passByProblem(problems: readonly Judged[]): Map<(typeof PASS_AT)[number], number[]> {
  const most = Math.max(0, ...problems.map(({ samples }) => samples));
  return new Map(
    PASS_AT.filter((k) => k <= most).map((k) => [
      k,
      problems
        .filter(({ samples }) => samples >= k)
        // With k = 1 exactly what avg@k is the mean of.
        .map(({ samples, passed }) => (k === 1 ? passed / samples : passAtK(samples, passed, k))),
    ]),
  );
}

/** 95 % bootstrap interval of the mean over problems. Null where there is nothing to draw from: one problem, or all alike. */
export function intervalOfMean(values: readonly number[]): Interval | null {
  if (values.every((value) => value === values[0])) return null;
  const scores = new Map([[0, new Map(values.map((value, i) => [String(i), [value]]))]]);
  const { low, high } = bootstrapMean(scores, { random: stream('interval'), replicates: REPLICATES });
  return { low, high };
}
