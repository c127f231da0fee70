/**
 * TensorBoard event files: TFRecord framing (length and data, each with a masked CRC-32C) around Event messages
 * (tensorflow/core/util/event.proto, framework/summary.proto, framework/tensor.proto). Scalars are `simple_value`s and
 * tensors of one number. Every folder with event files is a run; the files of a folder follow one another by name.
 */
import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import { eachField, FileBytes, MAX_RECORD_BYTES, maskedCrc32c, WIRE } from './binary.ts';
import { type ForeignReader, type ForeignRun, Points, parseRecord } from './foreign-run.ts';
import { filesBelow, readEach } from './look.ts';

const EVENT_FILE = /(?:^|\/)[^/]*\.tfevents\.[^/]*$/;
const HEADER_BYTES = 12;
/** `DataType` of tensor.proto: bytes of one element and how to read it. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, read: (view: DataView) => number]>> = {
  1: [4, (view) => view.getFloat32(0, true)],
  2: [8, (view) => view.getFloat64(0, true)],
  3: [4, (view) => view.getInt32(0, true)],
  9: [8, (view) => Number(view.getBigInt64(0, true))],
};
/** Fields of TensorProto that hold values one by one: element size of packed ones, 0 for varints. */
const VALUE_FIELDS: Readonly<Record<number, number>> = { 5: 4, 6: 8, 7: 0, 10: 0 };
const STRING_VALUES = 8;
const FILE_MAGIC = /^brain\.Event:\d+$/;

export const tensorboard: ForeignReader = {
  format: 'tensorboard',
  reads: 'a TensorBoard event file (*.tfevents.*) or a folder of them',
  recognises: (_, { names }) => names.some((name) => EVENT_FILE.test(name)),
  async read(path) {
    const files = filesBelow(path).filter((file) => EVENT_FILE.test(file));
    const folders = Map.groupBy(files, (file) => dirname(file));
    const root = statSync(path).isDirectory() ? resolve(path) : dirname(resolve(path));
    return readEach([...folders], ([folder, members]) => {
      const name = folder === root ? basename(root) : folder.slice(root.length + 1);
      return { name, run: () => readFolder(name, members.sort()) };
    });
  },
};

interface Found extends Omit<ForeignRun, 'startedAt' | 'endedAt'> {
  readonly config: Record<string, unknown>;
  /** Name of the plugin that a tag was first written for. */
  readonly plugins: Map<string, string>;
  first: number | null;
  last: number | null;
}

function readFolder(name: string, files: readonly string[]): ForeignRun {
  const found: Found = { name, config: {}, points: new Points(name), plugins: new Map(), first: null, last: null };
  for (const path of files) {
    const file = basename(path);
    let index = 0;
    for (const record of records(path, file)) readEvent(record, `${file}: record ${index}`, index++ === 0, found);
    if (index === 0) throw new AssayError('corrupt', `${file}: it is empty`);
  }
  return { name, startedAt: found.first, endedAt: found.last, config: found.config, points: found.points };
}

function* records(path: string, file: string): Generator<Buffer> {
  const bytes = new FileBytes(path);
  try {
    for (;;) {
      const at = bytes.position;
      const damaged = (what: string) => new AssayError('corrupt', `${file}: ${what} at byte ${at}`);
      const header = bytes.take(HEADER_BYTES);
      if (header.length === 0) return;
      if (header.length < HEADER_BYTES) throw damaged('it ends in the middle of a record,');
      if (header.readUInt32LE(8) !== maskedCrc32c(header.subarray(0, 8)))
        throw damaged('the checksum of a record length does not match,');
      const length = header.readBigUInt64LE(0);
      if (length > MAX_RECORD_BYTES) throw damaged(`a record says that it has ${length} bytes,`);
      const data = bytes.take(Number(length));
      const tail = bytes.take(4);
      if (tail.length < 4) throw damaged('it ends in the middle of the record');
      if (tail.readUInt32LE(0) !== maskedCrc32c(data)) throw damaged('the checksum of a record does not match,');
      yield data;
    }
  } finally {
    bytes.close();
  }
}

function readEvent(record: Uint8Array, where: string, isFirst: boolean, found: Found): void {
  let at: number | null = null;
  let step = 0;
  let version: string | null = null;
  const summaries: Uint8Array[] = [];
  eachField(record, where, (field, type, pbf) => {
    if (field === 1 && type === WIRE.fixed64) at = 1000 * pbf.readDouble();
    else if (field === 2 && type === WIRE.varint) step = pbf.readVarint(true);
    else if (field === 3 && type === WIRE.bytes) version = pbf.readString();
    else if (field === 5 && type === WIRE.bytes) summaries.push(pbf.readBytes());
  });
  if (isFirst && (version === null || !FILE_MAGIC.test(version)))
    throw new AssayError('corrupt', `${where}: it does not say that this is an event file`);
  const time = at !== null && Number.isFinite(at) ? (at as number) : null;
  for (const summary of summaries)
    eachField(summary, where, (field, type, pbf) => {
      if (field !== 1 || type !== WIRE.bytes) return;
      const value = readValue(pbf.readBytes(), where, found);
      if (value === null) return;
      found.points.add(step, time, value.tag, value.number);
      if (time === null) return;
      found.first = Math.min(found.first ?? time, time);
      found.last = Math.max(found.last ?? time, time);
    });
}

/** One value of a summary; null where it is no scalar. */
function readValue(bytes: Uint8Array, where: string, found: Found): { tag: string; number: number } | null {
  let tag = '';
  let number: number | null = null;
  let tensor: Uint8Array | null = null;
  let plugin: string | null = null;
  eachField(bytes, where, (field, type, pbf) => {
    if (field === 1 && type === WIRE.bytes) tag = pbf.readString();
    else if (field === 2 && type === WIRE.fixed32) number = pbf.readFloat();
    else if (field === 8 && type === WIRE.bytes) tensor = pbf.readBytes();
    else if (field === 9 && type === WIRE.bytes) plugin = pluginOf(pbf.readBytes(), where);
  });
  if (number !== null) return { tag, number };
  if (tensor === null) return null;
  // The plugin is named with the first value of a tag alone.
  if (plugin !== null && !found.plugins.has(tag)) found.plugins.set(tag, plugin);
  const known = found.plugins.get(tag);
  if (known === 'text') takeConfig(tag, tensor, where, found.config);
  if (known !== undefined && known !== 'scalars') return null;
  const value = numberOf(tensor, where);
  return value === null ? null : { tag, number: value };
}

function pluginOf(metadata: Uint8Array, where: string): string | null {
  let name: string | null = null;
  eachField(metadata, where, (field, type, pbf) => {
    if (field === 1 && type === WIRE.bytes)
      eachField(pbf.readBytes(), where, (inner, innerType, data) => {
        if (inner === 1 && innerType === WIRE.bytes) name = data.readString();
      });
  });
  return name;
}

/** The number of a tensor that holds one; null for any other. */
function numberOf(tensor: Uint8Array, where: string): number | null {
  let kind = 0;
  let content: Uint8Array | null = null;
  const values: number[] = [];
  eachField(tensor, where, (field, type, pbf) => {
    if (field === 1 && type === WIRE.varint) kind = pbf.readVarint();
    else if (field === 4 && type === WIRE.bytes) content = pbf.readBytes();
    else if (VALUE_FIELDS[field] !== undefined) {
      if (type === WIRE.fixed32) values.push(pbf.readFloat());
      else if (type === WIRE.fixed64) values.push(pbf.readDouble());
      else if (type === WIRE.varint) values.push(pbf.readVarint(true));
      else values.push(...packed(pbf.readBytes(), VALUE_FIELDS[field], where));
    }
  });
  const number = NUMBERS[kind];
  if (number === undefined) return null;
  if (values.length > 0) return values.length === 1 ? (values[0] ?? null) : null;
  const bytes = content as Uint8Array | null;
  if (bytes === null || bytes.byteLength !== number[0]) return null;
  return number[1](new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Only one value is of use: more make no scalar, however many are said to be there. */
function packed(bytes: Uint8Array, size: number, where: string): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 4 && bytes.length === 4) return [view.getFloat32(0, true)];
  if (size === 8 && bytes.length === 8) return [view.getFloat64(0, true)];
  if (size !== 0 || bytes.length > 10) return bytes.length === 0 ? [] : [0, 0];
  let value = 0n;
  for (const [index, byte] of bytes.entries()) {
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return index === bytes.length - 1 ? [Number(BigInt.asIntN(64, value))] : [0, 0];
  }
  throw new AssayError('corrupt', `${where}: a malformed record`);
}

/** Hugging Face's callback logs its arguments and the model's configuration as JSON. */
function takeConfig(tag: string, tensor: Uint8Array, where: string, config: Record<string, unknown>): void {
  const name = /^(args|model_config)\/text_summary$/.exec(tag)?.[1];
  if (name === undefined) return;
  eachField(tensor, where, (field, type, pbf) => {
    if (field !== STRING_VALUES || type !== WIRE.bytes) return;
    const text = pbf.readString();
    try {
      config[name] = parseRecord(text, where);
    } catch {
      config[name] = text; // Not JSON: kept as the text that it is.
    }
  });
}
