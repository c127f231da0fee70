/** Which checkpoints something still depends on, and taking away and copying out those that nothing does. */
import { copyFile, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Checkpoint } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { RunStatus } from '../../src-shared/run.ts';
import { readAdapter, readModelConfig } from '../model/checkpoint-files.ts';
import { peftFiles, writePeftAdapter } from '../model/peft.ts';
import { companionNames } from '../model/policy.ts';
import { objectives } from '../objectives/index.ts';
import { storeError } from '../store/errors.ts';
import { checkpointsFolder } from '../store/home.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

const LIVE: readonly RunStatus[] = ['queued', 'running', 'paused'];

/** What keeps each of a run's checkpoints, by id, in one line; null where it can go. @param all those in the bin too */
export function keptCheckpoints(store: Store, run: StoredRun, all: readonly StoredRun[]): Map<string, string | null> {
  const checkpoints = store.checkpoints.ofRun(run.id);
  const newest = checkpoints.at(-1);
  const reference = newest === undefined ? null : referenceStep(run, newest.step);
  return new Map(
    checkpoints.map((checkpoint) => {
      const reason =
        startedFrom(checkpoint, all) ??
        (run.status === 'finished' ? null : neededToGoOn(run, checkpoint, checkpoints.length === 1, newest, reference));
      return [checkpoint.id, reason];
    }),
  );
}

function startedFrom({ id, folder }: Checkpoint, all: readonly StoredRun[]): string | null {
  // A run reads what it started from again when it is resumed.
  const started = all
    .filter(({ parentCheckpointId, config }) => parentCheckpointId === id || config.policy.source === folder)
    .map(({ number }) => number)
    .sort((a, b) => a - b);
  return started.length === 0 ? null : `run ${started.map((number) => `#${number}`).join(', ')} started from it`;
}

function neededToGoOn(
  { number, status }: StoredRun,
  checkpoint: Checkpoint,
  isOnly: boolean,
  newest: Checkpoint | undefined,
  reference: number | null,
): string | null {
  if (LIVE.includes(status) && checkpoint.id === newest?.id)
    return `run #${number} is ${status}, and would go on from it after a crash`;
  if (checkpoint.step === reference) return `run #${number} is ${status}, and it is its reference policy`;
  return isOnly ? `run #${number} is ${status}, and it is the only one that it can go on from` : null;
}

/** Step of the checkpoint that a run resumed from `newest` takes its reference policy from (training/reference.ts). */
function referenceStep({ config }: StoredRun, newest: number): number | null {
  const every = objectives.find(({ id }) => id === config.objective.kind)?.referenceEvery?.(config.objective.options);
  return every === undefined || every === 0 ? null : Math.floor(newest / every) * every;
}

/** Every run there is, the bin's too. */
export const allRuns = (store: Store): StoredRun[] => [...store.runs.all(), ...store.runs.binned()];

/**
 * The row goes first: whoever finds the files gone finds no row either. Killed in between, a folder without a row is
 * left, which the next deletion of this run takes along.
 * @param present a stored run as it really stands
 * @throws AssayError `not-found`, or `conflict` with what keeps it.
 */
export async function deleteCheckpoint(
  store: Store,
  home: string,
  present: (run: StoredRun) => StoredRun,
  id: string,
): Promise<StoredRun> {
  const run = store.transaction(() => {
    const found = present(store.runs.get(store.checkpoints.get(id).runId));
    const kept = keptCheckpoints(store, found, allRuns(store)).get(id) ?? null;
    if (kept !== null) throw new AssayError('conflict', `Checkpoint ${id} is kept: ${kept}`);
    store.checkpoints.drop(id);
    return found;
  });
  await sweep(store, home, run);
  return run;
}

/** Only names that training/checkpoint.ts gives to whole checkpoints. */
const STEP_FOLDER = /^step-\d+$/;

/** Remove folders of a run's checkpoints that no row names. A worker makes the folder before the row, so of a run that
 * is live none above the newest row is touched. */
async function sweep(store: Store, home: string, run: StoredRun): Promise<void> {
  const parent = checkpointsFolder(home, run.id);
  const known = new Set(store.checkpoints.ofRun(run.id).map(({ folder }) => folder));
  const newest = store.checkpoints.last(run.id)?.step ?? -1;
  const live = LIVE.includes(run.status);
  try {
    for (const name of await readdir(parent)) {
      const folder = join(parent, name);
      const step = Number(name.replace('step-', ''));
      if (!STEP_FOLDER.test(name) || known.has(folder) || (live && step > newest)) continue;
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw storeError(error, home, parent);
  }
}

/** What a policy folder of Hugging Face has; the optimizer's state and our manifest stay behind. */
const POLICY_FILES = ['config.json', 'model.safetensors', ...companionNames];
/** Folder of an adapter in a form of its own. Beside the merged weights, transformers would add it to them once more. */
const ADAPTER_FOLDER = 'adapter';

/**
 * Copy a checkpoint as a policy folder, with its adapter, where it has one, as peft reads it. It appears whole or not at all.
 * @throws AssayError `usage` (path `folder`), `not-found`, `corrupt` when files of the checkpoint are missing, `disk-full`.
 */
export async function exportCheckpoint(checkpoint: Checkpoint, folder: string) {
  if (!isAbsolute(folder)) throw fault(`${folder}: has to be an absolute path`);
  const isThere = await checkEmpty(folder);
  const present = await readdir(checkpoint.folder).catch((cause: unknown) => {
    throw new AssayError('corrupt', `Checkpoint ${checkpoint.id}: its folder ${checkpoint.folder} cannot be read`, {
      cause,
    });
  });
  const files = POLICY_FILES.filter((name) => present.includes(name));
  const missing = POLICY_FILES.slice(0, 3).find((name) => !files.includes(name));
  if (missing !== undefined)
    throw new AssayError('corrupt', `Checkpoint ${checkpoint.id}: ${checkpoint.folder} has no ${missing}`);
  const draft = `${folder}.partial`;
  let bytes = 0;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    for (const name of files) {
      await copyFile(join(checkpoint.folder, name), join(draft, name));
      bytes += (await stat(join(draft, name))).size;
    }
    for (const name of await exportAdapter(checkpoint.folder, draft)) {
      files.push(name);
      bytes += (await stat(join(draft, name))).size;
    }
    // Fails where something came into it meanwhile.
    if (isThere) await rmdir(folder);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw storeError(error, dirname(folder), folder);
  }
  return { folder, files, bytes };
}

/** @returns Paths of the files that were written, within `draft`. */
async function exportAdapter(folder: string, draft: string): Promise<string[]> {
  const adapter = await readAdapter(folder, await readModelConfig(folder));
  if (adapter === null) return [];
  await mkdir(join(draft, ADAPTER_FOLDER));
  await writePeftAdapter(join(draft, ADAPTER_FOLDER), adapter);
  return peftFiles.map((name) => join(ADAPTER_FOLDER, name));
}

/** @returns Whether there is such a folder. */
async function checkEmpty(folder: string): Promise<boolean> {
  try {
    const entries = await readdir(folder);
    if (entries.length > 0) throw fault(`${folder}: has ${entries.length} entries; allowed is a new or empty folder`);
    return true;
  } catch (error) {
    if (error instanceof AssayError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw fault(`${folder}: cannot be used as a folder: ${(error as Error).message}`, error);
  }
}

const fault = (message: string, cause?: unknown) =>
  new AssayError('usage', `folder: ${message}`, { path: 'folder', cause });
