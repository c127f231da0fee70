/** Numbers as text, and numbers within a tolerance. Text comes from untrusted programs: linear time throughout. */
import { numberOfFloat, wholeNumber } from './values.ts';

export interface Tolerance {
  /** At least 0. */
  readonly absolute: number;
  /** At least 0; of the expected number. */
  readonly relative: number;
}

const PLAIN = /^-?[1-9]\d*$/;
const DECIMAL = /^([-+]?)(?=\d|\.\d)(\d*)(?:\.(\d*))?(?:e([-+]?)(\d+))?$/i;
const DIGIT = /\p{Nd}/u;
const OTHER_DIGITS = /(?![0-9])\p{Nd}/gu;
const INFINITE = /^([-+]?)inf(?:inity)?$/i;
/** Bounds of decimal.Decimal (of 64 bits): of the exponent of the last digit, and of the first. */
const LEAST_LAST_EXPONENT = -1_999_999_999_999_999_997n;
const MOST_FIRST_EXPONENT = 999_999_999_999_999_999n;

/** One text for all spellings of a number in Python's decimal.Decimal: `inf`, `-inf`, `0`, or digits without a zero at
 * either end, `e` and an exponent. Null for what is none, or is not a number (NaN equals nothing). */
export function canonicalDecimal(word: string): string | null {
  if (PLAIN.test(word)) {
    const significant = trimZeros(word);
    return `${significant}e${word.length - significant.length}`;
  }
  const text = word.replaceAll('_', '').replace(OTHER_DIGITS, digitOf);
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? '-inf' : 'inf';
  const found = DECIMAL.exec(text);
  if (found === null) return null;
  const [, sign, whole = '', fraction = '', exponentSign, exponentDigits = ''] = found;
  const exponent = exponentDigits.replace(/^0+/, '');
  if (exponent.length > 20) return null; // so the arithmetic below stays small
  const digits = (whole + fraction).replace(/^0+/, '');
  const last = (exponentSign === '-' ? -BigInt(exponent) : BigInt(exponent)) - BigInt(fraction.length);
  const first = last + BigInt(Math.max(digits.length, 1) - 1);
  if (last < LEAST_LAST_EXPONENT || first > MOST_FIRST_EXPONENT) return null;
  if (digits === '') return '0';
  const significant = trimZeros(digits);
  return `${sign === '-' ? '-' : ''}${significant}e${last + BigInt(digits.length - significant.length)}`;
}

/** The digit 0-9 that a decimal digit of another script is: they come in runs of ten, some next to one another. */
function digitOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  let start = code;
  while (DIGIT.test(String.fromCodePoint(start - 1))) start -= 1;
  return String((code - start) % 10);
}

/** Without trailing zeros; a regular expression would take quadratic time on hostile input. */
function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** Python's own bound: reading a whole number from decimal digits takes more than linear time. */
const MOST_DIGITS = 4300;

/** The number that a canonical decimal is: whole ones of up to 4,300 digits exactly, others as float64; null where they
 * are beyond its range. */
export function numberOfDecimal(canonical: string): number | bigint | null {
  if (canonical.endsWith('inf')) return canonical.startsWith('-') ? -Infinity : Infinity;
  const [digits, exponent = '0'] = canonical.split('e') as [string, string?];
  const power = Number(exponent);
  if (power >= 0 && digits.length + power <= MOST_DIGITS) {
    return wholeNumber(BigInt(digits) * 10n ** BigInt(power));
  }
  const value = Number(canonical);
  return Number.isFinite(value) ? numberOfFloat(value) : null;
}

/** |got - expected| <= max(absolute, relative * |expected|), in float64 where both are below 2^53 in size, as
 * math.isclose computes it, and exactly, without any rounding, where one is not. Infinities are near themselves alone,
 * NaN is near nothing. Numbers as numberOf and numberOfDecimal give them: beyond 2^53, whole ones are bigints. Throws a
 * RangeError where a tolerance that it needs exactly is not finite. */
export function isNear(got: number | bigint, expected: number | bigint, { absolute, relative }: Tolerance): boolean {
  if (got === expected) return true;
  if (!finite(got) || !finite(expected)) return false;
  if (typeof got === 'number' && typeof expected === 'number') {
    return Math.abs(got - expected) <= Math.max(absolute, relative * Math.abs(expected));
  }
  const [gotOver, gotBits] = binaryFraction(got);
  const [expectedOver, expectedBits] = binaryFraction(expected);
  const difference = size((gotOver << expectedBits) - (expectedOver << gotBits)); // over 2^(gotBits + expectedBits)
  const [absoluteOver, absoluteBits] = binaryFraction(absolute);
  if (difference << absoluteBits <= absoluteOver << (gotBits + expectedBits)) return true;
  const [relativeOver, relativeBits] = binaryFraction(relative);
  return difference << relativeBits <= (relativeOver * size(expectedOver)) << gotBits;
}

const finite = (value: number | bigint): boolean => typeof value === 'bigint' || Number.isFinite(value);
const size = (value: bigint): bigint => (value < 0n ? -value : value);

/** [n, b] with value = n / 2^b. */
function binaryFraction(value: number | bigint): [bigint, bigint] {
  if (typeof value === 'bigint') return [value, 0n];
  let numerator = value;
  let bits = 0n;
  for (; !Number.isInteger(numerator) && Number.isFinite(numerator); numerator *= 2) bits += 1n;
  return [BigInt(numerator), bits];
}
