/**
 * What every engine must do where memory is scarce: make activations again in the backward pass, store frozen weights
 * in bfloat16 or refuse to by name, and hold on to nothing.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Adapter,
  adapterTargets,
  EngineError,
  fullTraining,
  type Training,
} from '../../src-main/engine/engine.ts';
import { roundToBfloat16 } from '../../src-main/model/adapter.ts';
import type { Weights } from '../../src-main/model/weights.ts';
import { loadWeights } from '../fixtures/checkpoints.ts';
import { amount, describeEngines } from './describe-engines.ts';
import { expectClose, expectStats, largestOf } from './expectations.ts';
import {
  adaptedEngine,
  gradientOf,
  linear,
  policyFolder,
  ragged,
  randomDerivatives,
  savedFolder,
  sequences,
  snapshot,
  writePolicy,
} from './fixtures.ts';
import { referenceStats } from './reference.ts';

// A software GPU, which is the only way to check that path without a GPU, takes minutes for some tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Engines that store frozen weights in float32 alone, and must say so. */
const withoutBfloat16 = ['tfjs-node-gpu', 'tfjs-webgpu', 'tfjs-node', 'tfjs-wasm', 'tfjs-cpu'];

const adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };
const sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: 12, seed: 5 };

const adapter: Adapter = { rank: 4, alpha: 8, targets: adapterTargets, seed: 7 };
const withAdapter = { ...fullTraining, adapter };
const inBfloat16 = { ...withAdapter, frozenPrecision: 'bfloat16' as const };

describeEngines((factory, config) => {
  let dir: string;
  const batch = sequences(config, ragged);
  const derivatives = randomDerivatives(batch);
  const open = async (training: Training) => {
    const { adapter } = training;
    if (adapter) return (await adaptedEngine(factory, dir, { ...training, adapter })).engine;
    return factory.load(dir, training);
  };

  beforeAll(async () => {
    dir = await policyFolder(config);
  });

  it.each([
    ['all weights', fullTraining],
    ['an adapter', withAdapter],
  ])('makes activations again for the same gradients of %s in less memory', async (_, training) => {
    // Deep and long enough for activations to outweigh the work space of a layer.
    const deep = { ...config, layers: amount(factory, 6, 4) };
    const long = sequences(
      deep,
      Array.from({ length: amount(factory, 8, 4) }, () => [amount(factory, 30, 12), amount(factory, 30, 12)] as const),
    );
    const given = randomDerivatives(long);
    const trained = async (recompute: boolean) => {
      const engine = await factory.create(deep, 3, { ...training, recompute });
      let bytes = 0;
      await engine.accumulate({ sequences: long, temperature: 1 }, (stats, offset) => {
        bytes = engine.memory().bytes;
        return linear(given)(stats, offset);
      });
      await engine.update(adam);
      const gradient = await gradientOf(engine, batch, derivatives, 1);
      engine.dispose();
      return { bytes, gradient };
    };
    const [kept, again] = [await trained(false), await trained(true)];
    for (const [tensor, { data }] of kept.gradient)
      expectClose(again.gradient.get(tensor)?.data, data, 1e-5 * largestOf(data), tensor);
    expect(again.bytes).toBeLessThan(kept.bytes);
  });

  it('holds no more memory after many steps than after the first ones', async () => {
    const engine = await open({ ...withAdapter, recompute: true });
    const saved = await savedFolder(engine);
    const prompts = batch.map(({ prompt }) => prompt);
    const step = async () => {
      await engine.generate(prompts, sampling);
      const frozen = await engine.freeze();
      await frozen.score(batch, 1);
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
      await engine.update(adam);
      await engine.restore(saved);
      frozen.dispose();
      await engine.score(batch, 1);
    };
    for (let i = 0; i < 2; i++) await step();
    const { bytes } = engine.memory();
    for (let i = 0; i < amount(factory, 5, 2); i++) await step();
    expect(engine.memory().bytes).toBe(bytes);
    engine.dispose();
  });

  describe.runIf(withoutBfloat16.includes(factory.id))('has no bfloat16', () => {
    it('and refuses it by name', async () => {
      expect(factory.unsupported?.(inBfloat16)).toContain('bfloat16');
      expect(factory.unsupported?.(withAdapter)).toBeNull();
      for (const refused of [factory.load(dir, inBfloat16), factory.create(config, 1, inBfloat16)]) {
        const error: unknown = await refused.catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(EngineError);
        expect((error as Error).message).toContain(`${factory.id}: frozenPrecision bfloat16`);
      }
    });
  });

  describe.skipIf(withoutBfloat16.includes(factory.id))('with frozen weights in bfloat16', () => {
    /** A policy whose matrices need rounding, and the same one rounded. */
    let exact: string;
    let rounded: string;

    beforeAll(async () => {
      const weights = await loadWeights(dir, config);
      const round = (which: (shape: readonly number[]) => boolean): Weights =>
        new Map(
          [...weights].map(([tensor, { shape, data }]) => [
            tensor,
            { shape, data: which(shape) ? roundToBfloat16(data) : data },
          ]),
        );
      // Norms and biases are too small to matter: an engine may round them or not.
      exact = await writePolicy(
        config,
        round((shape) => shape.length === 1),
      );
      rounded = await writePolicy(
        config,
        round(() => true),
      );
    });

    it('scores, derives and merges as with float32 ones of the rounded values', async () => {
      const { engine } = await adaptedEngine(factory, exact, inBfloat16);
      const { engine: plain, weights } = await adaptedEngine(factory, rounded, withAdapter);
      const expected = weights();
      for (const [s, stats] of (await engine.score(batch, 1)).entries())
        expectStats(stats, referenceStats(config, expected, batch[s] as (typeof batch)[number], 1), 1e-4);
      for (const [tensor, { data }] of (await snapshot(engine)).weights)
        expectClose(data, expected.get(tensor) as Float64Array, 2 ** -23 * largestOf(data), tensor);
      const gradient = await gradientOf(plain, batch, derivatives, 1);
      for (const [tensor, { data }] of await gradientOf(engine, batch, derivatives, 1))
        expectClose(data, gradient.get(tensor)?.data ?? [], 1e-4 * largestOf(data), tensor);
      for (const each of [engine, plain]) each.dispose();
    });

    it('takes less memory than in float32', async () => {
      const bytes = async (training: Training) => {
        const engine = await open(training);
        await engine.score(batch, 1);
        const held = engine.memory().bytes;
        engine.dispose();
        return held;
      };
      expect(await bytes(inBfloat16)).toBeLessThan(await bytes(withAdapter));
    });
  });
});
