/** From rewarded rollouts to weight updates: minibatches, objective, accumulation, optimizer steps. */
import type { StepMetrics } from '../../src-shared/metrics.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { PolicyEngine, ReferencePolicy, Scored } from '../engine/engine.ts';
import type { Normalisation, ObjectiveMember, ObjectiveSequence, ObjectiveTally } from '../objectives/objective.ts';
import type { Rollout } from './rollouts.ts';
import type { RunSeeds } from './seeds.ts';

/** One group whose rollouts have advantages; null where a rollout was not scored. */
export interface AdvantagedGroup {
  readonly rollouts: readonly Rollout[];
  readonly advantages: readonly (number | null)[];
}

export interface UpdatePlan {
  readonly engine: PolicyEngine;
  readonly objective: ObjectiveMember;
  /** Present when the objective needs it. */
  readonly reference: ReferencePolicy | null;
  readonly config: RunConfig;
  readonly seeds: RunSeeds;
}

interface Sample extends ObjectiveSequence {
  readonly sequence: Scored;
}

/** Sequences per accumulate call: bounds what an engine has to hold for one call, and lets progress be reported. */
const CALL_SEQUENCES = 64;

/** @param step from 1. @returns the step's update metrics; none when no rollout could be trained on. */
export async function updatePolicy(
  plan: UpdatePlan,
  groups: readonly AdvantagedGroup[],
  step: number,
  onProgress: (fraction: number) => Promise<void>,
): Promise<StepMetrics> {
  const { engine, objective, config, seeds } = plan;
  const { optimiser, rollouts: rolloutConfig } = config;
  const learningRate = optimiser.learningRate * Math.min(1, step / Math.max(1, optimiser.warmupSteps));
  const samples = await withReference(plan, groups);
  const perUpdate = optimiser.minibatchProblems;
  const updates = Math.ceil(samples.length / perUpdate) * optimiser.epochs;
  if (samples.flat().length === 0) return {};

  const totals = { loss: 0, gradNorm: 0, updates: 0, tokens: 0, clipped: 0, oldKl: 0, refKl: 0, measured: 0 };
  for (let epoch = 0; epoch < optimiser.epochs; epoch++) {
    const order = seeds.minibatches(step, epoch).shuffle(samples);
    for (let from = 0; from < order.length; from += perUpdate) {
      const minibatch = order.slice(from, from + perUpdate).flat();
      if (minibatch.length === 0) continue;
      const normalisation: Normalisation = {
        sequences: minibatch.length,
        tokens: minibatch.reduce((sum, s) => sum + s.sequence.response.length, 0),
        maxNewTokens: rolloutConfig.maxNewTokens,
      };
      const options = config.objective.options;
      // Neighbours of like length waste the least padding; the losses add up in any order.
      const busy = minibatch.filter((s) => !objective.isIdle(s, options)).sort((a, b) => length(a) - length(b));
      for (let at = 0; at < busy.length; at += CALL_SEQUENCES) {
        const slice = busy.slice(at, at + CALL_SEQUENCES);
        const report = await engine.accumulate(
          { sequences: slice.map((s) => s.sequence), temperature: rolloutConfig.temperature },
          (stats, offset) => {
            const parts = stats.map((s, i) =>
              objective.sequenceLoss(s, slice[offset + i] as Sample, normalisation, options),
            );
            for (const part of parts) addTally(totals, part.tally);
            return { loss: parts.reduce((sum, p) => sum + p.loss, 0), derivatives: parts.map((p) => p.derivative) };
          },
        );
        totals.loss += report.loss;
        await onProgress((totals.updates + (at + slice.length) / busy.length) / updates);
      }
      totals.tokens += normalisation.tokens;
      totals.gradNorm += (await engine.update({ ...optimiser, learningRate })).gradNorm;
      totals.updates++;
    }
  }
  return {
    'train/loss': totals.loss / totals.updates,
    'train/grad-norm': totals.gradNorm / totals.updates,
    'train/learning-rate': learningRate,
    'train/clip-fraction': totals.clipped / totals.tokens,
    ...(totals.measured === 0 ? {} : { 'train/old-kl': totals.oldKl / totals.measured }),
    ...(plan.reference === null || totals.measured === 0 ? {} : { 'train/kl': totals.refKl / totals.measured }),
  };
}

const length = (s: Sample) => s.sequence.prompt.length + s.sequence.response.length;

function addTally(
  totals: { clipped: number; oldKl: number; refKl: number; measured: number },
  tally: ObjectiveTally,
): void {
  totals.clipped += tally.clipped;
  totals.oldKl += tally.oldKl;
  totals.refKl += tally.refKl ?? 0;
  totals.measured += tally.tokens;
}

/** The trainable samples of each group, with reference log-probs where the objective asks for them. */
async function withReference(plan: UpdatePlan, groups: readonly AdvantagedGroup[]): Promise<Sample[][]> {
  const samples = groups.map((group) =>
    group.rollouts.flatMap((rollout, i) => {
      const advantage = group.advantages[i];
      if (advantage === null || advantage === undefined || rollout.tokens.length === 0) return [];
      return [
        {
          advantage,
          oldLogprob: rollout.stats.logprob,
          refLogprob: null,
          sequence: { prompt: rollout.promptIds, response: rollout.tokens },
        },
      ];
    }),
  );
  if (plan.reference === null) return samples;
  const flat = samples.flat();
  const stats = await plan.reference.score(
    flat.map((s) => s.sequence),
    plan.config.rollouts.temperature,
  );
  const refLogprobs = stats.map((s) => s.logprob);
  let next = 0;
  return samples.map((group) => group.map((s) => ({ ...s, refLogprob: refLogprobs[next++] ?? null })));
}
