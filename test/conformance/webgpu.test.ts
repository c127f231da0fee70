/**
 * What WebGPU must do besides being right: read back seldom, compute on the device alone, and ask it for no buffer that
 * it cannot have.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fullTraining, OutOfMemoryError, type PolicyEngine } from '../../src-main/engine/engine.ts';
import { loadTf } from '../../src-main/engine/tfjs/library.ts';
import { tfjsWebgpu, webgpu } from '../../src-main/engine/tfjs/webgpu.ts';
import { backendOf } from '../../src-main/engine/tfjs/webgpu-device.ts';
import type { ModelConfig } from '../../src-main/model/config.ts';
import '../fixtures/software-gpu.ts';
import { expectStats } from './expectations.ts';
import {
  gradientOf,
  linear,
  newFolder,
  policies,
  policyFolder,
  ragged,
  randomDerivatives,
  savedBytes,
  sequences,
  snapshot,
  toReference,
} from './fixtures.ts';
import { referenceStats } from './reference.ts';
import { expectSlopes, referenceLoss } from './slopes.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const reason = await tfjsWebgpu.unavailable();
const title = reason === null ? 'tfjs-webgpu' : `tfjs-webgpu (cannot run here: ${reason})`;

const step = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };
const sampling = { temperature: 1, topP: 1, topK: 0, seed: 5 };
const base = (policies[0] as (typeof policies)[number]).config;
const untied = (policies[1] as (typeof policies)[number]).config;
const batch = (config: ModelConfig) => sequences(config, ragged);

describe.skipIf(reason !== null)(title, () => {
  /** Transfers from the device to this process during `work`. */
  async function readBacks(work: () => Promise<unknown>): Promise<number> {
    const backend = backendOf(loadTf());
    const read = vi.spyOn(backend, 'getBufferData');
    await work();
    const count = read.mock.calls.length;
    read.mockRestore();
    return count;
  }

  async function ofLayers(layers: number) {
    const config = { ...base, layers, eosTokenId: base.vocabSize };
    const engine = await tfjsWebgpu.create(config, 1);
    const many = batch(config);
    const prompts = many.map(({ prompt }) => prompt);
    const derivatives = randomDerivatives(many);
    const counts = {
      generated: await readBacks(() => engine.generate(prompts, { ...sampling, maxNewTokens: 6 })),
      scored: await readBacks(() => engine.score(many, 1)),
      trained: await readBacks(async () => {
        await engine.accumulate({ sequences: many, temperature: 1 }, linear(derivatives));
        await engine.update(step);
      }),
    };
    engine.dispose();
    return counts;
  }

  it('reads back once a generated token, once a scored slice, and twice a training step, whatever the layers', async () => {
    // The logits of all sequences; the statistics; the statistics and the norm of the gradient.
    const expected = { generated: 6, scored: 1, trained: 2 };
    expect(await ofLayers(1)).toEqual(expected);
    expect(await ofLayers(4)).toEqual(expected);
  });

  it('computes on the device alone: every operation has a kernel there, and none is given to the CPU with its values', async () => {
    const tf = loadTf();
    const engine = await tfjsWebgpu.create(untied, 1, { ...fullTraining, recompute: true });
    const backend = backendOf(tf);
    const onDevice: unknown[] = [];
    const readSync = backend.readSync.bind(backend);
    const waits = vi.spyOn(backend, 'readSync').mockImplementation((id) => {
      const { resource } = backend.tensorMap.get(id);
      if (resource) onDevice.push(resource);
      return readSync(id);
    });
    const asked = new Set<string>();
    const run = tf.engine().runKernel.bind(tf.engine());
    const kernels = vi.spyOn(tf.engine(), 'runKernel').mockImplementation((name, ...rest) => {
      asked.add(name);
      return run(name, ...rest);
    });
    const many = batch(untied);
    await engine.generate(
      many.map(({ prompt }) => prompt),
      { ...sampling, maxNewTokens: 3 },
    );
    await engine.accumulate({ sequences: many, temperature: 0.7 }, linear(randomDerivatives(many)));
    await engine.update(step);
    const saved = await newFolder();
    await engine.save(saved);
    await engine.restore(saved);
    kernels.mockRestore();
    const own = new Set(tf.getKernelsForBackend('webgpu').map(({ kernelName }) => kernelName));
    expect([...asked].filter((name) => !own.has(name))).toEqual([]);
    expect(asked.size).toBeGreaterThan(10);
    // Small tensors that never were on the device (masks) may be put together here: nothing waits for the device.
    expect(onDevice).toEqual([]);
    waits.mockRestore();
    engine.dispose();
  });

  it('repeats its bits, sums of equal tokens among them', async () => {
    const config = { ...untied, vocabSize: 6, eosTokenId: 5, otherEosTokenIds: [] };
    const many = sequences(
      config,
      Array.from({ length: 6 }, () => [8, 8] as const),
    );
    const dir = await policyFolder(config);
    const trained = async () => {
      const engine = await tfjsWebgpu.load(dir);
      await engine.accumulate({ sequences: many, temperature: 1 }, linear(randomDerivatives(many)));
      await engine.update(step);
      const bytes = await savedBytes(engine);
      engine.dispose();
      return bytes;
    };
    const first = await trained();
    expect((await trained()).equals(first)).toBe(true);
  });

  describe.each([
    ['tied', base],
    ['untied', untied],
  ])('where a buffer may have 4 KiB, a policy with a larger table, %s', (_, small) => {
    const mostBytes = 4096;
    // 48 x 32 x 4 bytes are 6144; matrices of the MLP have 5120.
    const config = { ...small, vocabSize: 130 };
    const many = batch(config);
    let dir: string;
    let engine: PolicyEngine;
    let largest = 0;
    beforeAll(async () => {
      dir = await policyFolder(config);
      const whole = await tfjsWebgpu.load(dir);
      const { device } = backendOf(loadTf());
      whole.dispose();
      const create = device.createBuffer.bind(device);
      vi.spyOn(device, 'createBuffer').mockImplementation((descriptor) => {
        largest = Math.max(largest, descriptor.size);
        return create(descriptor);
      });
      engine = await webgpu(mostBytes).load(dir);
    });
    afterAll(() => {
      engine?.dispose();
      vi.restoreAllMocks();
    });

    it('scores, derives, generates, updates and saves as the reference does, and asks for no larger buffer', async () => {
      const weights = toReference((await snapshot(engine)).weights);
      for (const [s, stats] of (await engine.score(many, 0.8)).entries())
        expectStats(stats, referenceStats(config, weights, many[s] as (typeof many)[number], 0.8), 1e-4);
      const derivatives = randomDerivatives(many);
      const gradient = await gradientOf(engine, many, derivatives, 0.8);
      expectSlopes(gradient, weights, () => referenceLoss(config, weights, many, derivatives, 0.8));

      const prompts = many.map(({ prompt }) => prompt);
      const whole = await tfjsWebgpu.load(dir);
      const options = { ...sampling, maxNewTokens: 5 };
      const [mine, theirs] = [await engine.generate(prompts, options), await whole.generate(prompts, options)];
      expect(mine.map(({ tokens }) => tokens)).toEqual(theirs.map(({ tokens }) => tokens));
      whole.dispose();
    });

    it('continues after save and restore with identical bits', async () => {
      largest = 0;
      const derivatives = randomDerivatives(many);
      const train = async () => {
        await engine.accumulate({ sequences: many, temperature: 1 }, linear(derivatives));
        await engine.update(step);
      };
      await train();
      const saved = await newFolder();
      await engine.save(saved);
      await train();
      const expected = await savedBytes(engine);
      await engine.restore(saved);
      await train();
      expect((await savedBytes(engine)).equals(expected)).toBe(true);
      expect(largest).toBeGreaterThan(0);
      expect(largest).toBeLessThanOrEqual(mostBytes);
    });
  });

  it('says that memory is short where a buffer cannot be had, in place of going on with zeros', async () => {
    const engine = await tfjsWebgpu.create(base, 1);
    const { device } = backendOf(loadTf());
    const create = device.createBuffer.bind(device);
    const spy = vi.spyOn(device, 'createBuffer').mockImplementation((descriptor) => {
      create({ ...descriptor, mappedAtCreation: false, size: device.limits.maxBufferSize * 2 });
      return create(descriptor);
    });
    const long = sequences(base, [[17, 29]]);
    const error: unknown = await engine.score(long, 1).catch((caught: unknown) => caught);
    spy.mockRestore();
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect((error as Error).message).toContain('the GPU has no memory');
    engine.dispose();
  });
});
