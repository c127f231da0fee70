/** Shared by the certainty rewards: the mean over response tokens, end-of-sequence token included. */
import type { Score } from './reward.ts';

/**
 * SeqMean of the study over tokens [from, to): sum / number of tokens. Its code adds 1e-6 to the count; with at least
 * one token that shifts nothing that float32 keeps, so it is left out. An empty response has no certainty.
 */
export function sequenceMean(to: number, term: (t: number) => number, from = 0): Score {
  if (to <= from) return { unscored: 'the response is empty, so it has no certainty' };
  let sum = 0;
  for (let t = from; t < to; t++) sum += term(t);
  return sum / (to - from);
}
