import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bySeed, curveOf, statisticOf } from '../../../src-main/comparison/curve.ts';
import { best, commonRange, type Line, meanHeight } from '../../../src-main/comparison/series.ts';

const line = (...points: [step: number, value: number][]): Line =>
  points.map(([step, value]) => ({ step, x: step, value }));

describe('mean height', () => {
  const peak = line([0, 0], [10, 1], [30, 0]);
  test('by hand: a triangle, and parts of it', () => {
    expect(meanHeight(peak, { from: 0, to: 30 })).toBeCloseTo(0.5, 12);
    // 0.5 to 1 over five steps, 1 to 0.75 over five more.
    expect(meanHeight(peak, { from: 5, to: 15 })).toBeCloseTo((5 * 0.75 + 5 * 0.875) / 10, 12);
    expect(meanHeight(peak, { from: 20, to: 30 })).toBeCloseTo(0.25, 12);
  });
  test('not beyond the ends', () => {
    expect(meanHeight(peak, { from: 0, to: 31 })).toBeNull();
    expect(meanHeight([], { from: 0, to: 1 })).toBeNull();
  });
  test('lies between the lowest and the highest value', () => {
    const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 0.49, noNaN: true }), (of, cut) => {
        const whole = line(...of.map((value, i): [number, number] => [i * 10, value]));
        const to = (of.length - 1) * 10;
        const height = meanHeight(whole, { from: cut * to, to: (1 - cut) * to });
        expect(height).toBeGreaterThanOrEqual(Math.min(...of) - 1e-9);
        expect(height).toBeLessThanOrEqual(Math.max(...of) + 1e-9);
      }),
    );
  });
});

test('the steps that all lines run over', () => {
  expect(commonRange([line([0, 1], [40, 1]), line([10, 1], [100, 1]), []])).toEqual({ from: 10, to: 40 });
  expect(commonRange([line([0, 1], [5, 1]), line([5, 1], [9, 1])])).toBeNull();
  expect(commonRange([])).toBeNull();
});

test('best by direction', () => {
  expect(best(line([0, 2], [1, 7], [2, 3]), 'up')).toBe(7);
  expect(best(line([0, 2], [1, 7], [2, 3]), 'down')).toBe(2);
  expect(best([], 'up')).toBeNull();
});

test('one number a seed: mean with the t interval of scipy 1.17.1', () => {
  // stats.t.interval(0.95, 2, loc=mean, scale=sem) of these three.
  const of = statisticOf([0.736, 0.729, null, 0.741]);
  expect(of?.mean).toBeCloseTo(0.7353333333333333, 12);
  expect(of?.interval?.low).toBeCloseTo(0.7203596622333382, 9);
  expect(of?.interval?.high).toBeCloseTo(0.7503070044333283, 9);
  expect(of?.perSeed).toEqual([0.736, 0.729, null, 0.741]);
  expect(statisticOf([0.5])).toEqual({ mean: 0.5, interval: null, perSeed: [0.5] });
  expect(statisticOf([null, null])).toBeNull();
});

describe('curve of a group', () => {
  test('band over seeds by hand: two seeds, t with one degree of freedom', () => {
    const curve = curveOf([line([0, 1], [10, 2]), line([0, 3], [10, 2])], 100);
    expect(curve).toMatchObject({ x: [0, 10], step: [0, 10], mean: [2, 2], n: [2, 2], band: 'seeds', averaged: 1 });
    // Standard error 1, t 12.7062.
    expect(curve.low[0]).toBeCloseTo(2 - 12.706204736, 5);
    expect(curve.high[0]).toBeCloseTo(2 + 12.706204736, 5);
    expect([curve.low[1], curve.high[1]]).toEqual([2, 2]);
  });

  test('where a seed ended, the band says with how many the curve goes on', () => {
    const curve = curveOf([line([0, 1], [10, 2], [20, 5]), line([0, 3], [10, 2])], 100);
    expect(curve.n).toEqual([2, 2, 1]);
    expect([curve.mean[2], curve.low[2], curve.high[2]]).toEqual([5, null, null]);
  });

  test('one seed has the band of its validation, where that is known, and says so', () => {
    const curve = curveOf([line([0, 0.5], [10, 0.6])], 100, new Map([[0, 0.1]]));
    expect(curve.band).toBe('validation');
    expect(curve.low[0]).toBeCloseTo(0.5 - 0.196, 4);
    expect(curve.low[1]).toBeNull();
    expect(curveOf([line([0, 0.5])], 100).band).toBe('none');
  });

  test('too many points are averaged with their neighbours, in all seeds alike', () => {
    const rising = line(...Array.from({ length: 100 }, (_, i): [number, number] => [i, i]));
    const shifted = rising.map((point) => ({ ...point, value: point.value + 2 }));
    const curve = curveOf([rising, shifted], 10);
    expect(curve.averaged).toBe(10);
    expect(curve.step).toEqual([4.5, 14.5, 24.5, 34.5, 44.5, 54.5, 64.5, 74.5, 84.5, 94.5]);
    expect(curve.mean[0]).toBeCloseTo(5.5, 12);
    expect(curve.n).toEqual(Array(10).fill(2));
  });

  test('runs of one seed are one', () => {
    const lines = bySeed([
      [1, line([0, 1])],
      [2, line([0, 4])],
      [1, line([0, 3])],
      [3, []],
    ]);
    expect(lines.map((of) => of.map(({ value }) => value))).toEqual([[2], [4]]);
  });
});
