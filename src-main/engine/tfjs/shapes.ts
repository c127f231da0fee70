/**
 * tfjs without numbers: tensors that have a shape and take no memory, the library's scopes, and a ledger of what they
 * would take. With it the transformer runs as it is, and shows what it would hold. Only what this folder calls is here.
 */
import type { Ledger, Part } from '../memory.ts';
import type { Tensor, Tf } from './library.ts';

/** Memory that tensors of the same values share. */
interface Buffer {
  part: Part;
  readonly bytes: number;
  holders: number;
}

class ShapeTensor {
  readonly shape: number[];
  readonly tf: ShapeTf;
  readonly buffer: Buffer;
  isKept = false;
  isDisposed = false;

  constructor(tf: ShapeTf, shape: readonly number[], buffer: Buffer) {
    this.tf = tf;
    this.shape = [...shape];
    this.buffer = buffer;
    buffer.holders++;
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.tf.release(this.buffer);
  }

  slice(_begin: readonly number[], size: readonly number[]): ShapeTensor {
    return this.tf.make(size.map((length, i) => (length < 0 ? (this.shape[i] ?? 1) : length)));
  }
}

export class ShapeTf {
  readonly ledger: Ledger;
  /** What new tensors are for. */
  part: Part = 'work';
  readonly #scopes: ShapeTensor[][] = [];

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** As the library, for those that call it: every method that they call is below. */
  get library(): Tf {
    return this as unknown as Tf;
  }

  make(shape: readonly number[]): ShapeTensor {
    const bytes = 4 * shape.reduce((a, b) => a * b, 1);
    this.ledger.add(this.part, bytes);
    return this.#track(new ShapeTensor(this, shape, { part: this.part, bytes, holders: 0 }));
  }

  release(buffer: Buffer): void {
    if (--buffer.holders === 0) this.ledger.add(buffer.part, -buffer.bytes);
  }

  /** What a tensor's memory counts as. */
  partOf(tensor: unknown): Part {
    return (tensor as ShapeTensor).buffer.part;
  }

  /** From now on a tensor's memory counts as something else. */
  relabel(tensor: unknown, part: Part): void {
    const { buffer } = tensor as ShapeTensor;
    this.ledger.add(buffer.part, -buffer.bytes);
    buffer.part = part;
    this.ledger.add(part, buffer.bytes);
  }

  engine() {
    return { startScope: () => void this.#scopes.push([]), endScope: () => this.#end(new Set()) };
  }

  tidy<T>(body: () => T): T {
    this.#scopes.push([]);
    const result = body();
    this.#end(tensorsIn(result));
    return result;
  }

  keep(tensor: ShapeTensor): ShapeTensor {
    tensor.isKept = true;
    // What outlives a backward pass is the gradient.
    if (tensor.buffer.part === 'activations' || tensor.buffer.part === 'head') this.relabel(tensor, 'gradient');
    return tensor;
  }

  clone(tensor: ShapeTensor): ShapeTensor {
    return this.#track(new ShapeTensor(this, tensor.shape, tensor.buffer));
  }

  tensor(_values: unknown, shape: readonly number[]): ShapeTensor {
    return this.make(shape);
  }

  zeros(shape: readonly number[]): ShapeTensor {
    return this.make(shape);
  }

  add(a: ShapeTensor, _b: ShapeTensor): ShapeTensor {
    return this.make(a.shape);
  }

  mul(a: ShapeTensor, _b: unknown): ShapeTensor {
    return this.make(a.shape);
  }

  addN(all: readonly ShapeTensor[]): ShapeTensor {
    return this.make(all[0]?.shape ?? []);
  }

  sum(x: ShapeTensor, _axis: 0): ShapeTensor {
    return this.make(x.shape.slice(1));
  }

  matMul(a: ShapeTensor, b: ShapeTensor): ShapeTensor {
    return this.make([a.shape[0] ?? 1, b.shape[1] ?? 1]);
  }

  transpose(x: ShapeTensor): ShapeTensor {
    return this.make(x.shape.toReversed());
  }

  concat(all: readonly ShapeTensor[]): ShapeTensor {
    return this.make([all.reduce((rows, { shape }) => rows + (shape[0] ?? 0), 0), ...(all[0]?.shape.slice(1) ?? [])]);
  }

  #track(tensor: ShapeTensor): ShapeTensor {
    this.#scopes.at(-1)?.push(tensor);
    return tensor;
  }

  #end(results: ReadonlySet<unknown>): void {
    for (const tensor of this.#scopes.pop() ?? []) {
      if (tensor.isKept || tensor.isDisposed) continue;
      if (results.has(tensor)) this.#track(tensor);
      else tensor.dispose();
    }
  }
}

function tensorsIn(value: unknown, found: Set<unknown> = new Set()): Set<unknown> {
  if (value instanceof ShapeTensor) found.add(value);
  else if (Array.isArray(value) || (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)))
    for (const inner of Object.values(value)) tensorsIn(inner, found);
  return found;
}

/** A shape as the tensor that the transformer takes it for. */
export function asTensor<T extends Tensor>(tensor: ReturnType<ShapeTf['make']>): T {
  return tensor as unknown as T;
}
