/** What binary logs are made of: bytes of a file piece by piece, CRC-32C, and protobuf fields that stay in bounds. */
import { closeSync, openSync, readSync } from 'node:fs';
import { PbfReader } from 'pbf';
import { AssayError } from '../../src-shared/errors.ts';

const CHUNK_BYTES = 1 << 20;
/** One record of a log; pictures and histograms are records too. */
export const MAX_RECORD_BYTES = 2 ** 28;

/** A file from its beginning to its end. */
export class FileBytes {
  readonly #handle: number;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #filled = 0;
  #used = 0;
  /** Bytes taken so far. */
  position = 0;

  constructor(path: string) {
    this.#handle = openSync(path, 'r');
  }

  /** The next `count` bytes, or those that are left. */
  take(count: number): Buffer {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#used === this.#filled) {
        this.#filled = readSync(this.#handle, this.#chunk, 0, CHUNK_BYTES, null);
        this.#used = 0;
        if (this.#filled === 0) break;
      }
      const end = Math.min(this.#filled, this.#used + missing);
      parts.push(Buffer.from(this.#chunk.subarray(this.#used, end)));
      missing -= end - this.#used;
      this.#used = end;
    }
    this.position += count - missing;
    return Buffer.concat(parts);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

/** Reflected polynomial of CRC-32C (Castagnoli), RFC 3720 appendix B.4. */
const CASTAGNOLI = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1;
  return crc >>> 0;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** As TFRecord stores it: rotated and shifted, so that a CRC of data with CRCs in it stays good. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Every field of a message, with its wire type. A visitor that reads nothing passes over the field. Lengths that lead
 * out of the message, which the reader alone would follow, are errors.
 * @throws AssayError `corrupt`.
 */
export function eachField(
  bytes: Uint8Array,
  where: string,
  visit: (field: number, type: number, pbf: PbfReader) => void,
): void {
  const malformed = (cause?: unknown) => new AssayError('corrupt', `${where}: a malformed record`, { cause });
  const pbf = new PbfReader(bytes);
  try {
    while (pbf.pos < pbf.length) {
      const field = pbf.nextField();
      if (field === 0) {
        // The last value was passed over, or there is no such field.
        if (pbf.pos === pbf.length) break;
        throw malformed();
      }
      const start = pbf.pos;
      visit(field, pbf.type, pbf);
      if (pbf.pos === start) pbf.skip(pbf.type);
      if (pbf.pos > pbf.length) throw malformed();
    }
  } catch (error) {
    throw error instanceof AssayError ? error : malformed(error);
  }
}
