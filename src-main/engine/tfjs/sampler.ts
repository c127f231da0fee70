/** Draws tokens from a distribution cut by top-k and then by top-p. */
import type { Sampling } from '../engine.ts';

/**
 * Inverse-transform draw: the kept tokens are walked in order of their id until their mass exceeds `uniform` times the
 * kept mass. Top-k keeps the k most likely tokens, top-p then the fewest whose share of the kept mass reaches `topP`;
 * of equally likely tokens the lower id comes first.
 * @param probabilities Sum 1. [V]
 * @param uniform In [0, 1).
 */
export function drawToken(
  probabilities: Float64Array,
  { topK, topP }: Pick<Sampling, 'topK' | 'topP'>,
  uniform: number,
): number {
  const cutsK = topK > 0 && topK < probabilities.length;
  if (!cutsK && topP >= 1) return walk(probabilities, null, 1, uniform);
  // Tokens this unlikely together weigh less than 1 - topP and cannot be in the nucleus: no need to sort them.
  const floor = cutsK ? 0 : (1 - topP) / probabilities.length;
  let kept: number[] = [];
  for (let id = 0; id < probabilities.length; id++) if ((probabilities[id] as number) >= floor) kept.push(id);
  kept.sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b);
  if (cutsK) kept = kept.slice(0, topK);
  if (topP < 1) {
    const total = cutsK ? mass(probabilities, kept) : 1;
    let sum = 0;
    let count = 0;
    while (count < kept.length && (count === 0 || sum < topP * total))
      sum += probabilities[kept[count++] as number] as number;
    kept = kept.slice(0, count);
  }
  kept.sort((a, b) => a - b);
  return walk(probabilities, kept, mass(probabilities, kept), uniform);
}

function mass(probabilities: Float64Array, ids: readonly number[]): number {
  let sum = 0;
  for (const id of ids) sum += probabilities[id] as number;
  return sum;
}

/** @param ids Ascending; null means every token. */
function walk(probabilities: Float64Array, ids: readonly number[] | null, total: number, uniform: number): number {
  const count = ids ? ids.length : probabilities.length;
  const threshold = uniform * total;
  let sum = 0;
  let last = 0;
  for (let i = 0; i < count; i++) {
    const id = ids ? (ids[i] as number) : i;
    const p = probabilities[id] as number;
    if (p <= 0) continue;
    last = id;
    sum += p;
    if (sum > threshold) return id;
  }
  // Rounding may leave the sum just below the threshold: the last possible token then.
  return last;
}
