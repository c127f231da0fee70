/** Logs made by the real libraries, against what those libraries read themselves. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { importRuns } from '../../../src-main/imports/index.ts';
import { moveRun } from '../../../src-main/runs/lifecycle.ts';
import { requeue } from '../../../src-main/runs/resume.ts';
import { detailOf } from '../../../src-main/runs/summary.ts';
import type { Store } from '../../../src-main/store/store.ts';
import { calls } from '../../../src-shared/api.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { fixture, freshStore, picture, readFixture } from './harness.ts';

const series = z.record(z.string(), z.array(z.tuple([z.number(), z.number()])));
const rows = z.array(z.tuple([z.number(), z.record(z.string(), z.number())]));
const expected = z
  .object({
    tensorboard: z.record(z.string(), series),
    wandb: z.object({ name: z.string(), history: rows }),
    'wandb-export': rows,
    trackio: z.record(z.string(), rows),
  })
  .parse(readFixture('expected.json'));

/** Steps of a run as [step, metrics]. */
const stepsOf = (store: Store, runId: string) =>
  calls.metrics.output.parse(store.steps.after(runId, -1)).map(({ step, metrics }) => [step, metrics]);

const renamed = (all: z.infer<typeof rows>, names: Record<string, string>) =>
  all.map(([step, metrics]) => [
    step,
    Object.fromEntries(Object.entries(metrics).map(([name, value]) => [names[name] ?? name, value])),
  ]);

const asRows = (all: z.infer<typeof series>): z.infer<typeof rows> => {
  const steps = new Map<number, Record<string, number>>();
  for (const [name, points] of Object.entries(all))
    for (const [step, value] of points) steps.set(step, { ...steps.get(step), [name]: value });
  return [...steps].sort(([a], [b]) => a - b);
};

test('TensorBoard: scalars and tensor scalars of every file, as EventAccumulator reads them', async () => {
  const { home, store } = await freshStore();
  const report = await importRuns(store, home, fixture('tensorboard'));
  expect(report).toMatchObject({ format: 'tensorboard', skipped: [], refused: [] });
  expect(report.imported.map(({ name, number }) => [number, name])).toEqual([
    [1, 'grpo'],
    [2, 'tensors'],
  ]);
  const [grpo, tensors] = report.imported.map(({ runId }) => runId);
  expect(stepsOf(store, grpo ?? '')).toEqual(
    renamed(asRows(expected.tensorboard.grpo ?? {}), {
      'train/completions/mean_length': 'train/length',
      'train/entropy': 'train/token-entropy',
    }),
  );
  expect(stepsOf(store, tensors ?? '')).toEqual(
    renamed(asRows(expected.tensorboard.tensors ?? {}), {
      'actor/kl_loss': 'train/kl',
      'critic/rewards/mean': 'train/reward',
    }),
  );
  expect(store.runs.get(grpo ?? '')).toMatchObject({
    status: 'finished',
    createdAt: 1_700_000_001_000,
    endedAt: 1_700_000_020_000,
    origin: { format: 'tensorboard', file: 'tensorboard' },
  });
});

test('Weights & Biases: history and configuration of an offline run, records that span blocks included', async () => {
  const { home, store } = await freshStore();
  const report = await importRuns(store, home, fixture('wandb', 'run-fixture1.wandb'));
  expect(report).toMatchObject({ format: 'wandb', imported: [{ number: 1, name: 'verl grpo' }] });
  expect(report.notes).toEqual(['verl grpo: values that are not finite are gaps: 1']);
  const id = report.imported[0]?.runId ?? '';
  expect(stepsOf(store, id)).toEqual(
    renamed(expected.wandb.history, {
      'critic/rewards/mean': 'train/reward',
      'response_length/mean': 'train/length',
      'actor/entropy': 'train/token-entropy',
      'actor/ppo_kl': 'train/old-kl',
    }),
  );
  const detail = calls.run.output.parse(detailOf(store, store.runs.get(id)));
  expect(detail).toMatchObject({ seed: 7, step: 30, steps: 30, reward: 'wandb', preset: null });
  expect(detail.config.other).toEqual({
    lr: 1e-6,
    'algorithm.kl_coef': 0.001,
    'algorithm.adv': 'grpo',
    layers: '[1,2]',
    seed: 7,
  });
});

test('Weights & Biases: an exported history is the same from CSV and JSON lines; a summary alone is its last step', async () => {
  const names = { 'train/kl': 'train/kl' };
  for (const file of ['history.csv', 'history.jsonl']) {
    const { home, store } = await freshStore();
    const report = await importRuns(store, home, fixture('wandb-export', file));
    expect(report).toMatchObject({ format: 'wandb-export', imported: [{ name: 'wandb-export' }] });
    const id = report.imported[0]?.runId ?? '';
    expect(stepsOf(store, id)).toEqual(renamed(expected['wandb-export'], names));
    expect(store.runs.get(id).config.other).toEqual({ lr: 1e-6, 'model.name': 'tiny' });
  }
  const { home, store } = await freshStore();
  const folder = join(await temporaryFolder(), 'only-summary');
  mkdirSync(folder);
  copyFileSync(fixture('wandb-export', 'wandb-summary.json'), join(folder, 'wandb-summary.json'));
  const { imported } = await importRuns(store, home, folder);
  const last = expected['wandb-export'].at(-1);
  expect(stepsOf(store, imported[0]?.runId ?? '')).toEqual([last]);
});

test('Trackio: every run of a project, infinities as gaps', async () => {
  const { home, store } = await freshStore();
  const report = await importRuns(store, home, fixture('trackio.db'));
  expect(report.format).toBe('trackio');
  expect(report.imported.map(({ name }) => name)).toEqual(['first', 'second']);
  for (const { runId, name } of report.imported) {
    expect(stepsOf(store, runId)).toEqual(
      renamed(expected.trackio[name] ?? [], { reward: 'train/reward', 'completions/mean_length': 'train/length' }),
    );
    expect(store.runs.get(runId).config).toMatchObject({
      other: { learning_rate: 1e-4, 'nested.seed': 3 },
      seeds: { run: 3 },
    });
  }
});

test('TRL: log_history of trainer_state.json, names of the same meaning renamed and all others kept', async () => {
  const { home, store } = await freshStore();
  const report = await importRuns(store, home, fixture('trainer_state.json'));
  expect(report).toMatchObject({ format: 'trainer-state', imported: [{ number: 1 }] });
  const state = z
    .object({ log_history: z.array(z.record(z.string(), z.number())) })
    .parse(readFixture('trainer_state.json'));
  const id = report.imported[0]?.runId ?? '';
  const steps = stepsOf(store, id);
  expect(steps).toHaveLength(4);
  for (const [index, entry] of state.log_history.entries()) {
    const { step, reward, kl, entropy, loss, grad_norm, learning_rate, step_time, ...rest } = entry;
    const {
      'completions/mean_length': length,
      'completions/clipped_ratio': truncated,
      'clip_ratio/region_mean': clipped,
      frac_reward_zero_std: flat,
      ...others
    } = rest;
    expect(steps[index]).toEqual([
      step,
      {
        'train/reward': reward,
        'train/kl': kl,
        'train/token-entropy': entropy,
        'train/loss': loss,
        'train/grad-norm': grad_norm,
        'train/learning-rate': learning_rate,
        'train/length': length,
        'train/truncated': truncated,
        'train/clip-fraction': clipped,
        'train/flat-groups': flat,
        'time/step': step_time,
        ...others,
      },
    ]);
  }
  expect(detailOf(store, store.runs.get(id)).config.other).toMatchObject({ max_steps: 4, num_train_epochs: 1 });
});

test('importing the same again changes nothing and says so', async () => {
  const { home, store } = await freshStore();
  const first = await importRuns(store, home, fixture('tensorboard'));
  const before = picture(home);
  const again = await importRuns(store, home, fixture('tensorboard'));
  expect(again).toMatchObject({ imported: [] });
  expect(again.skipped).toEqual([
    { name: 'grpo', reason: 'it is here already, as run #1' },
    { name: 'tensors', reason: 'it is here already, as run #2' },
  ]);
  expect(picture(home)).toEqual(before);
  expect(first.imported).toHaveLength(2);
});

test('an imported run can be read, not resumed', async () => {
  const { home, store } = await freshStore();
  const { imported } = await importRuns(store, home, fixture('trackio.db'));
  const run = store.runs.get(imported[0]?.runId ?? '');
  await expect(requeue(store, run, 100)).rejects.toMatchObject({
    code: 'conflict',
    message: 'Run #1 was imported from trackio.db (trackio): it can be read and compared, not resumed',
  });
  expect(store.runs.get(run.id).status).toBe('finished');
  expect(() => moveRun(store, run.id, 'running')).toThrow(/cannot become running/);
});
