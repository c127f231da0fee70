/** Numbers that are not finite are refused where they meet a result, with the weight that is to blame, and change nothing. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { EngineError, type PolicyEngine, type Scored } from '../../../src-main/engine/engine.ts';
import { type CoreOptions, KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import { readModelConfig } from '../../../src-main/model/checkpoint-files.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import { writeSafetensors } from '../../../src-main/model/safetensors.ts';
import { weightsFile } from '../../../src-main/model/weights.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { trainOrder } from '../../../src-main/training/index.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import { linear, randomDerivatives, savedBytes, sequences } from '../../conformance/fixtures.ts';
import { loadWeights } from '../../fixtures/checkpoints.ts';
import { judgeTinyPy } from '../../fixtures/tinypy-judge.ts';
import { describeBuilds, engineOf, even, lively, odd, plain, step, using } from './kernels-fixtures.ts';

/** Tokens 1 to 5 are used, 30 is not. */
const batch: readonly Scored[] = [
  { prompt: Int32Array.of(1, 2, 3), response: Int32Array.of(4, 5) },
  { prompt: Int32Array.of(3, 1), response: Int32Array.of(2) },
];
const derivatives = randomDerivatives(batch);

function poisoned(config: ModelConfig, options: CoreOptions, tensor: string, at: number, value: number) {
  const weights = lively(config);
  const { data } = weights.get(tensor) ?? { data: new Float32Array(0) };
  expect(at, tensor).toBeLessThan(data.length);
  data[at] = value;
  return KernelsEngine.create(config, weights, options);
}

async function errorOf(call: Promise<unknown>): Promise<Error> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as Error;
}

const row = (config: ModelConfig, token: number, column: number) => token * config.hiddenSize + column;

describe('a weight that is NaN', () => {
  describeBuilds((options) => {
    it.each<[string, ModelConfig, string, number, string]>([
      ['in a matrix', odd, 'model.layers.1.mlp.up_proj.weight', 2 * 19 + 13, '[2, 13]'],
      ['in attention', even, 'model.layers.0.self_attn.k_proj.weight', 5, '[0, 5]'],
      ['in a norm', odd, 'model.layers.1.input_layernorm.weight', 18, '[18]'],
      ['in the last norm', even, 'model.norm.weight', 3, '[3]'],
      ['in a bias', odd, 'model.layers.0.self_attn.v_proj.bias', 7, '[7]'],
      ['in the row of a token that is read', odd, 'model.embed_tokens.weight', row(odd, 2, 4), '[2, 4]'],
      ['in the head, of a token that is asked for', odd, 'lm_head.weight', row(odd, 4, 0), '[4, 0]'],
      ['in the head, of a token that nobody asks for', odd, 'lm_head.weight', row(odd, 30, 18), '[30, 18]'],
      ['in a tied head, likewise', even, 'model.embed_tokens.weight', row(even, 30, 1), '[30, 1]'],
    ])('%s is named by every call that meets it', (_, config, tensor, at, place) =>
      using(poisoned(config, options, tensor, at, Number.NaN), async (engine) => {
        const prompts = batch.map(({ prompt }) => prompt);
        const calls: [string, () => Promise<unknown>][] = [
          ['sequence 0, token 0', () => engine.score(batch, 1)],
          ['sequence 0, token 0', () => engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives))],
          ['response 0, token 0', () => engine.generate(prompts, plain)],
          ['response 0, token 0', () => engine.generate(prompts, { ...plain, topK: 5, topP: 0.8 })],
        ];
        for (const [where, call] of calls)
          expect((await errorOf(call())).message).toBe(`${where}: log-prob is NaN; weight ${tensor}${place} is NaN`);
      }),
    );

    it('does no harm where nothing meets it', async () => {
      const results = async (engine: PolicyEngine) => {
        const stats = await engine.score(batch, 1);
        await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
        return { stats, ...(await engine.update(step)), after: await engine.score(batch, 1) };
      };
      const engine = poisoned(odd, options, 'model.embed_tokens.weight', row(odd, 30, 4), Number.NaN);
      expect(await using(engine, results)).toEqual(await using(engineOf(odd, options), results));
    });

    it('is infinite: likewise', () =>
      using(poisoned(odd, options, 'model.layers.0.mlp.gate_proj.weight', 8, Infinity), async (engine) => {
        const { message } = await errorOf(engine.score(batch, 1));
        expect(message).toMatch(
          /^sequence 0, token 0: log-prob is NaN; weight model\.layers\.0\.mlp\.gate_proj\.weight\[0, 8\] is Infinity$/,
        );
      }));
  });
});

describe('a gradient that is not finite', () => {
  describeBuilds((options) => {
    it('is refused by its norm, and leaves weights, moments and the next update as they were', async () => {
      const trained = async (engine: PolicyEngine, fails: boolean) => {
        await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
        await engine.update(step);
        if (fails) {
          const before = await savedBytes(engine);
          const huge = derivatives.map(({ logprob }) => ({ logprob: logprob.map(() => 3e38) }));
          await engine.accumulate({ sequences: batch, temperature: 1 }, () => ({ loss: 0, derivatives: huge }));
          expect((await errorOf(engine.update(step))).message).toMatch(
            /^gradient norm is (NaN|Infinity); it must be finite$/,
          );
          expect((await savedBytes(engine)).equals(before)).toBe(true);
        }
        await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
        await engine.update(step);
        return savedBytes(engine);
      };
      const failed = await using(engineOf(even, options), (engine) => trained(engine, true));
      const healthy = await using(engineOf(even, options), (engine) => trained(engine, false));
      expect(failed.equals(healthy)).toBe(true);
    });

    it('does not come from half a batch: a call that is refused takes back what it added', () =>
      using(engineOf(even, options), async (engine) => {
        const long = sequences(
          even,
          Array.from({ length: 150 }, () => [60, 20] as const),
        );
        const given = randomDerivatives(long);
        let slices = 0;
        const failing = engine.accumulate({ sequences: long, temperature: 1 }, (stats, offset) => {
          slices++;
          return { ...linear(given)(stats, offset), loss: slices > 1 ? Number.NaN : 0 };
        });
        expect((await errorOf(failing)).message).toMatch(/^loss of sequences \d+\.\.\d+ is NaN; it must be finite$/);
        expect(slices).toBe(2);
        expect(await engine.update(step)).toEqual({ gradNorm: 0 });
      }));
  });
});

describe('a run on a policy that is not finite', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-nonfinite-'));
    await cp(resourcePath('policy'), join(folder, 'policy'), { recursive: true });
    await mkdir(join(folder, 'checkpoints'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run(values: FlatValues): Promise<void> {
    const config = resolveConfig({
      preset: 'grpo',
      values: {
        'policy.engine': 'kernels-wasm',
        'rollouts.problemsPerStep': 2,
        'optimiser.minibatchProblems': 2,
        'rollouts.groupSize': 4,
        'rollouts.maxNewTokens': 32,
        'evaluation.every': 0,
        'optimiser.warmupSteps': 0,
        'limits.steps': 6,
        ...values,
      },
    });
    const training = trainOrder(
      {
        runId: 'nonfinite',
        config,
        policyFolder: join(folder, 'policy'),
        resume: null,
        checkpointsFolder: join(folder, 'checkpoints'),
      },
      {
        execute: async (programs) => programs.map(judgeTinyPy),
        gate: async () => ({ stop: false }),
        progress: () => undefined,
      },
    );
    for await (const _event of training);
  }

  async function plant(tensor: string, at: number, value: number): Promise<void> {
    const dir = join(folder, 'policy');
    const weights = await loadWeights(dir, await readModelConfig(dir));
    const { data } = weights.get(tensor) ?? { data: new Float32Array(0) };
    data[at] = value;
    await writeSafetensors(join(dir, weightsFile), weights, { format: 'pt' });
  }

  it('fails with the step, the tensor and its value', async () => {
    await plant('model.layers.2.mlp.down_proj.weight', 1, Number.NaN);
    await expect(run({})).rejects.toMatchObject({
      code: 'engine',
      message: 'Step 1: response 0, token 0: log-prob is NaN; weight model.layers.2.mlp.down_proj.weight[0, 1] is NaN',
    });
  });

  it('fails in the validation before the first step, likewise', async () => {
    await plant('model.norm.weight', 127, Infinity);
    await expect(run({ 'evaluation.every': 1, 'evaluation.problems': 2 })).rejects.toMatchObject({
      code: 'engine',
      message: 'Step 0: response 0, token 0: log-prob is NaN; weight model.norm.weight[127] is Infinity',
    });
  });
});
