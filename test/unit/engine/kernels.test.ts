/** What is special to the CPU kernels: padding, threads, shared prompts, memory. What every engine must do is in conformance/. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError, type Objective, type PolicyEngine, type Sampling } from '../../../src-main/engine/engine.ts';
import { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import { Heap } from '../../../src-main/engine/kernels/heap.ts';
import { kernelsFactory } from '../../../src-main/engine/kernels/index.ts';
import { gather, layoutOf, scatter } from '../../../src-main/engine/kernels/layout.ts';
import { coreBytes, Machine } from '../../../src-main/engine/kernels/machine.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import { initialWeights, type Weights } from '../../../src-main/model/weights.ts';
import { stream } from '../../../src-shared/random.ts';
import { expectClose, expectStats, largestOf } from '../../conformance/expectations.ts';
import {
  gradientOf,
  linear,
  newFolder,
  randomDerivatives,
  savedBytes,
  sequences,
  snapshot,
  toReference,
} from '../../conformance/fixtures.ts';
import { type ReferenceWeights, referenceStats } from '../../conformance/reference.ts';

/** Nothing here is a multiple of the vector width, and the heads together are wider than the model. */
const odd: ModelConfig = {
  vocabSize: 37,
  hiddenSize: 19,
  intermediateSize: 27,
  layers: 2,
  heads: 6,
  kvHeads: 3,
  headDim: 6,
  ropeTheta: 500,
  normEpsilon: 1e-5,
  maxPositions: 400,
  qkvBias: true,
  tiedEmbeddings: false,
  bosTokenId: null,
  eosTokenId: 36,
};
const even: ModelConfig = { ...odd, vocabSize: 64, hiddenSize: 32, headDim: 8, qkvBias: false, tiedEmbeddings: true };
const plain: Sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: 15, seed: 3 };
const step = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };

/** Weights large enough for every nonlinearity to be at work. */
function lively(config: ModelConfig): Weights {
  return new Map(
    [...initialWeights(config, 1)].map(([name, { shape, data }]) => {
      const random = stream('lively', name);
      const values = data.map((value) => (shape.length > 1 ? value * 12 : value + 0.3 * random.normal()));
      return [name, { shape, data: values }];
    }),
  );
}

const engineOf = (config: ModelConfig, threads?: number) => KernelsEngine.create(config, lively(config), threads);

/** Run `body` with an engine, and dispose it whatever happens. */
async function using<T>(engine: KernelsEngine, body: (engine: KernelsEngine) => Promise<T>): Promise<T> {
  try {
    return await body(engine);
  } finally {
    engine.dispose();
  }
}

describe('matrix product', () => {
  const machine = new Machine(1);
  const upload = (values: Float32Array) => {
    const start = machine.allocate(values.length * 4);
    machine.floats(start, values.length).set(values);
    return start;
  };

  it('is that of float64, for every number of rows', () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), size, size, fc.integer(), (m, n8, k8, seed) => {
        const [n, k] = [n8 * 8, k8 * 8];
        const random = stream(seed, 'gemm');
        const a = Float32Array.from({ length: m * k }, () => random.normal());
        const b = Float32Array.from({ length: k * n }, () => random.normal());
        const addresses = [upload(a), upload(b), machine.allocate(k * n * 4), machine.allocate(m * n * 4)] as const;
        machine.core.multiply(m, n, k, ...addresses);
        const c = machine.floats(addresses[3], m * n);
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let x = 0; x < k; x++) sum += (a[i * k + x] as number) * (b[x * n + j] as number);
            if (!(Math.abs((c[i * n + j] as number) - sum) < 1e-5 * k)) expect.fail(`[${i}, ${j}] of ${m}x${n}x${k}`);
          }
        for (const address of addresses) machine.free(address);
      }),
      { numRuns: 60 },
    );
  });
});

it('runs the core that its sources give', () => {
  const folder = join(import.meta.dirname, '../../../src-main/engine/kernels/core');
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) {
    hash.update(file);
    hash.update(readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n'));
  }
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(coreBytes()), 'sources');
  const rebuild = 'the core has changed: node resources/kernels/build.mjs';
  expect(Buffer.from(section ?? new ArrayBuffer(0)).toString('hex'), rebuild).toBe(hash.digest('hex'));
});

describe('dimensions that are no multiples of the vector width', () => {
  // Rows beyond one task, one block of queries and one stretch of the gradient.
  const batch = sequences(odd, [
    [3, 5],
    [290, 10],
    [1, 70],
    [33, 32],
    [4, 0],
    [2, 1],
  ]);

  it('score like the float64 reference', () =>
    using(engineOf(odd), async (engine) => {
      const weights = toReference((await snapshot(engine)).weights);
      const stats = await engine.score(batch, 0.8);
      for (const [s, sequence] of batch.entries())
        expectStats(stats[s], referenceStats(odd, weights, sequence, 0.8), 2e-4);
    }));

  it('derive like central finite differences of the float64 loss', () =>
    using(engineOf(odd), async (engine) => {
      const weights = toReference((await snapshot(engine)).weights);
      const few = [...batch.slice(0, 1), ...batch.slice(3)];
      const derivatives = randomDerivatives(few);
      const gradient = await gradientOf(engine, few, derivatives, 0.8);
      const random = stream('coordinates');
      for (const [tensor, { data }] of gradient) {
        const scale = largestOf(data);
        expect(scale, tensor).toBeGreaterThan(0);
        for (let probe = 0; probe < 2; probe++) {
          const i = random.int(0, data.length - 1);
          const slope = finiteDifference(weights, tensor, i, () => lossOf(weights, few, derivatives, 0.8));
          expect(Math.abs((data[i] as number) - slope), `${tensor}[${i}]`).toBeLessThan(1e-3 * scale + 1e-5);
        }
      }
    }));

  it('generate what scoring describes', () =>
    using(engineOf(odd), async (engine) => {
      const prompts = batch.map(({ prompt }) => prompt);
      const generated = await engine.generate(prompts, { ...plain, temperature: 1.2, topP: 0.95 });
      const scored = prompts.map((prompt, i) => ({ prompt, response: generated[i]?.tokens ?? new Int32Array() }));
      const stats = await engine.score(scored, 1.2);
      for (const [i, s] of stats.entries()) expectStats(generated[i]?.stats, s, 2e-4);
    }));

  it('leave the padding untouched: a trained engine and one restored from its files go on alike', async () => {
    const dir = await newFolder();
    const derivatives = randomDerivatives(batch);
    const train = async (engine: PolicyEngine) => {
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
      await engine.update(step);
    };
    await using(engineOf(odd), async (trained) => {
      await train(trained);
      await train(trained);
      await trained.save(dir);
      await train(trained);
      await using(engineOf(odd), async (restored) => {
        await restored.restore(dir);
        await train(restored);
        expect((await savedBytes(restored)).equals(await savedBytes(trained))).toBe(true);
      });
    });
  });

  it('survive the way into the padded layout and back', () => {
    const layout = layoutOf(odd);
    const weights = lively(odd);
    const buffer = new Float32Array(layout.size).fill(Number.NaN);
    scatter(layout, weights, buffer);
    expect(gather(layout, buffer)).toEqual(weights);
    const nonzero = buffer.filter((value) => value !== 0).length;
    expect(nonzero).toBe([...weights.values()].reduce((sum, { data }) => sum + data.filter((x) => x !== 0).length, 0));
  });
});

describe('threads', () => {
  it('do not change a single bit, however many there are', async () => {
    const many = sequences(
      even,
      Array.from({ length: 130 }, (_, i) => [3 + (i % 19), 1 + (i % 31)] as const),
    );
    const derivatives = randomDerivatives(many).map((derivative, s) =>
      s % 7 < 2 ? { logprob: derivative.logprob.map(() => 0) } : derivative,
    );
    const results = await Promise.all(
      [1, 2, 5].map((threads) =>
        using(engineOf(even, threads), async (engine) => {
          for (let update = 0; update < 3; update++) {
            await engine.accumulate({ sequences: many, temperature: 0.9 }, linear(derivatives));
            await engine.update(step);
          }
          const prompts = many.map(({ prompt }) => prompt);
          return {
            bytes: await savedBytes(engine),
            stats: await engine.score(many, 1),
            generated: await engine.generate(prompts, { ...plain, topK: 20 }),
          };
        }),
      ),
    );
    for (const result of results.slice(1)) {
      expect(result.bytes.equals(results[0]?.bytes as Buffer)).toBe(true);
      expect(result.stats).toEqual(results[0]?.stats);
      expect(result.generated).toEqual(results[0]?.generated);
    }
  });

  it('report their failure, and that of every later call', async () => {
    const machine = new Machine(3);
    const unknownOperation = [99];
    await expect(machine.run([unknownOperation, unknownOperation])).rejects.toThrow(EngineError);
    await expect(machine.run([unknownOperation])).rejects.toThrow(/kernel thread has failed/);
    machine.release();
  });

  it('let other work of the process in between', () =>
    using(engineOf({ ...even, hiddenSize: 128, intermediateSize: 256 }), async (engine) => {
      const many = sequences(
        even,
        Array.from({ length: 400 }, () => [20, 20] as const),
      );
      let turns = 0;
      let isDone = false;
      const count = () => {
        turns++;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);
      const slices: number[] = [];
      const objective: Objective = (stats, offset) => {
        slices.push(turns);
        return linear(randomDerivatives(many))(stats, offset);
      };
      await engine.accumulate({ sequences: many, temperature: 1 }, objective);
      isDone = true;
      expect(slices.length).toBeGreaterThan(3);
      expect(slices.at(-1)).toBeGreaterThan(slices[0] as number);
    }));
});

describe('responses to the same prompt', () => {
  const [a, b, c] = sequences(even, [
    [9, 0],
    [4, 0],
    [14, 0],
  ]).map(({ prompt }) => prompt) as [Int32Array, Int32Array, Int32Array];

  it('share one reading of it without a difference', () =>
    using(engineOf(even), async (engine) => {
      const shared = await engine.generate([a, a.slice(), a, b, c, c], plain);
      const apart = await engine.generate([a, b, a, b, a, c], plain);
      for (const i of [0, 2, 3, 5]) expect(apart[i]).toEqual(shared[i]);
      expect(shared[0]?.tokens).not.toEqual(shared[2]?.tokens);
    }));

  it('end one by one at the end-of-sequence token', () =>
    using(engineOf(even), async (engine) => {
      const generated = await engine.generate(new Array<Int32Array>(200).fill(a), { ...plain, maxNewTokens: 60 });
      for (const { tokens, finished } of generated)
        expect(tokens.indexOf(even.eosTokenId)).toBe(finished ? tokens.length - 1 : -1);
      expect(new Set(generated.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(10);
    }));
});

describe('an engine', () => {
  it('starts with fresh moments from any folder', async () => {
    const dir = await newFolder();
    await using(engineOf(even), async (engine) => {
      const batch = sequences(even, [[3, 4]]);
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch)));
      await engine.update(step);
      await engine.save(dir);
    });
    const loaded = await kernelsFactory.load(dir);
    const { optimizer } = await snapshot(loaded);
    loaded.dispose();
    expect(optimizer?.updates).toBe(0);
    for (const { data } of optimizer?.m.values() ?? []) expect(largestOf(data)).toBe(0);
  });

  it('refuses to generate from weights that give no finite logits', async () => {
    const weights = lively(even);
    weights.get('model.norm.weight')?.data.fill(Number.NaN);
    await using(KernelsEngine.create(even, weights), async (engine) => {
      await expect(engine.generate([Int32Array.of(1, 2)], plain)).rejects.toThrow(EngineError);
    });
  });

  it('refuses work once disposed, but not that of its frozen copies', async () => {
    const engine = engineOf(even);
    const batch = sequences(even, [[3, 4]]);
    const frozen = await engine.freeze();
    const before = await engine.score(batch, 1);
    engine.dispose();
    engine.dispose();
    await expect(engine.score(batch, 1)).rejects.toThrow(EngineError);
    expect(await frozen.score(batch, 1)).toEqual(before);
    frozen.dispose();
    await expect(frozen.score(batch, 1)).rejects.toThrow(EngineError);
  });

  it('adds the gradients of calls in which some sequences have none', () =>
    using(engineOf(even), async (engine) => {
      const batch = sequences(
        even,
        Array.from({ length: 12 }, (_, i) => [4 + i, 3 + i] as const),
      );
      const derivatives = randomDerivatives(batch);
      const only = (wanted: (s: number) => boolean) =>
        derivatives.map((d, s) => (wanted(s) ? d : { logprob: d.logprob.map(() => 0) }));
      const whole = await gradientOf(engine, batch, derivatives, 1);
      for (const wanted of [(s: number) => s % 3 === 0, (s: number) => s % 3 !== 0])
        await engine.accumulate({ sequences: batch, temperature: 1 }, linear(only(wanted)));
      await engine.update({ ...step, learningRate: 0, beta1: 0, maxGradNorm: 0 });
      const sum = (await snapshot(engine)).optimizer?.m;
      for (const [tensor, { data }] of whole)
        expectClose(sum?.get(tensor)?.data, data, 1e-5 * largestOf(data) + 1e-7, tensor);
    }));
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
      }),
    );
  });
});

function finiteDifference(weights: ReferenceWeights, tensor: string, i: number, loss: () => number): number {
  const values = weights.get(tensor) as Float64Array;
  const before = values[i] as number;
  const h = 1e-4;
  values[i] = before + h;
  const above = loss();
  values[i] = before - h;
  const below = loss();
  values[i] = before;
  return (above - below) / (2 * h);
}

function lossOf(
  weights: ReferenceWeights,
  batch: ReturnType<typeof sequences>,
  derivatives: ReturnType<typeof randomDerivatives>,
  temperature: number,
): number {
  let loss = 0;
  for (const [s, sequence] of batch.entries()) {
    const { logprob, entropy } = referenceStats(odd, weights, sequence, temperature);
    for (const [t, value] of logprob.entries())
      loss +=
        (derivatives[s]?.logprob[t] as number) * value +
        (derivatives[s]?.entropy[t] as number) * (entropy[t] as number);
  }
  return loss;
}
