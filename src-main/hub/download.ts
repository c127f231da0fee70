/**
 * One download from beginning to end: it grows in a folder of its own below `.downloads`, and takes its place on the shelf
 * when every file is whole. A crash at any moment leaves the shelf as it was, and the parts to go on with.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { formatBytes } from '../../src-shared/format.ts';
import { freeDiskBytes } from '../estimate/machine.ts';
import { readTextIfThere, writeFileAtomically } from '../model/atomic-file.ts';
import { parseJson } from '../model/json.ts';
import { describePolicy } from '../model/policy-files.ts';
import { tokenizerOf } from '../model/tokenizer.ts';
import { lockFolder } from '../store/lock.ts';
import type { Hub } from './hub.ts';
import { fileUrl, isWeight, listRepository, type PlannedFile, planOf } from './listing.ts';
import { folderName, type Repo, repoText } from './repository.ts';
import { bytesIn, DOWNLOADS, readSource, type Source, shelfFolder, whenMissing, writeSource } from './shelf.ts';
import { hasDigest, transfer } from './transfer.ts';

export interface Wish {
  readonly repo: Repo;
  /** Of the repository; with `files` null for what it offers by itself. */
  readonly folder: string | null;
  readonly files: readonly string[] | null;
}

/** Where a download stands. */
export interface Progress {
  readonly commit: string;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly file: { readonly path: string; readonly bytes: number; readonly totalBytes: number } | null;
}

export interface Surroundings {
  readonly home: string;
  readonly hub: Hub;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly freeBytes?: (folder: string) => Promise<number>;
  readonly waitsMs?: readonly number[];
}

/** What is left free on the disk. */
const RESERVE_BYTES = 64 << 20;

const planSchema = z.object({
  repo: z.object({ kind: z.enum(['model', 'dataset']), name: z.string(), revision: z.string() }),
  folder: z.string().nullable(),
  files: z.array(z.string()).nullable(),
  commit: z.string(),
  totalBytes: z.int().nonnegative(),
  filesTotal: z.int().nonnegative(),
});
/** What is kept of a download while it is not whole. */
export type Plan = z.infer<typeof planSchema>;

/** Of what is asked for, so that two files of a repository grow beside each other. */
export function downloadName({ repo, folder, files }: Wish): string {
  const name = folderName(repo, folder);
  if (files === null) return name;
  return `${name}--${createHash('sha256').update(JSON.stringify(files.toSorted())).digest('hex').slice(0, 8)}`;
}

export const stageFolder = (home: string, wish: Wish): string =>
  join(shelfFolder(home, wish.repo.kind), DOWNLOADS, downloadName(wish));
const planFile = (stage: string) => join(stage, 'plan.json');

/** @returns The folder on the shelf, or the GGUF file that alone was asked for. @throws AssayError */
export async function download(wish: Wish, around: Surroundings): Promise<string> {
  const { home, hub, signal } = around;
  const stage = stageFolder(home, wish);
  await mkdir(join(stage, 'parts'), { recursive: true });
  await mkdir(join(stage, 'files'), { recursive: true });
  const release = lock(stage, repoText(wish.repo));
  let path: string;
  try {
    const listing = await listRepository(hub, wish.repo, signal);
    const plan = planOf(listing, wish);
    const target = join(shelfFolder(home, wish.repo.kind), folderName(wish.repo, wish.folder));
    await checkPlace(target, wish, listing.commit, plan);
    const kept: Plan = {
      ...{ repo: wish.repo, folder: wish.folder, files: wish.files === null ? null : [...wish.files] },
      commit: listing.commit,
      totalBytes: plan.reduce((sum, { size }) => sum + size, 0),
      filesTotal: plan.length,
    };
    await writeFileAtomically(planFile(stage), [new TextEncoder().encode(JSON.stringify(kept))]);
    await receiveAll(wish, plan, kept, target, around);
    const source: Source = {
      ...{ repo: wish.repo.name, revision: wish.repo.revision, commit: listing.commit, folder: wish.folder },
      files: plan.map(({ path: from, to, size, digest }) => ({ path: to, from, size, digest })),
    };
    // Two of a repository may end at the same time.
    const settle = lock(dirname(stage), repoText(wish.repo));
    try {
      await install(join(stage, 'files'), target, source);
    } finally {
      settle();
    }
    const [first, ...others] = plan;
    path = wish.repo.kind === 'model' && first && others.length === 0 ? join(target, first.to) : target;
  } catch (error) {
    // Nothing to go on with.
    if ((await readTextIfThere(planFile(stage))) === null) await rm(stage, { recursive: true, force: true });
    throw error;
  } finally {
    release();
  }
  await rm(stage, { recursive: true, force: true });
  return path;
}

/** Take away what there is of a download that does not go on. @throws AssayError `conflict` where another process is at it. */
export async function discard(stage: string, what: string): Promise<void> {
  if ((await lstat(stage).catch(() => null)) === null) return;
  lock(stage, what)();
  await rm(stage, { recursive: true, force: true });
}

/** Downloads that are not whole, with the bytes that are there. */
export async function unfinished(home: string): Promise<{ plan: Plan; bytes: number; filesDone: number }[]> {
  const found: { plan: Plan; bytes: number; filesDone: number }[] = [];
  for (const kind of ['model', 'dataset'] as const) {
    const folder = join(shelfFolder(home, kind), DOWNLOADS);
    for (const name of await readdir(folder).catch(whenMissing([]))) {
      const stage = join(folder, name);
      const text = await readTextIfThere(planFile(stage));
      // Nothing was listed yet when it was cut.
      if (text === null) continue;
      const files = await filesBelow(join(stage, 'files'));
      found.push({
        plan: parseJson(planSchema, text, planFile(stage)),
        bytes: files.reduce((sum, { size }) => sum + size, 0) + (await partBytes(stage)),
        filesDone: files.length,
      });
    }
  }
  return found;
}

function lock(stage: string, what: string): () => void {
  try {
    const held = lockFolder(stage);
    return () => held.release();
  } catch (error) {
    if (!(error instanceof AssayError) || !/in use/.test(error.message)) throw error;
    throw new AssayError('conflict', `${what}: is being downloaded already`, {
      hint: 'It goes on in another Assay; wait for that one, or stop it there.',
      cause: error,
    });
  }
}

/**
 * A folder holds one commit of one repository. @throws AssayError `conflict` where something that is there would be lost.
 */
async function checkPlace(target: string, { repo }: Wish, commit: string, plan: readonly PlannedFile[]): Promise<void> {
  const found = await lstat(target).catch(() => null);
  if (found === null) return;
  const what = repoText(repo);
  const old = found.isDirectory() ? await readSource(target) : null;
  if (old === null || old.repo !== repo.name)
    throw new AssayError('conflict', `${target} is there already, and was not downloaded from ${what}`, {
      hint: 'Move it away and try again.',
    });
  const planned = new Set(plan.map(({ to }) => to));
  const lost = old.files.filter(({ path }) => !planned.has(path));
  if (old.commit !== commit && lost.length > 0)
    throw new AssayError('conflict', `${what}: ${target} holds ${lost[0]?.path} of another commit, ${old.commit}`, {
      hint: `Ask for ${what}@${old.commit} to add to it, or remove it first.`,
    });
}

async function receiveAll(
  wish: Wish,
  plan: readonly PlannedFile[],
  { commit, totalBytes, filesTotal }: Plan,
  target: string,
  { home, hub, signal, onProgress, freeBytes = freeDiskBytes, waitsMs }: Surroundings,
): Promise<void> {
  const { repo } = wish;
  const stage = stageFolder(home, wish);
  const files = join(stage, 'files');
  const partOf = ({ digest }: PlannedFile) => join(stage, 'parts', digest.hex);
  await prune(stage, plan);
  const old = new Map((await readSource(target).catch(() => null))?.files.map((file) => [file.digest.hex, file.path]));
  const isThere = async ({ to, size }: PlannedFile) => {
    const found = await lstat(join(files, to)).catch(() => null);
    return found?.isFile() === true && found.size === size;
  };
  for (const file of plan) {
    const same = old.get(file.digest.hex);
    if (same === undefined || (await isThere(file)) || !(await hasDigest(join(target, same), file))) continue;
    await mkdir(dirname(join(files, file.to)), { recursive: true });
    // A copy that shares its blocks, where the disk can.
    await copyFile(join(target, same), join(files, file.to), constants.COPYFILE_FICLONE);
  }
  const missing: PlannedFile[] = [];
  for (const file of plan) if (!(await isThere(file))) missing.push(file);
  let done = plan.reduce((sum, { size }) => sum + size, 0) - missing.reduce((sum, { size }) => sum + size, 0);
  const needed = totalBytes - done - (await partBytes(stage));
  const free = await freeBytes(home);
  if (needed > 0 && needed + RESERVE_BYTES > free)
    throw new AssayError(
      'disk-full',
      `${repoText(repo)}: needs ${formatBytes(needed)} more; ${formatBytes(free)} are free on the disk of ${home}`,
      { hint: 'Free some space, or choose another data folder with ASSAY_HOME.' },
    );
  const describes = repo.kind === 'model' && plan.some(({ to }) => to === 'config.json');
  let described = false;
  for (const [index, file] of missing.entries()) {
    if (describes && !described && isWeight(file)) {
      await checkDescription(files, repoText(repo));
      described = true;
    }
    const tell = (bytes: number) =>
      onProgress({
        ...{ commit, totalBytes, filesTotal, bytes: done + bytes },
        filesDone: filesTotal - missing.length + index,
        file: { path: file.path, bytes, totalBytes: file.size },
      });
    await transfer(hub, {
      url: fileUrl(hub, repo, commit, file.path),
      what: `${repoText(repo)}: ${file.path}`,
      ...{ size: file.size, digest: file.digest, part: partOf(file), signal, onBytes: tell },
      ...(waitsMs === undefined ? {} : { waitsMs }),
    });
    await mkdir(dirname(join(files, file.to)), { recursive: true });
    await rename(partOf(file), join(files, file.to));
    done += file.size;
  }
  onProgress({ ...{ commit, totalBytes, filesTotal }, bytes: totalBytes, filesDone: filesTotal, file: null });
}

/** Refuse what no run could start from before its weights are fetched. */
async function checkDescription(folder: string, what: string): Promise<void> {
  try {
    const { companions } = await describePolicy(folder);
    tokenizerOf(companions, folder);
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replaceAll(join(folder, '/'), '');
    throw new AssayError('usage', `${what}: cannot be a policy here: ${message}`, { cause: error });
  }
}

/** What an earlier plan left and this one has no use for. */
async function prune(stage: string, plan: readonly PlannedFile[]): Promise<void> {
  const parts = new Set(plan.flatMap(({ digest }) => [digest.hex, `${digest.hex}.etag`]));
  for (const name of await readdir(join(stage, 'parts')))
    if (!parts.has(name)) await rm(join(stage, 'parts', name), { recursive: true, force: true });
  const byPath = new Map(plan.map((file) => [file.to, file]));
  for (const { path, to } of await filesBelow(join(stage, 'files'))) {
    const file = byPath.get(to);
    // It was whole once; of another commit it may be another content.
    if (file === undefined || !(await hasDigest(path, file))) await rm(path, { force: true });
  }
}

const partBytes = (stage: string) => bytesIn(join(stage, 'parts'), (name) => !name.endsWith('.etag'));

async function filesBelow(folder: string): Promise<{ path: string; to: string; size: number }[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(whenMissing([]));
  const found: { path: string; to: string; size: number }[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.push({ path, to: path.slice(folder.length + 1).replaceAll('\\', '/'), size: (await lstat(path)).size });
  }
  return found;
}

/** Put whole files in their place: added to those of the same commit, or instead of those of another. */
async function install(files: string, target: string, source: Source): Promise<void> {
  const old = await readSource(target).catch(whenMissing(null));
  if (old !== null && old.commit === source.commit) {
    const news = new Set(source.files.map(({ path }) => path));
    for (const { path } of source.files) {
      await mkdir(dirname(join(target, path)), { recursive: true });
      await rename(join(files, path), join(target, path));
    }
    await writeSource(target, {
      ...source,
      files: [...old.files.filter(({ path }) => !news.has(path)), ...source.files],
    });
    return;
  }
  await writeSource(files, source);
  const aside = `${files}.old`;
  await rm(aside, { recursive: true, force: true });
  if (old !== null) await rename(target, aside);
  await rename(files, target);
}
