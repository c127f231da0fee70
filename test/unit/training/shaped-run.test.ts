/** Rewards through the whole loop, with the embedded policy: several sources, draws, and how a run goes on. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { trainOrder } from '../../../src-main/training/index.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import type { CheckpointEvent, RunEvent, StepEvent } from '../../../src-shared/events.ts';
import { judgeTinyPy } from '../../fixtures/tinypy-judge.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-shaped-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SMALL: FlatValues = {
  'policy.engine': 'kernels-wasm',
  'rollouts.problemsPerStep': 4,
  'optimiser.minibatchProblems': 4,
  'rollouts.groupSize': 4,
  'rollouts.maxNewTokens': 40,
  'evaluation.problems': 4,
  'evaluation.samples': 2,
  'evaluation.every': 2,
  'limits.steps': 4,
  'limits.checkpointEvery': 2,
};

async function run(name: string, values: FlatValues, resume: CheckpointEvent | null = null) {
  const checkpointsFolder = join(folder, name);
  await mkdir(checkpointsFolder, { recursive: true });
  const config = resolveConfig({ preset: 'grpo', values: { ...SMALL, ...values } });
  const events: RunEvent[] = [];
  const training = trainOrder(
    { runId: name, config, policyFolder: resourcePath('policy'), resume, checkpointsFolder },
    {
      execute: async (programs) => programs.map(judgeTinyPy),
      gate: async () => ({ stop: false }),
      progress: () => undefined,
    },
  );
  for await (const event of training) events.push(event);
  return {
    steps: events.filter((e) => e.kind === 'step'),
    checkpoints: events.filter((e) => e.kind === 'checkpoint'),
  };
}

/** Everything of a step but the times it took. */
const timeless = (steps: readonly StepEvent[]) =>
  steps.map(({ step, metrics, rollouts }) => ({
    step,
    metrics: Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.startsWith('time/'))),
    rollouts: rollouts.map(({ completion, reward, advantage, fault, parts }) => ({
      completion,
      reward,
      advantage,
      fault,
      parts,
    })),
  }));

test('two sources and a penalty make one reward, and each is logged', async () => {
  const { steps } = await run('two', {
    'reward.kind': 'unit-tests',
    'shaping.second': 'trajectory-entropy',
    'shaping.secondWeight': 0.25,
    'shaping.formatWeight': 0.5,
    'shaping.overlongWeight': 2,
    'shaping.overlongWindow': 20,
  });
  for (const { metrics, rollouts } of steps.filter((s) => s.step > 0)) {
    const train = rollouts.filter((r) => r.split === 'train');
    expect(train).toHaveLength(16);
    for (const { outcome, stats, reward, parts } of train) {
      const length = stats.logprob.length;
      const meanLogprob = stats.logprob.reduce((a, b) => a + b, 0) / length;
      const overlong = Math.min(0, (20 - length) / 20);
      const expected =
        (outcome === 'passed' ? 1 : 0) + 0.25 * meanLogprob - (outcome === 'no-code' ? 0.5 : 0) + 2 * overlong;
      expect(reward).toBeCloseTo(expected, 5);
      expect(parts?.source).toBe(outcome === 'passed' ? 1 : 0);
      expect(parts?.['second-term']).toBeCloseTo(0.25 * meanLogprob, 5);
      expect(parts?.['overlong-weight']).toBe(2);
      const terms = ['source', 'second', 'format', 'overlong'].map((part) => parts?.[`${part}-term`] ?? Number.NaN);
      expect(terms.reduce((a, b) => a + b, 0)).toBeCloseTo(reward ?? Number.NaN, 9);
    }
    for (const { split, parts } of rollouts) expect(parts === null).toBe(split === 'eval');
    expect(metrics['reward/source']).toBe(metrics['train/accuracy']);
    expect(metrics['reward/format']).toBeCloseTo(-(metrics['sandbox/no-code'] as number), 12);
    expect(metrics['train/reward']).toBeCloseTo(
      (metrics['reward/source'] as number) +
        0.25 * (metrics['reward/second'] as number) +
        0.5 * (metrics['reward/format'] as number) +
        2 * (metrics['reward/overlong'] as number),
      9,
    );
  }
}, 180_000);

test('with random draws and flips a resumed run is the uninterrupted one, number for number', async () => {
  const values = {
    'reward.kind': 'random',
    'reward.options.rate': 0.4,
    'shaping.flipProbability': 0.3,
    'shaping.second': 'random',
    'shaping.secondWeight': 0.5,
    'shaping.combine': 'normalise',
    'shaping.statistics': 'temperature-1',
    'rollouts.temperature': 1.1,
  };
  const whole = await run('whole', values);
  const first = await run('parts', { ...values, 'limits.steps': 2 });
  const rest = await run('parts', values, first.checkpoints.at(-1) ?? null);
  expect(timeless([...first.steps, ...rest.steps])).toEqual(timeless(whole.steps));
  const flips = whole.steps.map((s) => s.metrics['reward/flipped']);
  expect([flips[0], new Set(flips.slice(1)).size > 1]).toEqual([undefined, true]);
}, 180_000);

test('every run logs every certainty signal and the verdict, on training and held-out problems', async () => {
  const { steps } = await run('shadow', { 'reward.kind': 'constant', 'limits.steps': 1, 'evaluation.every': 1 });
  const last = steps.at(-1)?.metrics ?? {};
  for (const split of ['train', 'eval'] as const)
    for (const signal of ['self-certainty', 'token-entropy', 'trajectory-entropy', 'disparity'] as const)
      expect([split, signal, last[`${split}/${signal}`]]).toEqual([split, signal, expect.any(Number)]);
  expect([last['train/accuracy'], last['eval/avg@k']]).toEqual([expect.any(Number), expect.any(Number)]);
  const both = (split: 'train' | 'eval') => {
    const passed =
      steps
        .at(-1)
        ?.rollouts.filter((r) => r.split === split)
        .map((r) => r.outcome === 'passed') ?? [];
    return passed.includes(true) && passed.includes(false);
  };
  for (const split of ['train', 'eval'] as const)
    expect([split, last[`${split}/auroc-self-certainty`] !== undefined]).toEqual([split, both(split)]);
}, 180_000);
