/**
 * Key/value cache on the device. Prompts are padded to the longest one, new positions are appended behind the padding,
 * and a mask hides it.
 */
import { hidden, Padding } from './device-attention.ts';
import type { Tensor2D, Tensor4D, Tf } from './library.ts';
import type { HeadShape, KvCache } from './ops.ts';
import type { Packing } from './packing.ts';

interface Layer {
  /** [B, kvHeads, S, headDim] */
  keys: Tensor4D;
  values: Tensor4D;
}

export class DeviceKvCache implements KvCache {
  readonly #tf: Tf;
  readonly #shape: HeadShape;
  readonly #prompts: Padding;
  readonly #layers: (Layer | undefined)[];
  /** Positions of the prompts' rectangle. [B, 1, 1, L] */
  #mask: Tensor4D;

  constructor(tf: Tf, shape: HeadShape, prompts: Packing, layers: number) {
    this.#tf = tf;
    this.#shape = shape;
    this.#prompts = new Padding(tf, prompts);
    this.#layers = new Array(layers);
    const { count, longest, lengths } = this.#prompts;
    const mask = new Float32Array(count * longest).fill(hidden);
    for (let s = 0; s < count; s++) mask.fill(0, s * longest, s * longest + (lengths[s] as number));
    this.#mask = tf.keep(tf.tensor4d(mask, [count, 1, 1, longest]));
  }

  fill(layer: number, k: Tensor2D, v: Tensor2D): void {
    const { kvHeads } = this.#shape;
    this.#replace(layer, { keys: this.#prompts.pad(k, kvHeads), values: this.#prompts.pad(v, kvHeads) });
  }

  attend(layer: number, q: Tensor2D, k: Tensor2D, v: Tensor2D): Tensor2D {
    const tf = this.#tf;
    const { heads, kvHeads, headDim } = this.#shape;
    const count = q.shape[0];
    return tf.tidy(() => {
      const before = this.#layers[layer] as Layer;
      const one = (x: Tensor2D) => x.reshape<Tensor4D>([count, kvHeads, 1, headDim]);
      const keys = tf.concat([before.keys, one(k)], 2);
      const values = tf.concat([before.values, one(v)], 2);
      this.#replace(layer, { keys, values });
      const query = q.reshape<Tensor4D>([count, kvHeads, heads / kvHeads, headDim]);
      const scores = tf.matMul(query, keys, false, true).div(Math.sqrt(headDim));
      const generated = keys.shape[2] - this.#mask.shape[3];
      const mask = tf.concat([this.#mask, tf.zeros([count, 1, 1, generated])], 3);
      const p = tf.softmax(scores.add<Tensor4D>(mask));
      return tf.matMul(p, values).reshape([count, heads * headDim]);
    });
  }

  keep(sequences: Int32Array): void {
    const tf = this.#tf;
    tf.tidy(() => {
      const indices = tf.tensor1d(sequences, 'int32');
      for (const [layer, state] of this.#layers.entries())
        if (state)
          this.#replace(layer, { keys: tf.gather(state.keys, indices), values: tf.gather(state.values, indices) });
      const mask = tf.keep(tf.gather(this.#mask, indices));
      this.#mask.dispose();
      this.#mask = mask;
    });
  }

  dispose(): void {
    for (const state of this.#layers) {
      state?.keys.dispose();
      state?.values.dispose();
    }
    this.#layers.fill(undefined);
    this.#mask.dispose();
  }

  #replace(layer: number, state: Layer): void {
    const before = this.#layers[layer];
    this.#layers[layer] = { keys: this.#tf.keep(state.keys), values: this.#tf.keep(state.values) };
    before?.keys.dispose();
    before?.values.dispose();
  }
}
