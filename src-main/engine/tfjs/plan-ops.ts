/** The operations of `HostOps` as the tensors that each makes: what it returns, and what it needs on the way. */
import type { Tensor, Tensor1D, Tensor2D } from './library.ts';
import type { Attention, HeadShape, KvCache, Ops, Rotation } from './ops.ts';
import type { Packing } from './packing.ts';
import { asTensor, type ShapeTf } from './shapes.ts';
import { emptyStats, type FlatStats } from './statistics.ts';
import type { Weight } from './weight.ts';

export class PlanOps implements Ops {
  readonly tf: Ops['tf'];
  readonly mostFloats = Number.POSITIVE_INFINITY;
  readonly #shapes: ShapeTf;
  readonly #shape: HeadShape;
  readonly #vocabSize: number;

  constructor(shapes: ShapeTf, shape: HeadShape, vocabSize: number) {
    this.tf = shapes.library;
    this.#shapes = shapes;
    this.#shape = shape;
    this.#vocabSize = vocabSize;
  }

  linear(x: Tensor2D, weight: Weight): Tensor2D {
    const { part } = this.#shapes;
    this.#shapes.part = 'weights';
    const { transposed } = weight;
    this.#shapes.part = part;
    const columns = transposed.shape[1];
    return this.#as(columns === this.#vocabSize ? 'head' : part, () => this.tf.matMul(x, transposed) as Tensor2D);
  }

  linearWeightGradient(dy: Tensor2D, x: Tensor2D): Tensor2D {
    return this.tf.tidy(() => this.tf.matMul(this.tf.transpose(dy), x));
  }

  embed(table: Tensor2D, ids: Int32Array): Tensor2D {
    return this.#make([ids.length, table.shape[1]]);
  }

  embedGradient(dy: Tensor2D, _ids: Int32Array, vocabSize: number): Tensor2D {
    return this.#make([vocabSize, dy.shape[1]]);
  }

  rmsNorm(x: Tensor2D): Tensor2D {
    return this.#make(x.shape);
  }

  rmsNormGradient(x: Tensor2D, weight: Tensor1D): { dx: Tensor2D; dWeight: Tensor1D } {
    return { dx: this.#make(x.shape), dWeight: this.#make<Tensor1D>(weight.shape) };
  }

  rotation(positions: Int32Array): Rotation {
    const shape = [positions.length, this.#shape.headDim / 2];
    return { cos: this.#make(shape), sin: this.#make(shape) };
  }

  rotate(x: Tensor2D): Tensor2D {
    return this.#make(x.shape);
  }

  attention(queries: Packing, keys: Packing): Attention {
    return {
      forward: (q) => {
        const out = this.#make(q.shape);
        this.#head(queries, keys, ({ query, key, scores }) => [query, key, scores, key, query]);
        return out;
      },
      backward: (q, k, v) => {
        const gradients = { dq: this.#make(q.shape), dk: this.#make(k.shape), dv: this.#make(v.shape) };
        this.#head(queries, keys, ({ query, key, scores }) => [
          ...[query, key, scores, query, scores, key, key, scores, key, query, scores, key],
        ]);
        return gradients;
      },
    };
  }

  swiglu(gate: Tensor2D): Tensor2D {
    return this.#make(gate.shape);
  }

  swigluGradient(gate: Tensor2D): { dGate: Tensor2D; dUp: Tensor2D } {
    return { dGate: this.#make(gate.shape), dUp: this.#make(gate.shape) };
  }

  async statistics(_logits: Tensor2D, targets: Int32Array): Promise<FlatStats> {
    return emptyStats(targets.length);
  }

  statisticsGradient(logits: Tensor2D): Tensor2D {
    return this.#as('head', () => this.#make(logits.shape));
  }

  /** Keys and values lie outside of tfjs; the plan counts them. */
  cache(): KvCache {
    return {
      fill: () => undefined,
      attend: (_, q) => this.#make(q.shape),
      keep: () => undefined,
      dispose: () => undefined,
    };
  }

  async read(): Promise<Float32Array> {
    return new Float32Array(0);
  }

  async squaredNorm(): Promise<number> {
    return 1;
  }

  adamw(weight: Tensor, _gradient: Tensor, m: Tensor, v: Tensor) {
    return { weight: this.#as(this.#shapes.partOf(weight), () => this.#make<Tensor>(weight.shape)), m, v };
  }

  /** What one head of the longest sequence takes until its products are made. */
  #head(
    queries: Packing,
    keys: Packing,
    made: (sizes: { query: number[]; key: number[]; scores: number[] }) => readonly number[][],
  ): void {
    const { heads, kvHeads, headDim } = this.#shape;
    const rows = (heads / kvHeads) * Math.max(0, ...queries.lengths);
    const columns = Math.max(0, ...keys.lengths);
    const sizes = { query: [rows, headDim], key: [columns, headDim], scores: [rows, columns] };
    this.tf.tidy(() => {
      for (const shape of made(sizes)) this.#make(shape);
    });
  }

  #make<T extends Tensor = Tensor2D>(shape: readonly number[]): T {
    return asTensor<T>(this.#shapes.make(shape));
  }

  #as<T>(part: ShapeTf['part'], body: () => T): T {
    const before = this.#shapes.part;
    this.#shapes.part = part;
    const result = body();
    this.#shapes.part = before;
    return result;
  }
}
