/**
 * Tensors that still lie in a file, whatever its container: how their elements are written there, and reading them into
 * float32 a few rows at a time, so that a policy never needs much more memory than its weights take once loaded.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';

/** Row-major float32 values. `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A tensor whose values are made while it is written, so that they need not be in memory together. */
export interface StreamedTensor {
  readonly shape: readonly number[];
  /** Whole rows, in order. Each part is valid until the next is asked for. */
  parts(): Iterable<Float32Array> | AsyncIterable<Float32Array>;
}

/** Tensors to be written, by name. */
export type WritableTensors = ReadonlyMap<string, Tensor | StreamedTensor>;

export function partsOf(tensor: Tensor | StreamedTensor): ReturnType<StreamedTensor['parts']> {
  return 'data' in tensor ? [tensor.data] : tensor.parts();
}

/** How elements are written: in blocks of `elements`, which take `bytes`. */
export interface ElementFormat {
  readonly name: string;
  readonly elements: number;
  readonly bytes: number;
  /** @param bytes Whole blocks, at an offset that is a multiple of 4. @param into As many values as the blocks hold. */
  decode(bytes: Uint8Array<ArrayBuffer>, into: Float32Array): void;
}

export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: ElementFormat;
  readonly path: string;
  /** Of its first byte from the start of the file. */
  readonly offset: number;
  /** Where its rows lie in another order within each `size` of them: in place `i` of the file lies row `order[i]`. */
  readonly groups?: { readonly size: number; readonly order: readonly number[] };
}

/** Consecutive rows of a tensor; one that has no more than one dimension is a single row. */
export interface Rows {
  readonly name: string;
  readonly shape: readonly number[];
  /** Index of the first row. */
  readonly first: number;
  /** Valid until the next rows are asked for. */
  readonly data: Float32Array;
}

/** Most elements that are read at a time, unless a single row has more. */
const ELEMENTS_AT_A_TIME = 1 << 20;

/** Rows of `width` elements that are read or written at a time. */
export function rowsAtATime(width: number): number {
  return Math.max(1, Math.floor(ELEMENTS_AT_A_TIME / Math.max(1, width)));
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Elements of the largest part in which tensors of these shapes are read or written. */
export function largestPart(shapes: ReadonlyMap<string, readonly number[]>): number {
  const parts = [...shapes.values()].map((shape) => {
    const width = elementCount(shape.length < 2 ? shape : shape.slice(1));
    return Math.min(elementCount(shape), rowsAtATime(width) * width);
  });
  return Math.max(0, ...parts);
}

/** @throws Error when the rows of a tensor are no whole blocks. */
export function byteCount({ name, shape, format, path }: Omit<StoredTensor, 'offset'>): number {
  const { elements, bytes } = format;
  if ((shape.at(-1) ?? 1) % elements !== 0)
    throw new Error(
      `${path}: ${name}: rows of ${shape.at(-1)} elements are not whole ${format.name} blocks of ${elements}`,
    );
  return (elementCount(shape) / elements) * bytes;
}

/** The rows of all tensors in turn. @throws Error naming the file where it has become shorter meanwhile. */
export async function* streamRows(tensors: Iterable<StoredTensor>): AsyncGenerator<Rows, void, void> {
  const files = new Map<string, FileHandle>();
  const space: Space = { bytes: new Uint8Array(0), values: new Float32Array(0), ordered: new Float32Array(0) };
  try {
    for (const tensor of tensors) {
      const file = files.get(tensor.path) ?? (await open(tensor.path, 'r'));
      files.set(tensor.path, file);
      yield* rowsOf(file, tensor, space);
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
}

/** The same, tensor by tensor. */
export async function* streamTensors(
  tensors: Iterable<StoredTensor>,
): AsyncGenerator<readonly [string, Tensor], void, void> {
  let data = new Float32Array(0);
  let filled = 0;
  for await (const rows of streamRows(tensors)) {
    if (rows.first === 0) {
      data = new Float32Array(elementCount(rows.shape));
      filled = 0;
    }
    data.set(rows.data, filled);
    filled += rows.data.length;
    if (filled === data.length) yield [rows.name, { shape: rows.shape, data }];
  }
}

/** Used for one tensor after the other: fresh ones would pile up until they are collected. */
interface Space {
  bytes: Uint8Array<ArrayBuffer>;
  values: Float32Array<ArrayBuffer>;
  ordered: Float32Array<ArrayBuffer>;
}

async function* rowsOf(file: FileHandle, tensor: StoredTensor, space: Space): AsyncGenerator<Rows, void, void> {
  const { name, shape, format, path, offset, groups } = tensor;
  const [count, width] = shape.length < 2 ? [1, elementCount(shape)] : [shape[0] ?? 0, elementCount(shape.slice(1))];
  const rowBytes = byteCount(tensor) / Math.max(1, count);
  const unit = groups?.size ?? 1;
  const most = rowsAtATime(width * unit) * unit;
  const largest = Math.min(count, most);
  if (space.bytes.length < largest * rowBytes) space.bytes = new Uint8Array(largest * rowBytes);
  if (space.values.length < largest * width) space.values = new Float32Array(largest * width);
  if (groups && space.ordered.length < largest * width) space.ordered = new Float32Array(largest * width);
  // A tensor without elements has its one turn, too.
  for (let first = 0; first === 0 || first < count; first += most) {
    const rows = Math.min(most, count - first);
    const some = space.bytes.subarray(0, rows * rowBytes);
    await fill(file, path, some, offset + first * rowBytes);
    const decoded = space.values.subarray(0, rows * width);
    format.decode(some, decoded);
    const ordered = groups ? space.ordered.subarray(0, rows * width) : decoded;
    if (groups) reorder(decoded, ordered, width, groups);
    yield { name, shape, first, data: ordered };
  }
}

function reorder(
  from: Float32Array,
  to: Float32Array,
  width: number,
  { size, order }: NonNullable<StoredTensor['groups']>,
): void {
  for (let start = 0; start < from.length; start += size * width)
    for (const [place, row] of order.entries())
      to.set(from.subarray(start + place * width, start + (place + 1) * width), start + row * width);
}

/** Read exactly as much as `into` holds. */
async function fill(file: FileHandle, path: string, into: Uint8Array, position: number): Promise<void> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, Math.min(into.length - filled, 1 << 30), position + filled);
    if (bytesRead === 0) throw new Error(`${path}: truncated while reading: ended at byte ${position + filled}`);
    filled += bytesRead;
  }
}

/** Part of a file. @throws Error naming the file when it ends before. */
export async function readBytes(file: FileHandle, path: string, position: number, length: number) {
  const bytes = new Uint8Array(length);
  await fill(file, path, bytes, position);
  return bytes;
}

/** IEEE 754 binary16 in float32, by its bits: 1 sign, 5 exponent, 10 fraction. */
export const halves = Float32Array.from({ length: 1 << 16 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

export const plainFormats = {
  F32: {
    name: 'F32',
    elements: 1,
    bytes: 4,
    decode: (bytes, into) => {
      const own = swapOnBigEndian(bytes, 4);
      into.set(new Float32Array(own.buffer, own.byteOffset, into.length));
    },
  },
  F16: {
    name: 'F16',
    elements: 1,
    bytes: 2,
    decode: (bytes, into) => {
      const words = wordsOf(bytes);
      for (let i = 0; i < into.length; i++) into[i] = halves[words[i] as number] as number;
    },
  },
  BF16: {
    name: 'BF16',
    elements: 1,
    bytes: 2,
    decode: (bytes, into) => {
      const words = wordsOf(bytes);
      const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
      for (let i = 0; i < bits.length; i++) bits[i] = (words[i] as number) << 16;
    },
  },
} as const satisfies Record<string, ElementFormat>;

function wordsOf(bytes: Uint8Array<ArrayBuffer>): Uint16Array {
  const own = swapOnBigEndian(bytes, 2);
  return new Uint16Array(own.buffer, own.byteOffset, own.length / 2);
}

/** Reverses each group of `width` bytes in place where the machine is big-endian. */
export function swapOnBigEndian<T extends Uint8Array>(bytes: T, width: number): T {
  if (endianness() === 'BE') for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
  return bytes;
}
