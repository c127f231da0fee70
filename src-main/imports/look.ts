/** Looking at what is to be imported: which files there are, and what they begin with. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import type { ForeignReader, ForeignRun, Look } from './foreign-run.ts';

const MAX_DEPTH = 3;
const MAX_FILES = 10_000;
const HEAD_BYTES = 64;

/** The file itself, or the plain files of a folder, three levels deep; absolute, in order. Links are not followed. */
export function filesBelow(path: string): string[] {
  const root = resolve(path);
  if (!statSync(root).isDirectory()) return [root];
  const files: string[] = [];
  const visit = (folder: string, depth: number) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (files.length >= MAX_FILES)
        throw new AssayError('usage', `${path}: more than ${MAX_FILES} files; choose a smaller folder`);
      if (entry.isFile()) files.push(join(folder, entry.name));
      else if (entry.isDirectory() && depth < MAX_DEPTH) visit(join(folder, entry.name), depth + 1);
    }
  };
  visit(root, 0);
  return files.sort();
}

/** @throws AssayError `not-found`. */
export function lookAt(path: string): Look {
  try {
    const root = resolve(path);
    if (statSync(root).isDirectory())
      return {
        isFolder: true,
        names: filesBelow(root).map((file) => file.slice(root.length + 1).replaceAll('\\', '/')),
        head: new Uint8Array(),
      };
    const handle = openSync(root, 'r');
    try {
      const head = new Uint8Array(HEAD_BYTES);
      const read = readSync(handle, head, 0, HEAD_BYTES, 0);
      return { isFolder: false, names: [basename(root)], head: head.subarray(0, read) };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (error instanceof AssayError) throw error;
    throw new AssayError('not-found', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Read runs one by one; a damaged one is refused and the others stay. */
export function readEach<T>(
  sources: readonly T[],
  open: (source: T) => { readonly name: string; readonly run: () => ForeignRun },
): Awaited<ReturnType<ForeignReader['read']>> {
  const runs: ForeignRun[] = [];
  const refused: { name: string; reason: string }[] = [];
  for (const source of sources) {
    const { name, run } = open(source);
    try {
      runs.push(run());
    } catch (error) {
      refused.push({ name, reason: toErrorData(error).message.replace(/\s+/g, ' ') });
    }
  }
  return { runs, refused };
}

/** First characters of a file, for telling formats apart. */
export const beginsWith = (head: Uint8Array, bytes: string): boolean =>
  Buffer.from(head.subarray(0, bytes.length)).toString('latin1') === bytes;
