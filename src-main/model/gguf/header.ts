/**
 * The GGUF container, versions 2 and 3, little-endian: metadata and the places of tensors (docs/gguf.md of ggml-org/ggml).
 * An own reader: that of @huggingface/gguf takes what lies behind the end of a file for zeros, and cuts a string that
 * leaves its buffer, while here a file that lies about a length is refused before anything of that length exists.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { byteCount, readBytes, type StoredTensor } from '../stored-tensor.ts';
import { ggmlFormats } from './quants.ts';

/** Whole numbers of 64 bits are numbers here; those that a number does not hold exactly are refused. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Shapes in Hugging Face's order, [out, in]. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Headers of policies with 256,000 tokens have about 12 MB. */
const MAX_HEADER_BYTES = 256_000_000;
const FIRST_READ = 1 << 20;
const MAX_DIMENSIONS = 4;
/** Characters of a key or the name of a tensor. */
const MAX_NAME = 256;
const ARRAY = 9;
const STRING = 8;
/** Least bytes of an element of each type. */
const SIZES: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1 },
  ...{ [STRING]: 8, [ARRAY]: 12, 10: 8, 11: 8, 12: 8 },
};

/** @throws Error naming the file, the key or tensor, its value and what is allowed. */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await open(path, 'r');
  try {
    const fileBytes = (await file.stat()).size;
    for (let length = FIRST_READ; ; length *= 4) {
      const known = Math.min(length, fileBytes, MAX_HEADER_BYTES);
      try {
        return await parse(file, path, known, fileBytes);
      } catch (error) {
        if (!(error instanceof EndOfBuffer) || known === fileBytes) throw error;
        if (known === MAX_HEADER_BYTES)
          throw new Error(`${path}: the header has more than ${MAX_HEADER_BYTES} bytes; allowed are at most that many`);
      }
    }
  } finally {
    await file.close();
  }
}

/** What was read of the file does not reach far enough. */
class EndOfBuffer extends Error {}

async function parse(file: FileHandle, path: string, known: number, fileBytes: number): Promise<GgufHeader> {
  const cursor = new Cursor(await readBytes(file, path, 0, known), path, fileBytes);
  if (cursor.take(4, 'magic') !== 0 || cursor.text(0, 4) !== 'GGUF')
    throw new Error(`${path}: not a GGUF file: it does not begin with GGUF`);
  const version = cursor.u32('version');
  if (version !== 2 && version !== 3)
    throw new Error(`${path}: GGUF version ${version} is not supported; allowed is 2 or 3, little-endian`);
  // A tensor takes 24 bytes at least: name, dimensions, type, offset; an entry 12.
  const tensorCount = cursor.count('tensor count', 24);
  const entryCount = cursor.count('metadata count', 12);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < entryCount; i++) {
    const key = cursor.name(`key ${i}`);
    if (metadata.has(key)) throw new Error(`${path}: metadata ${key} is defined twice`);
    metadata.set(key, cursor.value(cursor.u32(key), key));
  }
  const tensors = Array.from({ length: tensorCount }, (_, i) => readTensor(cursor, i));
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || !(alignment >= 8 && alignment <= 1 << 20 && alignment % 8 === 0))
    throw new Error(`${path}: general.alignment ${alignment} must be a multiple of 8, up to ${1 << 20}`);
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  return { metadata, tensors: placed(tensors, path, dataStart, alignment, fileBytes) };
}

type Listed = Omit<StoredTensor, 'path' | 'groups'>;

function readTensor(cursor: Cursor, i: number): Listed {
  const { path } = cursor;
  const name = cursor.name(`name of tensor ${i}`);
  const dimensions = cursor.u32(name);
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS)
    throw new Error(`${path}: ${name}: ${dimensions} dimensions; allowed are 1 to ${MAX_DIMENSIONS}`);
  // The file has the fastest dimension first.
  const shape = Array.from({ length: dimensions }, () => cursor.u64(name)).reverse();
  const type = cursor.u32(name);
  const format = ggmlFormats.get(type);
  if (format === undefined) {
    const allowed = [...ggmlFormats.values()].map((known) => known.name).join(', ');
    throw new Error(`${path}: ${name}: quantisation type ${type} is not supported; allowed is ${allowed}`);
  }
  return { name, shape, format, offset: cursor.u64(name) };
}

/** Tensors within the file, each once, none over another. */
function placed(listed: readonly Listed[], path: string, dataStart: number, alignment: number, fileBytes: number) {
  const tensors = new Map<string, StoredTensor>();
  let end = dataStart;
  let before = '';
  for (const { offset, ...tensor } of listed.toSorted((a, b) => a.offset - b.offset)) {
    const { name, shape } = tensor;
    if (tensors.has(name)) throw new Error(`${path}: ${name} is defined twice`);
    if (offset % alignment !== 0)
      throw new Error(`${path}: ${name} starts at byte ${offset} of the data; allowed are multiples of ${alignment}`);
    const start = dataStart + offset;
    const bytes = byteCount({ ...tensor, path });
    if (!(start + bytes <= fileBytes))
      throw new Error(
        `${path}: truncated: ${name} [${shape.join(', ')}] ends at byte ${start + bytes}, the file has ${fileBytes}`,
      );
    if (start < end) throw new Error(`${path}: ${name} starts at byte ${start}, before ${before} ends at ${end}`);
    tensors.set(name, { ...tensor, path, offset: start });
    [end, before] = [start + bytes, name];
  }
  return tensors;
}

/** Reads value after value of the known beginning of a file, and never beyond it. */
class Cursor {
  readonly path: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileBytes: number;
  position = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, path: string, fileBytes: number) {
    this.path = path;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#fileBytes = fileBytes;
  }

  /** Offset of the next `length` bytes, which are then behind. */
  take(length: number, what: string): number {
    const start = this.position;
    if (start + length > this.#fileBytes)
      throw new EndOfBuffer(
        `${this.path}: truncated: ${what} needs ${length} bytes at byte ${start}, the file has ${this.#fileBytes}`,
      );
    if (start + length > this.#bytes.length) throw new EndOfBuffer(`${this.path}: ${what} lies beyond what was read`);
    this.position += length;
    return start;
  }

  u32(what: string): number {
    return this.#view.getUint32(this.take(4, what), true);
  }

  u64(what: string): number {
    return this.#exact(this.#view.getBigUint64(this.take(8, what), true), what);
  }

  /** How many things follow, of `least` bytes each at least. */
  count(what: string, least: number): number {
    const count = this.u64(what);
    const room = Math.floor((this.#fileBytes - this.position) / least);
    if (count > room) throw new Error(`${this.path}: ${what} is ${count}; the file has room for ${room}`);
    return count;
  }

  string(what: string): string {
    const length = this.count(`length of ${what}`, 1);
    const start = this.take(length, what);
    return this.text(start, start + length);
  }

  /** A string that messages can show. */
  name(what: string): string {
    const name = this.string(what);
    if (name.length > MAX_NAME || /\p{C}/u.test(name))
      throw new Error(
        `${this.path}: ${what} is ${JSON.stringify(name.slice(0, 32))}; allowed are up to ${MAX_NAME} visible characters`,
      );
    return name;
  }

  text(start: number, end: number): string {
    return decoder.decode(this.#bytes.subarray(start, end));
  }

  value(type: number, key: string, depth = 0): GgufValue {
    const size = SIZES[type];
    if (size === undefined) throw new Error(`${this.path}: ${key}: value type ${type} is unknown; allowed are 0 to 12`);
    if (type === STRING) return this.string(key);
    if (type === ARRAY) return this.#array(key, depth);
    const at = this.take(size, key);
    const view = this.#view;
    if (type === 0) return view.getUint8(at);
    if (type === 1) return view.getInt8(at);
    if (type === 2) return view.getUint16(at, true);
    if (type === 3) return view.getInt16(at, true);
    if (type === 4) return view.getUint32(at, true);
    if (type === 5) return view.getInt32(at, true);
    if (type === 6) return view.getFloat32(at, true);
    if (type === 7) return view.getUint8(at) !== 0;
    if (type === 12) return view.getFloat64(at, true);
    return this.#exact(type === 10 ? view.getBigUint64(at, true) : view.getBigInt64(at, true), key);
  }

  #array(key: string, depth: number): GgufValue[] {
    if (depth > 2) throw new Error(`${this.path}: ${key}: arrays are nested deeper than 3`);
    const type = this.u32(key);
    const least = SIZES[type];
    if (least === undefined)
      throw new Error(`${this.path}: ${key}: element type ${type} is unknown; allowed are 0 to 12`);
    const count = this.count(`length of ${key}`, least);
    const values: GgufValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.value(type, key, depth + 1));
    return values;
  }

  #exact(value: bigint, what: string): number {
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)
      throw new Error(`${this.path}: ${what}: ${value} is beyond 2^53; nothing in a policy is`);
    return Number(value);
  }
}

const decoder = new TextDecoder();
