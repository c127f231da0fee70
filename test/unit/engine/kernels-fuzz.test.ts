/** Random shapes of models and sequences on the CPU kernels, against the float64 reference and its finite differences. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapterTargets, type Scored, type Training } from '../../../src-main/engine/engine.ts';
import { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import type { Weights } from '../../../src-main/model/weights.ts';
import { stream } from '../../../src-shared/random.ts';
import { expectStats, squares } from '../../conformance/expectations.ts';
import { gradientOf, linear, randomDerivatives, snapshot, toReference } from '../../conformance/fixtures.ts';
import { effectiveWeights, type ReferenceWeights, referenceStats } from '../../conformance/reference.ts';
import { referenceLoss } from '../../conformance/slopes.ts';
import { describeBuilds, lively, slopeAlong, step, using } from './kernels-fixtures.ts';

const size = (max: number) => fc.integer({ min: 1, max });

const configs: fc.Arbitrary<ModelConfig> = fc
  .record({
    vocabSize: fc.oneof(size(4), size(90), fc.constant(257)),
    hiddenSize: size(40),
    intermediateSize: size(40),
    layers: size(3),
    kvHeads: size(3),
    group: size(3),
    half: fc.oneof(size(5), fc.integer({ min: 8, max: 18 })),
    ropeTheta: fc.constantFrom(20, 10_000),
    maxPositions: fc.integer({ min: 2, max: 40 }),
    qkv: fc.constantFrom('plain', 'biased', 'normed'),
    tiedEmbeddings: fc.boolean(),
  })
  .map(({ group, half, qkv, ...rest }) => ({
    ...rest,
    qkvBias: qkv === 'biased',
    qkNorm: qkv === 'normed',
    heads: group * rest.kvHeads,
    headDim: 2 * half,
    normEpsilon: 1e-5,
    bosTokenId: null,
    eosTokenId: rest.vocabSize - 1,
  }));

const trainings: fc.Arbitrary<Training> = fc.record({
  recompute: fc.boolean(),
  frozenPrecision: fc.constant('float32' as const),
  adapter: fc.option(
    fc.record({
      rank: size(36),
      alpha: fc.constantFrom(0.5, 8),
      targets: fc.subarray([...adapterTargets], { minLength: 1 }),
      seed: fc.nat(9),
    }),
    { nil: null },
  ),
});

/** Sequences of few prompts, so that some share one; of every length up to the longest, the ends more often. */
function drawSequences({ vocabSize, maxPositions }: ModelConfig, seed: number): Scored[] {
  const random = stream(seed, 'fuzz');
  const tokens = (length: number) => Int32Array.from({ length }, () => random.int(0, vocabSize - 1));
  const lengths = () => random.pick([1, maxPositions - 1, maxPositions, random.int(1, maxPositions)]);
  const prompts = [tokens(1), tokens(lengths()), tokens(lengths())];
  return Array.from({ length: random.int(1, 6) }, () => {
    const prompt = random.pick(prompts);
    const room = maxPositions - prompt.length;
    return { prompt, response: tokens(Math.min(room, random.pick([0, 1, room, random.int(0, room)]))) };
  });
}

/** A normal direction over some tensors. */
function directionOver(tensors: Weights, seed: number): Map<string, Float64Array> {
  return new Map(
    [...tensors].map(([name, { data }]) => {
      const random = stream(seed, 'direction', name);
      return [name, Float64Array.from(data, () => random.normal())];
    }),
  );
}

describe('any model and any sequences', () => {
  describeBuilds((options) => {
    it('score and derive as in float64', async () => {
      const cases = fc.record({
        config: configs,
        training: trainings,
        seed: fc.nat(),
        temperature: fc.constantFrom(0.5, 1, 1.7),
        threads: fc.constantFrom(1, 2),
      });
      await fc.assert(
        fc.asyncProperty(cases, async ({ config, training, seed, temperature, threads }) => {
          const weights = lively(config, seed);
          const engine = KernelsEngine.create(config, weights, { ...options, threads }, training);
          await using(engine, () => agrees(engine, training, config, weights, seed, temperature));
        }),
        { numRuns: 15 },
      );
    });
  });
});

async function agrees(
  engine: KernelsEngine,
  training: Training,
  config: ModelConfig,
  initial: Weights,
  seed: number,
  temperature: number,
): Promise<void> {
  const batch = drawSequences(config, seed);
  const base = toReference(initial);
  const { adapter } = training;
  if (adapter) {
    // B starts as zero, where A has no gradient: a large step leads away from there.
    await engine.accumulate({ sequences: batch, temperature }, linear(randomDerivatives(batch, seed + 1)));
    await engine.update({ ...step, learningRate: 0.2 });
  }
  const lowRank: ReferenceWeights = toReference((await snapshot(engine)).adapter?.weights ?? new Map());
  const effective = () => (adapter ? effectiveWeights(base, lowRank, adapter) : base);

  const stats = await engine.score(batch, temperature);
  for (const [s, sequence] of batch.entries()) {
    const expected = referenceStats(config, effective(), sequence, temperature);
    // A vocabulary of one token has no second.
    expectStats(stats[s], { ...expected, top2: expected.top2.map((value) => value ?? 0) }, 3e-4);
  }

  await generatesWhatItScores(engine, batch, seed, temperature);

  const derivatives = randomDerivatives(batch, seed);
  const gradient = await gradientOf(engine, batch, derivatives, temperature);
  const direction = directionOver(gradient, seed);
  const loss = () => referenceLoss(config, effective(), batch, derivatives, temperature);
  const slope = slopeAlong(adapter ? lowRank : base, direction, loss);
  let along = 0;
  let norm = 0;
  for (const [name, { data }] of gradient) {
    norm += squares(data);
    for (const [i, value] of data.entries()) along += value * (direction.get(name)?.[i] as number);
  }
  // Along a normal direction a gradient's slope is about as large as its norm.
  if (!(Math.abs(along - slope) <= 1e-3 * Math.sqrt(norm) + 1e-4))
    expect.fail(`slope is ${along}, expected ${slope}, of a gradient of norm ${Math.sqrt(norm)}`);
}

/** Responses as long as the longest prompt leaves room for. */
async function generatesWhatItScores(
  engine: KernelsEngine,
  batch: readonly Scored[],
  seed: number,
  temperature: number,
): Promise<void> {
  const { maxPositions, vocabSize } = engine.config;
  const prompts = batch.map(({ prompt }) => prompt).filter(({ length }) => length < maxPositions);
  if (prompts.length === 0) return;
  const maxNewTokens = maxPositions - Math.max(...prompts.map(({ length }) => length));
  const random = stream(seed, 'cut');
  const [topK, topP] = [random.int(0, vocabSize), 1 - 0.9 * random.next()];
  const generated = await engine.generate(prompts, { temperature, topP, topK, maxNewTokens, seed });
  const scored = prompts.map((prompt, i) => ({ prompt, response: generated[i]?.tokens ?? new Int32Array() }));
  for (const [i, stats] of (await engine.score(scored, temperature)).entries()) {
    expect(scored[i]?.response.length).toBeGreaterThan(0);
    expectStats(generated[i]?.stats, stats, 3e-4);
  }
}
