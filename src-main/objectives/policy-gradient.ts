/**
 * One policy-gradient loss for the whole GRPO family, made of pieces (verl core_algos.py, TRL grpo_trainer.py):
 *   weight (importance mask surrogate(A, ratio) + beta KL - coefficient mask H), summed over tokens
 * Aggregation is over the whole minibatch, never per slice, so how an engine slices a batch changes nothing.
 * Departures: a token's mask is made from entropies as sampled (TRL: of the current policy); truncated responses that
 * are left out count in no average, as in verl (TRL still counts them as sequences).
 */
import type { OptionValues } from '../../src-shared/options.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { Conflict, ObjectiveMember, ObjectiveSequence } from './objective.ts';
import {
  type ClippedTerm,
  clippedSurrogate,
  groupTokenWeights,
  type KlEstimator,
  klEstimate,
  tokenWeight,
  topEntropyMasks,
  truncatedImportance,
  weightedLikelihood,
} from './pieces.ts';
import { type PolicyDefaults, type PolicyValues, policyOptions, policyValues } from './policy-options.ts';

export interface PolicyGradient {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly defaults: PolicyDefaults;
  /** The only advantage that it is made for; absent: any that compares rewards. */
  readonly advantage?: string;
}

export function policyGradient({ id, title, help, defaults, advantage: needed }: PolicyGradient): ObjectiveMember {
  return {
    id,
    title,
    help,
    options: policyOptions(defaults),
    conflicts: (config) => conflicts(config, needed),
    needsReference: (o) => policyValues(o).klCoefficient > 0,
    referenceEvery: (o) => policyValues(o).referenceEvery,
    needsOldScores: (o) => policyValues(o).importanceCap > 0,
    trainsOn: ({ finished }, o) => finished || !policyValues(o).maskTruncated,

    penalty(o) {
      const { klCoefficient: beta, klPlacement, klEstimator } = policyValues(o);
      if (beta === 0 || klPlacement !== 'reward') return null;
      const estimate = (logprob: number, ref: number) => klEstimate(klEstimator as KlEstimator, logprob, ref).value;
      return (logprob, refLogprob) => logprob.map((lp, t) => beta * estimate(lp, refLogprob[t] as number));
    },

    relate(minibatch, o) {
      const { aggregation, topEntropyShare } = policyValues(o);
      const masks =
        topEntropyShare < 1
          ? topEntropyMasks(
              minibatch.map((s) => s.entropy),
              topEntropyShare,
            )
          : [];
      const weights =
        aggregation === 'group-token-mean'
          ? groupTokenWeights(minibatch.map((s) => ({ group: s.group, length: s.oldLogprob.length })))
          : [];
      return minibatch.map((_, i) => ({
        ...(masks[i] === undefined ? {} : { tokenMask: masks[i] }),
        ...(weights[i] === undefined ? {} : { tokenWeight: weights[i] }),
      }));
    },

    isIdle(sequence, o) {
      const values = policyValues(o);
      const { klCoefficient, klPlacement, entropyCoefficient } = values;
      if ((klCoefficient > 0 && klPlacement === 'loss') || entropyCoefficient !== 0) return false;
      const { advantage } = sequence;
      return typeof advantage === 'number'
        ? signed(advantage, values) === 0
        : advantage.every((a) => signed(a, values) === 0);
    },

    sequenceLoss(stats, sequence, normalisation, o) {
      const values = policyValues(o);
      const { oldLogprob, refLogprob, related } = sequence;
      const { klCoefficient, klPlacement, entropyCoefficient: bonus, aggregation } = values;
      const beta = klPlacement === 'loss' ? klCoefficient : 0;
      const length = stats.logprob.length;
      const weight = related?.tokenWeight ?? tokenWeight(aggregation, length, normalisation);
      const term = policyTerm(stats.logprob, sequence, values);
      const dLogprob = new Float32Array(length);
      const dEntropy = bonus === 0 ? undefined : new Float32Array(length);
      // With one ratio for the response every token moves it by 1 / length.
      let [loss, oldKl, refKl, shared] = [0, 0, 0, 0];
      const clips = { low: 0, high: 0, dual: 0 };

      for (let t = 0; t < length; t++) {
        const logprob = stats.logprob[t] as number;
        const mask = related?.tokenMask?.[t] ?? 1;
        const { value, slope, clipped } = term(t);
        const factor = mask * importance(sequence, t, values);
        let token = value * factor;
        let tokenSlope = slope * factor;
        if (values.ratio === 'sequence' && values.clipOf === 'gradient') {
          shared += tokenSlope * weight;
          tokenSlope = 0;
        }
        if (clipped !== null) clips[clipped]++;
        oldKl -= logprob - (oldLogprob[t] as number);

        if (refLogprob !== null) {
          const ref = refLogprob[t] as number;
          refKl += klEstimate('k3', logprob, ref).value;
          if (beta > 0) {
            const kl = klEstimate(values.klEstimator as KlEstimator, logprob, ref);
            token += beta * kl.value;
            tokenSlope += beta * kl.slope;
          }
        }
        if (dEntropy !== undefined) {
          token -= bonus * mask * (stats.entropy[t] as number);
          dEntropy[t] = -bonus * mask * weight;
        }
        loss += token * weight;
        dLogprob[t] = tokenSlope * weight;
      }
      if (shared !== 0) for (let t = 0; t < length; t++) dLogprob[t] = (dLogprob[t] as number) + shared / length;
      return {
        loss,
        derivative: dEntropy === undefined ? { logprob: dLogprob } : { logprob: dLogprob, entropy: dEntropy },
        tally: {
          tokens: length,
          clipped: clips.low + clips.high + clips.dual,
          clippedAt: { high: clips.high, dual: clips.dual },
          oldKl,
          refKl: refLogprob === null ? null : refKl,
        },
      };
    },
  };
}

const signed = (advantage: number, { positiveWeight, negativeWeight }: PolicyValues) =>
  advantage * (advantage > 0 ? positiveWeight : negativeWeight);

function importance(
  { oldLogprob, sampledLogprob }: ObjectiveSequence,
  t: number,
  { importanceCap }: PolicyValues,
): number {
  if (importanceCap === 0 || sampledLogprob === undefined) return 1;
  return truncatedImportance(oldLogprob[t] as number, sampledLogprob[t] as number, importanceCap);
}

/** The policy's own term of each token, with its slope by the log-ratio that it is made from. */
function policyTerm(
  logprob: Float32Array,
  { advantage, oldLogprob }: ObjectiveSequence,
  values: PolicyValues,
): (t: number) => ClippedTerm {
  const clip = { low: values.clipLow, high: values.clipHigh, dual: values.dualClip };
  const difference = (t: number) => (logprob[t] as number) - (oldLogprob[t] as number);
  let sum = 0;
  if (values.ratio === 'sequence') for (let t = 0; t < logprob.length; t++) sum += difference(t);
  const logRatio = values.ratio === 'sequence' ? () => sum / logprob.length : difference;
  return (t) => {
    const a = signed(typeof advantage === 'number' ? advantage : (advantage[t] as number), values);
    return values.clipOf === 'weight'
      ? weightedLikelihood(a, logRatio(t), logprob[t] as number, clip)
      : clippedSurrogate(a, logRatio(t), clip);
  };
}

/** Advantages that choose responses rather than measure them: a penalty on the reward would change nothing, or the choice. */
const CHOOSING = ['positives', 'pairs'];

function conflicts({ objective, advantage, limits }: RunConfig, needed: string | undefined): Conflict[] {
  const found: Conflict[] = [];
  const fault = (option: string, message: string) => found.push({ path: `objective.options.${option}`, message });
  const o = policyValues(objective.options as OptionValues);

  if (needed !== undefined && advantage.kind !== needed)
    found.push({
      path: 'advantage.kind',
      message: `${advantage.kind} is not for objective ${objective.kind}; allowed is ${needed}`,
    });
  if (o.dualClip !== 0 && o.dualClip <= 1)
    fault('dualClip', `${o.dualClip} is not allowed; it must be above 1, or 0 to turn it off`);
  else if (o.dualClip !== 0 && o.clipOf === 'weight')
    fault('dualClip', `${o.dualClip} has no meaning where the clip is of the weight; allowed is 0`);
  if (o.importanceCap !== 0 && o.importanceCap < 1)
    fault('importanceCap', `${o.importanceCap} is not allowed; it must be 1 or more, or 0 to turn it off`);
  if (o.positiveWeight === 0 && o.negativeWeight === 0)
    fault(
      'negativeWeight',
      '0 leaves nothing to train on with positiveWeight 0; allowed is more than 0 for one of them',
    );
  if (o.klPlacement === 'reward' && o.klCoefficient > 0 && CHOOSING.includes(advantage.kind))
    fault('klPlacement', `reward has no effect with advantage ${advantage.kind}, which only chooses; allowed is loss`);
  if (o.referenceEvery > 0) {
    const every = limits.checkpointEvery;
    if (o.klCoefficient === 0)
      fault('referenceEvery', `${o.referenceEvery} renews no reference, as klCoefficient 0 keeps none; allowed is 0`);
    else if (every === 0 || o.referenceEvery % every !== 0)
      fault(
        'referenceEvery',
        `${o.referenceEvery} must be a multiple of limits.checkpointEvery ${every}, which must not be 0: a resumed run takes its reference from that checkpoint`,
      );
  }
  return found;
}
