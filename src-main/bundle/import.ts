/**
 * Takes an `.assay` bundle into the store, whole or not at all. First everything is unpacked beside the store and
 * checked; then one transaction inserts the rows, reads each back with the schema of its table, moves the folders, and
 * ends. Numbers are new; ids, times, parents and controls stay.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { rolloutSchema } from '../../src-shared/rollout.ts';
import type { ImportReport } from '../../src-shared/transfer.ts';
import { openCheckpointFiles, readModelConfig } from '../model/checkpoint-files.ts';
import { storeError } from '../store/errors.ts';
import { checkpointsFolder } from '../store/home.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Row } from '../store/transfer.ts';
import { checkpointFolder, readManifest } from '../training/checkpoint.ts';
import { type Unpacked, unpack } from './archive.ts';
import { stepLines } from './export.ts';
import {
  BUNDLE_LIMITS,
  type BundleLimits,
  type CheckpointLine,
  checkpointLine,
  checkpointPath,
  noteLine,
  parsePath,
  type RunFile,
  refusal,
  rowFromLine,
  rowLine,
  runPath,
  runRowSchema,
  stepLine,
  VIEWS_PATH,
  viewRowSchema,
} from './format.ts';
import { readLines } from './lines.ts';
import { Staging } from './staging.ts';
import { plain } from './text.ts';

export interface ImportBundleOptions {
  readonly limits?: BundleLimits;
}

/** A bundle that was unpacked and whose checkpoints hold what they say. */
interface Checked extends Unpacked {
  readonly file: string;
  readonly limits: BundleLimits;
  readonly runIds: readonly string[];
  readonly checkpoints: ReadonlyMap<string, readonly (CheckpointLine & { bytes: number })[]>;
}

/**
 * @throws AssayError `corrupt` (it is no whole bundle, or lies), `conflict` (a newer version; another run has one of
 *   its ids), `not-found`, `disk-full`. The store and the folders are then as they were.
 */
export async function importBundle(
  store: Store,
  home: string,
  path: string,
  { limits = BUNDLE_LIMITS }: ImportBundleOptions = {},
): Promise<ImportReport> {
  const file = plain(basename(path));
  const staging = await Staging.open(home);
  try {
    const unpacked = await unpack(path, staging.folder, limits);
    const checked = await check(unpacked, file, staging, limits);
    return store.transaction(() => insertAll(store, home, checked, staging));
  } catch (error) {
    staging.takeBack();
    const known = storeError(error, home);
    if (known instanceof AssayError) throw known;
    throw refusal(file, error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error), error);
  } finally {
    await staging.close();
  }
}

/** Lines of a file of the bundle; none where it is not there. */
function* linesOf<T>(
  { files, file, limits }: Omit<Checked, 'runIds' | 'checkpoints'>,
  name: string,
  schema: z.ZodType<T>,
) {
  const path = files.get(name);
  if (path !== undefined) yield* readLines({ path, file, name, maxBytes: limits.lineBytes }, schema);
}

async function check(unpacked: Unpacked, file: string, staging: Staging, limits: BundleLimits): Promise<Checked> {
  const source = { ...unpacked, file, limits };
  const paths = [...unpacked.files.keys()].map((path) => parsePath(path)).filter((path) => path !== null);
  const runIds = [...new Set(paths.flatMap((path) => ('runId' in path ? [path.runId] : [])))];
  if (runIds.length === 0) throw refusal(file, 'it holds no run');
  const checkpoints = new Map<string, (CheckpointLine & { bytes: number })[]>();
  for (const runId of runIds) {
    for (const needed of ['run', 'steps'] as const)
      if (!unpacked.files.has(runPath(runId, needed))) throw refusal(file, `${runPath(runId, needed)} is missing`);
    const ofRun: (CheckpointLine & { bytes: number })[] = [];
    const used = new Set<string>();
    for (const line of linesOf(source, runPath(runId, 'checkpoints'), checkpointLine)) {
      const folder = checkpointFolder(join(staging.runFolder(runId), 'checkpoints'), line.step);
      mkdirSync(folder, { recursive: true });
      let bytes = 0;
      for (const name of new Set(line.files)) {
        const wanted = checkpointPath(runId, line.step, name);
        const from = unpacked.files.get(wanted);
        if (from === undefined || used.has(wanted)) throw refusal(file, `${wanted} is not in the bundle once`);
        used.add(wanted);
        bytes += statSync(from).size;
        await rename(from, join(folder, name));
      }
      await open(folder, `${file}: checkpoint ${line.step} of run ${runId}`, line.step);
      ofRun.push({ ...line, bytes });
    }
    checkpoints.set(runId, ofRun);
    for (const path of paths)
      if (
        path.kind === 'checkpoint-file' &&
        path.runId === runId &&
        !used.has(checkpointPath(runId, path.step, path.file))
      )
        throw refusal(file, `${checkpointPath(runId, path.step, path.file)} belongs to no checkpoint`);
  }
  return { ...source, runIds, checkpoints };
}

/** Every layer is looked up by name: a number of them alone must not keep the machine busy. */
const MAX_LAYERS = 1000;

/** Open a checkpoint as a run would that goes on from it. */
async function open(folder: string, what: string, step: number): Promise<void> {
  try {
    const manifest = await readManifest(folder);
    if (manifest.step !== step) throw new Error(`it is of step ${manifest.step}`);
    const { layers } = await readModelConfig(folder);
    if (layers > MAX_LAYERS)
      throw new Error(`config.json: num_hidden_layers is ${layers}; at most ${MAX_LAYERS} are believed`);
    await openCheckpointFiles(folder);
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replaceAll(`${folder}/`, '');
    throw new AssayError('corrupt', `${what} is not whole: ${reason.split('\n')[0]}. Nothing was imported`, {
      cause: error,
    });
  }
}

/** Inside the transaction. */
function insertAll(store: Store, home: string, checked: Checked, staging: Staging): ImportReport {
  const report: ImportReport = { format: 'assay', imported: [], skipped: [], refused: [], notes: [] };
  const moved: string[] = [];
  for (const runId of checked.runIds) {
    const row = runRow(checked, runId);
    const here = store.runs.find(runId);
    if (here !== null) {
      if (!isSame(store, here, row, checked, runId))
        throw new AssayError(
          'conflict',
          `${checked.file}: run ${runId} (${plain(String(row.name))}) has the id of run #${here.number} (${here.name}), which is another. Nothing was imported`,
        );
      report.skipped.push({ name: here.name, reason: `it is here already, as run #${here.number}` });
      continue;
    }
    const run = insertRun(store, home, checked, row);
    mkdirSync(join(staging.runFolder(runId), 'checkpoints'), { recursive: true });
    moved.push(runId);
    report.imported.push({ runId, number: run.number, name: run.name });
  }
  insertViews(store, checked, report);
  staging.move(moved);
  return report;
}

function only<T>(lines: Iterable<T>, file: string, name: string): T {
  const [first, second] = lines;
  if (first === undefined || second !== undefined) throw refusal(file, `${name} must have one line`);
  return first;
}

function runRow(checked: Checked, runId: string): Row {
  const name = runPath(runId, 'run');
  const row = rowFromLine(only(linesOf(checked, name, rowLine), checked.file, name));
  const parsed = runRowSchema.safeParse(row);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refusal(checked.file, `${name}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  if (row.id !== runId) throw refusal(checked.file, `${name} is of run ${parsed.data.id}`);
  return row;
}

/** The same run has the same configuration, the same time of creation and the same measurements. */
function isSame(store: Store, here: StoredRun, row: Row, checked: Checked, runId: string): boolean {
  const stored = store.transfer.run(runId);
  if (stored?.config !== row.config || here.createdAt !== row.createdAt) return false;
  const hash = createHash('sha256');
  for (const line of stepLines(store, runId)) hash.update(line);
  const path = runPath(runId, 'steps');
  return checked.manifest.contents.find((content) => content.path === path)?.sha256 === hash.digest('hex');
}

function insertRun(store: Store, home: string, checked: Checked, row: Row): StoredRun {
  const { file } = checked;
  const runId = String(row.id);
  const { number: _, deletedAt: __, origin, ...kept } = row;
  store.transfer.insert('runs', {
    ...kept,
    name: plain(String(row.name)),
    number: store.transfer.takeNumber(runId),
    origin: originOf(origin, file),
  });
  // The row as the store believes it; anything else in it undoes the transaction.
  const run = store.runs.get(runId);
  let last = -1;
  for (const { step, at, metrics } of linesOf(checked, runPath(runId, 'steps'), stepLine)) {
    if (step <= last) throw refusal(file, `${runPath(runId, 'steps')}: step ${step} comes after step ${last}`);
    last = step;
    store.steps.replace(runId, step, metrics, at);
  }
  for (const { at, message, ...note } of linesOf(checked, runPath(runId, 'notes'), noteLine))
    store.notes.insert(runId, { ...note, message: plain(message) }, at);
  for (const line of linesOf(checked, runPath(runId, 'rollouts'), rowLine)) {
    const id = store.transfer.insert('rollouts', { ...rowFromLine(line), runId });
    const rollout = rolloutSchema.safeParse(store.rollouts.get(id));
    if (rollout.success) continue;
    const issue = rollout.error.issues[0];
    throw refusal(file, `${runPath(runId, 'rollouts' satisfies RunFile)}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  for (const { step, parentId, createdAt, bytes } of checked.checkpoints.get(runId) ?? [])
    store.transfer.insert('checkpoints', {
      id: `${runId}-${step}`,
      run_id: runId,
      step,
      parent_id: parentId,
      folder: checkpointFolder(checkpointsFolder(home, runId), step),
      bytes,
      created_at: createdAt,
    });
  return run;
}

/** A run that another tool made says so wherever it goes. */
function originOf(origin: Row[string] | undefined, file: string): string {
  if (typeof origin === 'string' && !origin.includes('"format":"assay"')) return origin;
  return JSON.stringify({ format: 'assay', file });
}

function insertViews(store: Store, checked: Checked, report: ImportReport): void {
  for (const line of linesOf(checked, VIEWS_PATH, rowLine)) {
    const row = rowFromLine(line);
    const parsed = viewRowSchema.safeParse(row);
    if (!parsed.success)
      throw refusal(checked.file, `${VIEWS_PATH}: ${parsed.error.issues[0]?.path.join('.')} is malformed`);
    const { id, name, state } = parsed.data;
    if (depthOf(state) > MAX_DEPTH) throw refusal(checked.file, `${VIEWS_PATH}: ${plain(name)} is nested too deep`);
    JSON.parse(state);
    if (store.transfer.view(id) === null) store.transfer.insert('views', { ...row, name: plain(name) });
    else report.skipped.push({ name: plain(name), reason: 'a view with its id is here already' });
  }
}

const MAX_DEPTH = 64;

/** Deepest nesting of a JSON text, found without recursion. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const part of json.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/g)) {
    if (part[0] === '[' || part[0] === '{') deepest = Math.max(deepest, ++depth);
    else if (part[0] === ']' || part[0] === '}') depth--;
  }
  return deepest;
}
