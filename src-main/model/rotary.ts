/** How fast the pairs of a head are rotated from position to position (RoPE, Su et al. 2021, arXiv 2104.09864). */
import type { ModelConfig } from './config.ts';

/**
 * Pair i of a head (elements i and i + headDim / 2) is rotated by position / divisors[i], in radians. [headDim / 2]
 * With `ropeScaling`, rotations slower than the context that the policy was first trained on are slowed by its factor,
 * and those between are interpolated (transformers, `_compute_llama3_parameters`).
 */
export function rotaryDivisors({
  headDim,
  ropeTheta,
  ropeScaling,
}: Pick<ModelConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'>): Float64Array {
  const divisors = Float64Array.from({ length: headDim / 2 }, (_, i) => ropeTheta ** ((2 * i) / headDim));
  if (ropeScaling === undefined) return divisors;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = ropeScaling;
  return divisors.map((divisor) => {
    const turns = originalPositions / (2 * Math.PI * divisor);
    // 1: as it was; 0: slowed by the whole factor.
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return divisor / ((1 - kept) / factor + kept);
  });
}
