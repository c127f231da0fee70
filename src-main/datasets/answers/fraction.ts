/** Exact fractions of bounded size: null where a result would be larger. */

/** `under` is positive, and the two have no common factor. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

/** Of either part: 1,233 digits. */
const MOST_BITS = 4_096;
const MOST_TENS = 1_233;

const size = (value: bigint): bigint => (value < 0n ? -value : value);

/** Of its size; 0 for 0. */
function bits(value: bigint): number {
  const digits = size(value).toString(16);
  return 4 * digits.length - Math.clz32(Number.parseInt(digits[0] as string, 16)) + 28;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [size(a), size(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** over / under * 10^tens; null where it is too large, or under is 0. */
export function fraction(over: bigint, under: bigint, tens = 0): Fraction | null {
  if (under === 0n || Math.abs(tens) > MOST_TENS) return null;
  const [a, b] = tens < 0 ? [over, under * 10n ** BigInt(-tens)] : [over * 10n ** BigInt(tens), under];
  if (bits(a) > MOST_BITS || bits(b) > MOST_BITS) return null;
  const common = gcd(a, b) * (b < 0n ? -1n : 1n);
  return { over: a / common, under: b / common };
}

export const plus = (a: Fraction, b: Fraction): Fraction | null =>
  fraction(a.over * b.under + b.over * a.under, a.under * b.under);
export const times = (a: Fraction, b: Fraction): Fraction | null => fraction(a.over * b.over, a.under * b.under);
export const over = (a: Fraction, b: Fraction): Fraction | null => fraction(a.over * b.under, a.under * b.over);
export const negative = (a: Fraction): Fraction => ({ over: -a.over, under: a.under });

export function power(a: Fraction, exponent: Fraction): Fraction | null {
  if (exponent.under !== 1n) return null;
  const times = size(exponent.over);
  if (times > BigInt(MOST_BITS) || Number(times) * Math.max(bits(a.over), bits(a.under)) > 2 * MOST_BITS) return null;
  const [x, y] = [a.over ** times, a.under ** times];
  return exponent.over < 0n ? fraction(y, x) : fraction(x, y);
}

/** The whole root where there is one, as of 4/9. */
export function squareRoot(a: Fraction): Fraction | null {
  if (a.over < 0n) return null;
  const [x, y] = [wholeRoot(a.over), wholeRoot(a.under)];
  return x === null || y === null ? null : { over: x, under: y };
}

function wholeRoot(value: bigint): bigint | null {
  if (value < 2n) return value;
  let guess = 1n << BigInt(Math.ceil(bits(value) / 2) + 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess * guess === value ? guess : null;
    guess = next;
  }
}

/** In float64. */
export function toNumber({ over: a, under: b }: Fraction): number {
  const shift = BigInt(Math.max(0, Math.max(bits(a), bits(b)) - 1_000));
  const [x, y] = [Number(a >> shift), Number(b >> shift)];
  if (y !== 0 && (x !== 0 || a === 0n)) return x / y;
  return a === 0n ? 0 : y === 0 ? Infinity * Number(a > 0n ? 1 : -1) : 0;
}

/** Whether some decimal is this number: its denominator has no factors but 2 and 5. */
export function isDecimal({ under }: Fraction): boolean {
  let rest = under;
  for (const factor of [2n, 5n]) while (rest % factor === 0n) rest /= factor;
  return rest === 1n;
}
