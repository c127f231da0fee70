/**
 * The safetensors container: u64 header length, JSON header, tensor bytes (https://huggingface.co/docs/safetensors).
 * Reads F32, F16 and BF16, all into float32; writes F32, sorted by name, so equal tensors give equal bytes.
 * Knows nothing of what the tensors mean.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { z } from 'zod';
import { writeFileAtomically } from './atomic-file.ts';
import {
  elementCount,
  partsOf,
  plainFormats,
  readBytes,
  type StoredTensor,
  swapOnBigEndian,
  type Tensor,
  type WritableTensors,
} from './stored-tensor.ts';

export type { Tensor } from './stored-tensor.ts';

export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

type Dtype = keyof typeof plainFormats;

const size = z.number().int().nonnegative();
const headerSchema = z.record(z.string(), z.unknown());
const metadataSchema = z.record(z.string(), z.string());
const entrySchema = z.object({
  dtype: z.enum(['F32', 'F16', 'BF16']),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});

/** The format's own limit on the header, in bytes. */
const maxHeaderBytes = 100_000_000;

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Offset from the end of the header, in bytes. */
  readonly begin: number;
  readonly end: number;
}

/**
 * What a file holds, without its data: names, shapes and places, which fit the file exactly.
 * @throws Error naming the file, the tensor and what is wrong: truncated, overlapping, unknown dtype.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await open(path, 'r');
  try {
    const { entries, metadata, dataStart } = await readHeader(file, path, (await file.stat()).size);
    const tensors = entries.map(({ name, dtype, shape, begin }) => ({
      ...{ name, shape, format: plainFormats[dtype], path, offset: dataStart + begin },
    }));
    return { tensors, metadata };
  } finally {
    await file.close();
  }
}

/**
 * Write float32 tensors and string metadata, replacing the file atomically. Of streamed tensors, one part is in memory at
 * a time. @throws Error naming the file and the tensor whose values do not fill its shape; the old file is then left.
 */
export async function writeSafetensors(
  path: string,
  tensors: WritableTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const names = [...tensors.keys()].sort();
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0)
    header.__metadata__ = Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  let offset = 0;
  for (const name of names) {
    const { shape } = tensors.get(name) as Tensor;
    if (name === '__metadata__') throw new Error(`${path}: tensor name __metadata__ is reserved by the format`);
    const bytes = 4 * elementCount(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  await writeFileAtomically(path, file());

  async function* file(): AsyncGenerator<Uint8Array, void, void> {
    yield length;
    yield padded;
    for (const name of names) {
      const tensor = tensors.get(name) as Tensor;
      let values = 0;
      for await (const part of partsOf(tensor)) {
        values += part.length;
        yield littleEndian(part);
      }
      if (values !== elementCount(tensor.shape))
        throw new Error(`${path}: ${name}: ${values} values do not fill shape [${tensor.shape.join(', ')}]`);
    }
  }
}

async function readHeader(file: FileHandle, path: string, fileBytes: number) {
  if (fileBytes < 8) throw new Error(`${path}: truncated: ${fileBytes} bytes, a safetensors file has at least 8`);
  const lengthBytes = await readBytes(file, path, 0, 8);
  const headerBytes = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  const dataStart = 8 + headerBytes;
  if (headerBytes > maxHeaderBytes || dataStart > fileBytes)
    throw new Error(`${path}: not safetensors or truncated: header of ${headerBytes} bytes in a file of ${fileBytes}`);
  const text = new TextDecoder().decode(await readBytes(file, path, 8, headerBytes));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path}: header is not JSON (${(error as Error).message.replaceAll(/\p{C}+/gu, ' ')})`);
  }
  const { __metadata__, ...rest } = parse(headerSchema, json, `${path}: header`);
  const metadata = __metadata__ === undefined ? {} : parse(metadataSchema, __metadata__, `${path}: __metadata__`);
  const entries = Object.entries(rest).map(([name, value]): Entry => {
    if (/\p{C}/u.test(name))
      throw new Error(`${path}: tensor name ${JSON.stringify(name.slice(0, 32))} has invisible characters`);
    const { dtype, shape, data_offsets } = parse(entrySchema, value, `${path}: ${name}`);
    const [begin, end] = data_offsets;
    const expected = elementCount(shape) * plainFormats[dtype].bytes;
    if (end - begin !== expected)
      throw new Error(
        `${path}: ${name}: offsets ${begin}..${end} hold ${end - begin} bytes, ` +
          `${dtype} [${shape.join(', ')}] needs ${expected}`,
      );
    return { name, dtype, shape, begin, end };
  });
  checkTiling(entries, path, fileBytes - dataStart);
  return { entries, metadata, dataStart };
}

/** The format demands that tensors cover the data without gap or overlap; checking it also finds truncated files. */
function checkTiling(entries: Entry[], path: string, dataBytes: number): void {
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (end > dataBytes)
      throw new Error(`${path}: truncated: ${name} ends at byte ${end} of the data, the file holds ${dataBytes}`);
    if (begin !== position)
      throw new Error(`${path}: ${name} starts at byte ${begin} of the data, ${position} is where the one before ends`);
    position = end;
  }
  if (position !== dataBytes)
    throw new Error(`${path}: ${dataBytes - position} bytes after the last tensor; none are allowed`);
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`${where}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`);
}

function littleEndian(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return endianness() === 'LE' ? bytes : swapOnBigEndian(bytes.slice(), 4);
}
