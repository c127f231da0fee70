/** The methods in the loop, with a real engine and the embedded policy: what resumes, what is left out, what is renewed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { engines } from '../../../src-main/engine/index.ts';
import { presets, rewardPresets } from '../../../src-main/presets.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { trainOrder } from '../../../src-main/training/index.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import type { CheckpointEvent, RunEvent, StepEvent } from '../../../src-shared/events.ts';
import { judgeTinyPy } from '../../fixtures/tinypy-judge.ts';

const ENGINE = 'kernels-wasm';
const reason = await engines.find(({ id }) => id === ENGINE)?.unavailable();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-methods-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const small: FlatValues = {
  'policy.engine': ENGINE,
  'rollouts.problemsPerStep': 4,
  'rollouts.groupSize': 4,
  'rollouts.maxNewTokens': 40,
  'optimiser.minibatchProblems': 2,
  'optimiser.warmupSteps': 0,
  'evaluation.every': 0,
  'limits.steps': 2,
  'limits.checkpointEvery': 0,
};

interface Trained {
  readonly steps: readonly StepEvent[];
  readonly checkpoints: readonly CheckpointEvent[];
}

async function run(preset: string, values: FlatValues, resume: CheckpointEvent | null = null): Promise<Trained> {
  const events: RunEvent[] = [];
  const training = trainOrder(
    {
      runId: 'methods',
      config: resolveConfig({ preset, values: { ...small, ...values } }),
      policyFolder: resourcePath('policy'),
      resume,
      checkpointsFolder: folder,
    },
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

const timeless = (steps: readonly StepEvent[]) =>
  steps.map(({ step, metrics }) => [
    step,
    Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.startsWith('time/'))),
  ]);
const kl = ({ steps }: Trained) => steps.map(({ metrics }) => metrics['train/kl'] as number);

describe.skipIf(reason !== null)(`with ${ENGINE}${reason ? ` (${reason})` : ''}`, () => {
  const others = presets.filter((p) => !rewardPresets.includes(p));
  test.each(others.map(({ id }) => id))('preset %s trains', async (id) => {
    const overlong = 'shaping.overlongWindow' in (presets.find((p) => p.id === id)?.values ?? {});
    const { steps } = await run(id, {
      'limits.steps': 1,
      ...(overlong ? { 'shaping.overlongWindow': 8 } : {}),
      ...(id.startsWith('aletheia') && id.endsWith('grpo') ? { 'limits.checkpointEvery': 25 } : {}),
    });
    const { metrics } = steps[0] as StepEvent;
    expect(Number.isFinite(metrics['train/loss'])).toBe(true);
    expect(metrics['train/grad-norm']).toBeGreaterThan(0);
  });

  const renewed: FlatValues = {
    'rollouts.samplingRounds': 2,
    'optimiser.epochs': 2,
    'optimiser.learningRate': 1e-3,
    'objective.options.klCoefficient': 0.05,
    'objective.options.importanceCap': 2,
    'objective.options.referenceEvery': 2,
    'limits.checkpointEvery': 1,
    'limits.steps': 5,
  };
  test.each([
    ['loss', 'dapo'],
    ['reward', 'reinforce++'],
  ])('a resumed run has the reference of an uninterrupted one, KL in the %s', async (placement, preset) => {
    const values = { ...renewed, 'objective.options.klPlacement': placement };
    const whole = await run(preset, values);
    // From after a renewal, and from between two.
    for (const at of [2, 3]) {
      const rest = await run(preset, values, whole.checkpoints[at - 1] as CheckpointEvent);
      expect(timeless(rest.steps)).toEqual(timeless(whole.steps.slice(at)));
    }
  });

  test('a renewed reference is the policy as it is then', async () => {
    const never = await run('grpo', { ...renewed, 'objective.options.referenceEvery': 0, 'limits.steps': 3 });
    const each = await run('grpo', { ...renewed, 'objective.options.referenceEvery': 2, 'limits.steps': 3 });
    expect(kl(each).slice(0, 2)).toEqual(kl(never).slice(0, 2));
    expect(kl(each)[2]).toBeLessThan(kl(never)[2] as number);
  });

  test('without the checkpoint that holds its reference a run is not resumed', async () => {
    const values = { ...renewed, 'limits.steps': 3 };
    const whole = await run('dapo', values);
    await rm(join(folder, 'step-000002'), { recursive: true });
    await expect(run('dapo', values, whole.checkpoints[2] as CheckpointEvent)).rejects.toThrow(
      /reference policy is that of step 2, and its checkpoint .*step-000002 cannot be read/,
    );
  });

  test('dynamic sampling trains on informative groups alone, and draws others in their place', async () => {
    // Of two responses both are often right, or both wrong.
    const groupsWith = async (samplingRounds: number) => {
      const { steps } = await run('grpo', { 'rollouts.groupSize': 2, 'rollouts.samplingRounds': samplingRounds });
      return steps.map(({ rollouts: all }) =>
        Array.from(all, (_, i) => all.slice(i, i + 2)).filter((_, i) => i % 2 === 0),
      );
    };
    const [all, one, three] = [await groupsWith(0), await groupsWith(1), await groupsWith(3)];
    const isFlat = (group: StepEvent['rollouts']) => new Set(group.map((r) => r.reward)).size === 1;

    // The first step's first round is drawn alike in all of them, and some of it teaches nothing.
    expect(one[0]?.map((g) => g.map((r) => r.completion))).toEqual(all[0]?.map((g) => g.map((r) => r.completion)));
    expect(all[0]?.some(isFlat)).toBe(true);
    expect(all[0]?.flat().every((r) => r.advantage !== null)).toBe(true);
    for (const groups of [...one, ...three]) {
      const kept = groups.filter((g) => g.every((r) => r.advantage !== null));
      expect(kept.some(isFlat)).toBe(false);
      expect(kept.length).toBe(Math.min(4, groups.filter((g) => !isFlat(g)).length));
    }
    expect(one.map((groups) => groups.length)).toEqual([4, 4]);
    for (const groups of three) {
      const before = groups.slice(0, -4).filter((g) => !isFlat(g)).length;
      expect([4, 8, 12]).toContain(groups.length);
      expect(before).toBeLessThan(4);
    }
    expect(three.some((groups) => groups.length > 4)).toBe(true);
    // No problem twice within a step.
    const ids = three[0]?.map((g) => g[0]?.problemId) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(['reinforce++', 'raft'])('%s trains on one rollout a problem', async (preset) => {
    const one = { 'rollouts.groupSize': 1, 'rollouts.problemsPerStep': 16, 'optimiser.minibatchProblems': 16 };
    const { steps } = await run(preset, { ...one, 'limits.steps': 1 });
    const { metrics, rollouts } = steps[0] as StepEvent;
    expect(rollouts).toHaveLength(16);
    expect(metrics['train/grad-norm']).toBeGreaterThan(0);
    expect(metrics['train/reward']).toBe(metrics['train/accuracy']);
    expect([metrics['train/dropped-groups'], metrics['train/reward-std']]).toEqual([0, undefined]);
  });

  test('each objective logs what only it measures', async () => {
    const own = async (preset: string) => {
      // Both of a step's updates, so that the second sees what the first did.
      const { steps } = await run(preset, { 'optimiser.minibatchProblems': 2, 'rollouts.groupSize': 8 });
      return steps.at(-1)?.metrics ?? {};
    };
    const names = ['train/clip-low', 'train/clip-high', 'train/clip-dual'] as const;
    const dpoNames = [
      ...(['train/chosen-reward', 'train/rejected-reward', 'train/reward-margin'] as const),
      ...(['train/preference-accuracy', 'train/chosen-logprob', 'train/rejected-logprob'] as const),
    ];
    const gspo = await own('gspo');
    const clipped = names.reduce((sum, name) => sum + (gspo[name] ?? Number.NaN), 0);
    expect(clipped).toBeCloseTo(gspo['train/clip-fraction'] as number, 12);
    expect(clipped).toBeGreaterThan(0);
    const dpo = await own('aletheia-dpo');
    expect(dpo['train/reward-margin']).toBeCloseTo(
      (dpo['train/chosen-reward'] as number) - (dpo['train/rejected-reward'] as number),
      9,
    );
    for (const name of dpoNames) expect([name, name in gspo, name in dpo]).toEqual([name, false, true]);
    for (const name of names) expect([name, name in dpo]).toEqual([name, false]);
    const raft = await own('raft');
    expect(raft['train/token-accuracy']).toBeGreaterThan(0.3);
    expect(raft['train/token-accuracy']).toBeLessThanOrEqual(1);
    expect('train/token-accuracy' in dpo).toBe(false);
  });

  test('a step without an informative group makes no update', async () => {
    const { steps } = await run('constant', { 'rollouts.samplingRounds': 1 });
    for (const { metrics, rollouts } of steps) {
      expect(metrics['train/loss']).toBeUndefined();
      expect(rollouts.every((r) => r.advantage === null)).toBe(true);
    }
  });

  test('truncated responses can be left out of the updates, not of the rewards', async () => {
    const short: FlatValues = {
      'rollouts.maxNewTokens': 24,
      'limits.steps': 1,
      'objective.options.aggregation': 'token-mean',
    };
    const values = { ...short, 'objective.options.maskTruncated': true };
    const truncated = (await run('random', short)).steps[0]?.metrics['train/truncated'] as number;
    expect(truncated).toBeGreaterThan(0);
    expect(truncated).toBeLessThan(1);
    const [whole, masked] = [await run('random', short), await run('random', values)];
    expect(masked.steps[0]?.metrics['train/grad-norm']).not.toBe(whole.steps[0]?.metrics['train/grad-norm']);
    expect(masked.steps[0]?.metrics['train/reward']).toBe(whole.steps[0]?.metrics['train/reward']);
  });

  test('scored anew, a policy’s samples weigh as before but for rounding', async () => {
    const plain = await run('grpo', { 'limits.steps': 1, 'optimiser.minibatchProblems': 4 });
    const capped = await run('grpo', {
      'limits.steps': 1,
      'optimiser.minibatchProblems': 4,
      'objective.options.importanceCap': 2,
    });
    const norm = ({ steps }: Trained) => steps[0]?.metrics['train/grad-norm'] as number;
    expect(norm(capped) / norm(plain)).toBeCloseTo(1, 4);
  });
});
