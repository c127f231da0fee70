/** Key/value cache in host arrays. One query a sequence is too little work for a matrix product: plain loops win. */
import type { HostMemory } from './host-memory.ts';
import type { Tensor2D } from './library.ts';
import type { HeadShape, KvCache } from './ops.ts';
import type { Packing } from './packing.ts';

export class HostKvCache implements KvCache {
  readonly #memory: HostMemory;
  readonly #shape: HeadShape;
  readonly #prompts: Packing;
  readonly #capacity: number;
  /** A layer each: [sequence][kvHead][capacity][headDim] */
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];
  /** Place of each present sequence in the arrays; sequences never move. */
  #slots: Int32Array;
  /** Positions held, by layer and slot. */
  readonly #lengths: Int32Array[];
  readonly #scores: Float64Array;

  constructor(memory: HostMemory, shape: HeadShape, prompts: Packing, layers: number, capacity: number) {
    const sequences = prompts.lengths.length;
    const size = sequences * shape.kvHeads * capacity * shape.headDim;
    this.#memory = memory;
    this.#shape = shape;
    this.#prompts = prompts;
    this.#capacity = capacity;
    this.#keys = Array.from({ length: layers }, () => new Float32Array(size));
    this.#values = Array.from({ length: layers }, () => new Float32Array(size));
    this.#lengths = Array.from({ length: layers }, () => new Int32Array(sequences));
    this.#slots = Int32Array.from({ length: sequences }, (_, s) => s);
    this.#scores = new Float64Array(capacity);
  }

  fill(layer: number, k: Tensor2D, v: Tensor2D): void {
    const keys = this.#memory.view(k);
    const values = this.#memory.view(v);
    for (let s = 0; s < this.#prompts.lengths.length; s++) {
      const start = this.#prompts.starts[s] as number;
      const length = this.#prompts.lengths[s] as number;
      for (let position = 0; position < length; position++)
        this.#store(layer, s, position, keys, values, start + position);
      (this.#lengths[layer] as Int32Array)[s] = length;
    }
  }

  attend(layer: number, q: Tensor2D, k: Tensor2D, v: Tensor2D): Tensor2D {
    const { heads, kvHeads, headDim } = this.#shape;
    const out = this.#memory.allocate(q.shape) as Tensor2D;
    const query = this.#memory.view(q);
    const keys = this.#memory.view(k);
    const values = this.#memory.view(v);
    const output = this.#memory.view(out).fill(0);
    const lengths = this.#lengths[layer] as Int32Array;
    for (let row = 0; row < this.#slots.length; row++) {
      const slot = this.#slots[row] as number;
      const position = lengths[slot] as number;
      this.#store(layer, slot, position, keys, values, row);
      lengths[slot] = position + 1;
      for (let head = 0; head < heads; head++) {
        const kvHead = Math.floor((head * kvHeads) / heads);
        const base = (slot * kvHeads + kvHead) * this.#capacity * headDim;
        this.#attendHead(layer, query, output, (row * heads + head) * headDim, base, position + 1);
      }
    }
    return out;
  }

  keep(sequences: Int32Array): void {
    this.#slots = sequences.map((sequence) => this.#slots[sequence] as number);
  }

  dispose(): void {
    this.#slots = new Int32Array(0);
  }

  #store(layer: number, slot: number, position: number, k: Float32Array, v: Float32Array, row: number): void {
    const { kvHeads, headDim } = this.#shape;
    for (let head = 0; head < kvHeads; head++) {
      const from = (row * kvHeads + head) * headDim;
      const to = ((slot * kvHeads + head) * this.#capacity + position) * headDim;
      (this.#keys[layer] as Float32Array).set(k.subarray(from, from + headDim), to);
      (this.#values[layer] as Float32Array).set(v.subarray(from, from + headDim), to);
    }
  }

  /** One query head over `length` cached positions, added to `output` at the query's own offset. */
  #attendHead(
    layer: number,
    query: Float32Array,
    output: Float32Array,
    offset: number,
    base: number,
    length: number,
  ): void {
    const { headDim } = this.#shape;
    const keys = this.#keys[layer] as Float32Array;
    const values = this.#values[layer] as Float32Array;
    const scores = this.#scores;
    const scale = 1 / Math.sqrt(headDim);
    let max = Number.NEGATIVE_INFINITY;
    for (let position = 0; position < length; position++) {
      const key = base + position * headDim;
      let dot = 0;
      for (let i = 0; i < headDim; i++) dot += (query[offset + i] as number) * (keys[key + i] as number);
      const score = dot * scale;
      scores[position] = score;
      if (score > max) max = score;
    }
    let sum = 0;
    for (let position = 0; position < length; position++) {
      const e = Math.exp((scores[position] as number) - max);
      scores[position] = e;
      sum += e;
    }
    for (let position = 0; position < length; position++) {
      const p = (scores[position] as number) / sum;
      const value = base + position * headDim;
      for (let i = 0; i < headDim; i++)
        output[offset + i] = (output[offset + i] as number) + p * (values[value + i] as number);
    }
  }
}
