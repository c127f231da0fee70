/** A buffer of weights in the core's layout, which several models may share. */
import { roundToBfloat16 } from '../../model/adapter.ts';
import { type StoredTensor, type StreamedTensor, streamRows } from '../../model/stored-tensor.ts';
import type { Weights } from '../../model/weights.ts';
import { gather, type Matrix, type Space, scatter, walk } from './layout.ts';
import type { Machine } from './machine.ts';

export type Precision = 'float32' | 'bfloat16';

export class WeightBuffer {
  readonly machine: Machine;
  readonly space: Space;
  readonly precision: Precision;
  /** Address of all elements, or with bfloat16 of the vectors, which stay float32. */
  readonly start: number;
  /** Address of the matrices' elements with bfloat16, the upper halves of floats; else 0. */
  readonly #halves: number;
  #holders = 1;

  constructor(machine: Machine, space: Space, precision: Precision = 'float32') {
    this.machine = machine;
    this.space = space;
    this.precision = precision;
    const { halves, floats } = WeightBuffer.bytes(space, precision);
    this.#halves = halves > 0 ? machine.allocate(halves) : 0;
    this.start = machine.allocate(floats);
  }

  /** Of its two blocks, in the order in which they are taken; one of 0 is not. */
  static bytes({ size, matrixSize }: Space, precision: Precision): { halves: number; floats: number } {
    if (precision === 'float32') return { halves: 0, floats: size * 4 };
    return { halves: matrixSize * 2, floats: (size - matrixSize) * 4 };
  }

  retain(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders > 0) return;
    this.machine.free(this.start);
    if (this.#halves > 0) this.machine.free(this.#halves);
  }

  /** @param weights All of them; null: zero. The padding becomes zero. */
  set(weights: Weights | null): void {
    this.#floats().fill(0);
    if (this.#halves > 0) this.machine.halves(this.#halves, this.space.matrixSize).fill(0);
    for (const [name, { data }] of weights ?? []) this.put(name, data);
  }

  /** Replace all of them by those in files, which pass through memory a few rows at a time; zero for those that are not given. */
  async fill(tensors: readonly StoredTensor[]): Promise<void> {
    this.set(null);
    for await (const { name, data, first } of streamRows(tensors)) this.put(name, data, first);
  }

  /** Replace a tensor, or whole rows of it. @param first Index of the first row. */
  put(name: string, data: Float32Array, first = 0): void {
    const { space, machine } = this;
    const floats = this.#floats();
    if (this.#halves === 0) {
      scatter(space, name, data, first, (at, value) => {
        floats[at] = value;
      });
      return;
    }
    const halves = machine.halves(this.#halves, space.matrixSize);
    // A matrix is all halves, a vector all floats; rounding the one does not touch the other.
    const rounded = new Uint32Array(roundToBfloat16(data).buffer);
    let i = 0;
    scatter(space, name, data, first, (at, value) => {
      if (at >= space.matrixSize) floats[at - space.matrixSize] = value;
      else halves[at] = (rounded[i] as number) >>> 16;
      i++;
    });
  }

  /** All of them, as they are when they are read. */
  streamed(): Map<string, StreamedTensor> {
    let space = new Float32Array(0);
    const room = (length: number) => {
      if (space.length < length) space = new Float32Array(length);
      return space;
    };
    return new Map(
      [...this.space.tensors].map(([name, place]) => [
        name,
        { shape: place.shape, parts: () => gather(this.space, name, this.#reader(), room) },
      ]),
    );
  }

  /** Copies of all of them. */
  get(): Weights {
    const read = this.#reader();
    return new Map(
      [...this.space.tensors].map(([name, place]) => {
        const data = new Float32Array(place.rows.length * place.columns.length);
        gather(this.space, name, read, () => data, place.rows.length).next();
        return [name, { shape: place.shape, data }];
      }),
    );
  }

  copy(): WeightBuffer {
    const { machine, space } = this;
    const copy = new WeightBuffer(machine, space, this.precision);
    copy.#floats().set(this.#floats());
    if (this.#halves > 0)
      machine.halves(copy.#halves, space.matrixSize).set(machine.halves(this.#halves, space.matrixSize));
    return copy;
  }

  /** Addresses of a matrix as floats and as bfloat16; the one that it is not stored as is 0. */
  matrixAt({ offset }: Matrix): [floats: number, halves: number] {
    return this.#halves > 0 ? [0, this.#halves + offset * 2] : [this.start + offset * 4, 0];
  }

  vectorAt(offset: number): number {
    return this.start + (this.#halves > 0 ? offset - this.space.matrixSize : offset) * 4;
  }

  /** The first element that is not finite, for people: `model.norm.weight[3] is NaN`. Null where all are. */
  nonFinite(): string | null {
    const read = this.#reader();
    for (const [name, place] of this.space.tensors) {
      let found: string | null = null;
      walk(this.space.panel, place, (i, at) => {
        const value = read(at);
        if (found !== null || Number.isFinite(value)) return;
        const columns = place.columns.length;
        const index = place.shape.length > 1 ? `${Math.floor(i / columns)}, ${i % columns}` : `${i}`;
        found = `${name}[${index}] is ${value}`;
      });
      if (found !== null) return found;
    }
    return null;
  }

  #floats(): Float32Array<SharedArrayBuffer> {
    const { size, matrixSize } = this.space;
    return this.machine.floats(this.start, this.#halves > 0 ? size - matrixSize : size);
  }

  #reader(): (at: number) => number {
    const floats = this.#floats();
    if (this.#halves === 0) return (at) => floats[at] as number;
    const { matrixSize } = this.space;
    const halves = this.machine.halves(this.#halves, matrixSize);
    const bits = new Uint32Array(1);
    const value = new Float32Array(bits.buffer);
    return (at) => {
      if (at >= matrixSize) return floats[at - matrixSize] as number;
      bits[0] = (halves[at] as number) << 16;
      return value[0] as number;
    };
  }
}
