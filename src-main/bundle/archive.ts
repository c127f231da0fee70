/**
 * A bundle's zip file: every name and size is checked against the limits before a byte is unpacked, and every byte
 * against its size and SHA-256 while it is. Unpacked files get numbers for names, so that no name of the archive ever
 * reaches the file system.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { AssayError } from '../../src-shared/errors.ts';
import {
  type BundleLimits,
  FORMAT_VERSION,
  MANIFEST_PATH,
  type Manifest,
  manifestSchema,
  parsePath,
  refusal,
} from './format.ts';

/** Of Unix modes, in the upper half of the external attributes. */
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const METHODS = [0, 8];

export interface Unpacked {
  readonly manifest: Manifest;
  /** Path in the bundle to file on disk. */
  readonly files: ReadonlyMap<string, string>;
}

/** Unpack a bundle into an existing folder. @throws AssayError `corrupt`, `conflict` (a newer version), `not-found`. */
export async function unpack(path: string, folder: string, limits: BundleLimits): Promise<Unpacked> {
  const file = basename(path);
  const fileBytes = await checkMagic(path);
  let zip: ZipFile;
  try {
    zip = await yauzl.openPromise(path, { autoClose: false, lazyEntries: true, strictFileNames: true });
  } catch (error) {
    throw refusal(file, `not a whole zip file (${(error as Error).message})`, error);
  }
  try {
    const entries = await listEntries(zip, file, fileBytes, limits);
    const manifestEntry = entries.get(MANIFEST_PATH);
    if (manifestEntry === undefined) throw refusal(file, `it has no ${MANIFEST_PATH}, so it is no bundle of Assay`);
    if (manifestEntry.uncompressedSize > limits.manifestBytes)
      throw refusal(
        file,
        `${MANIFEST_PATH} has ${manifestEntry.uncompressedSize} bytes; at most ${limits.manifestBytes} are allowed`,
      );
    const manifestFile = join(folder, 'manifest');
    await extract(zip, manifestEntry, manifestFile, file);
    const manifest = readManifest(await readFile(manifestFile, 'utf8'), file);
    checkContents(manifest, entries, file);
    const files = new Map<string, string>();
    for (const { path: name, bytes, sha256 } of manifest.contents) {
      const entry = entries.get(name) as Entry;
      const target = join(folder, String(files.size));
      const got = await extract(zip, entry, target, file);
      if (got.bytes !== bytes) throw refusal(file, `${name} has ${got.bytes} bytes; the manifest says ${bytes}`);
      if (got.sha256 !== sha256) throw refusal(file, `${name} is damaged: its SHA-256 is not that of the manifest`);
      files.set(name, target);
    }
    return { manifest, files };
  } finally {
    zip.close();
  }
}

/** Entries that unpack to more of their size than `limits` allows: they have to be stored as they are. */
export async function overCompressed(path: string, limits: BundleLimits): Promise<string[]> {
  const zip = await yauzl.openPromise(path, { autoClose: true, lazyEntries: true });
  const found: string[] = [];
  for await (const entry of zip.eachEntry()) if (isBomb(entry, limits)) found.push(entry.fileName);
  return found;
}

async function checkMagic(path: string): Promise<number> {
  const file = basename(path);
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      if (bytesRead < 4 || buffer.readUInt32LE(0) !== 0x04034b50)
        throw refusal(file, 'not a bundle: it does not begin as a zip file does');
      return size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof AssayError) throw error;
    throw new AssayError('not-found', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

async function listEntries(
  zip: ZipFile,
  file: string,
  fileBytes: number,
  limits: BundleLimits,
): Promise<Map<string, Entry>> {
  if (zip.entryCount > limits.entries)
    throw refusal(file, `it has ${zip.entryCount} entries; at most ${limits.entries} are allowed`);
  const entries = new Map<string, Entry>();
  const folded = new Set<string>();
  let total = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      const shown = JSON.stringify(name.slice(0, 100));
      if (parsePath(name) === null) throw refusal(file, `entry ${shown} has no place in a bundle`);
      if (folded.has(name.toLowerCase())) throw refusal(file, `entry ${shown} is there twice`);
      folded.add(name.toLowerCase());
      const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
      if (type !== 0 && type !== REGULAR) throw refusal(file, `entry ${shown} is not a plain file`);
      if (entry.isEncrypted() || !METHODS.includes(entry.compressionMethod))
        throw refusal(file, `entry ${shown} is encrypted or packed in an unknown way`);
      if (isBomb(entry, limits))
        throw refusal(
          file,
          `entry ${shown} unpacks ${entry.compressedSize} bytes to ${entry.uncompressedSize}; at most ${limits.ratio} times as many are allowed`,
        );
      total += entry.uncompressedSize;
      entries.set(name, entry);
    }
  } catch (error) {
    if (error instanceof AssayError) throw error;
    throw refusal(file, `its list of entries is malformed (${(error as Error).message})`, error);
  }
  if (total > limits.totalBytes)
    throw refusal(file, `it unpacks to ${total} bytes; at most ${limits.totalBytes} are allowed`);
  // Entries may share their packed bytes, so that each is modest and all together are not.
  if (total > limits.ratioFloorBytes && total > limits.ratio * fileBytes)
    throw refusal(file, `it unpacks ${fileBytes} bytes to ${total}; at most ${limits.ratio} times as many are allowed`);
  return entries;
}

const isBomb = ({ compressedSize, uncompressedSize }: Entry, limits: BundleLimits): boolean =>
  uncompressedSize > limits.ratioFloorBytes && uncompressedSize > limits.ratio * compressedSize;

async function extract(zip: ZipFile, entry: Entry, target: string, file: string) {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    // Fails where the data are more or less than the entry's size says.
    await pipeline(await zip.openReadStreamPromise(entry), meter, createWriteStream(target, { flags: 'wx' }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The disk's fault, not the file's.
    if (code !== undefined && !code.startsWith('Z_') && !code.startsWith('ERR_')) throw error;
    throw refusal(file, `${entry.fileName} cannot be unpacked (${(error as Error).message})`, error);
  }
  return { bytes, sha256: hash.digest('hex') };
}

function readManifest(text: string, file: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refusal(file, `${MANIFEST_PATH} is not JSON`, error);
  }
  const version = (json as { version?: unknown } | null)?.version;
  // Before anything else is looked at: a newer format may have any other form.
  if (typeof version === 'number' && version > FORMAT_VERSION)
    throw new AssayError(
      'conflict',
      `${file}: bundle version ${version} was written by a newer Assay; this one reads up to ${FORMAT_VERSION}. Nothing was imported`,
      { hint: 'Update Assay, then import it again.' },
    );
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw refusal(file, `${MANIFEST_PATH}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`);
}

/** The manifest and the archive name the same things. */
function checkContents(manifest: Manifest, entries: ReadonlyMap<string, Entry>, file: string): void {
  const listed = new Set<string>();
  for (const { path, bytes } of manifest.contents) {
    const entry = entries.get(path);
    if (entry === undefined || path === MANIFEST_PATH || listed.has(path))
      throw refusal(file, `the manifest names ${JSON.stringify(path.slice(0, 100))}, which is not in the bundle once`);
    if (entry.uncompressedSize !== bytes)
      throw refusal(file, `${path} has ${entry.uncompressedSize} bytes; the manifest says ${bytes}`);
    listed.add(path);
  }
  for (const name of entries.keys())
    if (name !== MANIFEST_PATH && !listed.has(name)) throw refusal(file, `${name} is not in the manifest`);
}
