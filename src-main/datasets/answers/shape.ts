/** What kind of thing an expression is, when two are compared: members, tuple, the value of a relation, variables. */
import type { Value } from './evaluate.ts';
import type { Expression } from './expression.ts';

/** An element of a list or set, with the sign that \pm has in it. */
export interface Member {
  readonly of: Expression;
  readonly sign: 1 | -1;
}

/** Elements in any order, \pm being two; null for what has none: numbers, tuples, words. */
export function membersOf(e: Expression): readonly Member[] | null {
  if (e.kind === 'list' || e.kind === 'set' || e.kind === 'union')
    return e.items.flatMap((item) => (item.kind === 'relation' ? both(stripped(item) ?? item) : both(item)));
  return signs(e) ? both(e) : null;
}

const both = (of: Expression): Member[] =>
  signs(of)
    ? [
        { of, sign: 1 },
        { of, sign: -1 },
      ]
    : [{ of, sign: 1 }];

/** Whether there is a \pm in a closed form. */
export function signs(e: Expression): boolean {
  return e.kind === 'either' || (e.kind === 'call' && e.of.some(signs));
}

/** Elements in order; brackets are '' where they say nothing, as of a matrix of one row or column. */
export function tupleOf(e: Expression): { readonly items: readonly Expression[]; readonly brackets: string } | null {
  if (e.kind === 'tuple') return e;
  if (e.kind !== 'matrix') return null;
  const [first] = e.rows;
  if (first !== undefined && e.rows.length === 1 && first.length > 1) return { items: first, brackets: '' };
  return e.rows.length > 1 && e.rows.every((row) => row.length === 1) ? { items: e.rows.flat(), brackets: '' } : null;
}

/** What a relation says of something named: the last side of `x = 2 + 3 = 5`, the set of `x \in S`; else null. */
export function stripped({ operators, sides }: Extract<Expression, { kind: 'relation' }>): Expression | null {
  const says = operators.every((o) => o === '=' || o === '\\in' || o === '\\approx');
  return says && isName(sides[0]) ? (sides.at(-1) ?? null) : null;
}

/** A variable, words, or f(x) and P(A), which read as products. */
function isName(e: Expression | undefined): boolean {
  if (e === undefined) return false;
  if (e.kind === 'variable' || e.kind === 'text') return true;
  if (e.kind === 'tuple') return e.items.every(isName);
  return e.kind === 'call' && e.name === '*' && isName(e.of[0]) && (isName(e.of[1]) || e.of[1]?.kind === 'number');
}

function hasVariables(e: Expression): boolean {
  if (e.kind === 'variable') return true;
  if (e.kind === 'either') return hasVariables(e.right) || (e.left !== null && hasVariables(e.left));
  return e.kind === 'call' && e.of.some(hasVariables);
}

/** The points that two closed forms are compared at. */
export const pointsOf = (a: Expression, b: Expression): readonly number[] =>
  hasVariables(a) || hasVariables(b) ? [0, 1, 2] : [0];

const NEAR = 1e-10;

/** Both finite, and within 1e-10 of the larger. */
export function isNear(x: Value, y: Value): boolean {
  const size = Math.max(Math.hypot(x.re, x.im), Math.hypot(y.re, y.im));
  const apart = Math.hypot(x.re - y.re, x.im - y.im);
  // Of sums that cancel to nothing, rounding errors are left.
  return Number.isFinite(size) && (apart <= NEAR * size || size < 1e-13);
}
