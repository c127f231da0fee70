import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Bucket,
  cadenceOf,
  fromColumns,
  fromPoints,
  gridFor,
  nearestBucket,
  regrid,
  segmentsOf,
  thin,
  toColumns,
  within,
} from '../../../src-shared/charts/buckets.ts';
import type { Point } from '../../../src-shared/charts/series.ts';

const steps = fc.uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 300 });
const series: fc.Arbitrary<Point[]> = steps.chain((all) =>
  fc
    .array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: all.length, maxLength: all.length })
    .map((values) => all.sort((a, b) => a - b).map((step, i) => ({ step, value: values[i] as number }))),
);
const of = (points: readonly Point[], { first, last }: Bucket) =>
  points.filter(({ step }) => step >= first && step <= last).map(({ value }) => value);

describe('buckets', () => {
  test('keep the lowest, the highest, the mean and the count of what they stand for, and leave nothing out', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 2, max: 64 }), (points, limit) => {
        const buckets = thin(fromPoints(points), limit);
        expect(buckets.length).toBeLessThanOrEqual(limit);
        expect(buckets.reduce((n, bucket) => n + bucket.n, 0)).toBe(points.length);
        for (const bucket of buckets) {
          const values = of(points, bucket);
          expect(values).toHaveLength(bucket.n);
          expect(bucket.low).toBe(Math.min(...values));
          expect(bucket.high).toBe(Math.max(...values));
          expect(bucket.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 5);
        }
      }),
    );
  });

  test('are the same whether they are made at once or in two goes', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }), (points, a, b) => {
        const raw = fromPoints(points);
        const twice = regrid(regrid(raw, 2 ** a), 2 ** (a + b));
        const once = regrid(raw, 2 ** (a + b));
        expect(twice.map(({ mean, ...rest }) => rest)).toEqual(once.map(({ mean, ...rest }) => rest));
      }),
    );
  });

  test('lie on the finest grid of powers of two that is coarse enough', () => {
    expect(gridFor(0, 99, 100)).toBe(1);
    expect(gridFor(0, 100, 100)).toBe(2);
    // From 7 to 8 on a grid of 8 there is a line to cross.
    expect(gridFor(7, 8, 2)).toBe(1);
    expect(gridFor(1, 1_000_000, 1024)).toBe(1024);
  });

  test('travel as columns and come out as they went in', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 2, max: 40 }), (points, limit) => {
        const buckets = [...thin(fromPoints(points), limit)];
        expect(fromColumns(toColumns(buckets))).toEqual(buckets);
      }),
    );
    expect(toColumns(fromPoints([{ step: 3, value: 0.5 }]))).toEqual({
      first: [3],
      last: [],
      low: [0.5],
      high: [],
      mean: [],
      n: [],
    });
  });

  test('tell how far apart measurements are, and where one is missing', () => {
    const at = (...all: number[]) => fromPoints(all.map((step) => ({ step, value: 1 })));
    expect(cadenceOf(at(0, 10, 20, 40, 50))).toBe(10);
    expect(cadenceOf(regrid(at(0, 10, 20, 30, 40, 50, 60, 70), 32))).toBe(10);
    expect(segmentsOf(at(0, 10, 20, 40, 50), 10).map((s) => s.length)).toEqual([3, 2]);
    expect(cadenceOf([])).toBe(1);
  });

  test('are found by step, and cut to a range with a neighbour on either side', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: -10, max: 100_010 }), (points, step) => {
        const buckets = fromPoints(points);
        const distance = Math.min(...points.map((p) => Math.abs(p.step - step)));
        expect(Math.abs((nearestBucket(buckets, step) as Bucket).first - step)).toBe(distance);
      }),
    );
    const tens = fromPoints([0, 10, 20, 30, 40].map((step) => ({ step, value: 1 })));
    expect(within(tens, 15, 25).map((b) => b.first)).toEqual([10, 20, 30]);
    expect(within(tens, 50, 60).map((b) => b.first)).toEqual([40]);
  });
});
