/** Arithmetic of a step: multiplications and additions of matrix products, as floating-point operations. */
import type { RunConfig } from '../../src-shared/run.ts';
import type { ModelConfig } from '../model/config.ts';
import { weightShapes } from '../model/weights.ts';
import type { Facts } from './facts.ts';
import { workOf } from './memory.ts';

/** Of one token that goes through the model once, at a position; logits included. */
export function forwardFlops(model: ModelConfig, position: number): number {
  let elements = 0;
  for (const [name, shape] of weightShapes(model)) {
    // A lookup is no product; where the table is the head as well, that is one.
    const isLookup = name === 'model.embed_tokens.weight' && !model.tiedEmbeddings;
    if (shape.length > 1 && !isLookup) elements += shape.reduce((a, b) => a * b, 1);
  }
  return 2 * elements + 4 * model.layers * model.heads * model.headDim * position;
}

/** Backward is twice forward; frozen matrices need only half of that, and recomputing goes forward once more. */
export function trainingFlops(
  model: ModelConfig,
  policy: Pick<RunConfig['policy'], 'adapter' | 'recompute'>,
  position: number,
) {
  const passes = (policy.adapter === 'lora' ? 2 : 3) + (policy.recompute ? 1 : 0);
  return passes * forwardFlops(model, position);
}

export interface StepFlops {
  readonly sampling: number;
  readonly scoring: number;
  readonly updating: number;
  /** Of one validation. */
  readonly evaluation: number;
}

/** @param length Of a usual response. */
export function stepFlops(config: RunConfig, facts: Facts, length: number): StepFlops {
  const { rollouts, optimiser, evaluation, limits, policy } = config;
  const prompt = facts.promptTokens.mean;
  const sequences = limits.steps === 0 ? 0 : rollouts.problemsPerStep * rollouts.groupSize;
  const half = (prompt + length) / 2;
  const { scored } = workOf(config, facts);
  const generated = forwardFlops(facts.model, prompt + length / 2) * length;
  const read = forwardFlops(facts.model, half);
  return {
    // A prompt is read once a group.
    sampling: sequences * (generated + (read * prompt) / rollouts.groupSize),
    scoring: scored ? sequences * read * (prompt + length) : 0,
    updating: sequences * optimiser.epochs * trainingFlops(facts.model, policy, half) * (prompt + length),
    evaluation: facts.validation * evaluation.samples * (generated + (read * prompt) / evaluation.samples),
  };
}
