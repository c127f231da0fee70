/** Gamma and beta functions, complete and incomplete, in float64. What distributions.ts is made of. */

/** Coefficients of Stirling's series, B_2k / (2k (2k - 1)) (Abramowitz & Stegun 6.1.41). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156, -3617 / 122_400];
const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
/** Relative change at which a series or a continued fraction has ended. */
const ENOUGH = 1e-16;
const MOST_TERMS = 10_000;

/** ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), which is below 1e-16 from its truth for x >= 10. */
function stirlingRest(x: number): number {
  const inverse = 1 / (x * x);
  return STIRLING.reduceRight((sum, c) => sum * inverse + c, 0) / x;
}

/** ln Gamma(x), x > 0: Stirling's series above 10, brought there by Gamma(x + 1) = x Gamma(x) below. */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`ln gamma: x ${x}; allowed is above 0`);
  let product = 1;
  let y = x;
  for (; y < 10; y++) product *= y;
  return (y - 0.5) * Math.log(y) - y + HALF_LOG_2PI + stirlingRest(y) - Math.log(product);
}

/** ln B(a, b); for large arguments without the cancellation of three ln Gamma (as R's lbeta). */
function logBeta(a: number, b: number): number {
  const p = Math.min(a, b);
  const q = Math.max(a, b);
  if (q < 10) return logGamma(p) + logGamma(q) - logGamma(p + q);
  const shrink = Math.log1p(-p / (p + q));
  if (p < 10) {
    const rest = stirlingRest(q) - stirlingRest(p + q);
    return logGamma(p) + rest + p - p * Math.log(p + q) + (q - 0.5) * shrink;
  }
  const rest = stirlingRest(p) + stirlingRest(q) - stirlingRest(p + q);
  return -0.5 * Math.log(q) + HALF_LOG_2PI + rest + (p - 0.5) * Math.log(p / (p + q)) + q * shrink;
}

/** b_0 + a_1 / (b_1 + a_2 / (b_2 + ...)) by Lentz's method (Numerical Recipes, 5.2). */
function continuedFraction(first: number, term: (n: number) => readonly [a: number, b: number]): number {
  const tiny = 1e-300;
  let f = first === 0 ? tiny : first;
  let c = f;
  let d = 0;
  for (let n = 1; n <= MOST_TERMS; n++) {
    const [a, b] = term(n);
    d = b + a * d;
    d = 1 / (d === 0 ? tiny : d);
    c = b + a / c;
    if (c === 0) c = tiny;
    f *= c * d;
    if (Math.abs(c * d - 1) < ENOUGH * 4) return f;
  }
  throw new RangeError(`continued fraction: no limit after ${MOST_TERMS} terms`);
}

/**
 * Regularised incomplete beta I_x(a, b), a and b > 0. Takes x and y = 1 - x apart, since one of them may be too small
 * to be had from the other.
 */
export function betaShare(x: number, y: number, a: number, b: number): number {
  if (!(a > 0 && b > 0)) throw new RangeError(`incomplete beta: a ${a}, b ${b}; allowed is above 0`);
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(y, x, b, a);
  // The logarithm of whichever is near 1 is had from the other.
  const logX = x > 0.5 ? Math.log1p(-y) : Math.log(x);
  const logY = y > 0.5 ? Math.log1p(-x) : Math.log(y);
  const front = Math.exp(a * logX + b * logY - logBeta(a, b)) / a;
  const fraction = continuedFraction(1, (n) => {
    const m = Math.floor(n / 2);
    const numerator =
      n % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    return [numerator, 1];
  });
  return front / fraction;
}

/** Regularised upper incomplete gamma Q(a, x), a > 0, x >= 0: series below a + 1, continued fraction above. */
export function gammaUpperShare(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) throw new RangeError(`incomplete gamma: a ${a}, x ${x}; allowed is a above 0, x from 0`);
  if (x === 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x >= a + 1) return front / continuedFraction(x + 1 - a, (n) => [-n * (n - a), x + 2 * n + 1 - a]);
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n <= MOST_TERMS && term > sum * ENOUGH; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return 1 - front * sum;
}
