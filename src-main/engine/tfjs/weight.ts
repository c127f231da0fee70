/** Tensors of a policy on a device: one weight with its cached transpose, and the named set that makes up a policy. */
import { type Adapter, type AdapterState, adaptedMatrices, adapterScale } from '../../model/adapter.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { Tensor as StoredTensor } from '../../model/stored-tensor.ts';
import type { Tensor, Tensor2D, Tf } from './library.ts';
import { pieceName, splitTensor } from './pieces.ts';

/** One tensor. An update replaces it: backends may cache what they derived from the old one. */
export class Weight {
  readonly #tf: Tf;
  #value: Tensor;
  #transposed: Tensor2D | null = null;
  #holders = 1;

  constructor(tf: Tf, value: Tensor) {
    this.#tf = tf;
    this.#value = tf.keep(value);
  }

  get value(): Tensor {
    return this.#value;
  }

  /** [in, out], made on first use after an update. */
  get transposed(): Tensor2D {
    this.#transposed ??= this.#tf.keep(this.#tf.transpose(this.#value as Tensor2D));
    return this.#transposed;
  }

  replace(value: Tensor): void {
    this.#free();
    this.#value = this.#tf.keep(value);
  }

  /** A weight of the same values; shares memory, since values are never changed in place. */
  clone(): Weight {
    return new Weight(this.#tf, this.#tf.clone(this.#value));
  }

  /** This very weight for one more holder, who disposes of it too. For weights that are never replaced. */
  share(): Weight {
    this.#holders++;
    return this;
  }

  dispose(): void {
    this.#holders--;
    if (this.#holders === 0) this.#free();
  }

  #free(): void {
    this.#transposed?.dispose();
    this.#transposed = null;
    this.#value.dispose();
  }
}

/** What an adapter adds to a matrix: scale B A. */
interface LowRank {
  /** Names of A, [rank, in], and B, [out, rank]. */
  readonly a: string;
  readonly b: string;
  readonly scale: number;
}

/** Consecutive rows of a matrix, from `start` on; the whole of one that is not split. */
export interface Piece {
  readonly name: string;
  readonly weight: Weight;
  readonly start: number;
  readonly rows: number;
}

/** Tensors by name, one after the other. */
export type TensorStream = Iterable<readonly [string, StoredTensor]> | AsyncIterable<readonly [string, StoredTensor]>;

/** The tensors of a policy by their names in the checkpoint, those of its adapter included. */
export class WeightSet {
  /** What the adapter trains; null where all weights are trained. */
  readonly adapter: Adapter | null;
  readonly #policy: Map<string, Weight>;
  readonly #ofAdapter: Map<string, Weight>;
  /** By the matrix that it is added to. */
  readonly #lowRanks: ReadonlyMap<string, LowRank>;

  private constructor(
    policy: Map<string, Weight>,
    ofAdapter: Map<string, Weight>,
    adapter: Adapter | null,
    lowRanks: ReadonlyMap<string, LowRank>,
  ) {
    this.#policy = policy;
    this.#ofAdapter = ofAdapter;
    this.adapter = adapter;
    this.#lowRanks = lowRanks;
  }

  /**
   * @param weights Taken one by one: what is uploaded need not stay in memory.
   * @param mostFloats Elements of the largest tensor; matrices that have more are split.
   */
  static async upload(
    tf: Tf,
    config: ModelConfig,
    weights: TensorStream,
    state: AdapterState | null,
    mostFloats = Number.POSITIVE_INFINITY,
  ): Promise<WeightSet> {
    const upload = async (tensors: TensorStream) => {
      const uploaded = new Map<string, Weight>();
      for await (const [whole, tensor] of tensors)
        for (const [name, { shape, data }] of splitTensor(whole, tensor, mostFloats))
          uploaded.set(name, new Weight(tf, tf.tensor(data, [...shape])));
      return uploaded;
    };
    if (state === null) return new WeightSet(await upload(weights), new Map(), null, new Map());
    const { adapter } = state;
    const scale = adapterScale(adapter);
    const lowRanks = new Map(adaptedMatrices(config, adapter).map(({ name, a, b }) => [name, { a, b, scale }]));
    return new WeightSet(await upload(weights), await upload(state.weights), adapter, lowRanks);
  }

  get(name: string): Weight {
    const weight = this.#policy.get(name) ?? this.#ofAdapter.get(name);
    if (!weight) throw new Error(`policy has no weight ${name}`);
    return weight;
  }

  /** The matrix `name`, in order of its rows. */
  pieces(name: string): readonly Piece[] {
    const whole = this.#policy.get(name) ?? this.#ofAdapter.get(name);
    if (whole) return [{ name, weight: whole, start: 0, rows: whole.value.shape[0] ?? 0 }];
    const pieces: Piece[] = [];
    let start = 0;
    for (let index = 0; ; index++) {
      const own = pieceName(name, index);
      const weight = this.#policy.get(own);
      if (!weight) break;
      const rows = weight.value.shape[0] ?? 0;
      pieces.push({ name: own, weight, start, rows });
      start += rows;
    }
    if (pieces.length === 0) throw new Error(`policy has no weight ${name}`);
    return pieces;
  }

  /** What is added to the matrix `name`, if anything. */
  lowRank(name: string): LowRank | undefined {
    return this.#lowRanks.get(name);
  }

  isTrained(name: string): boolean {
    return this.#trained.has(name);
  }

  trained(): IterableIterator<[string, Weight]> {
    return this.#trained.entries();
  }

  /** The weights of the policy without its adapter. */
  policy(): IterableIterator<[string, Weight]> {
    return this.#policy.entries();
  }

  /** A set of the same values that later updates leave alone; frozen weights are the same ones. */
  clone(): WeightSet {
    const clones = new Map([...this.#trained].map(([name, weight]) => [name, weight.clone()]));
    if (this.adapter === null) return new WeightSet(clones, new Map(), null, this.#lowRanks);
    const shared = new Map([...this.#policy].map(([name, weight]) => [name, weight.share()]));
    return new WeightSet(shared, clones, this.adapter, this.#lowRanks);
  }

  /** Once disposed of, a set has no weights: a second call takes nothing from those who share them. */
  dispose(): void {
    for (const weights of [this.#policy, this.#ofAdapter]) {
      for (const weight of weights.values()) weight.dispose();
      weights.clear();
    }
  }

  get #trained(): Map<string, Weight> {
    return this.adapter === null ? this.#policy : this.#ofAdapter;
  }
}
