/** The statistics of the presets' report against published and hand-computed values. */
import { describe, expect, it } from 'vitest';
import { bandOf, directionOf, estimate, pairedChange, tFactor } from '../../bench/presets/statistics.ts';

/** Gamma of a positive multiple of one half, by its recurrence. */
const gamma = (x: number): number => (x === 1 ? 1 : x === 0.5 ? Math.sqrt(Math.PI) : (x - 1) * gamma(x - 1));

/** P(0 < T < t) of Student's t by Simpson's rule over its density. */
function upperHalf(t: number, freedom: number): number {
  const constant = gamma((freedom + 1) / 2) / (Math.sqrt(freedom * Math.PI) * gamma(freedom / 2));
  const density = (x: number) => constant * (1 + (x * x) / freedom) ** (-(freedom + 1) / 2);
  const parts = 20_000;
  let sum = density(0) + density(t);
  for (let i = 1; i < parts; i++) sum += (i % 2 === 0 ? 2 : 4) * density((t * i) / parts);
  return (sum * t) / parts / 3;
}

describe('t factor', () => {
  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10])('leaves 2.5 %% above it for n %i', (n) => {
    expect(upperHalf(tFactor(n), n - 1)).toBeCloseTo(0.475, 8);
  });
  it('has the closed forms of one and two degrees of freedom', () => {
    expect(tFactor(2)).toBeCloseTo(Math.tan(0.475 * Math.PI), 5);
    expect(tFactor(3)).toBeCloseTo(0.95 * Math.sqrt(2 / (4 * 0.975 * 0.025)), 6);
  });
  it.each([0, 1, 2.5, 11])('refuses n %d', (n) => {
    expect(() => tFactor(n)).toThrow(`t interval: n ${n}; allowed is a whole number from 2 to 10`);
  });
});

describe('estimate', () => {
  it('of 1, 2, 3 is 2 +- 4.3027 / sqrt 3', () => {
    const { mean, half, n } = estimate([1, 2, 3]);
    expect([mean, n]).toEqual([2, 3]);
    expect(half).toBeCloseTo(4.3026527 / Math.sqrt(3), 9);
  });
  it('has no interval for one value, and none at all for none', () => {
    expect(estimate([0.5])).toEqual({ mean: 0.5, half: null, n: 1 });
    expect(() => estimate([])).toThrow('empty');
  });
});

describe('paired change', () => {
  it("gives the interval that R's t.test gives for Student's sleep data", () => {
    // Student (1908), "The probable error of a mean"; example(sleep) of R: 95 % interval 0.7001142 to 2.4598858.
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    const { mean, half } = pairedChange(first, second);
    expect(mean).toBeCloseTo(1.58, 10);
    expect(mean - (half as number)).toBeCloseTo(0.7001142, 6);
    expect(mean + (half as number)).toBeCloseTo(2.4598858, 6);
  });
  it('takes out what seeds have in common', () => {
    expect(pairedChange([0.1, 0.5, 0.9], [0.25, 0.65, 1.05]).half).toBeCloseTo(0, 12);
  });
  it('refuses values without a partner', () => {
    expect(() => pairedChange([1, 2], [1])).toThrow('2 values before and 1 after');
  });
});

it('shades the interval from three values on, the range of two, nothing of one', () => {
  expect(bandOf([4])).toBeNull();
  expect(bandOf([4, 1])).toEqual({ low: 1, high: 4 });
  const band = bandOf([1, 2, 3]);
  expect(band?.low).toBeCloseTo(2 - 2.4841377, 6);
  expect(band?.high).toBeCloseTo(2 + 2.4841377, 6);
});

describe('direction', () => {
  it.each([
    ['all above 0 and large enough', 0.05, 0.04, 'up'],
    ['all below 0 and large enough', -0.05, 0.04, 'down'],
    ['within the least change', 0.002, 0.01, 'flat'],
    ['sure but too small to count, not surely small', 0.01, 0.008, 'open'],
    ['large but unsure', 0.05, 0.06, 'open'],
    ['an interval that ends at 0', 0.05, 0.05, 'open'],
    ['exactly nothing', 0, 0, 'flat'],
    ['one seed', 0.5, null, 'open'],
  ] as const)('%s', (_, mean, half, direction) => {
    expect(directionOf({ mean, half, n: half === null ? 1 : 3 }, 0.015)).toBe(direction);
  });
});
