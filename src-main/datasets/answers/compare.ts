/** Whether a final answer is the expected one. Own rules, held against the public grader math-verify in the tests:
 *
 * - numbers are equal exactly where both are fractions, whatever they are written as (033 is 33, 0.5 is \frac12, 1,000 is
 *   1000, 1\frac12 is 3/2, 1.2 \times 10^3 is 1200); other closed forms (roots, powers, pi, e, i, functions) within 1e-10
 *   of their size. A decimal of at least six significant digits also stands for a number that no decimal is, one third or
 *   pi, where it is less than one unit of its last place away. 10% is 0.1, and 10 where only one side has the sign;
 * - expressions with variables are equal where their values are at three points;
 * - lists and sets compare in any order, an element as often as expected; tuples in order; intervals with their brackets;
 * - what is written before = or \in is left out where only one side has it; equations are equal where one is a multiple
 *   of the other; inequalities may be turned round;
 * - units, degrees, dollars and the sizes of brackets say nothing; words compare by their letters and digits alone.
 *
 * Answers come from untrusted models: work is bounded by MOST_CHARS and the bounds of the readers. */

import { evaluate } from './evaluate.ts';
import type { Expression } from './expression.ts';
import { isDecimal } from './fraction.ts';
import { expressionOf } from './parser.ts';
import { isNear, type Member, membersOf, pointsOf, signs, stripped, tupleOf } from './shape.ts';
import { tokensOf, Unreadable } from './tokens.ts';

const MOST_CHARS = 2_000;
/** In the key of what has no value within the bounds. */
const NO_VALUE = '\u0000';

/** Whether `given` is the answer `expected`. Never throws. */
export function equalAnswers(given: string, expected: string): boolean {
  if (given.trim() === expected.trim()) return expected.trim() !== '';
  let isRead = false;
  for (const thousands of [true, false]) {
    const [a, b] = [read(given, thousands), read(expected, thousands)];
    if (a !== null && b !== null && same(a, b)) return true;
    isRead ||= b !== null;
  }
  return !isRead && plain(given) === plain(expected);
}

/** A text that equal answers share, by which they are counted: exact fractions as such, other values to ten digits. */
export function answerKey(answer: string): string {
  const expression = read(answer, true);
  const key = expression === null ? NO_VALUE : keyOf(expression);
  return key.includes(NO_VALUE) ? `text ${plain(answer)}` : key;
}

function read(text: string, thousands: boolean): Expression | null {
  if (text.length > MOST_CHARS) return null;
  try {
    return expressionOf(tokensOf(text, thousands));
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

/** A text that is no expression, without what says nothing. */
const plain = (text: string): string =>
  text
    .replace(/\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf|operatorname|left|right|displaystyle)(?![A-Za-z])/g, '')
    .replace(/[\s$]|\\[,;:! ]/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .replace(/[.,;:]$/, '')
    .toLowerCase();

const words = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

function same(given: Expression, expected: Expression): boolean {
  const [a, b] = [given, expected];
  if (a.kind === 'relation' && b.kind === 'relation') return sameRelation(a, b);
  if (a.kind === 'relation') return stripped(a) !== null && same(stripped(a) ?? a, b);
  if (b.kind === 'relation') return stripped(b) !== null && same(a, stripped(b) ?? b);
  if (a.kind === 'text' || b.kind === 'text') return a.kind === b.kind && words(textOf(a)) === words(textOf(b));
  const [left, right] = [tupleOf(a), tupleOf(b)];
  if (left !== null && right !== null) {
    const brackets =
      left.brackets === right.brackets || left.brackets === '' || right.brackets === '' || left.items.length !== 2;
    return brackets && inOrder(left.items, right.items);
  }
  const [given_, wanted] = [membersOf(a), membersOf(b)];
  if (given_ !== null || wanted !== null) {
    // A list without brackets may stand for a tuple.
    if (left !== null && b.kind === 'list') return inOrder(left.items, b.items);
    if (right !== null && a.kind === 'list') return inOrder(a.items, right.items);
    return anyOrder(given_ ?? [{ of: a, sign: 1 }], wanted ?? [{ of: b, sign: 1 }]);
  }
  if (a.kind === 'matrix' && b.kind === 'matrix')
    return a.rows.length === b.rows.length && a.rows.every((row, i) => inOrder(row, b.rows[i] ?? []));
  if (left !== null || right !== null || a.kind === 'matrix' || b.kind === 'matrix') return false;
  return sameNumber({ of: a, sign: 1 }, { of: b, sign: 1 });
}

const textOf = (e: Expression): string => (e.kind === 'text' ? e.text : '');

function inOrder(a: readonly Expression[], b: readonly Expression[]): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i] as Expression));
}

/** Each member of one is matched by one of the other that no other is. */
function anyOrder(a: readonly Member[], b: readonly Member[]): boolean {
  if (a.length !== b.length) return false;
  const left = new Set(b);
  return a.every((member) => {
    const match = [...left].find((other) => sameMember(member, other));
    return match !== undefined && left.delete(match);
  });
}

const sameMember = (a: Member, b: Member): boolean =>
  signs(a.of) || signs(b.of) ? sameNumber(a, b) : same(a.of, b.of);

function sameNumber(a: Member, b: Member): boolean {
  if (sameValue(a, b)) return true;
  const [p, q] = [percent(a.of), percent(b.of)];
  if (p !== null && q === null) return sameValue({ ...a, of: p }, b);
  return p === null && q !== null && sameValue(a, { ...b, of: q });
}

function sameValue(a: Member, b: Member): boolean {
  if (infinity(a.of) !== 0 || infinity(b.of) !== 0) return infinity(a.of) === infinity(b.of);
  for (const number of pointsOf(a.of, b.of)) {
    const [x, y] = [evaluate(a.of, { number, sign: a.sign }), evaluate(b.of, { number, sign: b.sign })];
    if (x === null || y === null) return false;
    if (x.exact !== null && y.exact !== null) {
      if (x.exact.over === y.exact.over && x.exact.under === y.exact.under) continue;
      // A decimal is exact, and a third is no decimal.
      if (isDecimal(x.exact) === isDecimal(y.exact)) return false;
    }
    if (!isNear(x, y) && !rounds(a.of, b.of, x.re, y.re, x.im, y.im) && !rounds(b.of, a.of, y.re, x.re, y.im, x.im))
      return false;
  }
  return true;
}

/** Whether `decimal` is a decimal of many digits that stands for `other`, which no decimal is. */
function rounds(decimal: Expression, other: Expression, x: number, y: number, xi: number, yi: number): boolean {
  const digits = decimalDigits(decimal);
  if (digits === null || decimalDigits(other) !== null || xi !== 0 || yi !== 0) return false;
  const value = evaluate(other, { number: 0, sign: 1 });
  if (value === null || (value.exact !== null && isDecimal(value.exact))) return false;
  return Math.abs(x - y) < 10 ** -digits;
}

function decimalDigits(e: Expression): number | null {
  if (e.kind === 'number') return e.digits;
  const [of] = e.kind === 'call' && e.name === 'negate' ? e.of : [];
  return of === undefined ? null : decimalDigits(of);
}

function percent(e: Expression): Expression | null {
  return e.kind === 'call' && e.name === 'percent' ? (e.of[0] ?? null) : null;
}

function infinity(e: Expression): -1 | 0 | 1 {
  if (e.kind === 'constant' && e.name === 'infinity') return 1;
  const [of] = e.kind === 'call' && e.name === 'negate' ? e.of : [];
  return of === undefined ? 0 : infinity(of) === 1 ? -1 : infinity(of) === -1 ? 1 : 0;
}

type Relation = Extract<Expression, { kind: 'relation' }>;
const TURNED: Readonly<Record<string, string>> = { '<': '>', '>': '<', '\\le': '\\ge', '\\ge': '\\le' };

function sameRelation(a: Relation, b: Relation): boolean {
  const [x, y] = [stripped(a), stripped(b)];
  if (x !== null && y !== null && same(a.sides[0] as Expression, b.sides[0] as Expression)) return same(x, y);
  const asWritten = (r: Relation): boolean =>
    r.operators.length === b.operators.length &&
    r.operators.every((o, i) => o === b.operators[i]) &&
    inOrder(r.sides, b.sides);
  return asWritten(a) || asWritten(turned(a)) || sameEquation(a, b);
}

const turned = ({ operators, sides }: Relation): Relation => ({
  kind: 'relation',
  operators: operators.map((o) => TURNED[o] ?? o).reverse(),
  sides: [...sides].reverse(),
});

/** Whether the differences of the sides have one ratio everywhere. */
function sameEquation(a: Relation, b: Relation): boolean {
  if (a.operators.join() !== '=' || b.operators.join() !== '=') return false;
  let ratio: number | null = null;
  for (const number of [0, 1, 2, 3]) {
    const [x, y] = [a, b].map(({ sides: [l, r] }) => {
      const [left, right] = [l, r].map((side) => (side === undefined ? null : evaluate(side, { number, sign: 1 })));
      return left == null || right == null || left.im !== 0 || right.im !== 0 ? Number.NaN : left.re - right.re;
    });
    const here = (x ?? Number.NaN) / (y ?? Number.NaN);
    if (!Number.isFinite(here) || here === 0) return false;
    if (ratio !== null && Math.abs(here - ratio) > 1e-8 * Math.abs(ratio)) return false;
    ratio = here;
  }
  return true;
}

function keyOf(e: Expression): string {
  if (e.kind === 'relation') {
    const value = stripped(e);
    if (value !== null) return keyOf(value);
    const { operators, sides } = ['>', '\\ge'].includes(e.operators[0] ?? '') ? turned(e) : e;
    return `${operators.join()} ${sides.map(keyOf).join()}`;
  }
  if (e.kind === 'text') return `text ${words(e.text)}`;
  if (e.kind === 'matrix') return `matrix ${e.rows.map((row) => `[${row.map(keyOf).join()}]`).join()}`;
  const tuple = tupleOf(e);
  if (tuple !== null)
    return `${tuple.items.length === 2 ? tuple.brackets : ''} tuple [${tuple.items.map(keyOf).join()}]`;
  const members = membersOf(e);
  if (members === null) return keyOfNumber({ of: e, sign: 1 });
  const [only] = members;
  if (members.length === 1 && only !== undefined) return signs(only.of) ? keyOfNumber(only) : keyOf(only.of);
  return `any [${members
    .map((m) => (signs(m.of) ? keyOfNumber(m) : keyOf(m.of)))
    .sort()
    .join()}]`;
}

const isSmall = (part: bigint): boolean => part < 10_000n && part > -10_000n;

function keyOfNumber({ of, sign }: Member): string {
  const end = infinity(of);
  if (end !== 0) return end > 0 ? 'inf' : '-inf';
  const body = percent(of) ?? of;
  const texts = pointsOf(body, body).map((number) => {
    const value = evaluate(body, { number, sign });
    if (value === null) return NO_VALUE;
    const { exact, re, im } = value;
    const digits = (x: number): number => (Math.abs(x) < 1e-12 ? 0 : Number(x.toPrecision(10)));
    // Ten digits tell fractions of small parts apart, and whole numbers that have no more.
    if (
      exact !== null &&
      !(isSmall(exact.over) && isSmall(exact.under)) &&
      !(exact.under === 1n && Math.abs(re) < 1e10)
    )
      return `${exact.over}/${exact.under}`;
    if (!Number.isFinite(re) || !Number.isFinite(im)) return NO_VALUE;
    return `${digits(re)} ${digits(im)}`;
  });
  return texts.join();
}
