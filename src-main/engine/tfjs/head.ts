/**
 * The output head in pieces: logits of a bounded number of rows at a time, never of a whole batch. Their gradient
 * needs the logits again; they are kept when one piece held all rows, else computed anew.
 */

import type { Gradients } from './gradients.ts';
import type { Tensor2D } from './library.ts';
import { linearGradient } from './linear.ts';
import { emptyStats, type FlatStats, sliceStats } from './statistics.ts';
import type { Transformer } from './transformer.ts';
import type { WeightSet } from './weight.ts';

/** Most logits held at a time (64 MiB of float32). */
const maxLogits = 1 << 24;

export class Head {
  readonly #transformer: Transformer;
  readonly #weights: WeightSet;
  /** [R, H] */
  readonly #hidden: Tensor2D;
  readonly #targets: Int32Array;
  readonly #temperature: number;
  readonly #pieceRows: number;
  #kept: Tensor2D | null = null;

  constructor(
    transformer: Transformer,
    weights: WeightSet,
    hidden: Tensor2D,
    targets: Int32Array,
    temperature: number,
  ) {
    this.#transformer = transformer;
    this.#weights = weights;
    this.#hidden = hidden;
    this.#targets = targets;
    this.#temperature = temperature;
    const most = Math.min(maxLogits, transformer.ops.mostFloats);
    this.#pieceRows = Math.max(1, Math.floor(most / transformer.config.vocabSize));
  }

  /** @param keepLogits True when `backward` will follow. */
  async statistics(keepLogits: boolean): Promise<FlatStats> {
    const { ops } = this.#transformer;
    const all = emptyStats(this.#targets.length);
    for (const { start, end, hidden } of this.#pieces()) {
      const logits = this.#transformer.logits(this.#weights, hidden);
      const stats = await ops.statistics(logits, this.#targets.subarray(start, end), this.#temperature);
      for (const name of Object.keys(all) as (keyof FlatStats)[]) all[name].set(stats[name], start);
      if (keepLogits && end - start === this.#targets.length) this.#kept = logits;
      else logits.dispose();
      if (hidden !== this.#hidden) hidden.dispose();
    }
    return all;
  }

  /** Derivative by the hidden rows of sum(dLogprob * logprob + dEntropy * entropy); adds the head's own gradient where it is trained. [R, H] */
  backward(stats: FlatStats, dLogprob: Float32Array, dEntropy: Float32Array, gradients: Gradients): Tensor2D {
    const { ops, headName } = this.#transformer;
    const { tf } = ops;
    return tf.tidy(() => {
      const parts: Tensor2D[] = [];
      for (const { start, end, hidden } of this.#pieces())
        parts.push(
          tf.tidy(() => {
            const logits = this.#kept ?? this.#transformer.logits(this.#weights, hidden);
            const dLogits = ops.statisticsGradient(
              logits,
              this.#targets.subarray(start, end),
              this.#temperature,
              sliceStats(stats, start, end),
              dLogprob.subarray(start, end),
              dEntropy.subarray(start, end),
            );
            return linearGradient(ops, this.#weights, headName, dLogits, hidden, gradients);
          }),
        );
      return parts.length === 1 ? (parts[0] as Tensor2D) : (tf.concat(parts) as Tensor2D);
    });
  }

  *#pieces(): Generator<{ start: number; end: number; hidden: Tensor2D }> {
    const rows = this.#targets.length;
    if (rows <= this.#pieceRows) {
      yield { start: 0, end: rows, hidden: this.#hidden };
      return;
    }
    for (let start = 0; start < rows; start += this.#pieceRows) {
      const end = Math.min(rows, start + this.#pieceRows);
      yield { start, end, hidden: this.#hidden.slice([start, 0], [end - start, -1]) };
    }
  }
}
