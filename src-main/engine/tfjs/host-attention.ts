/**
 * Causal grouped-query attention, one sequence and key/value head at a time: the query heads that share it are stacked
 * into one matrix, so that the backend does the products and the host only the softmax. Probabilities are recomputed
 * in the backward pass instead of being stored.
 */
import type { HostMemory } from './host-memory.ts';
import type { Tensor, Tensor2D, Tf } from './library.ts';
import type { Attention, HeadShape } from './ops.ts';
import type { Packing } from './packing.ts';

export class HostAttention implements Attention {
  readonly #tf: Tf;
  readonly #memory: HostMemory;
  readonly #shape: HeadShape;
  readonly #queries: Packing;
  readonly #keys: Packing;
  /** Query heads a key/value head. */
  readonly #group: number;

  constructor(tf: Tf, memory: HostMemory, shape: HeadShape, queries: Packing, keys: Packing) {
    this.#tf = tf;
    this.#memory = memory;
    this.#shape = shape;
    this.#queries = queries;
    this.#keys = keys;
    this.#group = shape.heads / shape.kvHeads;
  }

  forward(q: Tensor2D, k: Tensor2D, v: Tensor2D): Tensor2D {
    const out = this.#memory.allocate(q.shape) as Tensor2D;
    this.#eachHead((s, head) => {
      const probabilities = this.#probabilities(this.#query(q, s, head), this.#key(k, s, head, true), s);
      this.#unpack(this.#tf.matMul(probabilities, this.#key(v, s, head, false)), out, this.#queries, s, head, true);
    });
    return out;
  }

  backward(q: Tensor2D, k: Tensor2D, v: Tensor2D, dOutput: Tensor2D) {
    const tf = this.#tf;
    const dq = this.#memory.allocate(q.shape) as Tensor2D;
    const dk = this.#memory.allocate(k.shape) as Tensor2D;
    const dv = this.#memory.allocate(v.shape) as Tensor2D;
    this.#eachHead((s, head) => {
      const query = this.#query(q, s, head);
      const probabilities = this.#probabilities(query, this.#key(k, s, head, true), s);
      const upstream = this.#pack(dOutput, this.#queries, s, head * this.#group, this.#group, 1);
      this.#unpack(tf.matMul(tf.transpose(probabilities), upstream), dv, this.#keys, s, head, false);
      const dScores = tf.matMul(upstream, this.#key(v, s, head, true));
      this.#softmaxGradient(probabilities, dScores);
      this.#unpack(tf.matMul(dScores, this.#key(k, s, head, false)), dq, this.#queries, s, head, true, this.#scale());
      // The query was scaled when it was packed, so that this product needs no scale.
      this.#unpack(tf.matMul(tf.transpose(dScores), query), dk, this.#keys, s, head, false);
    });
    return { dq, dk, dv };
  }

  #scale(): number {
    return 1 / Math.sqrt(this.#shape.headDim);
  }

  #eachHead(body: (sequence: number, kvHead: number) => void): void {
    for (let s = 0; s < this.#keys.lengths.length; s++) {
      if (this.#keys.lengths[s] === 0) continue;
      for (let head = 0; head < this.#shape.kvHeads; head++) {
        this.#tf.tidy(() => body(s, head));
      }
    }
  }

  /** Rows of all query heads of a group, head-major, scaled by 1/sqrt(headDim). [group * Lq, headDim] */
  #query(q: Tensor2D, s: number, kvHead: number): Tensor2D {
    return this.#pack(q, this.#queries, s, kvHead * this.#group, this.#group, this.#scale());
  }

  /** One key/value head of one sequence. [Lk, headDim], transposed [headDim, Lk] */
  #key(k: Tensor2D, s: number, kvHead: number, transposed: boolean): Tensor2D {
    if (!transposed) return this.#pack(k, this.#keys, s, kvHead, 1, 1);
    const { headDim } = this.#shape;
    const width = k.shape[1];
    const start = this.#keys.starts[s] as number;
    const rows = this.#keys.lengths[s] as number;
    const out = this.#memory.allocate([headDim, rows]) as Tensor2D;
    const source = this.#memory.view(k);
    const target = this.#memory.view(out);
    for (let row = 0; row < rows; row++) {
      const from = (start + row) * width + kvHead * headDim;
      for (let i = 0; i < headDim; i++) target[i * rows + row] = source[from + i] as number;
    }
    return out;
  }

  /** `count` heads of one sequence, head-major. [count * L, headDim] */
  #pack(x: Tensor2D, packing: Packing, s: number, firstHead: number, count: number, scale: number): Tensor2D {
    const { headDim } = this.#shape;
    const width = x.shape[1];
    const start = packing.starts[s] as number;
    const rows = packing.lengths[s] as number;
    const out = this.#memory.allocate([count * rows, headDim]) as Tensor2D;
    const source = this.#memory.view(x);
    const target = this.#memory.view(out);
    let to = 0;
    for (let head = firstHead; head < firstHead + count; head++) {
      for (let row = start; row < start + rows; row++) {
        const from = row * width + head * headDim;
        for (let i = 0; i < headDim; i++) target[to++] = (source[from + i] as number) * scale;
      }
    }
    return out;
  }

  /** Inverse of `#pack` into columns of `out`. */
  #unpack(x: Tensor, out: Tensor2D, packing: Packing, s: number, kvHead: number, isQuery: boolean, scale = 1): void {
    const { headDim } = this.#shape;
    const width = out.shape[1];
    const start = packing.starts[s] as number;
    const rows = packing.lengths[s] as number;
    const count = isQuery ? this.#group : 1;
    const source = this.#memory.view(x);
    const target = this.#memory.view(out);
    let from = 0;
    for (let head = kvHead * count; head < (kvHead + 1) * count; head++) {
      for (let row = start; row < start + rows; row++) {
        const to = row * width + head * headDim;
        for (let i = 0; i < headDim; i++) target[to + i] = (source[from++] as number) * scale;
      }
    }
  }

  /** Causal softmax of query x key. [group * Lq, Lk] */
  #probabilities(query: Tensor2D, keyTransposed: Tensor2D, s: number): Tensor2D {
    const scores = this.#tf.matMul(query, keyTransposed) as Tensor2D;
    const queries = this.#queries.lengths[s] as number;
    const keys = this.#keys.lengths[s] as number;
    const values = this.#memory.view(scores);
    for (let row = 0; row < this.#group * queries; row++) {
      const offset = row * keys;
      const visible = keys - queries + (row % queries) + 1;
      let max = Number.NEGATIVE_INFINITY;
      for (let i = offset; i < offset + visible; i++) if ((values[i] as number) > max) max = values[i] as number;
      let sum = 0;
      for (let i = offset; i < offset + visible; i++) {
        const e = Math.exp((values[i] as number) - max);
        values[i] = e;
        sum += e;
      }
      const inverse = 1 / sum;
      for (let i = offset; i < offset + visible; i++) values[i] = (values[i] as number) * inverse;
      values.fill(0, offset + visible, offset + keys);
    }
    return scores;
  }

  /** Turns the derivative by probabilities into the derivative by scores, in place. */
  #softmaxGradient(probabilities: Tensor2D, upstream: Tensor): void {
    const [rows, keys] = probabilities.shape;
    const p = this.#memory.view(probabilities);
    const d = this.#memory.view(upstream);
    for (let row = 0; row < rows; row++) {
      const offset = row * keys;
      let dot = 0;
      for (let i = offset; i < offset + keys; i++) dot += (p[i] as number) * (d[i] as number);
      for (let i = offset; i < offset + keys; i++) d[i] = (p[i] as number) * ((d[i] as number) - dot);
    }
  }
}
