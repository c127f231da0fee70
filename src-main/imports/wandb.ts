/**
 * Runs that Weights & Biases logged to disk (`run-<id>.wandb`): a LevelDB log (32 KiB blocks; records in pieces, each
 * with CRC-32, length and kind) of protobuf Records (wandb/proto/wandb_internal.proto), after the seven bytes ":W&B",
 * 0xBEE1 and the version 0. Online and offline runs write the same file.
 */
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { AssayError } from '../../src-shared/errors.ts';
import { eachField, FileBytes, MAX_RECORD_BYTES, WIRE } from './binary.ts';
import { type ForeignReader, type ForeignRun, numbersOf, Points } from './foreign-run.ts';
import { beginsWith, filesBelow, readEach } from './look.ts';

const FILE = /(?:^|[\\/])run-[^\\/]+\.wandb$/;
const FILE_HEADER_BYTES = 7;
const BLOCK_BYTES = 32_768;
const PIECE_HEADER_BYTES = 7;
const PIECE = { full: 1, first: 2, middle: 3, last: 4 } as const;

export const wandb: ForeignReader = {
  format: 'wandb',
  reads: 'a run of Weights & Biases (run-*.wandb) or a folder of them',
  recognises: (_, { names, head }) => names.some((name) => FILE.test(name)) || beginsWith(head, ':W&B'),
  async read(path) {
    const files = filesBelow(path);
    const logs = files.length === 1 ? files : files.filter((file) => FILE.test(file));
    return readEach(logs, (file) => ({ name: basename(file), run: () => readLog(file) }));
  },
};

interface Found {
  name: string | null;
  startedAt: number | null;
  endedAt: number | null;
  readonly config: Record<string, unknown>;
  readonly points: Points;
}

function readLog(path: string): ForeignRun {
  const file = basename(path);
  const found: Found = { name: null, startedAt: null, endedAt: null, config: {}, points: new Points(file) };
  for (const record of records(path, file))
    eachField(record, file, (field, type, pbf) => {
      if (type !== WIRE.bytes) return;
      if (field === 2) readHistory(pbf.readBytes(), file, found);
      else if (field === 5) readConfig(pbf.readBytes(), file, found.config);
      else if (field === 17) readRun(pbf.readBytes(), file, found);
    });
  delete found.config._wandb;
  return { ...found, name: found.name || file.replace(/^run-|\.wandb$/g, '') };
}

function* records(path: string, file: string): Generator<Uint8Array> {
  const bytes = new FileBytes(path);
  try {
    const damaged = (what: string) => new AssayError('corrupt', `${file}: ${what} at byte ${bytes.position}`);
    const header = bytes.take(FILE_HEADER_BYTES);
    if (!beginsWith(header, ':W&B') || header.length < FILE_HEADER_BYTES || header.readUInt16LE(4) !== 0xbee1)
      throw damaged('it does not begin as a log of Weights & Biases does,');
    if (header[6] !== 0) throw damaged(`its version ${header[6]} is unknown; 0 can be read,`);
    let pieces: Buffer[] | null = null;
    let size = 0;
    for (;;) {
      const left = BLOCK_BYTES - (bytes.position % BLOCK_BYTES);
      if (left < PIECE_HEADER_BYTES) {
        bytes.take(left);
        continue;
      }
      const head = bytes.take(PIECE_HEADER_BYTES);
      if (head.length === 0) {
        if (pieces !== null) throw damaged('it ends in the middle of a record,');
        return;
      }
      if (head.length < PIECE_HEADER_BYTES) throw damaged('it ends in the middle of a record,');
      const length = head.readUInt16LE(4);
      const kind = head[6] as number;
      if (length > left - PIECE_HEADER_BYTES) throw damaged('a record leads out of its block,');
      const data = bytes.take(length);
      if (data.length < length) throw damaged('it ends in the middle of a record,');
      if (crc32(data, crc32(Uint8Array.of(kind))) !== head.readUInt32LE(0))
        throw damaged('the checksum of a record does not match,');
      const begins = kind === PIECE.full || kind === PIECE.first;
      if (kind < PIECE.full || kind > PIECE.last || begins !== (pieces === null))
        throw damaged('the pieces of a record are out of order,');
      const all: Buffer[] = pieces ?? [];
      size = pieces === null ? length : size + length;
      if (size > MAX_RECORD_BYTES) throw damaged('a record is too long,');
      all.push(data);
      pieces = kind === PIECE.full || kind === PIECE.last ? null : all;
      if (pieces === null) yield Buffer.concat(all);
    }
  } finally {
    bytes.close();
  }
}

/** `HistoryItem`, `ConfigItem` and `SummaryItem` are alike in these fields. */
function readItem(bytes: Uint8Array, where: string): { path: string[]; value: unknown } {
  let key = '';
  const nested: string[] = [];
  let json = 'null';
  eachField(bytes, where, (field, type, pbf) => {
    if (type !== WIRE.bytes) return;
    if (field === 1) key = pbf.readString();
    else if (field === 2) nested.push(pbf.readString());
    else if (field === 16) json = pbf.readString();
  });
  const path = nested.length > 0 ? nested : [key];
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return { path, value: Number(json) };
  try {
    return { path, value: JSON.parse(json) };
  } catch (error) {
    throw new AssayError('corrupt', `${where}: the value of ${path.join('/').slice(0, 60)} is not JSON`, {
      cause: error,
    });
  }
}

function readHistory(bytes: Uint8Array, where: string, found: Found): void {
  const row: Record<string, unknown> = {};
  let step: number | null = null;
  eachField(bytes, where, (field, type, pbf) => {
    if (type !== WIRE.bytes) return;
    if (field === 1) {
      const { path, value } = readItem(pbf.readBytes(), where);
      row[path.join('/')] = value;
    } else if (field === 2)
      eachField(pbf.readBytes(), where, (inner, innerType, data) => {
        if (inner === 1 && innerType === WIRE.varint) step = data.readVarint(true);
      });
  });
  addRow(row, step, found);
}

/** A row of a history, of a log or of an export: what begins with `_` is the tool's own. */
export function addRow(
  row: Readonly<Record<string, unknown>>,
  step: number | null,
  found: Omit<Found, 'name' | 'config'>,
) {
  const at = typeof row._timestamp === 'number' ? 1000 * row._timestamp : null;
  const number = step ?? (typeof row._step === 'number' ? row._step : Number.NaN);
  for (const [name, value] of numbersOf(row)) if (!name.startsWith('_')) found.points.add(number, at, name, value);
  if (at === null) return;
  found.startedAt = Math.min(found.startedAt ?? at, at);
  found.endedAt = Math.max(found.endedAt ?? at, at);
}

function readConfig(bytes: Uint8Array, where: string, config: Record<string, unknown>): void {
  eachField(bytes, where, (field, type, pbf) => {
    if (type !== WIRE.bytes || (field !== 1 && field !== 2)) return;
    const { path, value } = readItem(pbf.readBytes(), where);
    const key = path.join('.');
    if (field === 1) config[key] = value;
    else delete config[key];
  });
}

function readRun(bytes: Uint8Array, where: string, found: Found): void {
  eachField(bytes, where, (field, type, pbf) => {
    if (type !== WIRE.bytes) return;
    if (field === 4) readConfig(pbf.readBytes(), where, found.config);
    else if (field === 8) found.name = pbf.readString();
    else if (field === 17)
      eachField(pbf.readBytes(), where, (inner, innerType, data) => {
        if (inner === 1 && innerType === WIRE.varint) found.startedAt = 1000 * data.readVarint(true);
      });
  });
}
