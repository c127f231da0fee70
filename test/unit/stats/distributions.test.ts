/** Expected values are from scipy 1.17.1 (scipy.stats, scipy.special). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  binomialCdf,
  bisect,
  chiSquaredUpper,
  noncentralStudentUpper,
  normalCdf,
  normalQuantile,
  normalUpper,
  studentCdf,
  studentQuantile,
  studentUpper,
} from '../../../src-main/stats/distributions.ts';
import { betaShare, gammaUpperShare, logGamma } from '../../../src-main/stats/special.ts';

/** Within 1e-10 of the reference, relative to it. */
function expectClose(actual: number, reference: number, relative = 1e-10) {
  expect(Math.abs(actual - reference)).toBeLessThanOrEqual(relative * Math.abs(reference));
}

test.each([
  [-37, 5.7255712225239266e-300],
  [-8, 6.22096057427174e-16],
  [-3.3, 0.00048342414238377744],
  [-1, 0.15865525393145707],
  [0, 0.5],
  [0.3, 0.6179114221889526],
  [1.96, 0.9750021048517795],
  [5, 0.9999997133484281],
])('normal distribution at %f', (z, p) => {
  expectClose(normalCdf(z), p);
});

test.each([
  [1e-12, -7.034483825301131],
  [0.001, -3.090232306167813],
  [0.025, -1.9599639845400545],
  [0.3, -0.5244005127080409],
  [0.975, 1.959963984540054],
  [0.999999, 4.753424308817087],
])('normal quantile of %f', (p, z) => {
  expectClose(normalQuantile(p), z);
});

test.each([
  [-40, 1, 0.007956089912025812],
  [-4.3, 2, 0.025028577058545796],
  [-1, 2.5, 0.20203051363913682],
  [2, 7, 0.957190335718512],
  [0.1, 1e6, 0.5398278272539784],
  [-3, 250, 0.0014863310455888272],
  [-12, 4, 0.0001382142742514865],
])('Student t of %f with %f degrees of freedom', (t, freedom, p) => {
  expectClose(studentCdf(t, freedom), p);
});

test.each([
  [0.975, 1, 12.706204736174694],
  [0.975, 2, 4.302652729749462],
  [0.9, 30, 1.3104150253913955],
  [1e-6, 3, -103.29946778041935],
  [0.3, 1e5, -0.5244021842335457],
  [0.999, 11.7, 3.9560798372797854],
])('Student quantile of %f with %f degrees of freedom', (p, freedom, t) => {
  expectClose(studentQuantile(p, freedom), t);
});

test('chi-squared, binomial and noncentral t', () => {
  expectClose(chiSquaredUpper(3.84, 1), 0.05004352124870519);
  expectClose(chiSquaredUpper(40, 1), 2.5396285894708634e-10);
  expectClose(chiSquaredUpper(0.1, 5), 0.9998376833880774);
  expectClose(chiSquaredUpper(30, 20), 0.06985366069940986);
  expectClose(binomialCdf(3, 20, 0.5), 0.0012884140014648438);
  expectClose(binomialCdf(0, 5, 0.2), 0.32768);
  expectClose(binomialCdf(12, 24, 0.5), 0.5805901288986206);
  expectClose(binomialCdf(499, 1000, 0.5), 0.48738749091081973);
  expect(binomialCdf(0, 0, 0.5)).toBe(1);
  expectClose(noncentralStudentUpper(4.302652729749462, 2, 5), 0.7191805353566972, 1e-8);
  expectClose(noncentralStudentUpper(12.7, 1, 3), 0.18619678199239592, 1e-8);
  expectClose(noncentralStudentUpper(2.77, 4, 3.5), 0.7464476803558853, 1e-8);
  expectClose(noncentralStudentUpper(2, 100, 2.8), 0.7873017703357679, 1e-8);
});

test('gamma and beta functions, small and large', () => {
  for (const [x, reference] of [
    [1e-8, 18.42068073818021],
    [0.3, 1.0957979948180756],
    [3.7, 1.428072326665388],
    [10, 12.801827480081469],
    [123.4, 469.3360974421906],
    [1e6, 12815504.569147611],
  ] as const)
    expectClose(logGamma(x), reference, 1e-13);
  expectClose(betaShare(0.3, 0.7, 2.5, 7), 0.6412224629717214);
  expectClose(betaShare(0.9, 0.1, 0.5, 0.5), 0.7951672353008665);
  expectClose(betaShare(0.01, 0.99, 100, 3), 5.0495050000000105e-197);
  expectClose(betaShare(0.5, 0.5, 1e5, 1e5), 0.5);
  expectClose(gammaUpperShare(0.5, 0.1), 0.6547208460185768);
  expectClose(gammaUpperShare(3, 10), 0.0027693957155115775);
  expectClose(gammaUpperShare(50, 40), 0.9296649333406051);
  expectClose(gammaUpperShare(2.5, 2.5), 0.4158801869955079);
});

test('tails mirror each other, rise, and turn into their quantiles', () => {
  const z = fc.double({ min: -8, max: 8, noNaN: true });
  const freedom = fc.double({ min: 1, max: 500, noNaN: true });
  fc.assert(
    fc.property(z, freedom, fc.double({ min: 0.01, max: 2, noNaN: true }), (t, v, step) => {
      expect(normalCdf(t) + normalUpper(t)).toBeCloseTo(1, 13);
      expect(normalCdf(t)).toBe(normalUpper(-t));
      expect(studentCdf(t, v) + studentUpper(t, v)).toBeCloseTo(1, 12);
      expect(studentCdf(t + step, v)).toBeGreaterThanOrEqual(studentCdf(t, v));
      // Heavier tails than the normal.
      expect(studentUpper(Math.abs(t), v)).toBeGreaterThanOrEqual(normalUpper(Math.abs(t)) - 1e-12);
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), freedom, (p, v) => {
      expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 12);
      expect(studentCdf(studentQuantile(p, v), v)).toBeCloseTo(p, 11);
    }),
  );
});

test('without a shift the noncentral t is the central one', () => {
  for (const [t, v] of [
    [2.2, 11],
    [0.5, 3],
    [12.7, 1],
  ] as const)
    expect(noncentralStudentUpper(t, v, 0)).toBeCloseTo(studentUpper(t, v), 9);
});

test('what is outside the domain is named', () => {
  expect(() => normalQuantile(0)).toThrow(/probability 0; allowed is above 0 and below 1/);
  expect(() => studentCdf(1, 0)).toThrow(/0 degrees of freedom/);
  expect(() => logGamma(-1)).toThrow(/x -1/);
  expect(bisect((x) => x ** 3 - 2, 0, 2)).toBeCloseTo(Math.cbrt(2), 14);
});
