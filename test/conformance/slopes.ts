/** Gradients against central finite differences of a loss in float64. */
import { expect } from 'vitest';
import type { Scored } from '../../src-main/engine/engine.ts';
import type { ModelConfig } from '../../src-main/model/config.ts';
import type { Weights } from '../../src-main/model/weights.ts';
import { stream } from '../../src-shared/random.ts';
import { largestOf } from './expectations.ts';
import type { randomDerivatives } from './fixtures.ts';
import { type ReferenceWeights, referenceStats } from './reference.ts';

/** The linear objective of `derivatives`, on the reference's statistics. */
export function referenceLoss(
  config: ModelConfig,
  weights: ReferenceWeights,
  batch: readonly Scored[],
  derivatives: ReturnType<typeof randomDerivatives>,
  temperature: number,
): number {
  let loss = 0;
  for (const [s, sequence] of batch.entries()) {
    const { logprob, entropy } = referenceStats(config, weights, sequence, temperature);
    for (const [t, value] of logprob.entries())
      loss +=
        (derivatives[s]?.logprob[t] as number) * value +
        (derivatives[s]?.entropy[t] as number) * (entropy[t] as number);
  }
  return loss;
}

/**
 * Check the largest element of each tensor's gradient, and two random ones.
 * @param values What `loss` is a function of; changed and put back.
 */
export function expectSlopes(gradient: Weights, values: ReferenceWeights, loss: () => number): void {
  const random = stream('coordinates');
  const h = 1e-4;
  for (const [tensor, { data }] of gradient) {
    const own = values.get(tensor) as Float64Array;
    const scale = largestOf(data);
    const largest = data.findIndex((value) => Math.abs(value) === scale);
    for (const i of [largest, random.int(0, data.length - 1), random.int(0, data.length - 1)]) {
      const before = own[i] as number;
      own[i] = before + h;
      const above = loss();
      own[i] = before - h;
      const below = loss();
      own[i] = before;
      const difference = Math.abs((data[i] as number) - (above - below) / (2 * h));
      expect(difference, `${tensor}[${i}]`).toBeLessThan(1e-3 * scale + 1e-5);
    }
  }
}
