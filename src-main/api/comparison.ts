/** Calls that put runs side by side. */
import { compare } from '../comparison/compare.ts';
import { compareFinal } from '../comparison/final.ts';
import { matchedCompletions } from '../comparison/matched.ts';
import type { ApiContext, Bodies } from './context.ts';

export function comparisonCalls({ store }: ApiContext): Bodies<'compare' | 'compareFinal' | 'matchedCompletions'> {
  return {
    compare: (input) => compare(store, input),
    compareFinal: (input) => compareFinal(store, input),
    matchedCompletions: (input) => matchedCompletions(store, input),
  };
}
