/**
 * The objective family: from per-token statistics to a loss and its derivative with respect to each token's log-prob
 * and entropy. Plain numbers; how a derivative becomes a weight update is the engine's business.
 */
import type { MetricName } from '../../src-shared/metrics.ts';
import type { Options, OptionValues } from '../../src-shared/options.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { TokenDerivative, TokenStats } from '../engine/engine.ts';

/** What an objective knows of one rollout besides its current statistics. Arrays are [T]. */
export interface ObjectiveSequence {
  /** One number for the whole response, or one a token. */
  readonly advantage: number | Float32Array;
  /** Log-probs as sampled; with `needsOldScores`, as the engine scores the response before the step's first update. */
  readonly oldLogprob: Float32Array;
  /** Log-probs under the reference policy; present when `needsReference`. */
  readonly refLogprob: Float32Array | null;
  /** Log-probs as sampled, where `oldLogprob` is something else. */
  readonly sampledLogprob?: Float32Array;
  /** What `relate` found, where there is one. */
  readonly related?: Related;
}

/** A sequence among those of its minibatch, as `relate` sees it. */
export interface MinibatchSequence extends ObjectiveSequence {
  /** Which problem's group it belongs to; equal numbers, same group. */
  readonly group: number;
  /** Token entropies as sampled, in nats. */
  readonly entropy: Float32Array;
  /** Log-probs under the policy as it is before this update; present when `needsCurrentScores`. */
  readonly currentLogprob: Float32Array | null;
}

/** What a sequence has only by comparison with the rest of its minibatch. */
export interface Related {
  /** Weight of each token of the sequence, where it depends on the group. */
  readonly tokenWeight?: number;
  /** 1 where the token takes part in the policy's term, else 0. [T] */
  readonly tokenMask?: Uint8Array;
  /** The other response of its pair: sum of (logprob - refLogprob) before this update; `pairs` is the minibatch's number of pairs. */
  readonly rival?: { readonly logRatio: number; readonly pairs: number };
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
  /** Tokens whose ratio was clipped: they carry no gradient, or a bounded one where the clip is of the weight. */
  readonly clipped: number;
  /** Sum of oldLogprob - logprob (k1). */
  readonly oldKl: number;
  /** Sum of the k3 estimate against the reference policy; null without one. */
  readonly refKl: number | null;
  /** Of the clipped tokens, those at the upper bound and those at the dual clip. Absent where there are no ratios. */
  readonly clippedAt?: { readonly high: number; readonly dual: number };
  /** What only this objective measures, as sums over so many things; the step logs their means. */
  readonly own?: { readonly [N in MetricName]?: readonly [sum: number, count: number] };
}

export interface SequenceLoss {
  /** Already divided by the normalisation, so that the losses of a minibatch add up. */
  readonly loss: number;
  readonly derivative: TokenDerivative;
  readonly tally: ObjectiveTally;
}

/** A choice of options that makes no sense together: the path of the one to change, and what is allowed there. */
export interface Conflict {
  readonly path: string;
  readonly message: string;
}

/** All arrays are [T]. */
export type Penalty = (logprob: Float32Array, refLogprob: Float32Array) => Float32Array;

export interface ObjectiveMember<O extends Options = Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: O;
  /** What this objective cannot be combined with. Absent: nothing. */
  conflicts?(config: RunConfig): readonly Conflict[];
  needsReference(options: OptionValues): boolean;
  /** Steps between two renewals of the reference policy, which becomes the policy as it is then; 0 or absent: never. */
  referenceEvery?(options: OptionValues): number;
  /** True where the engine must score the rollouts of a step before its first update. */
  needsOldScores?(options: OptionValues): boolean;
  /** True where `relate` needs the log-probs of the policy before each update. */
  needsCurrentScores?(options: OptionValues): boolean;
  /** What is taken off the reward at each token, made from log-probs as sampled and the reference's; null: nothing is. */
  penalty?(options: OptionValues): Penalty | null;
  /** False where a response takes no part at all, not even in the averages. Absent: all do. */
  trainsOn?(rollout: { readonly finished: boolean }, options: OptionValues): boolean;
  /** Once for a whole minibatch, before any of its losses; one answer a sequence, in their order. Absent: sequences are independent. */
  relate?(minibatch: readonly MinibatchSequence[], options: OptionValues): readonly Related[];
  /** True when this sequence can contribute neither loss nor derivative, whatever its statistics: it need not be trained on. */
  isIdle(sequence: ObjectiveSequence, options: OptionValues): boolean;
  sequenceLoss(
    stats: TokenStats,
    sequence: ObjectiveSequence,
    normalisation: Normalisation,
    options: OptionValues,
  ): SequenceLoss;
}
