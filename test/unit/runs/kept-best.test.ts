import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { collapseOf } from '../../../src-main/runs/collapse-watch.ts';
import { dropKeptBest } from '../../../src-main/runs/kept-best.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { startSupervisor } from '../../fixtures/supervisor.ts';

/** A run of 40 steps with these validations, and checkpoints with folders at these steps. */
async function recorded(
  accuracy: Readonly<Record<number, number>>,
  checkpoints: readonly number[],
  lengthOf: (step: number) => number,
) {
  const home = await temporaryFolder();
  const store = openStore(home, 'owner');
  onTestFinished(() => store.close());
  const launch = (parentCheckpointId: string | null) =>
    store.runs.insert({ id: store.runs.freshId(), config: runConfig(), codeVersion: '1', parentCheckpointId }).id;
  const runId = launch(null);
  for (let step = 0; step <= 40; step++)
    store.saveStep(runId, {
      kind: 'step',
      step,
      metrics: {
        ...(step > 0 ? { 'train/length': lengthOf(step) } : {}),
        ...(accuracy[step] === undefined ? {} : { 'eval/avg@k': accuracy[step] }),
      },
      rollouts: [],
    });
  const folderOf = (step: number) => join(home, `step-${step}`);
  for (const step of checkpoints) {
    mkdirSync(folderOf(step));
    store.checkpoints.replace(runId, { kind: 'checkpoint', step, folder: folderOf(step), bytes: 1 }, 0);
  }
  const steps = () => store.checkpoints.ofRun(runId).map(({ step }) => step);
  return { store, runId, folderOf, launch, steps };
}

const shorter = (step: number) => (step <= 22 ? 40 : 10);
const course = { 0: 0.5, 10: 0.7, 20: 0.6, 30: 0.1, 40: 0 };

test('a collapse names the best checkpoint up to its onset, by the validation that it had', async () => {
  const { store, runId } = await recorded(course, [5, 10, 15, 20, 30], shorter);
  // Step 15 was last validated at step 10, as good as step 10 itself: the earlier one counts.
  const mark = collapseOf(store, runId);
  expect(mark).toMatchObject({ mode: 'short', onset: 23 });
  expect(mark?.bestCheckpoint).toEqual({ id: `${runId}-10`, step: 10, accuracy: 0.7 });
});

test('there is none where nothing was kept before, and one after the onset is no way back', async () => {
  const none = await recorded(course, [30, 40], shorter);
  expect(collapseOf(none.store, none.runId)?.bestCheckpoint).toBeNull();
  const late = await recorded({ ...course, 40: 0.9 }, [20, 40], (step) => (step <= 22 || step > 38 ? 40 : 10));
  expect(collapseOf(late.store, late.runId)?.bestCheckpoint?.step).toBe(20);
});

test('what was kept as the best goes, with its folder, and lineage closes over the gap', async () => {
  const { store, runId, folderOf, steps } = await recorded({ 0: 0.1, 10: 0.2, 20: 0.3 }, [10, 15, 20], () => 40);
  await dropKeptBest(store, runId, 15);
  expect(steps()).toEqual([10, 20]);
  expect([existsSync(folderOf(15)), existsSync(folderOf(10))]).toEqual([false, true]);
  expect(store.checkpoints.get(`${runId}-20`).parentId).toBe(`${runId}-10`);
  await dropKeptBest(store, runId, 10);
  expect(store.checkpoints.get(`${runId}-20`).parentId).toBeNull();
  // Nothing to forget: a resumed run may come to it again.
  await dropKeptBest(store, runId, 15);
  expect(steps()).toEqual([20]);
});

test('a run forgets what its worker has replaced', async () => {
  const s = await startSupervisor();
  const runId = await s.launch({ name: 'best', steps: 4 });
  await s.reaches(runId, 'finished');
  const [best] = s.store.checkpoints.ofRun(runId);
  expect(s.store.checkpoints.ofRun(runId).map(({ step }) => step)).toEqual([3, 4]);
  await vi.waitFor(
    () => expect(existsSync((best?.folder ?? '').replace('step-000003', 'step-000002'))).toBe(false),
    30_000,
  );
  expect(existsSync(best?.folder ?? '')).toBe(true);
});

test('one that a run started from stays, and so does the best before a collapse', async () => {
  const used = await recorded({ 0: 0.1, 10: 0.2, 20: 0.3 }, [10, 20], () => 40);
  used.launch(`${used.runId}-10`);
  await dropKeptBest(used.store, used.runId, 10);
  expect([used.steps(), existsSync(used.folderOf(10))]).toEqual([[10, 20], true]);
  const collapsed = await recorded(course, [10, 20], shorter);
  await dropKeptBest(collapsed.store, collapsed.runId, 10);
  await dropKeptBest(collapsed.store, collapsed.runId, 20);
  expect(collapsed.steps()).toEqual([10]);
});
