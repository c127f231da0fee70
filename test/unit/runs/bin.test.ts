import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { binnedRuns, KEEP_MS, purge } from '../../../src-main/runs/bin.ts';
import { checkpointsFolder, runFolder } from '../../../src-main/store/home.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

/** Runs with a checkpoint at step 5 each, on disk too; `parent` is the run that one started from. */
async function runsOf(parents: readonly (number | null)[]) {
  const home = await temporaryFolder();
  const store = openStore(home, 'owner');
  onTestFinished(() => store.close());
  const ids: string[] = [];
  for (const parent of parents) {
    const id = store.runs.freshId();
    const parentCheckpointId = parent === null ? null : `${ids[parent]}-5`;
    store.runs.insert({ id, config: runConfig(), codeVersion: '1', parentCheckpointId });
    const folder = join(checkpointsFolder(home, id), '5');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'model.safetensors'), 'weights');
    store.checkpoints.replace(id, { kind: 'checkpoint', step: 5, folder, bytes: 7 }, 0);
    ids.push(id);
  }
  const isThere = (index: number) => {
    const id = ids[index] ?? '';
    const row = store.runs.find(id) !== null;
    expect(existsSync(runFolder(home, id))).toBe(row);
    return row;
  };
  return { home, store, ids, isThere };
}

test('what was deleted before goes, rows and files; what was deleted since, and what was not, stays', async () => {
  const { home, store, ids, isThere } = await runsOf([null, null, null]);
  store.runs.setDeleted(ids.slice(0, 1), 100);
  store.runs.setDeleted(ids.slice(1, 2), 200);
  expect(await purge(store, home, 200)).toEqual({ purged: 1, kept: 0 });
  expect([0, 1, 2].map(isThere)).toEqual([false, true, true]);
  expect(binnedRuns(store)).toEqual([
    expect.objectContaining({ id: ids[1], number: 2, deletedAt: 200, purgeAt: 200 + KEEP_MS, keptFor: null }),
  ]);
});

test('a run stays for whoever started from it, over generations, until that one goes too', async () => {
  // 0 <- 1 <- 2, and 3 by itself.
  const { home, store, ids, isThere } = await runsOf([null, 0, 1, null]);
  store.runs.setDeleted([ids[0], ids[1], ids[3]].map(String), 100);
  expect(binnedRuns(store).map(({ number, keptFor }) => [number, keptFor])).toEqual([
    [4, null],
    [2, 3],
    [1, 2],
  ]);
  expect(await purge(store, home, 1000)).toEqual({ purged: 1, kept: 2 });
  expect([0, 1, 2, 3].map(isThere)).toEqual([true, true, true, false]);

  // Deleted too, but not long enough ago: still kept for it.
  store.runs.setDeleted([String(ids[2])], 5000);
  expect(await purge(store, home, 1000)).toEqual({ purged: 0, kept: 2 });
  expect(await purge(store, home, Number.POSITIVE_INFINITY)).toEqual({ purged: 3, kept: 0 });
  expect([0, 1, 2].map(isThere)).toEqual([false, false, false]);
});
