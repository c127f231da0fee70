/** Expected values are from scipy 1.17.1 (ttest_ind with equal_var=False) and statsmodels 0.15.0 (TTestIndPower). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectableBetween } from '../../../src-main/stats/effects.ts';
import { welchInterval, welchTest } from '../../../src-main/stats/independent.ts';

const a = [0.1, 0.4, 0.4, 0.7, 0.9, 1.3, 1.3, 2.2];
const b = [0.2, 0.4, 0.5, 0.5, 0.6, 1.3, 0.05];
const three = [
  [0.736, 0.729, 0.741],
  [0.532, 0.548, 0.51],
] as const;

test('Welch’s test', () => {
  const of = welchTest(a, b);
  expect(of?.statistic).toBeCloseTo(1.4366417223663566, 12);
  expect(of?.freedom).toBeCloseTo(11.547845653818573, 10);
  expect(of?.p).toBeCloseTo(0.17735506801443776, 10);
  const few = welchTest(...three);
  expect(few?.freedom).toBeCloseTo(2.3953285810959484, 10);
  expect(few?.p).toBeCloseTo(0.0013355685820550362, 10);
});

test('Welch’s interval', () => {
  const wide = welchInterval(a, b);
  expect(wide?.low).toBeCloseTo(-0.2120884064983446, 10);
  expect(wide?.high).toBeCloseTo(1.0228026922126305, 10);
  const narrow = welchInterval(...three, 0.9);
  expect(narrow?.low).toBeCloseTo(0.17510833625881855, 10);
  expect(narrow?.high).toBeCloseTo(0.23555833040784796, 10);
});

test('without two values on each side, or any spread, there is neither', () => {
  expect(welchTest([1], [1, 2])).toBeNull();
  expect(welchInterval([1, 2], [])).toBeNull();
  expect(welchTest([1, 1], [2, 2])).toBeNull();
});

test('the test at 5 % and the 95 % interval say the same', () => {
  const values = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(values, values, (left, right) => {
      const [of, interval] = [welchTest(left, right), welchInterval(left, right)];
      if (of === null || interval === null || Math.abs(of.p - 0.05) < 1e-6) return;
      expect(of.p < 0.05).toBe(interval.low > 0 || interval.high < 0);
    }),
  );
});

test('detectable difference between independent groups', () => {
  expect(detectableBetween(a, b)).toBeCloseTo(0.885430764832945, 6);
  // A pooled standard deviation of 1: three seeds a side see differences of three standard deviations.
  expect(detectableBetween([-1, 0, 1], [4, 5, 6])).toBeCloseTo(3.070892269599019, 6);
  expect(() => detectableBetween([1], [2])).toThrow(/groups of 1 and 1/);
});
