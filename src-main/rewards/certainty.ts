/** Shared by the certainty rewards: the mean over response tokens, end-of-sequence token included. */

/**
 * SeqMean of the study: sum over tokens / number of tokens. Its code adds 1e-6 to the count; with at least one token
 * that shifts nothing that float32 keeps, so it is left out. An empty response has no certainty: null.
 */
export function sequenceMean(length: number, term: (t: number) => number): number | null {
  if (length === 0) return null;
  let sum = 0;
  for (let t = 0; t < length; t++) sum += term(t);
  return sum / length;
}
