/** Prompts that several sequences of a call share are computed once: with the same result as in calls of their own. */
import { describe, expect, it } from 'vitest';
import {
  adapterTargets,
  fullTraining,
  type Scored,
  type TokenDerivative,
  type TokenStats,
} from '../../../src-main/engine/engine.ts';
import type { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import type { Weights } from '../../../src-main/model/weights.ts';
import { stream } from '../../../src-shared/random.ts';
import { expectClose, expectStats, largestOf, squares } from '../../conformance/expectations.ts';
import {
  gradientOf,
  linear,
  probe,
  randomDerivatives,
  sequences,
  snapshot,
  toReference,
} from '../../conformance/fixtures.ts';
import { referenceStats } from '../../conformance/reference.ts';
import { referenceLoss } from '../../conformance/slopes.ts';
import { describeBuilds, engineOf, even, lively, odd, slopeAlong, step, using } from './kernels-fixtures.ts';

/** `size` responses of like length to one prompt; some are empty, one has a single token. */
function group(config: ModelConfig, prompt: number, response: number, size: number, seed: number): Scored[] {
  const lengths = (i: number) => (i % 6 === 4 ? 0 : i % 6 === 5 ? 1 : response + (i % 3));
  const drawn = sequences(
    config,
    Array.from({ length: size }, (_, i) => [prompt, lengths(i)] as const),
    seed,
  );
  // Equal contents, not one array: sharing goes by the tokens.
  return drawn.map(({ response }) => ({ prompt: (drawn[0] as Scored).prompt.slice(), response }));
}

/** One of each group in turn. */
function interleaved(groups: readonly Scored[][]): Scored[] {
  const longest = Math.max(...groups.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => groups.flatMap((members) => members.slice(i, i + 1))).flat();
}

const cases: readonly (readonly [string, Scored[]])[] = [
  ['a group', group(odd, 21, 7, 8, 1)],
  // A unit holds 512 rows: of a prompt with its responses, and with less room for them than one takes.
  ['a group of more than 512 rows', group(odd, 60, 40, 24, 2)],
  ['a group whose prompt has more than 512 rows', group(odd, 600, 30, 3, 3)],
  ['interleaved groups', interleaved([group(odd, 21, 7, 8, 4), group(odd, 1, 12, 5, 5), group(odd, 50, 3, 7, 6)])],
  [
    'interleaved groups of more than one slice',
    interleaved([group(odd, 200, 35, 20, 7), group(odd, 33, 50, 40, 8), group(odd, 400, 8, 20, 9)]),
  ],
];

describe('sequences that share a prompt', () => {
  describeBuilds((options) => {
    it.each(cases)('have the statistics and the gradient of single ones: %s', (_, batch) =>
      using(engineOf(odd, options), (engine) => expectAlike(engine, batch)),
    );

    it('have them with an adapter and recomputation too', () => {
      const adapter = { rank: 3, alpha: 6, targets: adapterTargets, seed: 2 };
      const batch = cases[3]?.[1] ?? [];
      return using(engineOf(odd, options, { ...fullTraining, adapter, recompute: true }), async (engine) => {
        // B starts as zero, where A has no gradient: a large step leads away from there.
        await engine.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch, 2)));
        await engine.update({ ...step, learningRate: 0.2 });
        await expectAlike(engine, batch);
      });
    });

    it('are one forward pass: a group takes a fraction of the memory of as many prompts', async () => {
      const shared = group(even, 100, 4, 8, 1);
      const apart = sequences(
        even,
        shared.map(({ response }) => [100, response.length] as const),
      );
      const bytesOf = (batch: readonly Scored[]) =>
        using(engineOf(even, { ...options, threads: 1 }), async (engine) => {
          let bytes = 0;
          await engine.accumulate({ sequences: batch, temperature: 1 }, (stats, offset) => {
            bytes = engine.memory().bytes;
            return linear(randomDerivatives(batch))(stats, offset);
          });
          return bytes;
        });
      expect(await bytesOf(shared)).toBeLessThan(0.6 * (await bytesOf(apart)));
    });
  });

  it('have the statistics and the gradient of float64', () =>
    using(engineOf(odd), async (engine) => {
      const batch = cases[1]?.[1] ?? [];
      const weights = toReference(lively(odd));
      const derivatives = randomDerivatives(batch);
      for (const [s, stats] of (await engine.score(batch, 0.9)).entries())
        expectStats(stats, referenceStats(odd, weights, batch[s] as Scored, 0.9), 2e-4);
      const gradient = await gradientOf(engine, batch, derivatives, 0.9);
      const direction = new Map(
        [...gradient].map(([name, { data }]) => {
          const random = stream('direction', name);
          return [name, Float64Array.from(data, () => random.normal())];
        }),
      );
      const slope = slopeAlong(weights, direction, () => referenceLoss(odd, weights, batch, derivatives, 0.9));
      let along = 0;
      let norm = 0;
      for (const [name, { data }] of gradient) {
        norm += squares(data);
        for (const [i, value] of data.entries()) along += value * (direction.get(name)?.[i] as number);
      }
      expect(Math.abs(along - slope)).toBeLessThan(1e-4 * Math.sqrt(norm));
    }));
});

async function expectAlike(engine: KernelsEngine, batch: readonly Scored[]): Promise<void> {
  // Like an objective of which some samples are idle.
  const derivatives = randomDerivatives(batch).map(
    (derivative, s): TokenDerivative => (s % 5 === 3 ? { logprob: derivative.logprob.map(() => 0) } : derivative),
  );
  const together = await engine.score(batch, 0.8);
  const gradient = await gradientOf(engine, batch, derivatives, 0.8);
  const single = await gradientOneByOne(engine, batch, derivatives);
  for (const [s, sequence] of batch.entries()) {
    const [alone] = await engine.score([sequence], 0.8);
    expectStats(together[s], alone as TokenStats, 1e-5);
  }
  for (const [tensor, { data }] of single)
    expectClose(gradient.get(tensor)?.data, data, 1e-5 * largestOf(data) + 1e-7, tensor);
}

/** The gradient of as many accumulate calls as there are sequences. */
async function gradientOneByOne(
  engine: KernelsEngine,
  batch: readonly Scored[],
  derivatives: readonly TokenDerivative[],
): Promise<Weights> {
  for (const [s, sequence] of batch.entries())
    await engine.accumulate({ sequences: [sequence], temperature: 0.8 }, linear(derivatives.slice(s, s + 1)));
  await engine.update(probe);
  const { optimizer } = await snapshot(engine);
  if (!optimizer) throw new Error('save wrote no optimizer state');
  return optimizer.m;
}
