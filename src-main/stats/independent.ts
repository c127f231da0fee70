/** Two independent groups with spreads of their own: Welch's t test and interval (Welch 1947). a minus b throughout. */
import type { Interval } from './bootstrap.ts';
import { mean, sampleStd } from './describe.ts';
import { studentQuantile, studentUpper } from './distributions.ts';
import type { TestOutcome } from './paired-tests.ts';

interface Welch {
  readonly difference: number;
  /** Of the difference. */
  readonly error: number;
  /** Welch-Satterthwaite, not necessarily whole. */
  readonly freedom: number;
}

/** Null where a group has fewer than two values, or neither has any spread. */
function welch(a: readonly number[], b: readonly number[]): Welch | null {
  const [stdA, stdB] = [sampleStd(a), sampleStd(b)];
  if (stdA === null || stdB === null) return null;
  const [varianceA, varianceB] = [stdA ** 2 / a.length, stdB ** 2 / b.length];
  const variance = varianceA + varianceB;
  if (variance === 0) return null;
  // As shares of the variance: squares of small ones would vanish.
  const [shareA, shareB] = [varianceA / variance, varianceB / variance];
  const freedom = 1 / (shareA ** 2 / (a.length - 1) + shareB ** 2 / (b.length - 1));
  return { difference: mean(a) - mean(b), error: Math.sqrt(variance), freedom };
}

/** Two-sided test of equal means. Null where `a` or `b` has fewer than two values, or neither has any spread. */
export function welchTest(
  a: readonly number[],
  b: readonly number[],
): (TestOutcome & { readonly freedom: number }) | null {
  const of = welch(a, b);
  if (of === null) return null;
  const statistic = of.difference / of.error;
  return { statistic, freedom: of.freedom, p: 2 * studentUpper(Math.abs(statistic), of.freedom), method: "Welch's t" };
}

/** Interval of the difference of means. Null as for the test. @param level Default 0.95. */
export function welchInterval(a: readonly number[], b: readonly number[], level = 0.95): Interval | null {
  const of = welch(a, b);
  if (of === null) return null;
  const half = studentQuantile((1 + level) / 2, of.freedom) * of.error;
  return { low: of.difference - half, high: of.difference + half };
}
