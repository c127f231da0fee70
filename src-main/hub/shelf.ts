/**
 * Where downloads lie: `models/<owner>--<name>/` and `datasets/<owner>--<name>/` of the data folder, each whole and with
 * a `source.json` that says what it is. What is taken away lies aside for a minute, so that it can come back.
 */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { readTextIfThere, writeFileAtomically } from '../model/atomic-file.ts';
import { parseJson } from '../model/json.ts';
import { isSafePath, type Repo } from './repository.ts';

export const SOURCE_FILE = 'source.json';
/** Below `models/` and `datasets/`: downloads that are not whole, and what was taken away. */
export const DOWNLOADS = '.downloads';
const REMOVED = '.removed';
const KEPT_MS = 60_000;

const sourceSchema = z.object({
  /** `owner/name`. */
  repo: z.string(),
  revision: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  /** Of the repository, where it is not all of it. */
  folder: z.string().nullable(),
  files: z.array(
    z.object({
      /** Below this folder, and in the repository. */
      path: z.string().refine(isSafePath, 'not the path of a file'),
      from: z.string(),
      size: z.int().nonnegative(),
      digest: z.object({ kind: z.enum(['sha256', 'git-sha1']), hex: z.string().regex(/^[0-9a-f]{40,64}$/) }),
    }),
  ),
});
/** What `source.json` holds. */
export type Source = z.infer<typeof sourceSchema>;

export const shelfFolder = (home: string, kind: Repo['kind']): string =>
  join(home, kind === 'dataset' ? 'datasets' : 'models');

/** Null where a folder has none. @throws AssayError `corrupt` for one that makes no sense. */
export async function readSource(folder: string): Promise<Source | null> {
  const path = join(folder, SOURCE_FILE);
  const text = await readTextIfThere(path);
  return text === null ? null : parseJson(sourceSchema, text, path);
}

export async function writeSource(folder: string, source: Source): Promise<void> {
  const text = `${JSON.stringify(source, null, 2)}\n`;
  await writeFileAtomically(join(folder, SOURCE_FILE), [new TextEncoder().encode(text)]);
}

export interface Shelved {
  readonly folder: string;
  readonly name: string;
  /** Null where it was put here by hand. */
  readonly source: Source | null;
  /** GGUF files; empty where it is a policy folder. */
  readonly files: readonly string[];
}

/** Folders of the shelf of policies, by name; links are not followed. */
export async function shelved(home: string): Promise<Shelved[]> {
  const shelf = shelfFolder(home, 'model');
  const entries = await readdir(shelf, { withFileTypes: true }).catch(whenMissing([]));
  const found: Shelved[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const folder = join(shelf, entry.name);
    // A damaged note is no reason to hide what it is about.
    const source = await readSource(folder).catch(() => null);
    const names = (await readdir(folder, { withFileTypes: true }))
      .filter((each) => each.isFile())
      .map((each) => each.name);
    const files = names.includes('config.json') ? [] : names.filter((name) => /\.gguf$/i.test(name)).sort();
    found.push({ folder, name: source?.repo ?? entry.name, source, files: files.map((name) => join(folder, name)) });
  }
  return found;
}

/** @returns What brings it back within a minute. @throws AssayError `usage` for what is not on the shelf. */
export async function takeAway(home: string, path: string): Promise<string> {
  const shelf = shelfFolder(home, 'model');
  const parts = relative(shelf, path).split(sep);
  const [name = ''] = parts;
  const found = await lstat(path).catch(() => null);
  if (parts.length > 2 || name === '' || name.startsWith('.') || found === null || found.isSymbolicLink())
    throw new AssayError('usage', `${path}: is no policy that Assay downloaded; those lie in ${shelf}`);
  const folder = join(shelf, name);
  const others =
    parts.length === 1 ? [] : (await readdir(folder)).filter((each) => each !== parts[1] && each !== SOURCE_FILE);
  const undo = `${Date.now()}-${randomUUID()}`;
  const aside = join(shelf, REMOVED, undo);
  await mkdir(aside, { recursive: true });
  if (others.length === 0) await rename(folder, join(aside, name));
  else {
    await mkdir(join(aside, name));
    await rename(path, join(aside, name, parts[1] ?? ''));
  }
  setTimeout(() => void dropRemoved(home).catch(() => undefined), KEPT_MS + 1000).unref();
  return undo;
}

/** @throws AssayError `not-found` once it is gone, `conflict` where another took its place. */
export async function bringBack(home: string, undo: string): Promise<void> {
  const shelf = shelfFolder(home, 'model');
  if (!/^\d+-[0-9a-f-]{36}$/.test(undo)) throw new AssayError('usage', `undo: ${undo} is nothing that was taken away`);
  const aside = join(shelf, REMOVED, undo);
  const [name] = await readdir(aside).catch(whenMissing([]));
  if (name === undefined)
    throw new AssayError('not-found', 'What was removed is gone for good', { hint: 'Download it again.' });
  const folder = join(shelf, name);
  if ((await lstat(folder).catch(() => null)) === null) await rename(join(aside, name), folder);
  else
    for (const file of await readdir(join(aside, name))) {
      if (file !== SOURCE_FILE && (await lstat(join(folder, file)).catch(() => null)) !== null)
        throw new AssayError('conflict', `${join(folder, file)} is there again`);
      await rename(join(aside, name, file), join(folder, file));
    }
  await rm(aside, { recursive: true });
}

/** Delete what was taken away more than a minute ago. */
export async function dropRemoved(home: string, now: number = Date.now()): Promise<void> {
  const removed = join(shelfFolder(home, 'model'), REMOVED);
  for (const name of await readdir(removed).catch(whenMissing([])))
    if (!(now - Number.parseInt(name, 10) < KEPT_MS)) await rm(join(removed, name), { recursive: true, force: true });
}

export function whenMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as { code?: unknown }).code))) return value;
    throw error;
  };
}

/** Bytes of the files directly in a folder. */
export async function bytesIn(folder: string, counts: (name: string) => boolean = () => true): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(whenMissing([])))
    if (entry.isFile() && counts(entry.name)) sum += (await lstat(join(folder, entry.name))).size;
  return sum;
}
