/** AdamW with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101) and global-norm clipping. Owns the moments. */
import type { StoredOptimizer, WritableOptimizer } from '../../model/checkpoint-files.ts';
import { EngineError, type OptimizerStep } from '../engine.ts';
import type { Model } from './model.ts';
import * as tasks from './tasks.ts';
import { WeightBuffer } from './weights.ts';

/** Weights of one task. The norm is summed task by task, so this decides its last bits. */
export const taskFloats = 1 << 16;

export class Optimizer {
  readonly #model: Model;
  readonly #m: WeightBuffer;
  readonly #v: WeightBuffer;
  #updates = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#m = new WeightBuffer(model.machine, model.trained.space);
    this.#v = new WeightBuffer(model.machine, model.trained.space);
    this.#m.set(null);
    this.#v.set(null);
  }

  /** @param state Null starts with moments of zero. */
  async restore(state: StoredOptimizer | null): Promise<void> {
    this.#updates = state?.updates ?? 0;
    await this.#m.fill(state?.m ?? []);
    await this.#v.fill(state?.v ?? []);
  }

  /** Clears the gradient. @returns Its norm before clipping. @throws EngineError when that is not finite; weights stay. */
  async update(step: OptimizerStep): Promise<number> {
    const model = this.#model;
    const gradNorm = await this.#gradientNorm();
    if (!Number.isFinite(gradNorm)) {
      model.clearGradient();
      const culprit = model.nonFinite();
      throw new EngineError(
        `gradient norm is ${gradNorm}; it must be finite${culprit === null ? '' : `, but weight ${culprit}`}`,
      );
    }
    this.#updates++;
    const clips = step.maxGradNorm > 0 && gradNorm > step.maxGradNorm;
    const { machine, gradient, trained } = model;
    const scope = machine.scope();
    try {
      // In the order of the core's `AdamW`.
      const words = scope.words([
        ...[step.beta1, step.beta2, step.epsilon, clips ? step.maxGradNorm / gradNorm : 1],
        ...[step.learningRate / (1 - step.beta1 ** this.#updates), 1 / (1 - step.beta2 ** this.#updates)],
      ]);
      const decayed = 1 - step.learningRate * step.weightDecay;
      await machine.run(
        this.#blocks().map(({ start, count, decays }) =>
          tasks.adamw(
            words,
            decays ? decayed : 1,
            trained.start + start * 4,
            gradient + start * 4,
            this.#m.start + start * 4,
            this.#v.start + start * 4,
            count,
          ),
        ),
      );
    } finally {
      scope.free();
    }
    return gradNorm;
  }

  /** To be written before the next update. */
  state(): WritableOptimizer {
    return { updates: this.#updates, m: this.#m.streamed(), v: this.#v.streamed() };
  }

  dispose(): void {
    this.#m.release();
    this.#v.release();
  }

  async #gradientNorm(): Promise<number> {
    const { machine, gradient } = this.#model;
    const scope = machine.scope();
    try {
      const blocks = this.#blocks();
      const sums = scope.take(blocks.length * 8);
      await machine.run(blocks.map(({ start, count }, i) => tasks.squares(sums + i * 8, gradient + start * 4, count)));
      const total = machine.doubles(sums, blocks.length).reduce((sum, value) => sum + value, 0);
      // Beyond single precision, clipping by it would be too.
      return Math.fround(Math.sqrt(total));
    } finally {
      scope.free();
    }
  }

  /** Matrices decay, norms and biases do not. */
  #blocks(): { start: number; count: number; decays: boolean }[] {
    const { matrixSize, size } = this.#model.trained.space;
    return [
      { from: 0, to: matrixSize, decays: true },
      { from: matrixSize, to: size, decays: false },
    ].flatMap(({ from, to, decays }) =>
      Array.from({ length: Math.ceil((to - from) / taskFloats) }, (_, i) => ({
        start: from + i * taskFloats,
        count: Math.min(taskFloats, to - from - i * taskFloats),
        decays,
      })),
    );
  }
}
