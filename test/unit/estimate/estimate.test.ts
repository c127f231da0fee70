/** What a run is estimated to take: parts against sums by hand, what must only grow, time and disk, and what is refused. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import type { EngineFactory } from '../../../src-main/engine/engine.ts';
import { engines } from '../../../src-main/engine/index.ts';
import { checkpointBytes, checkpointsOf, databaseBytes, estimateDisk } from '../../../src-main/estimate/disk.ts';
import { checkFits, estimateRun } from '../../../src-main/estimate/estimate.ts';
import { type Facts, factsOf } from '../../../src-main/estimate/facts.ts';
import { forwardFlops, trainingFlops } from '../../../src-main/estimate/flops.ts';
import { estimateMemory } from '../../../src-main/estimate/memory.ts';
import { estimateRuns } from '../../../src-main/estimate/plan.ts';
import { Rates } from '../../../src-main/estimate/rate.ts';
import { timeFromRate, timeFromRuns, usualLength } from '../../../src-main/estimate/time.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { nodeWorker } from '../../../src-main/runs/worker-process.ts';
import { openStore } from '../../../src-main/store/store.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import type { MemoryPart } from '../../../src-shared/estimate.ts';

/** Every dimension is a multiple of a panel of any build, so that nothing is padding. */
const tiny: ModelConfig = {
  ...{ vocabSize: 64, hiddenSize: 32, intermediateSize: 64, layers: 2, heads: 2, kvHeads: 1, headDim: 16 },
  ...{ ropeTheta: 1e4, normEpsilon: 1e-5, maxPositions: 4096, qkvBias: false, qkNorm: false, tiedEmbeddings: true },
  ...{ bosTokenId: null, eosTokenId: 0 },
};
/** By hand: embedding 64 x 32; a layer's q 32 x 32, k and v 16 x 32, o 32 x 32, gate and up 64 x 32, down 32 x 64, norms 2 x 32; the last norm 32. */
const TINY_PARAMETERS = 2048 + 2 * (1024 + 512 + 512 + 1024 + 2048 + 2048 + 2048 + 64) + 32;

const factsWith = (model: ModelConfig, changes: Partial<Facts> = {}): Facts => ({
  model,
  parameters: TINY_PARAMETERS,
  tokenizerBytes: 1000,
  promptTokens: { shortest: 10, mean: 12, longest: 16 },
  ...{ train: 100, validation: 20, testsPerProblem: 5, problemCharacters: 10_000, testCharacters: 40 },
  ...changes,
});
const facts = factsWith(tiny);
const configWith = (values: FlatValues = {}) => resolveConfig({ preset: 'grpo', values });

const engine = (id: string): EngineFactory => {
  const found = engines.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no engine ${id}`);
  return found;
};
const wasm = engine('kernels-wasm');

async function partsOf(config: ReturnType<typeof configWith>, of = facts, factory = wasm) {
  const { parts } = await estimateMemory(config, of, factory, 2);
  return Object.fromEntries(parts.map(({ id, bytes }) => [id, bytes])) as Record<MemoryPart, number>;
}

describe('memory', () => {
  it('has the weights, gradient and moments of all weights: 16 bytes a parameter', async () => {
    const parts = await partsOf(configWith());
    expect(parts.weights).toBe(4 * TINY_PARAMETERS);
    expect(parts.gradient).toBe(4 * TINY_PARAMETERS);
    expect(parts.moments).toBe(8 * TINY_PARAMETERS);
    // The largest tensor, the embedding, and both of its moments while they are written.
    expect(parts.copies).toBe(12 * 64 * 32);
    expect(parts.adapter).toBeUndefined();
    expect(parts.reference).toBeUndefined();
  });

  it('has those of an adapter alone, and half the bytes of frozen matrices in bfloat16', async () => {
    const lora = { 'policy.adapter': 'lora', 'policy.rank': 16, 'policy.targets': 'q_proj, down_proj' };
    const parts = await partsOf(configWith(lora));
    // A [16, 32] and B [32, 16] of q, A [16, 64] and B [32, 16] of down, in both layers.
    const low = 2 * (512 + 512 + 1024 + 512);
    expect(parts.weights).toBe(4 * TINY_PARAMETERS);
    expect(parts.adapter).toBe(4 * low);
    expect(parts.gradient).toBe(4 * low);
    expect(parts.moments).toBe(8 * low);
    const halved = await partsOf(configWith({ ...lora, 'policy.frozenPrecision': 'bfloat16' }));
    const vectors = 5 * 32;
    expect(halved.weights).toBe(2 * (TINY_PARAMETERS - vectors) + 4 * vectors);
  });

  it('has a reference where the objective needs one: all weights, or the adapter', async () => {
    const kl = { 'objective.options.klCoefficient': 0.01 };
    expect((await partsOf(configWith(kl))).reference).toBe(4 * TINY_PARAMETERS);
    const lora = { 'policy.adapter': 'lora', 'policy.rank': 16, 'policy.targets': 'q_proj' };
    expect((await partsOf(configWith({ ...kl, ...lora }))).reference).toBe(4 * 2 * (512 + 512));
  });

  it('has keys and values of a prompt once, and of each response that is drawn at a time', async () => {
    // One thread or more: so many responses at a time as there are, 2 problems of 2.
    const values = { 'rollouts.problemsPerStep': 2, 'optimiser.minibatchProblems': 2, 'rollouts.groupSize': 2 };
    const parts = await partsOf(configWith({ ...values, 'rollouts.maxNewTokens': 48, 'evaluation.every': 0 }));
    // A position: 2 layers of a key and a value of 16 floats. Prompts of 16 tokens, responses of 48.
    const position = 2 * 2 * 16 * 4;
    const prompts = 2 * 16 * position;
    const responses = parts.cache - prompts;
    expect(responses % (48 * position)).toBe(0);
    expect(responses / (48 * position)).toBeGreaterThanOrEqual(4);
  });

  it('is smaller where activations are made again', async () => {
    const deep = factsWith({ ...tiny, layers: 8 });
    const kept = await partsOf(configWith(), deep);
    const again = await partsOf(configWith({ 'policy.recompute': true }), deep);
    expect(again.activations).toBeLessThan(kept.activations);
    expect(again.weights).toBe(kept.weights);
  });

  it.each(['kernels-wasm', 'tfjs-wasm'])('grows with what a run is made larger by: %s', async (id) => {
    const factory = engine(id);
    const size = fc.record({
      layers: fc.integer({ min: 1, max: 6 }),
      width: fc.integer({ min: 1, max: 4 }),
      vocabulary: fc.integer({ min: 1, max: 20 }),
      length: fc.integer({ min: 1, max: 16 }),
      problems: fc.integer({ min: 1, max: 6 }),
    });
    type Size = Readonly<Record<'layers' | 'width' | 'vocabulary' | 'length' | 'problems', number>>;
    const estimated = async ({ layers, width, vocabulary, length, problems }: Size) => {
      const model = {
        ...tiny,
        ...{ layers, hiddenSize: 32 * width, intermediateSize: 96 * width, heads: 2 * width, kvHeads: width },
        vocabSize: 256 * vocabulary,
      };
      const values = {
        'rollouts.maxNewTokens': 16 * length,
        'rollouts.problemsPerStep': problems,
        'optimiser.minibatchProblems': problems,
        'rollouts.groupSize': 4,
      };
      const { parts, peakBytes } = await estimateMemory(configWith(values), factsWith(model), factory, 2);
      const of = (...ids: MemoryPart[]) =>
        parts.reduce((sum, part) => sum + (ids.includes(part.id) ? part.bytes : 0), 0);
      return { kept: of('weights', 'gradient', 'moments', 'copies', 'rollouts'), engine: peakBytes - of('process') };
    };
    await fc.assert(
      fc.asyncProperty(
        size,
        fc.constantFrom('layers', 'width', 'vocabulary', 'length', 'problems'),
        async (small, grown) => {
          const [before, after] = [await estimated(small), await estimated({ ...small, [grown]: 2 * small[grown] })];
          expect(after.kept).toBeGreaterThanOrEqual(before.kept);
          // The engine's own choice: with more sequences, or longer ones, its slices may be of fewer rows.
          const batch = grown === 'length' || grown === 'problems';
          expect(after.engine).toBeGreaterThan((batch ? 0.5 : 0.85) * before.engine);
          const eight = await estimated({ ...small, [grown]: 8 * small[grown] });
          if (!batch) expect(eight.engine).toBeGreaterThan(before.engine);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('disk', () => {
  it('has checkpoints of weights and two moments, to the byte but for headers', async () => {
    const config = configWith({ 'policy.source': 'embedded' });
    const embedded = await factsOf(config, resourcePath('policy'));
    const weights = (await readFile(resourcePath('policy', 'model.safetensors'))).byteLength;
    // What the training loop writes for the embedded policy: 2,333,176 and 4,666,464 bytes, and small files of 13,519.
    expect(Math.abs(checkpointBytes(config, embedded) - (weights + 4_666_464 + 13_519))).toBeLessThan(8000);
  });

  it.each([
    [{ 'limits.steps': 100, 'limits.checkpointEvery': 25 }, 4],
    [{ 'limits.steps': 101, 'limits.checkpointEvery': 25 }, 5],
    [{ 'limits.steps': 100, 'limits.checkpointEvery': 0 }, 1],
    [{ 'limits.steps': 100, 'limits.checkpointEvery': 0, 'limits.keepBest': true }, 2],
    [{ 'limits.steps': 0 }, 0],
  ])('counts the checkpoints of %j', (values, count) => {
    expect(checkpointsOf(configWith(values))).toBe(count);
  });

  it('has a database as large as that of real runs, within a fifth', () => {
    // 50 runs of the embedded policy: 1,908,224 rollouts of 22.8 tokens on average in 881,279 pages of 4,096 bytes;
    // a mean rollout has 5 tests whose inputs and expected values are 17 characters together, and a prompt of 78 characters.
    const measured = (881_279 * 4096) / 1_908_224;
    const config = configWith({ 'evaluation.every': 0 });
    const rollouts = 100 * 32 * 8;
    const mean = factsWith(tiny, {
      promptTokens: { shortest: 15, mean: 19.5, longest: 30 },
      testCharacters: 85,
    });
    const each = databaseBytes(config, mean, 22.8) / rollouts;
    expect(each / measured).toBeGreaterThan(0.8);
    expect(each / measured).toBeLessThan(1.2);
  });

  it('does not fit where less is free', () => {
    const length = { tokens: 10, ground: 'as told' };
    const { bytes, ...disk } = estimateDisk(configWith(), facts, 1e12, length);
    expect(disk.fits).toBe(true);
    expect(estimateDisk(configWith(), facts, bytes - 1, length).fits).toBe(false);
    expect(estimateDisk(configWith(), facts, bytes, length).fits).toBe(true);
  });
});

describe('time', () => {
  it('counts the arithmetic of a token: two operations an element, and attention to what came before', () => {
    // Matrices: the embedding as head, and those of both layers; attention: 4 x 2 layers x 32 x position.
    const matrices = 2048 + 2 * (1024 + 512 + 512 + 1024 + 2048 + 2048 + 2048);
    expect(forwardFlops(tiny, 10)).toBe(2 * matrices + 4 * 2 * 32 * 10);
    expect(trainingFlops(tiny, { adapter: 'none', recompute: false }, 10)).toBe(3 * forwardFlops(tiny, 10));
    expect(trainingFlops(tiny, { adapter: 'lora', recompute: true }, 10)).toBe(3 * forwardFlops(tiny, 10));
  });

  const past = {
    ...{ rollouts: 256, epochs: 1, samples: 80, length: 40, sampling: 1, rewards: 2, updates: 3, evaluation: 5 },
  };

  it('repeats what a run of the same configuration took', () => {
    const config = configWith({ 'limits.steps': 100, 'evaluation.every': 10 });
    const { perStep, total, low, high, ground } = timeFromRuns(config, facts, [past]);
    expect(perStep).toBeCloseTo(6);
    // Eleven validations.
    expect(total).toBeCloseTo(100 * 6 + 11 * 5);
    expect(low).toBeLessThan(total);
    expect(high).toBeGreaterThan(total);
    expect(ground).toBe('from one run of this policy on this machine');
  });

  it('scales by rollouts, epochs and tokens', () => {
    const values = { 'evaluation.every': 0, 'limits.steps': 1, 'rollouts.problemsPerStep': 64 };
    const twice = timeFromRuns(configWith(values), facts, [past]);
    expect(twice.perStep).toBeCloseTo(12);
    const epochs = timeFromRuns(configWith({ ...values, 'optimiser.epochs': 2 }), facts, [past]);
    expect(epochs.perStep).toBeCloseTo(2 * 1 + 2 * 2 + 4 * 3);
    // Cut at 20 of 40 tokens, after prompts of 12.
    const cut = timeFromRuns(configWith({ ...values, 'rollouts.maxNewTokens': 20 }), facts, [past]);
    expect(cut.perStep).toBeCloseTo(2 * (0.5 + 2 + (3 * 32) / 52));
  });

  it('takes responses as long as they were, or else half of what is allowed', () => {
    const config = configWith({ 'rollouts.maxNewTokens': 30 });
    expect(usualLength(config, [])).toEqual({ tokens: 15, ground: 'half of the longest allowed' });
    expect(usualLength(config, [past, past]).tokens).toBe(30);
    expect(usualLength(configWith(), [past, { ...past, length: 20 }])).toEqual({
      tokens: 30,
      ground: 'as in 2 runs on this machine',
    });
  });

  it('from a rate is rough, and says when the sandbox is missing', () => {
    const rate = { generating: 1e9, training: 2e9 };
    const without = timeFromRate(configWith(), facts, rate, null);
    expect(without.ground).toContain('without the time of the sandbox');
    expect(without.low).toBeLessThan(without.total);
    expect(without.high).toBeGreaterThan(without.total);
    const judged = timeFromRate(configWith(), facts, rate, 0.01);
    expect(judged.perStep - without.perStep).toBeCloseTo(2.56);
    const faster = timeFromRate(configWith(), facts, { generating: 2e9, training: 4e9 }, null);
    expect(faster.total).toBeCloseTo(without.total / 2);
  });
});

describe('a run', () => {
  let home: string;
  let store: ReturnType<typeof openStore>;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'assay-estimate-'));
    store = openStore(home, 'owner');
  });
  afterAll(async () => {
    store.close();
    await rm(home, { recursive: true });
  });
  /** A process that ends without an answer. */
  const deaf = () => new Rates(home, (entry, listeners) => nodeWorker(`${entry}`, listeners), join(home, 'none.mjs'));

  it('is estimated without a rate where none could be measured', async () => {
    const around = { home, store, rates: deaf() };
    const estimate = await estimateRun(around, configWith({ 'policy.engine': 'kernels-wasm' }), true);
    expect(estimate).toMatchObject({
      engine: 'kernels-wasm',
      seconds: null,
      measuring: false,
      refusal: null,
      advice: [],
    });
    expect(estimate.memory.reduce((sum, { peakBytes }) => sum + peakBytes, 0)).toBe(estimate.peakBytes);
    expect(estimate.fits).toBe(true);
  });

  it('uses the rate that is kept, and only that of this machine', async () => {
    const entry = join(home, 'measure.mjs');
    const answer = `process.on('message', () => process.send({ rate: { generating: 1e9, training: 1e9 } }, () => process.exit(0)));`;
    await writeFile(entry, answer);
    const config = configWith({ 'policy.engine': 'kernels-wasm' });
    const first = await estimateRun({ home, store, rates: new Rates(home, nodeWorker, entry) }, config, true);
    expect(first.seconds?.ground).toContain('measured rate');
    // Nobody answers any more.
    const again = await estimateRun({ home, store, rates: deaf() }, config, true);
    expect(again.seconds).toEqual(first.seconds);
    const file = join(home, 'rates.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/"machine": "[^"]+"/, '"machine": "another"'));
    expect((await estimateRun({ home, store, rates: deaf() }, config, true)).seconds).toBeNull();
  });

  it('is refused where it writes more than is free, with the option that weighs most and the figures', async () => {
    const config = configWith({ 'limits.steps': 1_000_000, 'limits.checkpointEvery': 1 });
    const refused = await checkFits({ home, store }, config).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AssayError);
    expect(refused).toMatchObject({ code: 'usage', path: 'limits.checkpointEvery' });
    expect((refused as AssayError).message).toMatch(
      /^limits\.checkpointEvery: this run writes .+ of it checkpoints\); .+ are free$/,
    );
    expect((refused as AssayError).hint).toContain('less disk');
    const { refusal, advice } = await estimateRun({ home, store, rates: deaf() }, config, true);
    expect(refusal?.message).toBe((refused as AssayError).message.replace(/[\d.]+\S+ are free/, (free) => free));
    expect(advice[0]?.path).toBe('limits.checkpointEvery');
  });

  it('is refused where its engine cannot hold it, and told what would help', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-policy-'));
    const text = await readFile(resourcePath('policy', 'config.json'), 'utf8');
    const large = { vocab_size: 50_000, hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: 16 };
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...JSON.parse(text), ...large, head_dim: 512 }));
    for (const name of ['tokenizer.json', 'tokenizer_config.json'])
      await writeFile(join(folder, name), await readFile(resourcePath('policy', name)));
    const config = configWith({ 'policy.source': folder, 'policy.engine': 'kernels-wasm' });
    const refused = await checkFits({ home, store }, config).catch((error: unknown) => error);
    // More than a billion parameters of 16 bytes; WebAssembly reaches 4 GiB.
    expect(refused).toMatchObject({ code: 'usage', path: 'policy.adapter' });
    expect((refused as AssayError).message).toMatch(/this run needs .+ in WebAssembly.+, which can have 4\.3/);
    expect((refused as AssayError).hint).toContain('LoRA');
    await rm(folder, { recursive: true });
  });

  it('goes on where nothing speaks against it', async () => {
    await expect(checkFits({ home, store }, configWith())).resolves.toBeUndefined();
  });

  it('is counted with the others of a plan, once for all its seeds', async () => {
    const rates = deaf();
    let asked = 0;
    const of = (config: ReturnType<typeof configWith>) => {
      asked++;
      return estimateRun({ home, store, rates }, config, true);
    };
    const small = { 'policy.engine': 'kernels-wasm' };
    const configs = [
      ...[1, 2].map((seed) => configWith({ ...small, 'seeds.run': seed })),
      configWith({ ...small, 'objective.options.klCoefficient': 0.01 }),
    ];
    const plan = await estimateRuns(of, configs);
    expect(asked).toBe(2);
    expect(plan).toMatchObject({ runs: 3, seconds: null, refusal: null, largest: { index: 2 } });
    const one = await of(configWith(small));
    expect(plan.disk.bytes).toBe(2 * one.disk.bytes + plan.largest.estimate.disk.bytes);
  });
});
