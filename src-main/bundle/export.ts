/** Writes runs into one `.assay` bundle, streamed: whatever a run has, one step or rollout of it is in memory at a time. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, type ReadStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yazl from 'yazl';
import { AssayError } from '../../src-shared/errors.ts';
import type { RolloutChoice } from '../../src-shared/transfer.ts';
import { openCheckpointFiles } from '../model/checkpoint-files.ts';
import type { Store } from '../store/store.ts';
import { readManifest } from '../training/checkpoint.ts';
import { VERSION } from '../version.ts';
import { overCompressed } from './archive.ts';
import {
  BUNDLE_LIMITS,
  CHECKPOINT_FILE,
  type CheckpointLine,
  checkpointPath,
  FORMAT_VERSION,
  MANIFEST_PATH,
  type Manifest,
  rowToLine,
  runPath,
  runRowSchema,
  VIEWS_PATH,
} from './format.ts';

/** Rollouts of a step and split that go along as samples. */
const SAMPLES = 8;
const PAGE_STEPS = 1000;

export interface BundleChoice {
  readonly runIds: readonly string[];
  readonly rollouts: RolloutChoice;
  readonly checkpoints: boolean;
  /** Must not exist. */
  readonly path: string;
}

/** What goes into the archive, in this order. */
interface Content {
  readonly path: string;
  readonly open: () => Readable;
  /** Weights do not shrink. */
  readonly packed: boolean;
}

/**
 * What is exported can be imported: the file is held against the limits of the import before it gets its name.
 * @throws AssayError `conflict` for a run that is going on, `corrupt` for a damaged checkpoint.
 */
export async function exportBundle(store: Store, choice: BundleChoice): Promise<void> {
  const runIds = [...new Set(choice.runIds)];
  const contents: Content[] = [];
  for (const runId of runIds) contents.push(...(await contentsOf(store, runId, choice)));
  const views = store.transfer.viewsOf(runIds).map((view) => jsonLine(rowToLine(view)));
  if (views.length > 0) contents.push({ path: VIEWS_PATH, open: () => Readable.from(views), packed: true });
  const partial = `${choice.path}.partial`;
  try {
    await writeArchive(partial, contents, new Set());
    // Rollouts that repeat themselves shrink so well that an import would take them for a bomb.
    const asTheyAre = await overCompressed(partial, BUNDLE_LIMITS);
    if (asTheyAre.length > 0) await writeArchive(partial, contents, new Set(asTheyAre));
    await rename(partial, choice.path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function contentsOf(store: Store, runId: string, choice: BundleChoice): Promise<Content[]> {
  const run = store.runs.get(runId);
  if (run.status === 'queued' || run.status === 'running' || run.status === 'paused')
    throw new AssayError('conflict', `Run #${run.number} is ${run.status}: a bundle holds runs that have ended`, {
      hint: 'Stop it, or export it when it is done.',
    });
  const row = store.transfer.run(runId);
  if (row === null || !runRowSchema.safeParse(row).success)
    throw new AssayError('corrupt', `Run #${run.number} cannot be exported: its row is damaged`);
  const of = (file: Parameters<typeof runPath>[1], lines: () => Iterable<string>): Content => ({
    path: runPath(runId, file),
    open: () => Readable.from(lines()),
    packed: true,
  });
  const notes = () =>
    store.notes.ofRun(runId).map(({ step, at, level, message }) => jsonLine({ step, at, level, message }));
  const contents = [
    of('run', () => [jsonLine(rowToLine(row))]),
    of('steps', () => stepLines(store, runId)),
    of('notes', notes),
  ];
  if (choice.rollouts !== 'none')
    contents.push(of('rollouts', () => rolloutLines(store, runId, choice.rollouts === 'all' ? null : SAMPLES)));
  if (!choice.checkpoints) return contents;
  const lines: string[] = [];
  for (const { step, parentId, folder, createdAt } of store.checkpoints.ofRun(runId)) {
    const files = await checkpointFiles(folder);
    lines.push(jsonLine({ step, parentId, createdAt, files } satisfies CheckpointLine));
    for (const file of files)
      contents.push({
        path: checkpointPath(runId, step, file),
        open: (): ReadStream => createReadStream(join(folder, file)),
        packed: false,
      });
  }
  contents.push(of('checkpoints', () => lines));
  return contents;
}

/** Names of the files of a whole checkpoint. */
async function checkpointFiles(folder: string): Promise<string[]> {
  try {
    await readManifest(folder);
    await openCheckpointFiles(folder);
    return (await readdir(folder)).filter((name) => CHECKPOINT_FILE.test(name)).sort();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new AssayError('corrupt', `A checkpoint cannot be exported: ${reason}`, {
      hint: 'Export without checkpoints.',
      cause: error,
    });
  }
}

/** The canonical text of what a run has measured: two runs with the same text are the same run. */
export function* stepLines(store: Store, runId: string): Generator<string> {
  for (let after = -1; ; ) {
    const page = store.transfer.steps(runId, after, PAGE_STEPS);
    for (const step of page) yield jsonLine(step);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.step;
  }
}

function* rolloutLines(store: Store, runId: string, firstOf: number | null): Generator<string> {
  for (const { step, split } of store.rollouts.steps(runId))
    for (const row of store.transfer.rollouts(runId, step, split, firstOf)) {
      // Both are given anew where they are imported.
      const { id: _, runId: __, ...rest } = row;
      yield jsonLine(rowToLine(rest));
    }
}

const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

async function writeArchive(path: string, contents: readonly Content[], asTheyAre: ReadonlySet<string>): Promise<void> {
  const zip = new yazl.ZipFile();
  const failed = Promise.withResolvers<never>();
  zip.on('error', failed.reject);
  // The manifest is the last, when all that it tells of is known.
  const listed: Manifest['contents'] = [];
  for (const { path: name, open, packed } of contents)
    zip.addReadStreamLazy(name, { compress: packed && !asTheyAre.has(name) }, (give) => {
      const hash = createHash('sha256');
      let bytes = 0;
      const meter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          bytes += chunk.length;
          done(null, chunk);
        },
        flush(done) {
          listed.push({ path: name, bytes, sha256: hash.digest('hex') });
          done();
        },
      });
      const source = open();
      source.on('error', (error) => meter.destroy(error));
      give(null, source.pipe(meter));
    });
  zip.addReadStreamLazy(MANIFEST_PATH, (give) => {
    const manifest: Manifest = {
      format: 'assay-bundle',
      version: FORMAT_VERSION,
      app: VERSION,
      created: Date.now(),
      contents: listed,
    };
    give(null, Readable.from([Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`)]));
  });
  zip.end();
  const written = pipeline(zip.outputStream, createWriteStream(path));
  // Whichever is first tells; the other must not be unheard.
  written.catch(() => undefined);
  failed.promise.catch(() => undefined);
  await Promise.race([written, failed.promise]);
}

/** That `path` can be written. @throws AssayError `conflict` where it exists, `usage` where its folder does not. */
export async function checkTarget(path: string): Promise<void> {
  if ((await stat(path).catch(() => null)) !== null)
    throw new AssayError('conflict', `${path} exists already`, { path: 'path', hint: 'Choose another name.' });
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder?.isDirectory() !== true)
    throw new AssayError('usage', `path: there is no folder ${dirname(path)}`, { path: 'path' });
}
