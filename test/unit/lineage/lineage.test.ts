import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chain } from '../../../src-main/lineage/chain.ts';
import { deleteCheckpoint, exportCheckpoint } from '../../../src-main/lineage/checkpoint-keeping.ts';
import { lineage } from '../../../src-main/lineage/lineage.ts';
import type { StoredRun } from '../../../src-main/store/runs.ts';
import { chainInputSchema, chainOfRunSchema, lineageSchema } from '../../../src-shared/lineage.ts';
import { readCheckpointFiles } from '../../fixtures/checkpoints.ts';
import { runStore } from '../../fixtures/compared-runs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

const asStored = (run: StoredRun) => run;

/** Self-certainty up to step 20, GRPO from its step 10, and GRPO from the start as the control of that. */
async function bootstrapped() {
  const made = await runStore();
  const tokens = (step: number, count: number) => ({ [step]: { 'train/tokens': count } });
  const root = made.addRun({
    reward: 'self-certainty',
    passed: { 0: [2, 2, 2, 4], 10: [2, 1, 0, 1], 20: [0, 0, 0, 0] },
    metrics: { ...tokens(10, 500), ...tokens(20, 900) },
  });
  const start = await made.addCheckpoint(root, 10);
  const late = await made.addCheckpoint(root, 20);
  const child = made.addRun({
    source: `checkpoint:${start.id}`,
    parent: start.id,
    passed: { 0: [2, 1, 0, 1], 5: [3, 3, 3, 3] },
    metrics: tokens(5, 120),
  });
  const end = await made.addCheckpoint(child, 5);
  const control = made.addRun({
    controlOf: child,
    passed: { 0: [2, 2, 2, 4], 5: [4, 4, 4, 2] },
    metrics: tokens(5, 130),
  });
  const stranger = made.addRun({ reward: 'random' });
  return { ...made, root, start, late, child, end, control, stranger };
}

describe('graph', () => {
  test('runs, checkpoints and edges, with what was trained since the root', async () => {
    const { store, root, start, late, child, end, control, stranger } = await bootstrapped();
    const graph = await lineage(store, asStored);
    expect(lineageSchema.parse(graph)).toEqual(graph);
    expect(graph.runs.map(({ runId }) => runId)).toEqual([root, child, control, stranger]);
    expect(graph.runs[1]).toMatchObject({
      from: start.id,
      source: `checkpoint:${start.id}`,
      stepsBefore: 10,
      tokensBefore: 500,
      missing: false,
    });
    expect(graph.checkpoints.map(({ id, totalSteps, totalTokens }) => [id, totalSteps, totalTokens])).toEqual([
      [start.id, 10, 500],
      [late.id, 20, 900],
      [end.id, 15, 620],
    ]);
    expect(graph.checkpoints[0]).toMatchObject({ accuracy: 0.25, exists: true, kept: 'run #2 started from it' });
    // Means 0.5, 0.25, 0, 0.25: standard deviation 0.2041, over the root of four.
    expect(graph.checkpoints[0]?.standardError).toBeCloseTo(0.10206207, 7);
    expect(graph.edges).toEqual([
      { kind: 'training', from: { runId: root }, to: { checkpointId: start.id } },
      { kind: 'training', from: { checkpointId: start.id }, to: { checkpointId: late.id } },
      { kind: 'training', from: { runId: child }, to: { checkpointId: end.id } },
      { kind: 'start', from: { checkpointId: start.id }, to: { runId: child } },
      { kind: 'control', from: { runId: child }, to: { runId: control } },
    ]);
  });

  test('the family of one run, whichever of it is asked for', async () => {
    const { store, root, child, control, stranger } = await bootstrapped();
    for (const id of [root, child, control]) {
      const { runs } = await lineage(store, asStored, id);
      expect(runs.map(({ runId }) => runId)).toEqual([root, child, control]);
    }
    expect((await lineage(store, asStored, stranger)).runs).toHaveLength(1);
    await expect(lineage(store, asStored, 'nobody')).rejects.toThrow('There is no run nobody');
  });

  test('files that are gone, runs in the bin, and a start that is not known any more', async () => {
    const { store, addRun, end, child } = await bootstrapped();
    await rm(end.folder, { recursive: true });
    store.runs.setDeleted([child], 1);
    const orphan = addRun({ source: 'checkpoint:gone-50', parent: 'gone-50' });
    const graph = await lineage(store, asStored);
    expect(graph.checkpoints.find(({ id }) => id === end.id)).toMatchObject({ exists: false });
    expect(graph.runs.find(({ runId }) => runId === child)).toMatchObject({ deleted: true });
    expect(graph.runs.find(({ runId }) => runId === orphan)).toMatchObject({ missing: true, from: 'gone-50' });
  });
});

describe('chain', () => {
  const of = (store: Parameters<typeof chain>[0], runId: string, more: object = {}) =>
    chain(store, chainInputSchema.parse({ runId, ...more }));

  test('the way from the root, beside the control', async () => {
    const { store, child, root, control } = await bootstrapped();
    const found = of(store, child);
    expect(chainOfRunSchema.parse(found)).toEqual(found);
    expect(found.chain.stages).toMatchObject([
      { runId: root, until: 10, offset: 0, x: [0, 10], step: [0, 10], value: [0.625, 0.25] },
      { runId: child, until: null, offset: 10, x: [10, 15], step: [0, 5], value: [0.25, 0.75] },
    ]);
    expect(found.chain.stages[0]?.low[1]).toBeCloseTo(0.25 - 1.959964 * 0.10206207, 6);
    expect(found.controls).toMatchObject([
      { runId: control, chain: { stages: [{ x: [0, 5], value: [0.625, 0.875], offset: 0 }] } },
    ]);
    expect(found.issues.map(({ aspect }) => aspect)).toContain('prompt');
    expect(of(store, root).controls).toEqual([]);
  });

  test('over tokens', async () => {
    const { store, child } = await bootstrapped();
    expect(of(store, child, { x: 'tokens' }).chain.stages.map(({ x }) => x)).toEqual([
      [0, 500],
      [500, 620],
    ]);
    expect(of(store, child, { metric: 'train/tokens' }).chain.stages[1]).toMatchObject({ value: [120], low: [null] });
    expect(() => of(store, child, { metric: 'eval/luck' })).toThrow('metric: eval/luck is unknown');
  });
});

describe('deleting a checkpoint', () => {
  test('takes row and files; what came after it is then trained from the one before', async () => {
    const { home, store, addRun, addCheckpoint } = await runStore();
    const id = addRun();
    const [first, second, third] = [await addCheckpoint(id, 1), await addCheckpoint(id, 2), await addCheckpoint(id, 3)];
    await deleteCheckpoint(store, home, asStored, second.id);
    expect(store.checkpoints.find(second.id)).toBeNull();
    expect(store.checkpoints.get(third.id).parentId).toBe(first.id);
    expect(await readdir(join(home, 'runs', id, 'checkpoints'))).toEqual(['step-000001', 'step-000003']);
    await expect(deleteCheckpoint(store, home, asStored, second.id)).rejects.toThrow('There is no checkpoint');
  });

  test('is refused while something depends on it', async () => {
    const { home, store, start, addRun, addCheckpoint, late } = await bootstrapped();
    const refused = (id: string) => deleteCheckpoint(store, home, asStored, id);
    await expect(refused(start.id)).rejects.toThrow(`Checkpoint ${start.id} is kept: run #2 started from it`);

    addRun({ source: late.folder });
    await expect(refused(late.id)).rejects.toThrow('run #5 started from it');

    const stopped = await addCheckpoint(addRun({ status: 'stopped' }), 3);
    await expect(refused(stopped.id)).rejects.toThrow(
      'run #6 is stopped, and it is the only one that it can go on from',
    );

    const live = addRun({ status: 'running' });
    const [older, newer] = [await addCheckpoint(live, 1), await addCheckpoint(live, 2)];
    await expect(refused(newer.id)).rejects.toThrow('run #7 is running, and would go on from it after a crash');
    await refused(older.id);

    const renewing = addRun({
      status: 'stopped',
      config: (config) => ({
        ...config,
        objective: { kind: 'grpo', options: { klCoefficient: 0.1, referenceEvery: 2 } },
      }),
    });
    for (const step of [1, 2, 3]) await addCheckpoint(renewing, step);
    await expect(refused(`${renewing}-2`)).rejects.toThrow('and it is its reference policy');
    await refused(`${renewing}-1`);
    for (const id of [start.id, late.id, stopped.id, newer.id]) expect(store.checkpoints.find(id)).not.toBeNull();
  });

  test('killed after the row: no row without files, and the next deletion takes the files along', async () => {
    const { home, store, addRun, addCheckpoint } = await runStore();
    const id = addRun();
    const [first, second] = [await addCheckpoint(id, 1), await addCheckpoint(id, 2)];
    // All that a process that is killed in between has done.
    store.checkpoints.drop(first.id);
    const graph = await lineage(store, asStored);
    expect(graph.checkpoints.every(({ exists }) => exists)).toBe(true);
    expect(await readdir(join(home, 'runs', id, 'checkpoints'))).toEqual(['step-000001', 'step-000002']);
    await addCheckpoint(id, 3);
    await deleteCheckpoint(store, home, asStored, second.id);
    expect(await readdir(join(home, 'runs', id, 'checkpoints'))).toEqual(['step-000003']);
  });

  test('leaves what a worker is about to report alone', async () => {
    const { home, store, addRun, addCheckpoint } = await runStore();
    const id = addRun({ status: 'running' });
    const first = await addCheckpoint(id, 1);
    await addCheckpoint(id, 2);
    const folder = join(home, 'runs', id, 'checkpoints');
    await cp(first.folder, join(folder, 'step-000003'), { recursive: true });
    await mkdir(join(folder, 'step-000004.partial'));
    await deleteCheckpoint(store, home, asStored, first.id);
    expect(await readdir(folder)).toEqual(['step-000002', 'step-000003', 'step-000004.partial']);
  });
});

describe('exporting a checkpoint', () => {
  test('a policy folder without the state of training, that opens', async () => {
    const { addRun, addCheckpoint } = await runStore();
    const checkpoint = await addCheckpoint(addRun(), 1);
    const folder = join(await temporaryFolder(), 'deep', 'policy');
    const { files, bytes } = await exportCheckpoint(checkpoint, folder);
    expect(await readdir(folder)).toEqual([...files].sort());
    expect(files).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
    expect(files).not.toContain('optimizer.safetensors');
    expect(bytes).toBeGreaterThan(100);
    const [there, here] = [await readCheckpointFiles(folder), await readCheckpointFiles(checkpoint.folder)];
    expect(there.weights).toEqual(here.weights);
    expect(there.optimizer).toBeNull();
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await exportCheckpoint(checkpoint, folder);
    expect(await readdir(folder)).toHaveLength(files.length);
  });

  test('is refused into a folder that holds something, and from files that are gone', async () => {
    const { addRun, addCheckpoint } = await runStore();
    const checkpoint = await addCheckpoint(addRun(), 1);
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'mine.txt'), 'mine');
    const refused = expect.objectContaining({ code: 'usage', path: 'folder' });
    await expect(exportCheckpoint(checkpoint, folder)).rejects.toEqual(refused);
    await expect(exportCheckpoint(checkpoint, 'somewhere')).rejects.toThrow('somewhere: has to be an absolute path');
    await expect(exportCheckpoint(checkpoint, join(folder, 'mine.txt'))).rejects.toEqual(refused);
    expect(await readdir(folder)).toEqual(['mine.txt']);
    await rm(join(checkpoint.folder, 'model.safetensors'));
    await expect(exportCheckpoint(checkpoint, join(folder, 'new'))).rejects.toThrow('has no model.safetensors');
    expect(await readdir(folder)).toEqual(['mine.txt']);
  });
});
