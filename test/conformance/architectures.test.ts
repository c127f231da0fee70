/**
 * Every architecture that is read, against Hugging Face transformers: what each engine computes with a small policy whose
 * weights are a formula, beside the numbers in fixtures/real-models/architectures.json; and, where a Python with
 * transformers is there (ASSAY_TEST_PYTHON, else python3), what transformers saves opened here, and what is saved here
 * opened by transformers.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fullTraining, type PolicyEngine, type Scored } from '../../src-main/engine/engine.ts';
import { engines } from '../../src-main/engine/index.ts';
import { kernelsFactories } from '../../src-main/engine/kernels/index.ts';
import { adapterTargets } from '../../src-main/model/adapter.ts';
import { parseModelConfig } from '../../src-main/model/config.ts';
import { openPolicy } from '../../src-main/model/policy-files.ts';
import { writeSafetensors } from '../../src-main/model/safetensors.ts';
import { type Weights, weightShapes } from '../../src-main/model/weights.ts';
import { expectClose, largestOf, squares } from './expectations.ts';
import { gradientOf, linear, newFolder, randomDerivatives, savedFolder, snapshot, toReference } from './fixtures.ts';
import { referenceStats } from './reference.ts';

const numbers = z.array(z.number());
const scoredSchema = z.array(z.object({ logprob: numbers, entropy: numbers }));
const policySchema = z.object({
  config: z.record(z.string(), z.unknown()),
  shapes: z.record(z.string(), numbers),
  scored: scoredSchema,
  greedy: z.object({ tokens: numbers, gap: z.number() }),
  gradients: z.record(z.string(), z.object({ norm: z.number(), step: z.number(), values: numbers })),
});
const fixture = z
  .object({
    sequences: z.array(z.object({ prompt: numbers, response: numbers })),
    policies: z.record(z.string(), policySchema),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/real-models/architectures.json'), 'utf8')));

const sequences: readonly Scored[] = fixture.sequences.map(({ prompt, response }) => ({
  prompt: Int32Array.from(prompt),
  response: Int32Array.from(response),
}));

/** `values` of architectures.py. */
function formula(name: string, shape: readonly number[]): Float32Array {
  let seed = 2166136261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16777619);
  const isAroundZero = shape.length > 1 || name.endsWith('.bias');
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + seed) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    const unit = ((x ^ (x >>> 16)) >>> 16) / 65536 - 0.5;
    return isAroundZero ? unit / 2 : 1 + unit;
  });
}

/** A folder with a policy of the fixture: its config.json as transformers writes it, its weights by the formula. */
async function policyFolder({ config }: z.infer<typeof policySchema>): Promise<string> {
  const text = JSON.stringify(config);
  const folder = await newFolder();
  await writeFile(join(folder, 'config.json'), text);
  const weights: Weights = new Map(
    [...weightShapes(parseModelConfig(text, folder))].map(([name, shape]) => [
      name,
      { shape, data: formula(name, shape) },
    ]),
  );
  await writeSafetensors(join(folder, 'model.safetensors'), weights);
  return folder;
}

async function expectScores(
  engine: Pick<PolicyEngine, 'score'>,
  scored: z.infer<typeof scoredSchema>,
  tolerance = 5e-5,
): Promise<void> {
  for (const [s, stats] of (await engine.score(sequences, 1)).entries()) {
    expectClose(stats.logprob, scored[s]?.logprob ?? [], tolerance, `log-probs of sequence ${s}`);
    expectClose(stats.entropy, scored[s]?.entropy ?? [], tolerance, `entropies of sequence ${s}`);
  }
}

const candidates = await Promise.all(
  engines.map(async (factory) => ({ factory, reason: await factory.unavailable() })),
);

describe.each(Object.entries(fixture.policies))('%s', (_, policy) => {
  let folder: string;
  beforeAll(async () => {
    folder = await policyFolder(policy);
  });

  it('has the tensors that transformers has', () => {
    const shapes = weightShapes(parseModelConfig(JSON.stringify(policy.config), 'fixture'));
    expect(Object.fromEntries(shapes)).toEqual(policy.shapes);
  });

  it('is computed alike by the float64 reference', () => {
    const config = parseModelConfig(JSON.stringify(policy.config), 'fixture');
    const weights = toReference(
      new Map([...weightShapes(config)].map(([name, shape]) => [name, { shape, data: formula(name, shape) }])),
    );
    for (const [s, sequence] of sequences.entries()) {
      const { logprob, entropy } = referenceStats(config, weights, sequence, 1);
      expectClose(logprob, policy.scored[s]?.logprob ?? [], 5e-5, `log-probs of sequence ${s}`);
      expectClose(entropy, policy.scored[s]?.entropy ?? [], 5e-5, `entropies of sequence ${s}`);
    }
  });

  for (const { factory, reason } of candidates)
    it.skipIf(reason !== null)(
      `${factory.id} scores, derives and continues as transformers does${reason === null ? '' : ` (cannot run here: ${reason})`}`,
      { timeout: 300_000 },
      async () => {
        const engine = await factory.load(folder);
        try {
          await expectScores(engine, policy.scored);
          const prompt = sequences[0]?.prompt ?? new Int32Array();
          const { tokens, gap } = policy.greedy;
          const sampling = { temperature: 1, topP: 1, topK: 1, seed: 1, maxNewTokens: tokens.length };
          const [generated] = await engine.generate([prompt], sampling);
          // No two best logits are nearer than float noise.
          expect(gap).toBeGreaterThan(1e-3);
          expect([...(generated?.tokens ?? [])]).toEqual(tokens);

          const count = sequences.reduce((sum, { response }) => sum + response.length, 0);
          const mean = sequences.map(({ response }) => ({
            logprob: new Float32Array(response.length).fill(1 / count),
          }));
          const gradient = await gradientOf(engine, sequences, mean, 1);
          expect([...gradient.keys()].sort()).toEqual(Object.keys(policy.gradients).sort());
          for (const [tensor, { norm, step, values }] of Object.entries(policy.gradients)) {
            const data = gradient.get(tensor)?.data ?? new Float32Array();
            expect(Math.sqrt(squares(data)) / norm, tensor).toBeCloseTo(1, 4);
            const some = data.filter((_, i) => i % step === 0);
            expectClose(some, values, 1e-4 * largestOf(data), tensor);
          }
        } finally {
          engine.dispose();
        }
      },
    );
});

const python = process.env.ASSAY_TEST_PYTHON ?? 'python3';
const script = join(import.meta.dirname, '../fixtures/real-models/architectures.py');
const hasTransformers = spawnSync(python, ['-c', 'import torch, transformers']).status === 0;

function transformers(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [script, ...args], { encoding: 'utf8', timeout: 600_000 });
  expect(status, stderr).toBe(0);
  return stdout;
}

const openedSchema = z.record(z.string(), z.object({ type: z.string(), scored: scoredSchema }));

describe.skipIf(!hasTransformers)(`files${hasTransformers ? '' : ` (${python} has no torch and transformers)`}`, () => {
  const names = Object.keys(fixture.policies);
  const wasm = kernelsFactories.at(-1);
  if (!wasm) throw new Error('there are no kernels');

  it('that transformers saves are opened: whole, and in several files of bfloat16', { timeout: 600_000 }, async () => {
    const root = await newFolder();
    transformers('save', root);
    for (const name of names) {
      const { scored, shapes } = fixture.policies[name] as z.infer<typeof policySchema>;
      const whole = await wasm.load(join(root, name));
      await expectScores(whole, scored);
      whole.dispose();
      const sharded = join(root, `${name}-sharded`);
      expect((await readdir(sharded)).filter((file) => file.endsWith('.safetensors')).length).toBeGreaterThan(2);
      const { tensors } = await openPolicy(sharded);
      expect(tensors.map(({ name, shape }) => [name, shape]).sort()).toEqual(Object.entries(shapes).sort());
      expect(new Set(tensors.map(({ format }) => format.name))).toEqual(new Set(['BF16']));
      const rounded = await wasm.load(sharded);
      // bfloat16 keeps 8 bits: near the exact numbers, and not them.
      const [stats] = await rounded.score(sequences, 1);
      expectClose(stats?.logprob, scored[0]?.logprob ?? [], 0.5, 'log-probs in bfloat16');
      rounded.dispose();
    }
  });

  it('that are saved here are opened by transformers, which computes the same', { timeout: 600_000 }, async () => {
    const derivatives = randomDerivatives(sequences);
    const step = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };
    const adapter = { rank: 4, alpha: 8, targets: adapterTargets, seed: 1 };
    const saved = new Map<string, { name: string; engine: PolicyEngine }>();
    for (const name of names)
      for (const training of [fullTraining, { ...fullTraining, adapter }]) {
        const engine = await wasm.load(
          await policyFolder(fixture.policies[name] as z.infer<typeof policySchema>),
          training,
        );
        // Away from the formula: what is trained is what is saved.
        for (let update = 0; update < 2; update++) {
          await engine.accumulate({ sequences, temperature: 1 }, linear(derivatives));
          await engine.update(step);
        }
        saved.set(await savedFolder(engine), { name, engine });
      }
    const opened = openedSchema.parse(JSON.parse(transformers('open', ...saved.keys())));
    const types: Readonly<Record<string, string>> = { mistral: 'Llama', llama: 'Llama', qwen2: 'Qwen2' };
    for (const [folder, { name, engine }] of saved) {
      expect(opened[folder]?.type, name).toBe(`${types[name] ?? 'Qwen3'}ForCausalLM`);
      await expectScores(engine, opened[folder]?.scored ?? [], 1e-4);
      const before = fixture.policies[name]?.scored[0]?.logprob[0] ?? 0;
      expect(Math.abs((opened[folder]?.scored[0]?.logprob[0] ?? before) - before), name).toBeGreaterThan(1e-3);
      expect((await snapshot(engine)).weights.size).toBe(Object.keys(fixture.policies[name]?.shapes ?? {}).length);
      engine.dispose();
    }
  });
});
