/** A run that trains an adapter: resumed bit for bit, its reference the policy it started from, its checkpoints policies. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src-main/catalogue.ts';
import { engines } from '../../src-main/engine/index.ts';
import { resourcePath } from '../../src-main/resources.ts';
import { trainOrder } from '../../src-main/training/index.ts';
import type { FlatValues } from '../../src-shared/api.ts';
import type { CheckpointEvent, StepEvent } from '../../src-shared/events.ts';
import { judgeTinyPy } from '../fixtures/tinypy-judge.ts';

interface Part {
  readonly values: FlatValues;
  readonly policyFolder?: string;
  readonly resume?: CheckpointEvent;
}

async function run(checkpointsFolder: string, { values, policyFolder, resume }: Part) {
  await mkdir(checkpointsFolder, { recursive: true });
  const config = resolveConfig({
    preset: 'grpo',
    values: {
      'rollouts.problemsPerStep': 4,
      'optimiser.minibatchProblems': 4,
      'rollouts.groupSize': 4,
      'rollouts.maxNewTokens': 48,
      'optimiser.learningRate': 1e-3,
      'optimiser.warmupSteps': 0,
      'evaluation.problems': 16,
      'evaluation.samples': 2,
      'evaluation.every': 2,
      'objective.options.klCoefficient': 0.01,
      'limits.checkpointEvery': 0,
      'seeds.run': 7,
      ...values,
    },
  });
  const steps: StepEvent[] = [];
  let checkpoint: CheckpointEvent | null = null;
  const training = trainOrder(
    {
      runId: 'adapter',
      config,
      policyFolder: policyFolder ?? resourcePath('policy'),
      resume: resume ?? null,
      checkpointsFolder,
    },
    {
      execute: async (programs) => programs.map(judgeTinyPy),
      gate: async () => ({ stop: false }),
      progress: () => undefined,
    },
  );
  for await (const event of training) {
    if (event.kind === 'step') steps.push(event);
    if (event.kind === 'checkpoint') checkpoint = event;
  }
  if (checkpoint === null) throw new Error('no checkpoint was written');
  const numbers = steps.map(({ step, metrics, rollouts }) => ({
    step,
    tokens: rollouts.map(({ tokenIds }) => [...tokenIds]),
    metrics: Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.startsWith('time/'))),
  }));
  return { numbers, checkpoint };
}

// Engines that repeat their own numbers.
const REPEATABLE = ['kernels-wasm', 'kernels-native', 'tfjs-wasm'];

describe.each(engines.filter((e) => REPEATABLE.includes(e.id)))('$id', ({ id, unavailable }) => {
  test('resumes a LoRA run bit for bit, and starts an ordinary run from its checkpoint', async ({ skip }) => {
    const reason = await unavailable();
    if (reason !== null) skip(`${id}: ${reason}`);
    const folder = await mkdtemp(join(tmpdir(), 'assay-adapter-'));
    const values = {
      'policy.engine': id,
      'policy.adapter': 'lora',
      'policy.rank': 4,
      'policy.targets': 'q_proj, v_proj, down_proj',
      'policy.recompute': true,
    };
    try {
      const whole = await run(join(folder, 'whole'), { values: { ...values, 'limits.steps': 4 } });
      const first = await run(join(folder, 'parts'), { values: { ...values, 'limits.steps': 2 } });
      const resume = first.checkpoint;
      const rest = await run(join(folder, 'parts'), { values: { ...values, 'limits.steps': 4 }, resume });
      expect([...first.numbers, ...rest.numbers]).toEqual(whole.numbers);
      // The first update leaves the reference, the second sees by how much.
      expect(whole.numbers.at(-1)?.metrics['train/kl']).toBeGreaterThan(0);

      expect((await readdir(rest.checkpoint.folder)).sort()).toEqual([
        'adapter.safetensors',
        'checkpoint.json',
        'config.json',
        'model.safetensors',
        'optimizer.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
      ]);
      const { numbers } = await run(join(folder, 'next'), {
        values: { 'policy.engine': id, 'limits.steps': 1 },
        policyFolder: rest.checkpoint.folder,
      });
      // The same draws from the same policy, merged: a token may differ where its chance was a matter of the last bits.
      const last = whole.numbers.at(-1)?.metrics['eval/avg@k'] as number;
      expect(Math.abs((numbers[0]?.metrics['eval/avg@k'] as number) - last)).toBeLessThanOrEqual(2 / 32);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 240_000);
});
