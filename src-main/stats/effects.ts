/** How large a difference is, whether it is too small to matter, and what could have been seen at all. */
import type { Interval } from './bootstrap.ts';
import { mean, sampleStd, standardError } from './describe.ts';
import { bisect, noncentralStudentUpper, studentQuantile, studentUpper } from './distributions.ts';
import { logGamma } from './special.ts';

export interface EffectSize {
  /** Cohen's d: mean difference / standard deviation. */
  readonly d: number;
  /** Hedges' g: d times the exact small-sample correction (Hedges 1981). */
  readonly g: number;
}

/** J(v) = Gamma(v/2) / (sqrt(v/2) Gamma((v-1)/2)), v > 1; 0 at v = 1, where no unbiased value exists. */
function hedges(freedom: number): number {
  if (freedom <= 1) return 0;
  return Math.exp(logGamma(freedom / 2) - logGamma((freedom - 1) / 2)) / Math.sqrt(freedom / 2);
}

/** Cohen's d of pairs (d_z: over the standard deviation of the differences). Null for fewer than two or no spread. */
export function pairedEffect(differences: readonly number[]): EffectSize | null {
  const std = sampleStd(differences);
  if (std === null || std === 0) return null;
  const d = mean(differences) / std;
  return { d, g: d * hedges(differences.length - 1) };
}

/** Cohen's d of two independent groups, a minus b over the pooled standard deviation. Null without spread. */
export function independentEffect(a: readonly number[], b: readonly number[]): EffectSize | null {
  const [stdA, stdB] = [sampleStd(a), sampleStd(b)];
  if (stdA === null || stdB === null) return null;
  const freedom = a.length + b.length - 2;
  const pooled = Math.sqrt(((a.length - 1) * stdA ** 2 + (b.length - 1) * stdB ** 2) / freedom);
  if (pooled === 0) return null;
  const d = (mean(a) - mean(b)) / pooled;
  return { d, g: d * hedges(freedom) };
}

/**
 * Student-t interval of a mean over independent values, as of seeds. Null for fewer than two.
 * @param level Default 0.95.
 */
export function studentInterval(values: readonly number[], level = 0.95): Interval | null {
  const error = standardError(values);
  if (error === null) return null;
  const half = studentQuantile((1 + level) / 2, values.length - 1) * error;
  return { low: mean(values) - half, high: mean(values) + half };
}

export interface Equivalence {
  /** The larger of the two one-sided p values. */
  readonly p: number;
  readonly equivalent: boolean;
}

/**
 * Two one-sided t tests that a mean difference lies within +-margin (Schuirmann 1987). Null for fewer than two pairs.
 * @param margin Above 0, in the unit of the differences. @param alpha Default 0.05.
 */
export function pairedEquivalence(differences: readonly number[], margin: number, alpha = 0.05): Equivalence | null {
  checkMargin(margin);
  const error = standardError(differences);
  if (error === null) return null;
  const centre = mean(differences);
  const room = margin - Math.abs(centre);
  // Without spread the mean is known: the tests are decided.
  const p = error === 0 ? (room > 0 ? 0 : 1) : studentUpper(room / error, differences.length - 1);
  return { p, equivalent: p < alpha };
}

/**
 * The same from an interval of any kind: equivalent where the whole of it lies within +-margin. For a test at alpha
 * 0.05 it has to be the 90 % interval. @throws RangeError on a margin that is not above 0.
 */
export function intervalEquivalence({ low, high }: Interval, margin: number): boolean {
  checkMargin(margin);
  return low > -margin && high < margin;
}

function checkMargin(margin: number): void {
  if (!(margin > 0)) throw new RangeError(`equivalence: margin ${margin}; allowed is above 0`);
}

export interface Power {
  /** Two-sided. Default 0.05. */
  readonly alpha?: number;
  /** Default 0.8. */
  readonly power?: number;
}

/**
 * Smallest true difference that a two-sided paired t test finds with the given power: "only differences of at least
 * this could be seen". From the noncentral t distribution. @param std Standard deviation of the paired differences, n
 * pairs, at least 2. @throws RangeError unless 0 < alpha < power <= 0.999.
 */
export function detectableDifference(std: number, n: number, power: Power = {}): number {
  if (!(Number.isInteger(n) && n >= 2))
    throw new RangeError(`detectable difference: n ${n}; allowed is a whole number from 2`);
  return (detectableShift(n - 1, power) * std) / Math.sqrt(n);
}

/**
 * The same of two independent groups with one standard deviation, pooled over both (Student's t test).
 * @throws RangeError unless both have a value and one of them two.
 */
export function detectableBetween(a: readonly number[], b: readonly number[], power: Power = {}): number {
  const freedom = a.length + b.length - 2;
  if (a.length < 1 || b.length < 1 || freedom < 1)
    throw new RangeError(`detectable difference: groups of ${a.length} and ${b.length}; three values are needed`);
  const squares = (values: readonly number[]) => (values.length - 1) * (sampleStd(values) ?? 0) ** 2;
  const pooled = Math.sqrt((squares(a) + squares(b)) / freedom);
  return detectableShift(freedom, power) * pooled * Math.sqrt(1 / a.length + 1 / b.length);
}

/** By degrees of freedom, alpha and power: what takes long is the same for every standard deviation. */
const shifts = new Map<string, number>();

function detectableShift(freedom: number, { alpha = 0.05, power = 0.8 }: Power): number {
  if (!(alpha > 0 && alpha < power && power <= 0.999))
    throw new RangeError(`detectable difference: power ${power}; allowed is above alpha ${alpha}, up to 0.999`);
  const key = `${freedom} ${alpha} ${power}`;
  const shift = shifts.get(key) ?? shiftWithPower(freedom, alpha, power);
  shifts.set(key, shift);
  return shift;
}

/** The noncentrality at which the test has that power. */
function shiftWithPower(freedom: number, alpha: number, power: number): number {
  const limit = studentQuantile(1 - alpha / 2, freedom);
  // The far tail counts too: P(T < -limit | shift) = P(T > limit | -shift).
  const powerAt = (shift: number) =>
    noncentralStudentUpper(limit, freedom, shift) + noncentralStudentUpper(limit, freedom, -shift);
  let high = 1;
  while (powerAt(high) < power) high *= 2;
  return bisect((shift) => powerAt(shift) - power, 0, high);
}

/** Holm's step-down correction: adjusted p values, in the order given (Holm 1979). */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((i, j) => (ps[i] as number) - (ps[j] as number));
  const adjusted = new Array<number>(ps.length);
  let least = 0;
  order.forEach((i, at) => {
    least = Math.max(least, Math.min(1, (ps.length - at) * (ps[i] as number)));
    adjusted[i] = least;
  });
  return adjusted;
}
