/** The accumulated gradient, by weight name. A weight that got none has gradient zero. */
import type { Tensor, Tf } from './library.ts';

export class Gradients {
  readonly #tf: Tf;
  readonly #sums = new Map<string, Tensor>();

  constructor(tf: Tf) {
    this.#tf = tf;
  }

  add(name: string, gradient: Tensor): void {
    const sum = this.#sums.get(name);
    // A reshape may share its source's memory handle, but not its lifetime: clone makes the kept tensor our own.
    this.#sums.set(name, this.#tf.keep(sum ? this.#tf.add(sum, gradient) : this.#tf.clone(gradient)));
    sum?.dispose();
  }

  get(name: string): Tensor | undefined {
    return this.#sums.get(name);
  }

  values(): IterableIterator<Tensor> {
    return this.#sums.values();
  }

  clear(): void {
    for (const sum of this.#sums.values()) sum.dispose();
    this.#sums.clear();
  }
}
