/** AdamW with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101) and global-norm clipping. Owns the moments. */
import type { OptimizerState } from '../../model/checkpoint-files.ts';
import { isDecayed, type Weights } from '../../model/weights.ts';
import { EngineError, type OptimizerStep } from '../engine.ts';
import type { Gradients } from './gradients.ts';
import type { Tensor } from './library.ts';
import type { Ops } from './ops.ts';
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

  /** @param state Null starts with moments of zero. */
  constructor(ops: Ops, weights: WeightSet, state: OptimizerState | null) {
    const { tf } = ops;
    this.#ops = ops;
    this.#weights = weights;
    this.#updates = state?.updates ?? 0;
    const upload = (from: Weights | undefined, name: string, shape: number[]) =>
      tf.keep(from ? tf.tensor((from.get(name) as { data: Float32Array }).data.slice(), shape) : tf.zeros(shape));
    for (const [name, weight] of weights.trained()) {
      const { shape } = weight.value;
      this.#moments.set(name, { m: upload(state?.m, name, shape), v: upload(state?.v, name, shape) });
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

  /** Copies of the moments. */
  async state(): Promise<OptimizerState> {
    const m: Weights = new Map();
    const v: Weights = new Map();
    for (const [name, moments] of this.#moments) {
      m.set(name, { shape: moments.m.shape, data: (await this.#ops.read(moments.m)).slice() });
      v.set(name, { shape: moments.v.shape, data: (await this.#ops.read(moments.v)).slice() });
    }
    return { updates: this.#updates, m, v };
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
