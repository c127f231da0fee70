/** A store with runs worth carrying, and bundles with something wrong in them. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import yazl from 'yazl';
import { exportBundle } from '../../../src-main/bundle/export.ts';
import { checkpointsFolder } from '../../../src-main/store/home.ts';
import type { Store } from '../../../src-main/store/store.ts';
import { checkpointFolder } from '../../../src-main/training/checkpoint.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder, writePolicy } from '../../fixtures/folders.ts';
import { rolloutRecord } from '../../fixtures/steps.ts';

export interface RunChoice {
  readonly name?: string;
  readonly steps?: number;
  readonly parent?: string;
  readonly controlOf?: string;
  readonly checkpoint?: { readonly home: string };
}

/** Values that only an exact copy keeps. */
export const value = (step: number): number => Math.sqrt(step + 0.1) * 10 ** ((step % 7) - 3);

/** A finished run with metrics, notes, rollouts and, where asked, a checkpoint whose files are whole. */
export async function addRun(store: Store, choice: RunChoice = {}): Promise<string> {
  const { name = 'Run', steps = 5, parent = null, controlOf, checkpoint } = choice;
  const id = store.runs.freshId();
  store.runs.insert(
    { id, config: runConfig({ name, steps }), codeVersion: '0.1.0', parentCheckpointId: parent, controlOf },
    1_700_000_000_123.5,
  );
  for (let step = 0; step <= steps; step++)
    store.saveStep(
      id,
      {
        kind: 'step',
        step,
        metrics: { 'eval/avg@k': value(step), 'train/reward': -value(step), 'train/loss': 1 / 3 + step },
        rollouts: Array.from({ length: 12 }, (_, i) =>
          rolloutRecord(i % 4, { problemId: `p${Math.floor(i / 4)}`, reward: value(i) }),
        ),
      },
      1_700_000_001_000 + step / 3,
    );
  store.notes.insert(id, { step: 2, level: 'warning', message: 'Look <here>' }, 1_700_000_002_000.25);
  if (checkpoint !== undefined) {
    const folder = checkpointFolder(checkpointsFolder(checkpoint.home, id), steps);
    await mkdir(folder, { recursive: true });
    await writePolicy(folder);
    await writeFile(
      join(folder, 'checkpoint.json'),
      JSON.stringify({ step: steps, tokens: 10, start: null, best: null }),
    );
    store.checkpoints.replace(id, { kind: 'checkpoint', step: steps, folder, bytes: 1234 }, 1_700_000_003_000);
  }
  store.runs.setStatus(id, {
    status: 'finished',
    startedAt: 1_700_000_000_500,
    endedAt: 1_700_000_009_000,
    error: null,
  });
  return id;
}

export async function bundleOf(store: Store, runIds: readonly string[], checkpoints = false): Promise<string> {
  const path = join(await temporaryFolder(), 'runs.assay');
  await exportBundle(store, { runIds, rollouts: 'all', checkpoints, path });
  return path;
}

export type Contents = Map<string, Buffer>;

export async function readContents(path: string): Promise<Contents> {
  const contents: Contents = new Map();
  const zip = await yauzl.openPromise(path, { autoClose: false, lazyEntries: true });
  for await (const entry of zip.eachEntry())
    contents.set(
      entry.fileName,
      Buffer.from(await text((await zip.openReadStreamPromise(entry)).setEncoding('latin1')), 'latin1'),
    );
  zip.close();
  return contents;
}

/** Manifest entries that tell the truth about `contents`, so that only what a test changes is wrong. */
export function withTrueManifest(contents: Contents, changes: Record<string, unknown> = {}): Contents {
  const manifest = JSON.parse(String(contents.get('manifest.json')));
  const listed = [...contents].filter(([name]) => name !== 'manifest.json');
  manifest.contents = listed.map(([path, bytes]) => ({
    path,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
  return new Map([...listed, ['manifest.json', Buffer.from(JSON.stringify({ ...manifest, ...changes }))]]);
}

export async function writeContents(
  contents: Iterable<readonly [string, Buffer]>,
  options: { compress?: boolean; mode?: number } = {},
): Promise<string> {
  const zip = new yazl.ZipFile();
  for (const [name, bytes] of contents) zip.addBuffer(bytes, name, options);
  zip.end();
  const path = join(await temporaryFolder(), 'changed.assay');
  await pipeline(zip.outputStream, createWriteStream(path));
  return path;
}

/** Bytes replaced wherever they are in a file: names that a zip writer would refuse, sizes that lie. */
export async function patched(path: string, from: string | Buffer, to: string | Buffer): Promise<string> {
  const bytes = await readFile(path);
  const [needle, put] = [Buffer.from(from), Buffer.from(to)];
  if (needle.length !== put.length) throw new Error('a patch keeps the length');
  let found = 0;
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
    put.copy(bytes, at);
    found++;
  }
  if (found === 0) throw new Error(`${needle} is not in the file`);
  const target = join(await temporaryFolder(), 'patched.assay');
  await writeFile(target, bytes);
  return target;
}
