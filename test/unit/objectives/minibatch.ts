/** A minibatch as the updates put it before an objective, in plain numbers. */
import type { TokenStats } from '../../../src-main/engine/engine.ts';
import type { MinibatchSequence, Normalisation, ObjectiveMember } from '../../../src-main/objectives/objective.ts';
import { defaultsOf, type OptionValues } from '../../../src-shared/options.ts';

export interface Response {
  readonly advantage: number | readonly number[];
  readonly logprob: readonly number[];
  readonly old: readonly number[];
  readonly ref?: readonly number[] | null;
  /** As sampled, where `old` is scored anew. */
  readonly sampled?: readonly number[];
  /** Now, and as sampled. */
  readonly entropy?: readonly number[];
  readonly entropySampled?: readonly number[];
  readonly group?: number;
}

export function statsOf(logprob: readonly number[], entropy: readonly number[]): TokenStats {
  const zero = new Float32Array(logprob.length);
  return {
    logprob: Float32Array.from(logprob),
    entropy: Float32Array.from(entropy),
    klUniform: zero,
    top1: zero,
    top2: zero,
  };
}

const entropyOf = (r: Response) => r.entropy ?? r.logprob.map(() => 0.7);

export function sequenceOf(r: Response): MinibatchSequence {
  return {
    group: r.group ?? 0,
    advantage: typeof r.advantage === 'number' ? r.advantage : Float32Array.from(r.advantage),
    oldLogprob: Float32Array.from(r.old),
    refLogprob: r.ref ? Float32Array.from(r.ref) : null,
    ...(r.sampled === undefined ? {} : { sampledLogprob: Float32Array.from(r.sampled) }),
    currentLogprob: Float32Array.from(r.logprob),
    entropy: Float32Array.from(r.entropySampled ?? entropyOf(r)),
  };
}

export interface MinibatchLoss {
  readonly loss: number;
  readonly logprob: number[][];
  readonly entropy: number[][];
  readonly clipped: number;
}

/** The whole minibatch through one objective. @param changes of the objective's defaults. */
export function minibatchLoss(
  objective: ObjectiveMember,
  changes: OptionValues,
  responses: readonly Response[],
  maxNewTokens = 8,
): MinibatchLoss {
  const options = { ...defaultsOf(objective.options), ...changes } as OptionValues;
  const sequences = responses.map(sequenceOf);
  const related = objective.relate?.(sequences, options);
  const normalisation: Normalisation = {
    sequences: responses.length,
    tokens: responses.reduce((sum, r) => sum + r.logprob.length, 0),
    maxNewTokens,
  };
  const parts = responses.map((r, i) => {
    const sequence = { ...(sequences[i] as MinibatchSequence), ...(related ? { related: related[i] ?? {} } : {}) };
    return objective.sequenceLoss(statsOf(r.logprob, entropyOf(r)), sequence, normalisation, options);
  });
  return {
    loss: parts.reduce((sum, p) => sum + p.loss, 0),
    logprob: parts.map((p) => Array.from(p.derivative.logprob)),
    entropy: parts.map((p) => Array.from(p.derivative.entropy ?? [])),
    clipped: parts.reduce((sum, p) => sum + p.tally.clipped, 0),
  };
}
