/** What leaves a store in a bundle enters another as it was. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { exportBundle } from '../../../src-main/bundle/export.ts';
import { importBundle } from '../../../src-main/bundle/import.ts';
import { compare } from '../../../src-main/comparison/compare.ts';
import { requeue } from '../../../src-main/runs/resume.ts';
import { detailOf } from '../../../src-main/runs/summary.ts';
import { databaseFile } from '../../../src-main/store/home.ts';
import type { Store } from '../../../src-main/store/store.ts';
import { calls } from '../../../src-shared/api.ts';
import { runStore } from '../../fixtures/compared-runs.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { rolloutRecord } from '../../fixtures/steps.ts';
import { expectRefusal, freshStore, picture } from '../imports/harness.ts';
import { addRun, bundleOf, readContents } from './harness.ts';

/** All that the store gives about a run but what an import makes anew. */
function everything(store: Store, runId: string) {
  const { number: _, origin: __, ...detail } = calls.run.output.parse(detailOf(store, store.runs.get(runId)));
  const withoutIds = store.rollouts.steps(runId).flatMap(({ step, split }) =>
    store.rollouts.summaries(runId, step, split).map(({ id }) => {
      const { id: ___, ...rollout } = store.rollouts.get(id);
      return rollout;
    }),
  );
  return {
    detail,
    steps: store.steps.after(runId, -1),
    at: store.transfer.steps(runId, -1, 1000).map(({ at }) => at),
    notes: store.notes.ofRun(runId).map(({ id: _id, ...note }) => note),
    rollouts: withoutIds,
    checkpoints: store.checkpoints.ofRun(runId).map(({ folder: _folder, bytes: _bytes, ...rest }) => rest),
  };
}

test('runs with their links, numbers to the last digit, times, notes, rollouts, checkpoints and views', async () => {
  const from = await freshStore();
  const parent = await addRun(from.store, { name: 'Parent', checkpoint: from });
  const child = await addRun(from.store, { name: 'Child', parent: `${parent}-5`, checkpoint: from });
  const control = await addRun(from.store, { name: 'Control', controlOf: child });
  from.store.transfer.insert('views', {
    id: 'view-1',
    kind: 'comparison',
    name: 'Mine',
    state: JSON.stringify({ runs: [parent, child] }),
    createdAt: 1,
    updatedAt: 2,
  });
  const path = await bundleOf(from.store, [parent, child, control], true);

  const to = await freshStore();
  // Numbers are taken here, so that imported runs get others.
  await addRun(to.store, { name: 'Already here' });
  const report = await importBundle(to.store, to.home, path);
  expect(report).toEqual({
    format: 'assay',
    imported: [
      { runId: parent, number: 2, name: 'Parent' },
      { runId: child, number: 3, name: 'Child' },
      { runId: control, number: 4, name: 'Control' },
    ],
    skipped: [],
    refused: [],
    notes: [],
  });
  for (const id of [parent, child, control]) {
    expect(everything(to.store, id)).toEqual(everything(from.store, id));
    expect(to.store.runs.get(id).origin).toEqual({ format: 'assay', file: 'runs.assay' });
  }
  expect(to.store.runs.get(control).controlOf).toBe(child);
  expect(to.store.checkpoints.get(`${child}-5`).parentId).toBe(`${parent}-5`);
  expect(to.store.transfer.view('view-1')).toEqual(from.store.transfer.view('view-1'));
  // Checkpoints are files of this home now, and nothing of the import is left beside them.
  for (const { folder } of to.store.checkpoints.ofRun(child)) {
    expect(folder.startsWith(join(to.home, 'runs', child))).toBe(true);
    expect(readdirSync(folder)).toContain('model.safetensors');
  }
  expect(existsSync(join(to.home, 'incoming'))).toBe(false);
  await requeue(to.store, to.store.runs.get(child), 9);
  expect(to.store.runs.get(child).status).toBe('queued');
});

test('REAL values come bit for bit: extremes, subnormals, sums that are not round', async () => {
  const from = await freshStore();
  const runId = await addRun(from.store, { steps: 1 });
  const odd = [0.1 + 0.2, Number.MIN_VALUE, Number.MAX_VALUE, 5e-324, 1 / 3, 2 ** 53 + 2, 1e21, -1e-7];
  for (const [step, number] of odd.entries())
    from.store.saveStep(runId, { kind: 'step', step, metrics: { 'train/kl': number }, rollouts: [] }, step);
  const to = await freshStore();
  await importBundle(to.store, to.home, await bundleOf(from.store, [runId]));
  const bits = (home: string) => {
    const database = new Sqlite(databaseFile(home), { readonly: true });
    const all = database.prepare("SELECT value FROM metrics WHERE name = 'train/kl' ORDER BY step").pluck().all();
    database.close();
    return Buffer.from(Float64Array.from(all as number[]).buffer).toString('hex');
  };
  expect(bits(to.home)).toBe(bits(from.home));
  expect(bits(to.home)).toBe(Buffer.from(Float64Array.from(odd).buffer).toString('hex'));
});

test('the same run again is skipped; another run with its id is refused', async () => {
  const from = await freshStore();
  const runId = await addRun(from.store);
  const path = await bundleOf(from.store, [runId]);
  const before = picture(from.home);
  expect(await importBundle(from.store, from.home, path)).toMatchObject({
    imported: [],
    skipped: [{ name: 'Run', reason: 'it is here already, as run #1' }],
  });
  expect(picture(from.home)).toEqual(before);
  // One digit of one value is another run.
  from.store.saveStep(runId, { kind: 'step', step: 3, metrics: { 'train/reward': 0.1 }, rollouts: [] });
  const message = await expectRefusal(from.home, () => importBundle(from.store, from.home, path), 'conflict');
  expect(message).toContain(`run ${runId} (Run) has the id of run #1 (Run), which is another`);
});

test('rollouts: none, samples or all; a run that goes on is not exported', async () => {
  const { store } = await freshStore();
  const runId = await addRun(store, { steps: 1 });
  const lines = async (rollouts: 'none' | 'samples' | 'all') => {
    const path = join(await temporaryFolder(), 'x.assay');
    await exportBundle(store, { runIds: [runId], rollouts, checkpoints: false, path });
    const found = (await readContents(path)).get(`runs/${runId}/rollouts.jsonl`);
    return found === undefined ? null : String(found).trim().split('\n').length;
  };
  // Two steps of three problems with four samples each.
  expect([await lines('none'), await lines('samples'), await lines('all')]).toEqual([null, 6, 24]);
  store.runs.setStatus(runId, { status: 'running', startedAt: 1, endedAt: null, error: null });
  await expect(lines('none')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('Run #1 is running'),
  });
});

test('an imported run without checkpoints is not trained anew over what it measured', async () => {
  const from = await freshStore();
  const runId = await addRun(from.store, { checkpoint: from });
  const to = await freshStore();
  await importBundle(to.store, to.home, await bundleOf(from.store, [runId]));
  await expect(requeue(to.store, to.store.runs.get(runId), 9)).rejects.toMatchObject({
    code: 'conflict',
    message: 'Run #1 was imported from runs.assay without checkpoints to go on from',
  });
});

test('a run that was deleted for good comes back under its number', async () => {
  const { home, store } = await freshStore();
  const runId = await addRun(store);
  await addRun(store);
  const path = await bundleOf(store, [runId]);
  store.purgeRun(runId);
  expect((await importBundle(store, home, path)).imported).toEqual([{ runId, number: 1, name: 'Run' }]);
  store.purgeRun(runId);
  const next = { id: store.runs.freshId(), config: runConfig(), codeVersion: '', parentCheckpointId: null };
  expect(store.runs.insert(next).number).toBe(3);
});

test('rollouts that repeat themselves a thousandfold are exported so that they can be imported', async () => {
  const from = await freshStore();
  const runId = await addRun(from.store, { steps: 1 });
  from.store.saveStep(runId, {
    kind: 'step',
    step: 1,
    metrics: {},
    rollouts: [rolloutRecord(0, { completion: 'a'.repeat(4_000_000) })],
  });
  const to = await freshStore();
  await importBundle(to.store, to.home, await bundleOf(from.store, [runId]));
  expect(everything(to.store, runId)).toEqual(everything(from.store, runId));
});

test('the comparison of imported runs is that of the originals, to the last digit', async () => {
  const from = await runStore();
  const ids = [1, 2, 3].flatMap((seed) =>
    ['unit-tests', 'random'].map((reward, arm) =>
      from.addRun({
        seed,
        reward,
        passed: { 0: [1, 2, 0, 3], 10: [seed, 4 - arm, 2, 1] },
        metrics: { 5: { 'train/kl': 1 / (3 * seed + arm) }, 10: { 'train/kl': Math.sqrt(seed + arm) } },
      }),
    ),
  );
  const to = await freshStore();
  await importBundle(to.store, to.home, await bundleOf(from.store, ids));
  const input = { runIds: ids, metrics: ['eval/avg@k', 'train/kl'] };
  const [before, after] = [from.store, to.store].map((store) => compare(store, calls.compare.input.parse(input)));
  expect(before?.metrics).toHaveLength(2);
  expect(after).toEqual(before);
});
