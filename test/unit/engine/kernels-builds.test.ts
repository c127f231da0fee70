/** Every build of the CPU kernels that runs here: its matrix product, its random numbers, and a model of odd dimensions. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { PolicyEngine } from '../../../src-main/engine/engine.ts';
import { Machine } from '../../../src-main/engine/kernels/machine.ts';
import { stream } from '../../../src-shared/random.ts';
import { expectStats, largestOf } from '../../conformance/expectations.ts';
import {
  gradientOf,
  linear,
  newFolder,
  randomDerivatives,
  savedBytes,
  sequences,
  toReference,
} from '../../conformance/fixtures.ts';
import { referenceStats } from '../../conformance/reference.ts';
import { referenceLoss } from '../../conformance/slopes.ts';
import { describeBuilds, engineOf, lively, odd, plain, slopeAlong, step, using } from './kernels-fixtures.ts';

// Rows beyond one task, one block of queries and one stretch of the gradient.
const batch = sequences(odd, [
  [3, 5],
  [290, 10],
  [1, 70],
  [33, 32],
  [4, 0],
  [2, 1],
]);

/** Their statistics in float64, made once for all builds. */
const expectedStats = once(() => {
  const weights = toReference(lively(odd));
  return batch.map((sequence) => referenceStats(odd, weights, sequence, 0.8));
});

const few = [...batch.slice(0, 1), ...batch.slice(3)];
const derivatives = randomDerivatives(few);

/** One coordinate of each tensor with the slope of the float64 loss along it. */
const expectedSlopes = once(() => {
  const weights = toReference(lively(odd));
  const random = stream('coordinates');
  return [...weights].map(([tensor, values]) => {
    const i = random.int(0, values.length - 1);
    const axis = new Float64Array(values.length);
    axis[i] = 1;
    const loss = () => referenceLoss(odd, weights, few, derivatives, 0.8);
    return { tensor, i, slope: slopeAlong(weights, new Map([[tensor, axis]]), loss) };
  });
});

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

describeBuilds((options) => {
  describe('matrix product', () => {
    const machine = new Machine(options.kind, 1, options.relaxed);
    afterAll(() => machine.release());
    const { panel } = machine.core;
    const upload = (values: Float32Array) => {
      const start = machine.allocate(values.length * 4);
      machine.floats(start, values.length).set(values);
      return start;
    };

    /** a [m, k] times b [k, n] on the machine, compared with float64. */
    function check(m: number, n: number, k: number, seed: number): void {
      const random = stream(seed, 'product');
      const a = Float32Array.from({ length: m * k }, () => random.normal());
      const b = Float32Array.from({ length: k * n }, () => random.normal());
      const addresses = [upload(a), upload(b), machine.allocate(k * n * 4), machine.allocate(m * n * 4)] as const;
      machine.core.product(m, n, k, ...addresses, 1);
      const c = machine.floats(addresses[3], m * n);
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          let size = 0;
          for (let x = 0; x < k; x++) {
            const term = (a[i * k + x] as number) * (b[x * n + j] as number);
            sum += term;
            size += Math.abs(term);
          }
          // Each of k additions rounds by at most half an ulp of what there is by then.
          if (!(Math.abs((c[i * n + j] as number) - sum) <= 2 ** -24 * (k + 1) * size))
            expect.fail(`[${i}, ${j}] of ${m}x${n}x${k} is ${c[i * n + j]}, expected ${sum}`);
        }
      for (const address of addresses) machine.free(address);
    }

    it('is that of float64, for any number of rows and of steps', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 70 }),
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 100 }),
          fc.integer(),
          (m, panels, k, seed) => check(m, panels * panel, k, seed),
        ),
        { numRuns: 40 },
      );
    });

    it.each([511, 512, 513, 1025])('is that of float64 where %i steps do not fit into one tile', (k) =>
      check(13, panel, k, k),
    );
  });

  describe('random numbers', () => {
    // Known answers of Random123 (Salmon et al. 2011), philox4x32 with 10 rounds: counter, key, result.
    it.each([
      ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
      [
        'ones',
        [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
        [0xffffffff, 0xffffffff],
        [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
      ],
      [
        'digits of pi',
        [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
        [0xa4093822, 0x299f31d0],
        [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
      ],
    ])('are the published ones of Philox4x32-10 for %s', (_, counter, [key0 = 0, key1 = 0], expected) => {
      const machine = new Machine(options.kind, 1, options.relaxed);
      const at = machine.allocate(16);
      machine.ints(at, 4).set(counter);
      machine.core.random(at, key0 | 0, key1 | 0);
      expect([...machine.ints(at, 4)].map((word) => word >>> 0)).toEqual(expected);
      machine.release();
    });
  });

  describe('dimensions that are no multiples of the vector width', () => {
    it('score like the float64 reference', () =>
      using(engineOf(odd, options), async (engine) => {
        const stats = await engine.score(batch, 0.8);
        for (const [s, expected] of expectedStats().entries()) expectStats(stats[s], expected, 2e-4);
      }));

    it('derive like central finite differences of the float64 loss', () =>
      using(engineOf(odd, options), async (engine) => {
        const gradient = await gradientOf(engine, few, derivatives, 0.8);
        for (const { tensor, i, slope } of expectedSlopes()) {
          const { data } = gradient.get(tensor) ?? { data: [] };
          const scale = largestOf(data);
          expect(scale, tensor).toBeGreaterThan(0);
          expect(Math.abs((data[i] as number) - slope), `${tensor}[${i}]`).toBeLessThan(1e-3 * scale + 1e-5);
        }
      }));

    it('generate what scoring describes', () =>
      using(engineOf(odd, options), async (engine) => {
        const prompts = batch.map(({ prompt }) => prompt);
        const generated = await engine.generate(prompts, { ...plain, temperature: 1.2, topP: 0.95 });
        const scored = prompts.map((prompt, i) => ({ prompt, response: generated[i]?.tokens ?? new Int32Array() }));
        const stats = await engine.score(scored, 1.2);
        for (const [i, s] of stats.entries()) expectStats(generated[i]?.stats, s, 2e-4);
      }));

    it('leave the padding untouched: a trained engine and one restored from its files go on alike', async () => {
      const dir = await newFolder();
      const train = async (engine: PolicyEngine) => {
        await engine.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch)));
        await engine.update(step);
      };
      await using(engineOf(odd, options), async (trained) => {
        await train(trained);
        await train(trained);
        await trained.save(dir);
        await train(trained);
        await using(engineOf(odd, options), async (restored) => {
          await restored.restore(dir);
          await train(restored);
          expect((await savedBytes(restored)).equals(await savedBytes(trained))).toBe(true);
        });
      });
    });
  });
});
