/** Causal grouped-query attention as batched matrix products over sequences padded to the longest one. */
import type { Tensor1D, Tensor2D, Tensor4D, Tf } from './library.ts';
import type { Attention, HeadShape } from './ops.ts';
import type { Packing } from './packing.ts';

/** Added to the scores of hidden positions; exp of it is 0 in float32, also when whole rows are hidden. */
export const hidden = -1e9;

export class DeviceAttention implements Attention {
  readonly #tf: Tf;
  readonly #shape: HeadShape;
  readonly #queries: Padding;
  readonly #keys: Padding;

  constructor(tf: Tf, shape: HeadShape, queries: Packing, keys: Packing) {
    this.#tf = tf;
    this.#shape = shape;
    this.#queries = new Padding(tf, queries);
    this.#keys = new Padding(tf, keys);
  }

  forward(q: Tensor2D, k: Tensor2D, v: Tensor2D): Tensor2D {
    return this.#tf.tidy(() => {
      const value = this.#keys.pad(v, this.#shape.kvHeads);
      const p = this.#probabilities(this.#groupedQuery(q), this.#keys.pad(k, this.#shape.kvHeads));
      return this.#unpadQuery(this.#tf.matMul(p, value));
    });
  }

  backward(q: Tensor2D, k: Tensor2D, v: Tensor2D, dOutput: Tensor2D) {
    const tf = this.#tf;
    return tf.tidy(() => {
      const query = this.#groupedQuery(q);
      const key = this.#keys.pad(k, this.#shape.kvHeads);
      const value = this.#keys.pad(v, this.#shape.kvHeads);
      const upstream = this.#groupedQuery(dOutput);
      const p = this.#probabilities(query, key);
      const dp = tf.matMul(upstream, value, false, true);
      const scale = 1 / Math.sqrt(this.#shape.headDim);
      const dScores = p.mul(dp.sub(p.mul(dp).sum(3, true))).mul<Tensor4D>(scale);
      return {
        dq: this.#unpadQuery(tf.matMul(dScores, key)),
        dk: this.#keys.unpad(tf.matMul(dScores, query, true, false)),
        dv: this.#keys.unpad(tf.matMul(p, upstream, true, false)),
      };
    });
  }

  /** [B, kvHeads, group * Lq, Lk] */
  #probabilities(query: Tensor4D, key: Tensor4D): Tensor4D {
    const tf = this.#tf;
    const scores = tf.matMul(query, key, false, true).div(Math.sqrt(this.#shape.headDim));
    return tf.softmax(scores.add<Tensor4D>(this.#mask()));
  }

  /** Query heads that share a key/value head, stacked: [B, kvHeads, group * Lq, headDim] */
  #groupedQuery(x: Tensor2D): Tensor4D {
    const { heads, kvHeads, headDim } = this.#shape;
    const { count, longest } = this.#queries;
    return this.#queries.pad(x, heads).reshape([count, kvHeads, (heads / kvHeads) * longest, headDim]);
  }

  #unpadQuery(x: Tensor4D): Tensor2D {
    const { heads, headDim } = this.#shape;
    const { count, longest } = this.#queries;
    return this.#queries.unpad(x.reshape([count, heads, longest, headDim]));
  }

  /** 0 where query i of a sequence sees a key, else `hidden`. [B, 1, group * Lq, Lk] */
  #mask(): Tensor4D {
    const { count, longest: rows, lengths: queries } = this.#queries;
    const { longest: columns, lengths: keys } = this.#keys;
    const mask = new Float32Array(count * rows * columns).fill(hidden);
    for (let s = 0; s < count; s++)
      for (let i = 0; i < (queries[s] as number); i++) {
        const offset = (s * rows + i) * columns;
        mask.fill(0, offset, offset + (keys[s] as number) - (queries[s] as number) + i + 1);
      }
    const group = this.#shape.heads / this.#shape.kvHeads;
    return this.#tf.tile(this.#tf.tensor4d(mask, [count, 1, rows, columns]), [1, 1, group, 1]);
  }
}

/** Moves packed rows into a rectangle [B, heads, L, headDim] and back; padding is zero. */
export class Padding {
  readonly #tf: Tf;
  readonly #rowCount: number;
  readonly lengths: Int32Array;
  readonly count: number;
  readonly longest: number;
  readonly #toPadded: Int32Array;
  readonly #toPacked: Int32Array;

  constructor(tf: Tf, { starts, lengths, rows }: Packing) {
    this.#tf = tf;
    this.#rowCount = rows;
    this.lengths = lengths;
    this.count = lengths.length;
    this.longest = lengths.reduce((a, b) => Math.max(a, b), 0);
    // Row `rows` is one of zeros, appended before gathering.
    this.#toPadded = new Int32Array(this.count * this.longest).fill(rows);
    this.#toPacked = new Int32Array(rows);
    for (let s = 0; s < this.count; s++)
      for (let i = 0; i < (lengths[s] as number); i++) {
        const row = (starts[s] as number) + i;
        this.#toPadded[s * this.longest + i] = row;
        this.#toPacked[row] = s * this.longest + i;
      }
  }

  pad(x: Tensor2D, heads: number): Tensor4D {
    const tf = this.#tf;
    const width = x.shape[1];
    return tf.tidy(() => {
      const rows = tf.concat([x, tf.zeros([1, width])]) as Tensor2D;
      const padded = tf.gather(rows, this.#indices(this.#toPadded));
      return padded.reshape([this.count, this.longest, heads, width / heads]).transpose<Tensor4D>([0, 2, 1, 3]);
    });
  }

  unpad(x: Tensor4D): Tensor2D {
    const [, heads, , headDim] = x.shape;
    return this.#tf.tidy(() => {
      const rows = x.transpose([0, 2, 1, 3]).reshape<Tensor2D>([this.count * this.longest, heads * headDim]);
      return this.#rowCount === rows.shape[0] ? rows : this.#tf.gather(rows, this.#indices(this.#toPacked));
    });
  }

  #indices(values: Int32Array): Tensor1D {
    return this.#tf.tensor1d(values, 'int32');
  }
}
