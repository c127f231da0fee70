/** Closed forms a*x+b of TinyPy, as they are written, evaluated and told apart. */

/** `outer(a*x + b)`. The forms of problems have a slope; a slip in a demonstration can lose it. */
export interface Form {
  readonly a: number;
  readonly b: number;
  readonly outer: 'none' | 'abs' | 'floor';
}

/** Largest |a| and |b| of a problem's forms. */
export interface Bounds {
  readonly a: number;
  readonly b: number;
}
/** Those of the standard problems. */
export const LARGEST_A = 30;
export const LARGEST_B = 99;

export const IDENTITY: Form = { a: 1, b: 0, outer: 'none' };

export function isInBounds({ a, b }: Form, largest: Bounds): boolean {
  return a !== 0 && Math.abs(a) <= largest.a && Math.abs(b) <= largest.b;
}

/** The one Python expression that TinyPy writes for a form, for example `2*x-1` or `max(x+3,0)`. */
export function expressionOf({ a, b, outer }: Form): string {
  const line = lineOf(a, b);
  if (outer === 'abs') return `abs(${line})`;
  return outer === 'floor' ? `max(${line},0)` : line;
}

function lineOf(a: number, b: number): string {
  if (a === 0) return String(b);
  const slope = a === 1 ? 'x' : a === -1 ? '-x' : `${a}*x`;
  return b === 0 ? slope : `${slope}${b > 0 ? '+' : ''}${b}`;
}

/** Equal exactly when two forms are the same function: |f| and |-f| are. */
export function meaningOf(form: Form): string {
  const flip = form.outer === 'abs' && form.a < 0;
  return expressionOf(flip ? { ...form, a: -form.a, b: 0 - form.b } : form);
}

export function evaluate({ a, b, outer }: Form, x: number): number {
  const value = a * x + b;
  if (outer === 'abs') return Math.abs(value);
  return outer === 'floor' ? Math.max(value, 0) : value;
}
