/** AdamW with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101) and global-norm clipping. Owns the moments. */
import type { StoredOptimizer, WritableOptimizer } from '../../model/checkpoint-files.ts';
import { streamTensors } from '../../model/stored-tensor.ts';
import { isDecayed } from '../../model/weights.ts';
import { EngineError, type OptimizerStep } from '../engine.ts';
import type { Gradients } from './gradients.ts';
import type { Tensor } from './library.ts';
import type { Ops } from './ops.ts';
import { splitTensor, streamed } from './pieces.ts';
import type { Weight, WeightSet } from './weight.ts';

interface Moments {
  m: Tensor;
  v: Tensor;
}

export class Optimizer {
  readonly #ops: Ops;
  readonly #weights: WeightSet;
  readonly #moments = new Map<string, Moments>();
  #updates = 0;

  /** With moments of zero. */
  constructor(ops: Ops, weights: WeightSet) {
    const { tf } = ops;
    this.#ops = ops;
    this.#weights = weights;
    for (const [name, weight] of weights.trained()) {
      const { shape } = weight.value;
      this.#moments.set(name, { m: tf.keep(tf.zeros(shape)), v: tf.keep(tf.zeros(shape)) });
    }
  }

  /** Take the moments from a file, tensor by tensor. */
  async restore({ updates, m, v }: StoredOptimizer): Promise<void> {
    const { tf, mostFloats } = this.#ops;
    this.#updates = updates;
    for (const [moment, stored] of [['m', m] as const, ['v', v] as const])
      for await (const [whole, tensor] of streamTensors(stored))
        for (const [name, { data, shape }] of splitTensor(whole, tensor, mostFloats)) {
          const moments = this.#moments.get(name) as Moments;
          moments[moment].dispose();
          moments[moment] = tf.keep(tf.tensor(data, [...shape]));
        }
  }

  /** @returns The gradient's global norm before clipping. @throws EngineError when it is not finite; nothing is changed. */
  async update(gradients: Gradients, step: OptimizerStep): Promise<number> {
    const gradNorm = Math.sqrt(await this.#ops.squaredNorm([...gradients.values()]));
    if (!Number.isFinite(gradNorm)) throw new EngineError(`gradient norm is ${gradNorm}; it must be finite`);
    const clips = step.maxGradNorm > 0 && gradNorm > step.maxGradNorm;
    this.#updates++;
    const scalars = {
      ...step,
      correction1: 1 - step.beta1 ** this.#updates,
      correction2: 1 - step.beta2 ** this.#updates,
      gradientScale: clips ? step.maxGradNorm / gradNorm : 1,
    };
    for (const [name, weight] of this.#weights.trained()) {
      const weightDecay = isDecayed(weight.value.shape) ? step.weightDecay : 0;
      this.#updateOne(weight, this.#moments.get(name) as Moments, gradients.get(name), { ...scalars, weightDecay });
    }
    return gradNorm;
  }

  /** To be written before the next update. */
  state(): WritableOptimizer {
    const moments = [...this.#moments];
    const tensorsOf = (moment: keyof Moments): Iterable<[string, Tensor]> =>
      moments.map(([name, both]) => [name, both[moment]]);
    return { updates: this.#updates, m: streamed(this.#ops, tensorsOf('m')), v: streamed(this.#ops, tensorsOf('v')) };
  }

  dispose(): void {
    for (const { m, v } of this.#moments.values()) {
      m.dispose();
      v.dispose();
    }
  }

  #updateOne(
    weight: Weight,
    moments: Moments,
    gradient: Tensor | undefined,
    scalars: Parameters<Ops['adamw']>[4],
  ): void {
    const { tf } = this.#ops;
    tf.tidy(() => {
      const { value } = weight;
      const updated = this.#ops.adamw(value, gradient ?? tf.zeros(value.shape), moments.m, moments.v, scalars);
      weight.replace(updated.weight);
      for (const moment of ['m', 'v'] as const) {
        if (updated[moment] === moments[moment]) continue;
        moments[moment].dispose();
        moments[moment] = tf.keep(updated[moment]);
      }
    });
  }
}
