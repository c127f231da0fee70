/** Memory of the CPU kernels: nothing is kept, nothing overlaps, and what cannot fit is refused before anything is made. */
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapterTargets, EngineError, fullTraining, type Training } from '../../../src-main/engine/engine.ts';
import { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import { Heap } from '../../../src-main/engine/kernels/heap.ts';
import { kernelsFactories } from '../../../src-main/engine/kernels/index.ts';
import { Machine } from '../../../src-main/engine/kernels/machine.ts';
import { Model } from '../../../src-main/engine/kernels/model.ts';
import { score } from '../../../src-main/engine/kernels/scoring.ts';
import { adapterShapes } from '../../../src-main/model/adapter.ts';
import { formatModelConfig, type ModelConfig } from '../../../src-main/model/config.ts';
import { weightShapes } from '../../../src-main/model/weights.ts';
import { linear, newFolder, randomDerivatives, sequences } from '../../conformance/fixtures.ts';
import { describeBuilds, engineOf, even, lively, plain, step, using } from './kernels-fixtures.ts';

/** Bytes of the arena, which an engine keeps to itself. */
const arenaOf = (engine: KernelsEngine): number =>
  (engine as unknown as { machine: Machine }).machine.core.buffer().byteLength;

describeBuilds((options) => {
  it('holds as much after 1,000 steps as after 10', () =>
    using(engineOf({ ...even, layers: 1 }, { ...options, threads: 2 }), async (engine) => {
      const batch = sequences(even, [
        [5, 4],
        [2, 7],
      ]);
      const prompts = batch.map(({ prompt }) => prompt);
      const objective = linear(randomDerivatives(batch));
      const steps = async (count: number) => {
        for (let i = 0; i < count; i++) {
          await engine.generate(prompts, { ...plain, maxNewTokens: 4, seed: i });
          await engine.accumulate({ sequences: batch, temperature: 1 }, objective);
          await engine.update({ ...step, learningRate: 1e-5 });
        }
        return { bytes: engine.memory().bytes, arena: arenaOf(engine) };
      };
      const after10 = await steps(10);
      expect(await steps(990)).toEqual(after10);
    }));

  it('gives back what calls that fail have taken', () =>
    using(engineOf(even, options), async (engine) => {
      const batch = sequences(even, [[5, 4]]);
      const fail = () => {
        throw new Error('an objective that fails');
      };
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch)));
      const { bytes } = engine.memory();
      for (let i = 0; i < 3; i++)
        await expect(engine.accumulate({ sequences: batch, temperature: 1 }, fail)).rejects.toThrow('that fails');
      expect(engine.memory().bytes).toBe(bytes);
    }));

  it('is refused by the byte where the machine has no more, and what there was stays usable', () => {
    const machine = new Machine(options.kind, 1, options.relaxed);
    const start = machine.allocate(4096);
    machine.ints(start, 1024).fill(7);
    const before = { bytes: machine.bytes, buffer: machine.core.buffer().byteLength };
    const tooMuch = 65 * 2 ** 30;
    expect(() => machine.allocate(tooMuch)).toThrow(EngineError);
    expect(() => machine.allocate(tooMuch)).toThrow(`no memory for ${tooMuch} more bytes`);
    expect({ bytes: machine.bytes, buffer: machine.core.buffer().byteLength }).toEqual(before);
    expect(machine.ints(start, 1024).every((value) => value === 7)).toBe(true);
    machine.free(machine.allocate(4096));
    machine.release();
  });

  it('is refused to a call that needs too much, after which smaller ones go on', async () => {
    const machine = new Machine(options.kind, 2, options.relaxed);
    const config = { ...even, maxPositions: 1e11 };
    const model = Model.create(machine, config, fullTraining);
    model.base.set(lively(even));
    machine.reserveScratch(1000);
    model.reachPosition(10);
    for (let i = 0; i < 2; i++) {
      expect(() => machine.reserveScratch(2e10)).toThrow(/^no memory for \d+ more bytes/);
      expect(() => model.reachPosition(1e10)).toThrow(/^no memory for \d+ more bytes/);
    }
    const batch = sequences(even, [[9, 4]]);
    expect(await score(model, batch, 1)).toEqual(await using(engineOf(even, options), (e) => e.score(batch, 1)));
    model.dispose();
    machine.release();
  });

  describe('a policy that is too large', () => {
    it.each<[string, Training]>([
      ['all weights', fullTraining],
      ['an adapter', { ...fullTraining, adapter: { rank: 32, alpha: 8, targets: adapterTargets, seed: 1 } }],
    ])('is refused with the bytes that %s would take, before any are taken', (_, training) => {
      // WebAssembly reaches 4 GiB; 64 GiB is what a native arena may have at the most.
      const config = policyOf(options.kind === 'wasm' ? 2 ** 32 : 2 ** 36, training);
      const machine = new Machine(options.kind, 1, options.relaxed);
      const held = () => ({ bytes: machine.bytes, arena: machine.core.buffer().byteLength });
      const before = held();
      const since = performance.now();
      // No weights are there: it must not come to looking at them.
      expect(() => Model.create(machine, config, training)).toThrow(EngineError);
      expect(performance.now() - since).toBeLessThan(2000);
      expect(held()).toEqual(before);
      machine.release();

      const create = () => KernelsEngine.create(config, new Map(), options, training);
      expect(create).toThrow(EngineError);
      expect(create).toThrow(`training this policy needs ${(bytesOf(config, training) / 1e9).toFixed(1)} GB`);
    });
  });
});

/** Bytes of weights, and of gradient and moments of what is trained: the least that training takes. */
function bytesOf(config: ModelConfig, { adapter }: Training): number {
  const elements = (shapes: ReadonlyMap<string, readonly number[]>) =>
    [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const weights = elements(weightShapes(config));
  return adapter ? 4 * weights + 16 * elements(adapterShapes(config, adapter)) : 16 * weights;
}

/** A policy that takes more, of whole panels, so that nothing is padding. */
function policyOf(bytes: number, training: Training): ModelConfig {
  const wide = { vocabSize: 32_000, hiddenSize: 4096, intermediateSize: 16_384, heads: 64, kvHeads: 64, headDim: 64 };
  for (let layers = 1; ; layers++) {
    const config = { ...even, ...wide, layers };
    if (bytesOf(config, training) > bytes) return config;
  }
}

/** A `model.safetensors` with the tensors of a policy, all zero. */
async function writeHollowWeights(dir: string, config: ModelConfig): Promise<void> {
  let end = 0;
  const header = Object.fromEntries(
    [...weightShapes(config)].map(([name, shape]) => {
      const begin = end;
      end += 4 * shape.reduce((product, dimension) => product * dimension, 1);
      return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
    }),
  );
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = join(dir, 'model.safetensors');
  await writeFile(file, Buffer.concat([length, json]));
  await truncate(file, 8 + json.length + end);
}

describe.each(kernelsFactories)('$id', ({ id, load, unavailable }) => {
  it('refuses a policy that is too large before it reads the weights', async ({ skip }) => {
    const reason = await unavailable();
    if (reason !== null) skip(`${id}: ${reason}`);
    const dir = await newFolder();
    // A sparse file: it has its length, and takes no room.
    const policy = policyOf(2 ** 36, fullTraining);
    await writeFile(join(dir, 'config.json'), formatModelConfig(policy));
    await writeHollowWeights(dir, policy);
    const loading = load(dir);
    await expect(loading).rejects.toThrow(EngineError);
    await expect(loading).rejects.toThrow(/this policy needs [\d.]+ GB/);
    await rm(dir, { recursive: true });
  });
});

describe('heap', () => {
  it('gives blocks that never overlap, and has nothing left when all are freed', () => {
    const action = fc.record({ bytes: fc.integer({ min: 0, max: 5000 }), frees: fc.nat(3), pick: fc.nat() });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const heap = new Heap(100);
        const empty = heap.end;
        const blocks: { start: number; bytes: number }[] = [];
        for (const { bytes, frees, pick } of actions) {
          const start = heap.allocate(bytes);
          expect(start % 64).toBe(0);
          for (const other of blocks)
            expect(start + bytes <= other.start || other.start + other.bytes <= start).toBe(true);
          expect(start + bytes).toBeLessThanOrEqual(heap.end);
          blocks.push({ start, bytes });
          for (let i = 0; i < frees && blocks.length > 0; i++) {
            const [block] = blocks.splice(pick % blocks.length, 1);
            if (block) heap.free(block.start);
          }
        }
        for (const { start } of blocks) heap.free(start);
        expect(heap.end).toBe(empty);
        expect(heap.used).toBe(0);
      }),
    );
  });

  it('refuses to free what it did not give, or twice', () => {
    const heap = new Heap(0);
    const start = heap.allocate(10);
    heap.free(start);
    for (const address of [start, start + 64, 1]) expect(() => heap.free(address)).toThrow(RangeError);
  });
});
