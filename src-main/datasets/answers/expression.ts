/** An answer as an expression: closed forms, lists, sets, tuples, intervals, matrices and relations. */
import type { Fraction } from './fraction.ts';

export type Expression =
  /** `digits` after the point where it was written as a decimal of at least six significant digits, else null. */
  | { readonly kind: 'number'; readonly value: Fraction; readonly digits: number | null }
  | { readonly kind: 'constant'; readonly name: 'pi' | 'e' | 'i' | 'infinity' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly of: readonly Expression[] }
  /** left + right and left - right; \mp begins with the minus. */
  | { readonly kind: 'either'; readonly left: Expression | null; readonly right: Expression; readonly minus: boolean }
  | { readonly kind: 'list' | 'set' | 'union'; readonly items: readonly Expression[] }
  | { readonly kind: 'tuple'; readonly brackets: string; readonly items: readonly Expression[] }
  | { readonly kind: 'matrix'; readonly rows: readonly (readonly Expression[])[] }
  | { readonly kind: 'relation'; readonly operators: readonly string[]; readonly sides: readonly Expression[] }
  | { readonly kind: 'text'; readonly text: string };

export const call = (name: string, ...of: Expression[]): Expression => ({ kind: 'call', name, of });
