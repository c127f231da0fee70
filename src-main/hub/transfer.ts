/**
 * One file, from a hub to this disk: into a part that a later call goes on with, checked against its digest when it is
 * whole. Whatever the server says or sends, no byte beyond the listed size is written, and what comes back is the listed
 * content or an error.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '../../src-shared/errors.ts';
import { formatBytes, formatCount } from '../../src-shared/format.ts';
import { type Hub, PassingError } from './hub.ts';
import type { Digest } from './listing.ts';

export interface Transfer {
  readonly url: string;
  /** Named in errors: repository and file. */
  readonly what: string;
  readonly size: number;
  readonly digest: Digest;
  /** File that it grows in; its name is to hold the digest, so that it never goes on with another content. */
  readonly part: string;
  readonly signal: AbortSignal;
  /** Bytes that are there; fewer than before where it begins anew. */
  readonly onBytes: (bytes: number) => void;
  /** Waits between tries that bring nothing. */
  readonly waitsMs?: readonly number[];
}

const WAITS_MS = [500, 1000, 2000, 5000, 10_000];
/** However much each of them brings. */
const MOST_TRIES = 500;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** @throws AssayError `network` where the server does not deliver, `corrupt` where it delivers something else, `disk-full`. */
export async function transfer(hub: Hub, order: Transfer): Promise<void> {
  const { what, part, size, digest, signal, waitsMs = WAITS_MS } = order;
  const growth = await Growth.open(part, order);
  // What was kept from before may be at fault; what was sent whole just now is not.
  let isOld = growth.bytes > 0;
  let fruitless = 0;
  try {
    for (let tries = 0; ; tries++) {
      const before = growth.bytes;
      try {
        if (growth.bytes < size) await receive(hub, order, growth);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof PassingError)) throw diskError(error, what);
        fruitless = growth.bytes > before ? 0 : fruitless + 1;
        if (fruitless > waitsMs.length || tries >= MOST_TRIES) throw error;
        await sleep(error.waitMs ?? waitsMs[Math.max(0, fruitless - 1)] ?? 0, undefined, { signal });
        continue;
      }
      if (growth.digest() === digest.hex) break;
      await growth.restart();
      order.onBytes(0);
      if (!isOld)
        throw new AssayError('corrupt', `${what}: what was sent is not what the hub lists (its checksum differs)`, {
          hint: 'Try again; where it stays so, the file or the mirror is damaged.',
        });
      isOld = false;
    }
    await growth.sync();
  } finally {
    await growth.close();
  }
  await rm(etagFile(part), { force: true });
}

const etagFile = (part: string) => `${part}.etag`;

async function receive(hub: Hub, order: Transfer, growth: Growth): Promise<void> {
  const { url, what, size, signal, part, onBytes } = order;
  const stalled = new AbortController();
  const stop = AbortSignal.any([signal, stalled.signal]);
  const silent = () =>
    stalled.abort(
      new PassingError(`${what}: nothing came for ${hub.patienceMs / 1000} s`, 'Check the connection and go on.'),
    );
  let timer = setTimeout(silent, hub.patienceMs);
  const awaited = () => {
    clearTimeout(timer);
    timer = setTimeout(silent, hub.patienceMs);
  };
  try {
    const from = growth.bytes;
    const etag = from > 0 ? await readFile(etagFile(part), 'utf8').catch(() => '') : '';
    const response = await hub.get(
      url,
      what,
      {
        // Packed bytes could be neither counted nor gone on with.
        'accept-encoding': 'identity',
        ...(from > 0 ? { range: `bytes=${from}-` } : {}),
        ...(etag === '' ? {} : { 'if-range': etag }),
      },
      stop,
    );
    awaited();
    const now = response.headers.get('etag') ?? '';
    const goesOn = response.status === 206 && continues(response, from, size) && (etag === '' || now === etag);
    if (from > 0 && !goesOn) {
      await growth.restart();
      onBytes(0);
    }
    if (response.status !== 200 && !goesOn) {
      await response.body?.cancel();
      throw new PassingError(
        `${what}: the server does not go on where it was cut (${response.status})`,
        'Go on: it begins anew.',
        0,
      );
    }
    const said = Number(response.headers.get('content-length') ?? Number.NaN);
    if (response.headers.get('content-encoding') === null && said + growth.bytes !== size && Number.isFinite(said)) {
      await response.body?.cancel();
      throw new AssayError(
        'corrupt',
        `${what}: the server says ${formatCount(said + growth.bytes)} bytes, the hub lists ${formatCount(size)}`,
      );
    }
    // A weak one does not promise the same bytes.
    await writeFile(etagFile(part), now.startsWith('"') ? now : '');
    for await (const chunk of response.body ?? []) {
      awaited();
      if (growth.bytes + chunk.length > size)
        throw new AssayError(
          'corrupt',
          `${what}: the server sends more than the ${formatCount(size)} bytes that it lists`,
        );
      await growth.add(chunk);
      onBytes(growth.bytes);
    }
  } catch (error) {
    if (stalled.signal.aborted && !signal.aborted) throw stalled.signal.reason;
    if (error instanceof AssayError || signal.aborted || isOfDisk(error)) throw error;
    throw cut(order, growth.bytes, error);
  } finally {
    clearTimeout(timer);
  }
  if (growth.bytes < size) throw cut(order, growth.bytes);
}

const cut = ({ what, size }: Transfer, bytes: number, cause?: unknown) =>
  new PassingError(
    `${what}: the connection was cut at ${formatBytes(bytes)} of ${formatBytes(size)}`,
    'Check the connection and go on: what is there stays.',
    null,
    cause,
  );

/** `bytes <from>-<to>/<size>` */
function continues(response: Response, from: number, size: number): boolean {
  const [, start, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  return (
    Number(start) === from && (total === '*' || Number(total) === size) && !response.headers.has('content-encoding')
  );
}

/** A part as it grows, with the digest of what is in it. */
class Growth {
  bytes = 0;
  readonly #file: FileHandle;
  readonly #order: Pick<Transfer, 'size' | 'digest'>;
  #hash: Hash;

  private constructor(file: FileHandle, order: Pick<Transfer, 'size' | 'digest'>) {
    this.#file = file;
    this.#order = order;
    this.#hash = freshHash(order);
  }

  /** What lies there already counts, unless it is more than the whole. */
  static async open(part: string, order: Pick<Transfer, 'size' | 'digest' | 'onBytes' | 'what'>): Promise<Growth> {
    const flags = constants.O_RDWR | constants.O_CREAT | NO_FOLLOW;
    const file = await open(part, flags, 0o644).catch((error: unknown) => {
      throw diskError(error, order.what);
    });
    const growth = new Growth(file, order);
    try {
      const { size, isFile } = await stat(part).then((found) => ({ size: found.size, isFile: found.isFile() }));
      if (!isFile) throw new AssayError('corrupt', `${part}: is no file`);
      if (size > order.size) await growth.restart();
      else
        for await (const chunk of createReadStream(part)) {
          growth.#hash.update(chunk as Buffer);
          growth.bytes += (chunk as Buffer).length;
        }
      order.onBytes(growth.bytes);
      return growth;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length; ) {
      const { bytesWritten } = await this.#file.write(chunk, written, chunk.length - written, this.bytes + written);
      written += bytesWritten;
    }
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = freshHash(this.#order);
    this.bytes = 0;
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

function freshHash({ size, digest }: Pick<Transfer, 'size' | 'digest'>): Hash {
  // What git hashes of a file begins with its length.
  return digest.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

/** Whether the bytes of a file that lies here are those of a digest. */
export async function hasDigest(path: string, { size, digest }: Pick<Transfer, 'size' | 'digest'>): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile() || found.size !== size) return false;
  const hash = freshHash({ size, digest });
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === digest.hex;
}

const DISK_CODES: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EACCES',
  'EPERM',
  'EROFS',
  'ELOOP',
  'EIO',
]);
const isOfDisk = (error: unknown) => DISK_CODES.has(String((error as { code?: unknown } | null)?.code));

function diskError(error: unknown, what: string): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AssayError('disk-full', `${what}: the disk is full`, {
      hint: 'Free some space and go on: what is there stays.',
      cause: error,
    });
  return error;
}
