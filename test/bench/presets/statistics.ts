/** What a few seeds tell: means, intervals over seeds, and what may be said of a change. Pure functions. */
import { mean, standardError } from '../../../src-main/stats/describe.ts';

/**
 * 97.5 % quantiles of Student's t by degrees of freedom, from 1 (NIST/SEMATECH e-Handbook of Statistical Methods,
 * 1.3.6.7.2, in more digits).
 */
const T975 = [12.706205, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119, 2.3646243, 2.3060041, 2.2621572];

/**
 * Factor from the standard error of a mean of n values to the half width of its 95 % interval.
 * @throws RangeError outside 2 <= n <= 10, which is what the table holds.
 */
export function tFactor(n: number): number {
  const factor = T975[n - 2];
  if (factor === undefined) throw new RangeError(`t interval: n ${n}; allowed is a whole number from 2 to 10`);
  return factor;
}

export interface Estimate {
  readonly mean: number;
  /** Half width of the 95 % Student-t interval of the mean; null for one value, which has none. */
  readonly half: number | null;
  readonly n: number;
}

/** @throws RangeError on an empty list, and on more than ten values. */
export function estimate(values: readonly number[]): Estimate {
  const error = standardError(values);
  return { mean: mean(values), half: error === null ? null : tFactor(values.length) * error, n: values.length };
}

/** Of the differences after[i] - before[i], i being the seed. @throws RangeError where the lengths differ. */
export function pairedChange(before: readonly number[], after: readonly number[]): Estimate {
  if (before.length !== after.length)
    throw new RangeError(`paired change: ${before.length} values before and ${after.length} after; they must pair up`);
  return estimate(after.map((value, i) => value - (before[i] as number)));
}

/** What is shaded around a mean: the interval from three values on, lowest to highest of two, nothing of one. */
export function bandOf(values: readonly number[]): { readonly low: number; readonly high: number } | null {
  if (values.length < 2) return null;
  if (values.length === 2) return { low: Math.min(...values), high: Math.max(...values) };
  const { mean: centre, half } = estimate(values);
  return { low: centre - (half ?? 0), high: centre + (half ?? 0) };
}

/** `open`: the interval allows more than one of the others, or there is no interval. */
export type Direction = 'up' | 'down' | 'flat' | 'open';

/**
 * Up or down when the whole interval lies on that side of 0 and its mean reaches `least`; flat when the whole interval
 * is within +-least.
 * @param least Smallest change that counts, >= 0, in the unit of the estimate.
 */
export function directionOf({ mean: centre, half }: Estimate, least: number): Direction {
  if (half === null) return 'open';
  if (centre - half > 0 && centre >= least) return 'up';
  if (centre + half < 0 && centre <= -least) return 'down';
  if (centre - half >= -least && centre + half <= least) return 'flat';
  return 'open';
}
