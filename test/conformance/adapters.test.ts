/**
 * What every engine must do with a low-rank adapter over frozen weights, checked against a float64 reference whose
 * matrices are W + (alpha / rank) B A.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Adapter,
  adapterTargets,
  EngineError,
  fullTraining,
  type PolicyEngine,
  type Scored,
  type TokenStats,
  type Training,
} from '../../src-main/engine/engine.ts';
import { adapterShapes, initialAdapter } from '../../src-main/model/adapter.ts';
import type { Weights } from '../../src-main/model/weights.ts';
import { loadWeights, readCheckpointFiles } from '../fixtures/checkpoints.ts';
import { describeEngines } from './describe-engines.ts';
import { expectClose, expectStats, largestOf, moments, squares } from './expectations.ts';
import {
  adaptedEngine,
  adapterFolder,
  gradientOf,
  linear,
  policyFolder,
  ragged,
  randomDerivatives,
  savedBytes,
  savedFolder,
  sequences,
  snapshot,
  toReference,
} from './fixtures.ts';
import { effectiveWeights, type ReferenceWeights, referenceStats } from './reference.ts';
import { expectSlopes, referenceLoss } from './slopes.ts';

// A software GPU, which is the only way to check that path without a GPU, takes minutes for some tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };
const sampling = { temperature: 1.3, topP: 0.9, topK: 20, maxNewTokens: 20, seed: 5 };

const everywhere: Adapter = { rank: 4, alpha: 8, targets: adapterTargets, seed: 7 };
const narrow: Adapter = { rank: 1, alpha: 1.5, targets: ['v_proj', 'q_proj'], seed: 8 };
/** Between them: every matrix and few, one row and more than a vector register holds, scales above and below 1. */
const adapters: readonly { name: string; adapter: Adapter }[] = [
  { name: 'all matrices, rank 4', adapter: everywhere },
  { name: 'queries and values, rank 1', adapter: narrow },
  {
    name: 'keys, attention output and MLP, rank 19',
    adapter: { rank: 19, alpha: 8, targets: ['k_proj', 'o_proj', 'gate_proj', 'down_proj'], seed: 9 },
  },
];

const lora = (adapter: Adapter): Training => ({ ...fullTraining, adapter });

describeEngines((factory, config) => {
  /** The frozen policy. */
  let dir: string;
  let base: Weights;
  const batch = sequences(config, ragged);
  const derivatives = randomDerivatives(batch);

  beforeAll(async () => {
    dir = await policyFolder(config);
    base = await loadWeights(dir, config);
  });

  const train = async (engine: PolicyEngine, updates: number) => {
    for (let update = 0; update < updates; update++) {
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
      await engine.update(adam);
    }
  };
  const adapted = (adapter: Adapter) => adaptedEngine(factory, dir, { ...fullTraining, adapter });
  const expectReference = (stats: readonly TokenStats[], weights: ReferenceWeights, temperature: number) => {
    for (const [s, sequence] of batch.entries())
      expectStats(stats[s], referenceStats(config, weights, sequence, temperature), 1e-4);
  };

  describe.each(adapters)('with an adapter: $name', ({ adapter }) => {
    it('scores like the float64 reference', async () => {
      const { engine, weights } = await adapted(adapter);
      expectReference(await engine.score(batch, 0.7), weights(), 0.7);
      engine.dispose();
    });

    it('derives A and B alone, like central finite differences', async () => {
      const { engine, lowRank, weights } = await adapted(adapter);
      const gradient = await gradientOf(engine, batch, derivatives, 0.8);
      engine.dispose();
      expect([...gradient].map(([tensor, { shape }]) => [tensor, shape])).toEqual([...adapterShapes(config, adapter)]);
      expectSlopes(gradient, lowRank, () => referenceLoss(config, weights(), batch, derivatives, 0.8));
    });

    it('saves merged weights that score alike without an adapter, in this engine and on paper', async () => {
      const { engine, weights } = await adapted(adapter);
      await train(engine, 2);
      const folder = await savedFolder(engine);
      const merged = await factory.load(folder);
      const stats = await merged.score(batch, 1);
      for (const [s, expected] of (await engine.score(batch, 1)).entries()) expectStats(stats[s], expected, 1e-4);
      const saved = await readCheckpointFiles(folder);
      const lowRank = toReference(saved.adapter?.weights ?? new Map());
      const expected = effectiveWeights(toReference(base), lowRank, adapter);
      for (const [tensor, { data }] of saved.weights) {
        expectClose(data, expected.get(tensor) as Float64Array, 2 ** -23 * largestOf(data), tensor);
        // What no adapter stands on is as it was, to the bit.
        if (!adapter.targets.some((target) => tensor.includes(`.${target}.weight`)))
          expect(data, tensor).toEqual(base.get(tensor)?.data);
      }
      expect(expected).not.toEqual(weights());
      merged.dispose();
      engine.dispose();
    });
  });

  it('starts a fresh adapter as no change, from A by its seed', async () => {
    const plain = await factory.load(dir);
    const engine = await factory.load(dir, lora(everywhere));
    const stats = await plain.score(batch, 1);
    for (const [s, actual] of (await engine.score(batch, 1)).entries())
      expectStats(actual, stats[s] as TokenStats, 1e-6);
    const saved = await snapshot(engine);
    expect(saved.adapter).toEqual({ adapter: everywhere, weights: initialAdapter(config, everywhere) });
    expect(saved.weights).toEqual(base);
    const created = await factory.create(config, 3, lora(everywhere));
    expect((await snapshot(created)).adapter).toEqual(saved.adapter);
    for (const each of [plain, engine, created]) each.dispose();
  });

  it('generates tokens whose statistics are those of scoring them', async () => {
    const { engine, weights } = await adapted(everywhere);
    const prompts = batch.map(({ prompt }) => prompt);
    const generated = await engine.generate(prompts, sampling);
    const scored: Scored[] = prompts.map((prompt, i) => ({
      prompt,
      response: generated[i]?.tokens ?? new Int32Array(),
    }));
    const stats = await engine.score(scored, sampling.temperature);
    for (const [i, sequence] of scored.entries()) {
      expect(sequence.response.length).toBeGreaterThan(0);
      expectStats(generated[i]?.stats, stats[i] as TokenStats, 1e-4);
      expectStats(stats[i], referenceStats(config, weights(), sequence, sampling.temperature), 1e-4);
    }
    engine.dispose();
  });

  it('updates A and B like AdamW in float64, both decaying', async () => {
    const { engine } = await adapted(everywhere);
    for (let update = 1; update <= 2; update++) {
      const before = await snapshot(engine);
      const probed = await factory.load(dir, lora(everywhere));
      await probed.restore(await savedFolder(engine));
      const gradient = await gradientOf(probed, batch, derivatives, 1);
      probed.dispose();
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
      const { gradNorm } = await engine.update(adam);
      const norm = Math.sqrt([...gradient.values()].reduce((sum, { data }) => sum + squares(data), 0));
      expect(gradNorm / norm).toBeCloseTo(1, 4);
      const after = await snapshot(engine);
      expect(after.optimizer?.updates).toBe(update);
      for (const [tensor, { data }] of before.adapter?.weights ?? []) {
        const g = moments(gradient, tensor).map((value) => (value * adam.maxGradNorm) / norm);
        const m = moments(before.optimizer?.m, tensor).map((value, i) => 0.9 * value + 0.1 * (g[i] as number));
        const v = moments(before.optimizer?.v, tensor).map((value, i) => 0.95 * value + 0.05 * (g[i] as number) ** 2);
        expectClose(after.optimizer?.m.get(tensor)?.data, m, 1e-4 * largestOf(m) + 1e-9, `m of ${tensor}`);
        const actual = after.adapter?.weights.get(tensor)?.data as Float32Array;
        for (const [i, value] of data.entries()) {
          const root = Math.sqrt((v[i] as number) / (1 - 0.95 ** update)) + adam.epsilon;
          const step = (adam.learningRate * (m[i] as number)) / (1 - 0.9 ** update) / root;
          const expected = value * (1 - adam.learningRate * adam.weightDecay) - step;
          // Where a gradient is all rounding noise, its sign and so the whole step are noise.
          if (Math.abs(g[i] as number) > 1e-4 * largestOf(g))
            expect(Math.abs((actual[i] as number) - expected), `${tensor}[${i}]`).toBeLessThan(1e-4);
        }
      }
    }
    engine.dispose();
  });

  it('continues after save and restore with identical bits, over the frozen weights it was loaded with', async () => {
    const engine = await factory.load(dir, lora(everywhere));
    await train(engine, 2);
    const saved = await savedFolder(engine);
    await train(engine, 2);
    const expected = await savedBytes(engine);
    const other = await factory.load(dir, lora({ ...everywhere, seed: 99 }));
    await train(other, 1);
    await other.restore(saved);
    await train(other, 2);
    // The seed of another start is all that differs, and it stands in the file.
    expect(await snapshot(other)).toEqual({
      ...(await snapshot(engine)),
      adapter: { adapter: { ...everywhere, seed: 99 }, weights: (await snapshot(engine)).adapter?.weights },
    });
    await engine.restore(saved);
    await train(engine, 2);
    expect((await savedBytes(engine)).equals(expected)).toBe(true);
    for (const each of [engine, other]) each.dispose();
  });

  it('starts with fresh moments where a folder has none', async () => {
    const { engine } = await adapted(everywhere);
    const saved = await savedFolder(engine);
    await rm(join(saved, 'optimizer.safetensors'));
    await train(engine, 1);
    const expected = await savedBytes(engine);
    await train(engine, 1);
    await engine.restore(saved);
    await train(engine, 1);
    expect((await savedBytes(engine)).equals(expected)).toBe(true);
    engine.dispose();
  });

  it('refuses a folder of another adapter or of none, in one line, and stays as it is', async () => {
    const engine = await factory.load(dir, lora(everywhere));
    const plain = await factory.load(dir);
    const before = await savedBytes(engine);
    const refusals: [PolicyEngine, string, RegExp][] = [
      [engine, await adapterFolder(config, base, { ...everywhere, rank: 2 }), /rank 2 instead of 4/],
      [engine, await adapterFolder(config, base, { ...everywhere, alpha: 4 }), /alpha 4 instead of 8/],
      [
        engine,
        await adapterFolder(config, base, { ...everywhere, targets: ['k_proj'] }),
        /targets k_proj instead of q_proj,/,
      ],
      [engine, dir, /adapter\.safetensors is missing/],
      [plain, await savedFolder(engine), /this engine trains all weights/],
    ];
    for (const [target, folder, message] of refusals) {
      const error: unknown = await target.restore(folder).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(EngineError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).not.toContain('\n');
    }
    expect((await savedBytes(engine)).equals(before)).toBe(true);
    for (const each of [engine, plain]) each.dispose();
  });

  it('freezes a copy that later updates leave alone, sharing the frozen weights', async () => {
    const { engine, weights } = await adapted(narrow);
    const before = await engine.score(batch, 1);
    /** Bytes that a frozen copy takes. */
    const grown = async (policy: PolicyEngine) => {
      await policy.score(batch, 1);
      const { bytes } = policy.memory();
      const copy = await policy.freeze();
      return { copy, bytes: policy.memory().bytes - bytes };
    };
    const whole = await factory.load(dir);
    const all = await grown(whole);
    const { copy: frozen, bytes } = await grown(engine);
    expect(bytes).toBeLessThan(all.bytes / 2);
    for (const policy of [all.copy, whole]) policy.dispose();
    const others = [await engine.freeze(), await engine.freeze()];
    for (const other of others) {
      other.dispose();
      other.dispose();
    }
    await train(engine, 1);
    expect(await frozen.score(batch, 1)).toEqual(before);
    expect(await engine.score(batch, 1)).not.toEqual(before);
    engine.dispose();
    expect(await frozen.score(batch, 1)).toEqual(before);
    expectReference(before, weights(), 1);
    frozen.dispose();
  });

  it.each([
    ['rank 0', lora({ ...everywhere, rank: 0 }), /rank 0 must be a whole number/],
    ['rank 1.5', lora({ ...everywhere, rank: 1.5 }), /rank 1\.5 must be a whole number/],
    ['alpha 0', lora({ ...everywhere, alpha: 0 }), /alpha 0 must be finite and greater than 0/],
    ['alpha infinite', lora({ ...everywhere, alpha: Infinity }), /alpha Infinity must be finite/],
    ['no targets', lora({ ...everywhere, targets: [] }), /targets are empty/],
    ['a target twice', lora({ ...everywhere, targets: ['q_proj', 'q_proj'] }), /q_proj is given twice/],
    ['bfloat16 without an adapter', { ...fullTraining, frozenPrecision: 'bfloat16' as const }, /needs an adapter/],
  ])('refuses %s', async (_, training, message) => {
    await expect(factory.load(dir, training)).rejects.toThrow(EngineError);
    await expect(factory.create(config, 1, training)).rejects.toThrow(message);
  });
});
