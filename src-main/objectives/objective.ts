/**
 * The objective family: from per-token statistics to a loss and its derivative with respect to each token's log-prob
 * and entropy. Plain numbers; how a derivative becomes a weight update is the engine's business.
 */
import type { Options, OptionValues } from '../../src-shared/options.ts';
import type { TokenDerivative, TokenStats } from '../engine/engine.ts';

/** What an objective knows of one rollout besides its current statistics. Arrays are [T]. */
export interface ObjectiveSequence {
  readonly advantage: number;
  /** Log-probs as sampled. */
  readonly oldLogprob: Float32Array;
  /** Log-probs under the reference policy; present when `needsReference`. */
  readonly refLogprob: Float32Array | null;
}

/** Size of the whole minibatch, over which losses are averaged, however the engine slices it. */
export interface Normalisation {
  readonly sequences: number;
  readonly tokens: number;
  /** Longest response allowed. */
  readonly maxNewTokens: number;
}

/** Sums over tokens, to be divided by `tokens`. */
export interface ObjectiveTally {
  readonly tokens: number;
  /** Tokens whose ratio was clipped and that carry no gradient. */
  readonly clipped: number;
  /** Sum of oldLogprob - logprob (k1). */
  readonly oldKl: number;
  /** Sum of the k3 estimate against the reference policy; null without one. */
  readonly refKl: number | null;
}

export interface SequenceLoss {
  /** Already divided by the normalisation, so that the losses of a minibatch add up. */
  readonly loss: number;
  readonly derivative: TokenDerivative;
  readonly tally: ObjectiveTally;
}

export interface ObjectiveMember<O extends Options = Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: O;
  needsReference(options: OptionValues): boolean;
  /** True when this sequence can contribute neither loss nor derivative, whatever its statistics: it need not be trained on. */
  isIdle(sequence: ObjectiveSequence, options: OptionValues): boolean;
  sequenceLoss(
    stats: TokenStats,
    sequence: ObjectiveSequence,
    normalisation: Normalisation,
    options: OptionValues,
  ): SequenceLoss;
}
