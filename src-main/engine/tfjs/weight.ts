/** Trained tensors on a device: one weight with its cached transpose, and the named set that makes up a policy. */
import type { Weights } from '../../model/weights.ts';
import type { Tensor, Tensor2D, Tf } from './library.ts';

/** One trained tensor. An update replaces the tensor: backends may cache what they derived from the old one. */
export class Weight {
  readonly #tf: Tf;
  #value: Tensor;
  #transposed: Tensor2D | null = null;

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
    this.dispose();
    this.#value = this.#tf.keep(value);
  }

  /** A weight of the same values; shares memory, since values are never changed in place. */
  clone(): Weight {
    return new Weight(this.#tf, this.#tf.clone(this.#value));
  }

  dispose(): void {
    this.#transposed?.dispose();
    this.#transposed = null;
    this.#value.dispose();
  }
}

/** The weights of a policy by their names in the checkpoint. */
export class WeightSet {
  readonly #weights: Map<string, Weight>;

  constructor(weights: Map<string, Weight>) {
    this.#weights = weights;
  }

  static upload(tf: Tf, weights: Weights): WeightSet {
    const uploaded = new Map<string, Weight>();
    for (const [name, { shape, data }] of weights) uploaded.set(name, new Weight(tf, tf.tensor(data, [...shape])));
    return new WeightSet(uploaded);
  }

  get(name: string): Weight {
    const weight = this.#weights.get(name);
    if (!weight) throw new Error(`policy has no weight ${name}`);
    return weight;
  }

  entries(): IterableIterator<[string, Weight]> {
    return this.#weights.entries();
  }

  clone(): WeightSet {
    return new WeightSet(new Map([...this.#weights].map(([name, weight]) => [name, weight.clone()])));
  }

  dispose(): void {
    for (const weight of this.#weights.values()) weight.dispose();
  }
}
