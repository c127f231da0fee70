/**
 * A series as a row of buckets: each stands for the measurements of a range of steps and keeps their lowest, highest
 * and mean, so that no spike is lost however long the series is. Ranges lie on a grid of 2^k steps from 0: a series
 * that grows keeps its buckets, and looks the same from one moment to the next.
 */
import type { Point } from './series.ts';

export interface Bucket {
  /** First and last step that was measured. */
  readonly first: number;
  readonly last: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** Measurements, >= 1. */
  readonly n: number;
}

/** Columns of equal length, as buckets travel; where each bucket is one measurement, all but `first` and `low` are empty. */
export interface BucketColumns {
  first: number[];
  last: number[];
  low: number[];
  high: number[];
  mean: number[];
  n: number[];
}

export const single = (step: number, value: number): Bucket => ({
  first: step,
  last: step,
  low: value,
  high: value,
  mean: value,
  n: 1,
});

/** Smallest grid of 2^k steps on which `from` to `to` needs at most `limit` buckets. @param limit >= 2 */
export function gridFor(from: number, to: number, limit: number): number {
  let width = 1;
  while (Math.floor(to / width) - Math.floor(from / width) + 1 > limit) width *= 2;
  return width;
}

/** Two neighbours as one. */
export const merge = (a: Bucket, b: Bucket): Bucket => ({
  first: Math.min(a.first, b.first),
  last: Math.max(a.last, b.last),
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
  mean: (a.mean * a.n + b.mean * b.n) / (a.n + b.n),
  n: a.n + b.n,
});

/** On a coarser grid. A bucket of a coarser one than `width` stays. */
export function regrid(buckets: readonly Bucket[], width: number): Bucket[] {
  const out: Bucket[] = [];
  for (const bucket of buckets) {
    const before = out.at(-1);
    if (before !== undefined && Math.floor(before.last / width) === Math.floor(bucket.first / width))
      out[out.length - 1] = merge(before, bucket);
    else out.push(bucket);
  }
  return out;
}

/** At most `limit` buckets on the finest grid that allows it; few enough stay as they are. @param limit >= 2 */
export function thin(buckets: readonly Bucket[], limit: number): readonly Bucket[] {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined || buckets.length <= limit) return buckets;
  return regrid(buckets, gridFor(first.first, last.last, limit));
}

/** Steps between two measurements, as most of them lie; 1 where that cannot be told. */
export function cadenceOf(buckets: readonly Bucket[]): number {
  const gaps: number[] = [];
  for (const [i, bucket] of buckets.entries()) {
    if (bucket.n > 1) gaps.push((bucket.last - bucket.first) / (bucket.n - 1));
    const next = buckets[i + 1];
    if (next !== undefined) gaps.push(next.first - bucket.last);
  }
  if (gaps.length === 0) return 1;
  gaps.sort((a, b) => a - b);
  return Math.max(1, gaps[(gaps.length - 1) >> 1] as number);
}

/** Runs of buckets without a measurement missing between two of them. */
export function segmentsOf(buckets: readonly Bucket[], cadence: number): Bucket[][] {
  const segments: Bucket[][] = [];
  let before: Bucket | undefined;
  for (const bucket of buckets) {
    if (before === undefined || bucket.first - before.last > cadence * 1.5) segments.push([]);
    segments.at(-1)?.push(bucket);
    before = bucket;
  }
  return segments;
}

/** The bucket that `step` falls into or, between two, the nearer one. Buckets are in order. */
export function nearestBucket(buckets: readonly Bucket[], step: number): Bucket | undefined {
  let low = 0;
  let high = buckets.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((buckets[middle] as Bucket).last < step) low = middle + 1;
    else high = middle;
  }
  const after = buckets[low];
  const before = buckets[low - 1];
  if (after === undefined || before === undefined) return after ?? before;
  return step - before.last <= after.first - step ? before : after;
}

/** The part that has to do with the steps `from` to `to`: what lies between, and one neighbour on either side. */
export function within(buckets: readonly Bucket[], from: number, to: number): readonly Bucket[] {
  const start = buckets.findIndex((bucket) => bucket.last >= from);
  if (start < 0) return buckets.slice(-1);
  const after = buckets.findIndex((bucket) => bucket.first > to);
  return buckets.slice(Math.max(0, start - 1), after < 0 ? undefined : after + 1);
}

export function toColumns(buckets: readonly Bucket[]): BucketColumns {
  const column = (of: (bucket: Bucket) => number) => buckets.map(of);
  const isRaw = buckets.every(({ n }) => n === 1);
  return {
    first: column((b) => b.first),
    last: isRaw ? [] : column((b) => b.last),
    low: column((b) => b.low),
    high: isRaw ? [] : column((b) => b.high),
    mean: isRaw ? [] : column((b) => b.mean),
    n: isRaw ? [] : column((b) => b.n),
  };
}

export function fromColumns({ first, last, low, high, mean, n }: BucketColumns): Bucket[] {
  return first.map((step, i) => {
    const value = low[i] as number;
    return {
      first: step,
      last: last[i] ?? step,
      low: value,
      high: high[i] ?? value,
      mean: mean[i] ?? value,
      n: n[i] ?? 1,
    };
  });
}

export const fromPoints = (points: readonly Point[]): Bucket[] => points.map(({ step, value }) => single(step, value));
