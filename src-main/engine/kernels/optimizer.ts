/** AdamW with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101) and global-norm clipping. Owns the moments. */
import type { OptimizerState } from '../../model/checkpoint-files.ts';
import { EngineError, type OptimizerStep } from '../engine.ts';
import { decayRanges, gather, scatter } from './layout.ts';
import { floatWord } from './machine.ts';
import type { Model } from './model.ts';
import * as tasks from './tasks.ts';

/** Weights of one task. The norm is summed task by task, so this decides its last bits. */
const taskFloats = 1 << 16;

export class Optimizer {
  readonly #model: Model;
  readonly #m: number;
  readonly #v: number;
  #updates = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#m = model.machine.allocate(model.layout.size * 4);
    this.#v = model.machine.allocate(model.layout.size * 4);
    this.reset(null);
  }

  /** @param state Null starts with moments of zero. */
  reset(state: OptimizerState | null): void {
    const { machine, layout } = this.#model;
    this.#updates = state?.updates ?? 0;
    scatter(layout, state?.m ?? null, machine.floats(this.#m, layout.size));
    scatter(layout, state?.v ?? null, machine.floats(this.#v, layout.size));
  }

  /** Clears the gradient. @returns Its norm before clipping. @throws EngineError when that is not finite; weights stay. */
  async update(step: OptimizerStep): Promise<number> {
    const model = this.#model;
    const gradNorm = await this.#gradientNorm();
    if (!Number.isFinite(gradNorm)) {
      model.clearGradient();
      throw new EngineError(`gradient norm is ${gradNorm}; it must be finite`);
    }
    this.#updates++;
    const clips = step.maxGradNorm > 0 && gradNorm > step.maxGradNorm;
    const { machine, weights, gradient } = model;
    const scope = machine.scope();
    try {
      // Word for word the core's `AdamW`.
      const words = [
        ...[step.beta1, step.beta2, step.epsilon, clips ? step.maxGradNorm / gradNorm : 1],
        ...[step.learningRate / (1 - step.beta1 ** this.#updates), 1 / (1 - step.beta2 ** this.#updates)],
      ].map(floatWord);
      const struct = scope.take(words.length * 4);
      machine.ints(struct, words.length).set(words);
      const decayed = 1 - step.learningRate * step.weightDecay;
      await machine.run(
        this.#blocks().map(({ start, count, decays }) =>
          tasks.adamw(
            struct,
            decays ? decayed : 1,
            weights + start * 4,
            gradient + start * 4,
            this.#m + start * 4,
            this.#v + start * 4,
            count,
          ),
        ),
      );
    } finally {
      scope.free();
    }
    model.changed();
    return gradNorm;
  }

  /** Copies of the moments. */
  state(): OptimizerState {
    const { machine, layout } = this.#model;
    return {
      updates: this.#updates,
      m: gather(layout, machine.floats(this.#m, layout.size)),
      v: gather(layout, machine.floats(this.#v, layout.size)),
    };
  }

  dispose(): void {
    this.#model.machine.free(this.#m);
    this.#model.machine.free(this.#v);
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

  #blocks(): { start: number; count: number; decays: boolean }[] {
    return decayRanges(this.#model.layout).flatMap(({ start, end, decays }) =>
      Array.from({ length: Math.ceil((end - start) / taskFloats) }, (_, i) => ({
        start: start + i * taskFloats,
        count: Math.min(taskFloats, end - start - i * taskFloats),
        decays,
      })),
    );
  }
}
