/** Ways to write numbers: decimals, repeating ones, mixed numbers, other bases. */
import { call, type Expression } from './expression.ts';
import { type Fraction, fraction } from './fraction.ts';
import { Unreadable } from './tokens.ts';

const number = (value: Fraction | null, digits: number | null = null): Expression => {
  if (value === null) throw new Unreadable('too large');
  return { kind: 'number', value, digits };
};

/** @param text Digits with at most one point. */
export function decimal(text: string, exponent: number): Expression {
  const [whole = '', places = ''] = text.split('.');
  const significant = `${whole}${places}`.replace(/^0+/, '').length;
  const value = fraction(BigInt(`${whole}${places}` || '0'), 1n, exponent - places.length);
  return number(value, places !== '' && significant >= 6 ? places.length - exponent : null);
}

/** 0.1\overline{6} */
export function repeating(text: string, period: string): Expression {
  const [whole = '', places] = text.split('.');
  if (places === undefined || period.includes('.') || period.length > 400) throw new Unreadable('no repeating decimal');
  const nines = 10n ** BigInt(period.length) - 1n;
  return number(fraction(BigInt(`${whole}${places}` || '0') * nines + BigInt(period), nines, -places.length));
}

/** 1\frac{1}{2} and 1 1/2 are sums where a proper fraction of whole numbers follows a whole number; else null. */
export function mixed(left: Expression, right: Expression, quotient: () => Expression | null): Expression | null {
  if (left.kind !== 'number' || left.value.under !== 1n) return null;
  const part = right.kind === 'number' ? quotient() : right;
  if (part === null) throw new Unreadable('two numbers next to one another');
  if (part.kind !== 'call' || part.name !== '/') return null;
  const [above, below] = part.of;
  const proper =
    above?.kind === 'number' &&
    below?.kind === 'number' &&
    above.value.under === 1n &&
    below.value.under === 1n &&
    above.value.over < below.value.over;
  return proper ? call('+', left, part) : call('*', left, part);
}

/** 2516_8 */
export function inBase(value: Fraction, base: Fraction): Expression {
  const digits = value.over.toString();
  const radix = Number(base.over);
  if (value.under !== 1n || base.under !== 1n || radix < 2 || radix > 10 || [...digits].some((d) => Number(d) >= radix))
    throw new Unreadable('no number in a base');
  return number({ over: [...digits].reduce((sum, d) => sum * base.over + BigInt(d), 0n), under: 1n });
}
