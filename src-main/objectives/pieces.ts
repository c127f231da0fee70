/**
 * The pieces that policy objectives are made of. A term is a number with its slope by the log-prob that it is a function
 * of; how terms are weighted and summed is the objective's business.
 */
import type { Normalisation } from './objective.ts';

export interface Term {
  readonly value: number;
  /** d value / d logprob. */
  readonly slope: number;
}

/** Where a ratio was held: at its lower or upper bound, or at the dual clip. */
export type ClipSide = 'low' | 'high' | 'dual';

export interface ClippedTerm extends Term {
  /** Null where nothing was clipped. */
  readonly clipped: ClipSide | null;
}

export interface Clip {
  /** Ratios are kept within 1 - low and 1 + high. */
  readonly low: number;
  readonly high: number;
  /** Bound c of the ratio where the advantage is negative; 0: none. */
  readonly dual: number;
}

export const clamp = (x: number, bound: number) => Math.max(-bound, Math.min(bound, x));

/** Beyond this a log-ratio no longer changes the ratio (verl core_algos.py). */
export const LARGEST_LOG_RATIO = 20;

/**
 * PPO's clipped surrogate with dual clip (verl core_algos.py, arXiv 1912.09729): max(-A ratio, -A clip(ratio)), and for
 * A < 0 no more than -A c. @param logRatio ln pi - ln pi_old of the token, or its mean over the response (GSPO).
 */
export function clippedSurrogate(advantage: number, logRatio: number, { low, high, dual }: Clip): ClippedTerm {
  const ratio = Math.exp(clamp(logRatio, LARGEST_LOG_RATIO));
  const plain = -advantage * ratio;
  const bounded = -advantage * Math.min(Math.max(ratio, 1 - low), 1 + high);
  let value = plain;
  let slope = Math.abs(logRatio) < LARGEST_LOG_RATIO ? plain : 0;
  let side: ClipSide = ratio > 1 ? 'high' : 'low';
  if (bounded > plain) [value, slope] = [bounded, 0];
  if (advantage < 0 && dual > 0 && -advantage * dual < value) [value, slope, side] = [-advantage * dual, 0, 'dual'];
  return { value, slope, clipped: value === plain ? null : side };
}

/**
 * CISPO (MiniMax-M1, arXiv 2506.13585; TRL grpo_trainer.py): -A sg(clip(ratio)) ln pi. The clip is of a constant weight,
 * so that no token loses its gradient. TRL has no lower bound: low 1.
 */
export function weightedLikelihood(
  advantage: number,
  logRatio: number,
  logprob: number,
  { low, high }: Clip,
): ClippedTerm {
  const ratio = Math.exp(clamp(logRatio, LARGEST_LOG_RATIO));
  const weight = Math.min(Math.max(ratio, 1 - low), 1 + high);
  return {
    value: -advantage * weight * logprob,
    slope: -advantage * weight,
    clipped: weight === ratio ? null : weight < ratio ? 'high' : 'low',
  };
}

/** Factor of a token whose sampler was not quite the policy: min(exp(ln pi_old - ln pi_sampler), cap) (TRL, token_truncate). */
export function truncatedImportance(oldLogprob: number, sampledLogprob: number, cap: number): number {
  return Math.min(Math.exp(clamp(oldLogprob - sampledLogprob, LARGEST_LOG_RATIO)), cap);
}

export type KlEstimator = 'k1' | 'k2' | 'k3';

/**
 * Estimates of KL(pi || pi_ref) from one token (Schulman, Approximating KL divergence; bounds as verl kl_penalty):
 * k1 = ln pi - ln ref; k2 = (ln pi - ln ref)^2 / 2; k3 = exp(d) - d - 1 up to 10, d = ln ref - ln pi within +-20.
 */
export function klEstimate(estimator: KlEstimator, logprob: number, refLogprob: number): Term {
  const gap = refLogprob - logprob;
  if (estimator === 'k1') return { value: -gap, slope: 1 };
  if (estimator === 'k2') return { value: 0.5 * gap * gap, slope: -gap };
  const d = clamp(gap, LARGEST_LOG_RATIO);
  const k3 = Math.exp(d) - d - 1;
  return { value: Math.min(k3, 10), slope: Math.abs(gap) < LARGEST_LOG_RATIO && k3 < 10 ? 1 - Math.exp(d) : 0 };
}

/** Weight of each token of a sequence of this length, by verl's names; `group-token-mean` is made by `groupTokenWeights`. */
export function tokenWeight(aggregation: string, length: number, n: Normalisation): number {
  switch (aggregation) {
    case 'token-mean':
      return 1 / n.tokens;
    case 'seq-mean-token-sum':
      return 1 / n.sequences;
    case 'seq-mean-token-sum-norm':
      return 1 / (n.sequences * n.maxNewTokens);
    default:
      return 1 / (n.sequences * length);
  }
}

/**
 * Mean over groups of the mean over all tokens of a group, which is TRL's bnpo with one group as its local batch.
 * @returns the weight of each token of each sequence.
 */
export function groupTokenWeights(sequences: readonly { readonly group: number; readonly length: number }[]): number[] {
  const tokens = new Map<number, number>();
  for (const { group, length } of sequences) tokens.set(group, (tokens.get(group) ?? 0) + length);
  return sequences.map(({ group }) => 1 / (tokens.size * (tokens.get(group) as number)));
}

/**
 * Masks of the tokens whose entropy is among the highest `share` of all given ones (arXiv 2506.01939): those at or above
 * the quantile 1 - share, interpolated linearly (as torch.quantile in TRL get_high_entropy_mask). @param entropies [S][T]
 */
export function topEntropyMasks(entropies: readonly Float32Array[], share: number): Uint8Array[] {
  const total = entropies.reduce((n, e) => n + e.length, 0);
  const sorted = new Float32Array(total);
  let at = 0;
  for (const entropy of entropies) {
    sorted.set(entropy, at);
    at += entropy.length;
  }
  sorted.sort();
  const place = (1 - share) * Math.max(0, total - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  const threshold = below + (above - below) * (place - Math.floor(place));
  return entropies.map((entropy) => Uint8Array.from(entropy, (h) => (h >= threshold ? 1 : 0)));
}
