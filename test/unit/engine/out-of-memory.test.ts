import { describe, expect, test, vi } from 'vitest';
import {
  EngineError,
  fullTraining,
  type Objective,
  OutOfMemoryError,
  type Scored,
} from '../../../src-main/engine/engine.ts';
import { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import { Machine } from '../../../src-main/engine/kernels/machine.ts';
import { asOutOfMemory, watchMemory } from '../../../src-main/engine/out-of-memory.ts';
import { initialWeights } from '../../../src-main/model/weights.ts';

/** What an engine keeps to itself. */
const machineOf = (engine: KernelsEngine) => (engine as unknown as { readonly machine: Machine }).machine;

/** What V8 really says when it has no memory. */
function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('it has enough memory');
}

describe('a lack of memory', () => {
  test.each([
    ['a WebAssembly memory', thrownBy(() => new WebAssembly.Memory({ initial: 1, maximum: 1 }).grow(2))],
    ['an array buffer', thrownBy(() => new ArrayBuffer(2 ** 52))],
    ['a typed array', thrownBy(() => new Float32Array(2 ** 52))],
    // As libtensorflow 2.x, Emscripten, Dawn and glibc write it.
    [
      'TensorFlow',
      new Error(
        'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[8192,151936] and type float on /job:localhost',
      ),
    ],
    ['Emscripten', new Error('Aborted(Cannot enlarge memory arrays to size 4294967296 bytes (OOM))')],
    ['Dawn', new Error('vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY')],
    ['glibc', new Error('Cannot allocate memory')],
  ])('of %s is known for one', (_, error) => {
    const found = asOutOfMemory(error);
    expect(found).toBeInstanceOf(OutOfMemoryError);
    expect((found as Error).cause).toBe(error);
    expect((found as Error).message).not.toContain('\n');
  });

  test.each([
    new EngineError('token 9: the loss is NaN; out of memory of what it was'),
    new TypeError('Cannot read properties of undefined (reading memory)'),
    new Error('bedroom'),
    'OOM',
  ])('is not what %s says', async (error) => {
    await expect(watchMemory(() => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('kernels that have no more memory', () => {
  const config = {
    vocabSize: 48,
    hiddenSize: 32,
    intermediateSize: 40,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 8,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    maxPositions: 4096,
    qkvBias: true,
    qkNorm: false,
    tiedEmbeddings: true,
    bosTokenId: null,
    eosTokenId: 47,
  };

  const noStep = { learningRate: 0, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, maxGradNorm: 0 };

  test('say so for a block that no WebAssembly memory holds', () => {
    const machine = new Machine('wasm', 1);
    expect(() => machine.allocate(2 ** 33)).toThrow(OutOfMemoryError);
    machine.release();
  });

  test('say so in the middle of a batch, keep their weights, and go on with fewer tokens at a time', async () => {
    const open = (microBatchTokens?: number) => {
      const training = { ...fullTraining, recompute: true, ...(microBatchTokens ? { microBatchTokens } : {}) };
      const engine = KernelsEngine.create(config, null, { kind: 'wasm', threads: 1 }, training);
      engine.fill(initialWeights(config, 3));
      return engine;
    };
    const sequences: Scored[] = Array.from({ length: 24 }, (_, i) => ({
      prompt: Int32Array.of(i, 1, 2),
      response: new Int32Array(160).fill(3),
    }));
    const batch = { sequences, temperature: 1 };
    const nothing: Objective = (stats) => ({
      loss: 0,
      derivatives: stats.map(({ logprob }) => ({ logprob: logprob.map(() => 1) })),
    });
    const needed = async (engine: KernelsEngine) => {
      await engine.accumulate(batch, nothing);
      const { gradNorm } = await engine.update(noStep);
      engine.dispose();
      return { bytes: machineOf(engine).mostBytes, gradNorm };
    };
    const [whole, small] = [await needed(open()), await needed(open(170))];
    expect(small.bytes).toBeLessThan(whole.bytes - 2 ** 18);
    // Sums in another order, so not equal bits.
    expect(small.gradNorm / whole.gradNorm).toBeCloseTo(1, 4);

    /** As a memory whose maximum is just enough for small slices. */
    const limited = (engine: KernelsEngine) => {
      const { core } = machineOf(engine);
      const grow = core.grow.bind(core);
      vi.spyOn(core, 'grow').mockImplementation((bytes) => {
        if (core.buffer().byteLength + bytes > small.bytes + 2 ** 17)
          throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded');
        grow(bytes);
      });
      return engine;
    };
    const short = limited(open());
    const before = await short.score(sequences.slice(0, 1), 1);
    await expect(short.accumulate(batch, nothing)).rejects.toThrow(OutOfMemoryError);
    expect(await short.score(sequences.slice(0, 1), 1)).toEqual(before);
    short.dispose();
    expect((await needed(limited(open(170)))).gradNorm).toBe(small.gradNorm);
  });
});
