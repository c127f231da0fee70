import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { downsample, type Point, smooth, toCsv } from '../../../src-shared/charts/series.ts';

const points = (...steps: number[]): Point[] => steps.map((step) => ({ step, value: step * 10 }));
const anySeries = fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 400 }).chain((steps) => {
  const ordered = steps.sort((a, b) => a - b);
  return fc
    .array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: ordered.length, maxLength: ordered.length })
    .map((values) => ordered.map((step, i): Point => ({ step, value: values[i] as number })));
});

describe('downsampling', () => {
  test('keeps order, ends, minimum and maximum, and stays within its limit', () => {
    fc.assert(
      fc.property(anySeries, fc.integer({ min: 4, max: 60 }), (series, limit) => {
        const kept = downsample(series, limit);
        expect(kept.length).toBeLessThanOrEqual(Math.max(limit, 2));
        expect(kept[0]).toEqual(series[0]);
        expect(kept.at(-1)).toEqual(series.at(-1));
        const values = (list: readonly Point[]) => list.map((p) => p.value);
        expect(Math.min(...values(kept))).toBe(Math.min(...values(series)));
        expect(Math.max(...values(kept))).toBe(Math.max(...values(series)));
        for (let i = 1; i < kept.length; i++)
          expect((kept[i] as Point).step).toBeGreaterThan((kept[i - 1] as Point).step);
      }),
    );
  });
});

describe('smoothing', () => {
  test('weight 0 changes nothing and a constant stays what it is', () => {
    const series = points(1, 2, 3, 9);
    expect(smooth(series, 0).map((p) => p.value)).toEqual(series.map((p) => p.value));
    for (const { value } of smooth(
      [1, 2, 5, 6].map((step) => ({ step, value: 7 })),
      0.9,
    ))
      expect(value).toBeCloseTo(7, 12);
  });

  test('is the weighted mean of the past, the weights halving with every step at 0.5', () => {
    const [, second, third] = smooth(
      [4, 8, 16].map((value, i) => ({ step: i, value })),
      0.5,
    );
    expect(second?.value).toBeCloseTo((8 + 4 / 2) / (1 + 1 / 2), 12);
    expect(third?.value).toBeCloseTo((16 + 8 / 2 + 4 / 4) / (1 + 1 / 2 + 1 / 4), 12);
  });

  test('stays between the smallest and the largest value', () => {
    fc.assert(
      fc.property(anySeries, fc.double({ min: 0, max: 0.99, noNaN: true }), (series, weight) => {
        const values = series.map((p) => p.value);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        const slack = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
        for (const { value } of smooth(series, weight)) {
          expect(value).toBeGreaterThanOrEqual(low - slack);
          expect(value).toBeLessThanOrEqual(high + slack);
        }
      }),
    );
  });
});

test('CSV has a row a step and an empty field for a gap', () => {
  const csv = toCsv([
    { name: 'eval/avg@k', points: [{ step: 0, value: 0.5 }] },
    { name: 'odd "name", here', points: points(0, 1) },
  ]);
  expect(csv).toBe('step,eval/avg@k,"odd ""name"", here"\n0,0.5,0\n1,,10\n');
});
