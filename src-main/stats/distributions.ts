/**
 * Normal, Student t, noncentral t, chi-squared and binomial distributions, to 1e-10 or better against float64
 * references. Tails are computed as tails, never as 1 minus the rest.
 */
import { betaShare, gammaUpperShare, logGamma } from './special.ts';

/** P(Z > z) of a standard normal. */
export function normalUpper(z: number): number {
  const tail = gammaUpperShare(0.5, (z * z) / 2) / 2;
  return z >= 0 ? tail : 1 - tail;
}

/** P(Z <= z). */
export const normalCdf = (z: number): number => normalUpper(-z);

const checkShare = (name: string, p: number) => {
  if (!(p > 0 && p < 1)) throw new RangeError(`${name}: probability ${p}; allowed is above 0 and below 1`);
};

/** z with P(Z <= z) = p: Abramowitz & Stegun 26.2.23 as a start, then Halley's steps on the distribution itself. */
export function normalQuantile(p: number): number {
  checkShare('normal quantile', p);
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let z = (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3) - t;
  for (let i = 0; i < 4; i++) {
    const step = (normalCdf(z) - p) / normalDensity(z);
    z -= step / (1 + (z * step) / 2);
  }
  return z;
}

const normalDensity = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

const checkFreedom = (name: string, freedom: number) => {
  if (!(freedom > 0 && Number.isFinite(freedom)))
    throw new RangeError(`${name}: ${freedom} degrees of freedom; allowed is above 0`);
};

/** P(T > t) of Student's t. @param freedom Degrees of freedom, above 0, not necessarily whole. */
export function studentUpper(t: number, freedom: number): number {
  checkFreedom('Student t', freedom);
  const x = freedom / (freedom + t * t);
  const y = (t * t) / (freedom + t * t);
  const tail = betaShare(x, y, freedom / 2, 0.5) / 2;
  return t >= 0 ? tail : 1 - tail;
}

/** P(T <= t). */
export const studentCdf = (t: number, freedom: number): number => studentUpper(-t, freedom);

/** t with P(T <= t) = p. */
export function studentQuantile(p: number, freedom: number): number {
  checkShare('Student t quantile', p);
  checkFreedom('Student t quantile', freedom);
  if (p > 0.5) return -studentQuantile(1 - p, freedom);
  if (p === 0.5) return 0;
  let high = Math.min(-1, normalQuantile(p));
  while (studentCdf(high, freedom) > p) high *= 2;
  return bisect((t) => studentCdf(t, freedom) - p, high, 0);
}

/** Root of a rising function between two points on either side of it, to the last bits of a float64. */
export function bisect(rising: (x: number) => number, low: number, high: number): number {
  let a = low;
  let b = high;
  for (let i = 0; i < 200; i++) {
    const middle = a + (b - a) / 2;
    if (middle === a || middle === b) break;
    if (rising(middle) < 0) a = middle;
    else b = middle;
  }
  return a + (b - a) / 2;
}

/** P(X > x) of a chi-squared variable. */
export function chiSquaredUpper(x: number, freedom: number): number {
  checkFreedom('chi-squared', freedom);
  return gammaUpperShare(freedom / 2, x / 2);
}

/** P(X <= k) of a binomial variable of n trials, each with probability p. Whole k, 0 <= p <= 1. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return betaShare(1 - p, p, n - k, k + 1);
}

/**
 * P(T > t) of the noncentral t distribution, t >= 0: the mean of P(Z > t u - shift) over u = sqrt(chi2 / freedom), by
 * Simpson's rule over ten standard deviations of u (absolute error below 1e-9 for freedom >= 1).
 * @param shift Noncentrality: true difference / its standard error.
 */
export function noncentralStudentUpper(t: number, freedom: number, shift: number): number {
  checkFreedom('noncentral t', freedom);
  const logFront = Math.log(2) + (freedom / 2) * Math.log(freedom / 2) - logGamma(freedom / 2);
  const density = (u: number) =>
    u === 0
      ? freedom === 1
        ? Math.exp(logFront)
        : 0
      : Math.exp(logFront + (freedom - 1) * Math.log(u) - (freedom * u * u) / 2);
  const reach = 10 / Math.sqrt(2 * freedom);
  const from = Math.max(0, 1 - reach);
  const to = 1 + reach;
  const parts = 4000;
  const width = (to - from) / parts;
  let sum = 0;
  for (let i = 0; i <= parts; i++) {
    const u = from + i * width;
    const weight = i === 0 || i === parts ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * density(u) * normalUpper(t * u - shift);
  }
  return (sum * width) / 3;
}
