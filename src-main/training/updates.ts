/** From rewarded rollouts to weight updates: minibatches, objective, accumulation, optimizer steps. */
import type { StepMetrics } from '../../src-shared/metrics.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { RolloutAdvantage } from '../advantages/advantage.ts';
import type { PolicyEngine, ReferencePolicy, Scored } from '../engine/engine.ts';
import type { MinibatchSequence, Normalisation, ObjectiveMember, ObjectiveTally } from '../objectives/objective.ts';
import type { RunReference } from './reference.ts';
import type { Rollout } from './rollouts.ts';
import type { RunSeeds } from './seeds.ts';

/** One group whose rollouts have advantages; null where a rollout is not trained on. */
export interface AdvantagedGroup {
  readonly rollouts: readonly Rollout[];
  readonly advantages: readonly RolloutAdvantage[];
  /** Log-probs under the reference policy, [T] a rollout, where they are known already. */
  readonly refLogprobs?: readonly Float32Array[] | undefined;
}

export interface UpdatePlan {
  readonly engine: PolicyEngine;
  readonly objective: ObjectiveMember;
  /** Present when the objective needs it. */
  readonly reference: RunReference | null;
  readonly config: RunConfig;
  readonly seeds: RunSeeds;
  /** Told before weights change. */
  readonly onUpdate?: () => void;
}

interface Sample extends MinibatchSequence {
  readonly sequence: Scored;
}

/** Sequences per accumulate call: bounds what an engine has to hold for one call, and lets progress be reported. */
export const CALL_SEQUENCES = 64;

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
  const samples = await samplesOf(plan, groups);
  const perUpdate = optimiser.minibatchProblems;
  const updates = Math.ceil(samples.length / perUpdate) * optimiser.epochs;
  if (samples.flat().length === 0) return {};

  const totals = { loss: 0, gradNorm: 0, updates: 0, tokens: 0, clipped: 0, oldKl: 0, refKl: 0, measured: 0 };
  const own = new OwnMeasures();
  for (let epoch = 0; epoch < optimiser.epochs; epoch++) {
    const order = seeds.minibatches(step, epoch).shuffle(samples);
    for (let from = 0; from < order.length; from += perUpdate) {
      const minibatch = await related(plan, order.slice(from, from + perUpdate).flat());
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
            for (const part of parts) {
              addTally(totals, part.tally);
              own.add(part.tally);
            }
            return { loss: parts.reduce((sum, p) => sum + p.loss, 0), derivatives: parts.map((p) => p.derivative) };
          },
        );
        totals.loss += report.loss;
        await onProgress((totals.updates + (at + slice.length) / busy.length) / updates);
      }
      totals.tokens += normalisation.tokens;
      plan.onUpdate?.();
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
    ...own.means(totals.tokens),
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

/** What only some objectives measure, over the updates of a step. */
class OwnMeasures {
  readonly #sums = new Map<string, { sum: number; count: number }>();
  #clips: { low: number; high: number; dual: number } | null = null;

  add({ clipped, clippedAt, own }: ObjectiveTally): void {
    if (clippedAt !== undefined) {
      this.#clips ??= { low: 0, high: 0, dual: 0 };
      this.#clips.high += clippedAt.high;
      this.#clips.dual += clippedAt.dual;
      this.#clips.low += clipped - clippedAt.high - clippedAt.dual;
    }
    for (const [name, [sum, count]] of Object.entries(own ?? {})) {
      const total = this.#sums.get(name) ?? { sum: 0, count: 0 };
      this.#sums.set(name, { sum: total.sum + sum, count: total.count + count });
    }
  }

  /** @param tokens Of all minibatches, those without anything to learn from included. */
  means(tokens: number): StepMetrics {
    const clips = this.#clips;
    return {
      ...(clips === null
        ? {}
        : {
            'train/clip-low': clips.low / tokens,
            'train/clip-high': clips.high / tokens,
            'train/clip-dual': clips.dual / tokens,
          }),
      ...Object.fromEntries(Array.from(this.#sums, ([name, { sum, count }]) => [name, sum / count])),
    };
  }
}

/** The samples of each group that are trained on, with the log-probs that the objective asks for. */
async function samplesOf(plan: UpdatePlan, groups: readonly AdvantagedGroup[]): Promise<Sample[][]> {
  const { engine, objective, reference, config } = plan;
  const { options } = config.objective;
  const chosen = groups.map((group) =>
    group.rollouts.flatMap((rollout, i) => {
      const advantage = group.advantages[i] ?? null;
      if (advantage === null || rollout.tokens.length === 0) return [];
      if (objective.trainsOn?.(rollout, options) === false) return [];
      return [{ rollout, advantage, refLogprob: group.refLogprobs?.[i] }];
    }),
  );
  const flat = chosen.flat();
  const rollouts = flat.map(({ rollout }) => rollout);
  const known = flat.every(({ refLogprob }) => refLogprob !== undefined);
  const scored = reference === null || known ? null : await logprobsOf(reference, rollouts, plan);
  const rescored = objective.needsOldScores?.(options) ? await logprobsOf(engine, rollouts, plan) : null;
  let next = 0;
  return chosen.map((group, g) =>
    group.map(({ rollout, advantage, refLogprob }): Sample => {
      const place = next++;
      const sampled = rollout.stats.logprob;
      return {
        group: g,
        advantage,
        oldLogprob: rescored?.[place] ?? sampled,
        ...(rescored === null ? {} : { sampledLogprob: sampled }),
        refLogprob: scored?.[place] ?? refLogprob ?? null,
        currentLogprob: null,
        entropy: rollout.stats.entropy,
        sequence: sequenceOf(rollout),
      };
    }),
  );
}

/** The samples of a minibatch with what each has only by comparison with the others. */
async function related({ engine, objective, config }: UpdatePlan, minibatch: readonly Sample[]): Promise<Sample[]> {
  if (objective.relate === undefined || minibatch.length === 0) return [...minibatch];
  const { options } = config.objective;
  const current = objective.needsCurrentScores?.(options)
    ? await engine.score(
        minibatch.map((s) => s.sequence),
        config.rollouts.temperature,
      )
    : null;
  const now = minibatch.map((s, i) => ({ ...s, currentLogprob: current?.[i]?.logprob ?? null }));
  const relations = objective.relate(now, options);
  return now.map((s, i) => ({ ...s, related: relations[i] ?? {} }));
}

export interface StepPenalties {
  /** What is taken off the reward at each token, [G][N][T]. */
  readonly penalties: readonly (readonly Float32Array[])[];
  /** Log-probs under the reference policy, likewise. */
  readonly refLogprobs: readonly (readonly Float32Array[])[];
}

/** What the objective takes off the rewards of a step's rollouts; null where it leaves them alone. */
export async function penaltiesOf(
  plan: UpdatePlan,
  groups: readonly (readonly Rollout[])[],
): Promise<StepPenalties | null> {
  const penalty = plan.objective.penalty?.(plan.config.objective.options) ?? null;
  if (penalty === null || plan.reference === null) return null;
  const full = groups.flat().filter((rollout) => rollout.tokens.length > 0);
  const scores = await logprobsOf(plan.reference, full, plan);
  const known = new Map(full.map((rollout, i) => [rollout, scores[i]]));
  const refLogprobs = groups.map((group) => group.map((rollout) => known.get(rollout) ?? new Float32Array()));
  return {
    refLogprobs,
    penalties: groups.map((group, g) =>
      group.map((rollout, i) => penalty(rollout.stats.logprob, refLogprobs[g]?.[i] ?? new Float32Array())),
    ),
  };
}

const sequenceOf = ({ promptIds, tokens }: Rollout): Scored => ({ prompt: promptIds, response: tokens });

async function logprobsOf(
  scorer: Pick<ReferencePolicy, 'score'>,
  rollouts: readonly Rollout[],
  { config }: UpdatePlan,
): Promise<Float32Array[]> {
  const stats = await scorer.score(rollouts.map(sequenceOf), config.rollouts.temperature);
  return stats.map((s) => s.logprob);
}
