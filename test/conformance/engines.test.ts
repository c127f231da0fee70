/** What every engine must do, checked against a float64 reference, finite differences and plain statistics. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  EngineError,
  type Generated,
  type PolicyEngine,
  type Sampling,
  type TokenStats,
} from '../../src-main/engine/engine.ts';
import { isDecayed } from '../../src-main/model/weights.ts';
import { amount, describeEngines } from './describe-engines.ts';
import {
  chiSquare,
  chiSquareLimit,
  cutReference,
  expectClose,
  expectStats,
  largestOf,
  moments,
  squares,
} from './expectations.ts';
import {
  gradientOf,
  linear,
  newFolder,
  policyFolder,
  ragged,
  randomDerivatives,
  savedBytes,
  sequences,
  snapshot,
  toReference,
} from './fixtures.ts';
import { type ReferenceWeights, referenceNext, referenceStats } from './reference.ts';
import { expectSlopes, referenceLoss } from './slopes.ts';

// A software GPU, which is the only way to check that path without a GPU, takes minutes for some tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const plain: Sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: 12, seed: 5 };
const adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };

describeEngines((factory, config) => {
  let dir: string;
  let engine: PolicyEngine;
  let weights: ReferenceWeights;
  /** The same policy in a fresh engine, for tests that train. */
  const fresh = () => factory.load(dir);
  const batch = sequences(config, ragged);

  beforeAll(async () => {
    dir = await policyFolder(config);
    engine = await factory.load(dir);
    weights = toReference((await snapshot(engine)).weights);
  });
  afterAll(() => engine?.dispose());

  it('scores like the float64 reference, ragged batch, at a temperature', async () => {
    const stats = await engine.score(batch, 0.7);
    for (const [s, sequence] of batch.entries())
      expectStats(stats[s], referenceStats(config, weights, sequence, 0.7), 1e-4);
  });

  it('scores a sequence alike alone and among others', async () => {
    const together = await engine.score(batch, 1);
    for (const [s, sequence] of batch.entries())
      expectStats((await engine.score([sequence], 1))[0], together[s] as TokenStats, 1e-5);
  });

  it('derives like central finite differences, entropy term included', async () => {
    const trained = await fresh();
    const derivatives = randomDerivatives(batch);
    const gradient = await gradientOf(trained, batch, derivatives, 0.8);
    trained.dispose();
    expectSlopes(gradient, weights, () => referenceLoss(config, weights, batch, derivatives, 0.8));
  });

  it('passes slices in order, and adds up over slices and calls', async () => {
    const many = sequences(
      config,
      Array.from({ length: amount(factory, 90, 10) }, (_, i) => [5 + (i % 17), 3 + (i % 23)] as const),
    );
    const derivatives = randomDerivatives(many);
    const trained = await fresh();
    let next = 0;
    const report = await trained.accumulate({ sequences: many, temperature: 1 }, (stats, offset) => {
      expect(offset).toBe(next);
      for (const [s, { logprob }] of stats.entries()) expect(logprob.length).toBe(many[offset + s]?.response.length);
      next += stats.length;
      return linear(derivatives)(stats, offset);
    });
    expect(next).toBe(many.length);
    expect(report.tokens).toBe(many.reduce((sum, { response }) => sum + response.length, 0));
    const { gradNorm } = await trained.update({ ...adam, learningRate: 0 });
    const half = Math.floor(many.length / 2);
    const halves = [many.slice(0, half), many.slice(half)] as const;
    const first = await trained.accumulate({ sequences: halves[0], temperature: 1 }, linear(derivatives));
    const second = await trained.accumulate({ sequences: halves[1], temperature: 1 }, linear(derivatives.slice(half)));
    expect(first.loss + second.loss).toBeCloseTo(report.loss, 2);
    expect((await trained.update(adam)).gradNorm / gradNorm).toBeCloseTo(1, 4);
    trained.dispose();
  });

  it('takes nothing from sequences whose derivatives are zero', async () => {
    const derivatives = randomDerivatives(batch);
    const masked = derivatives.map((derivative, s) =>
      s === 2 ? derivative : { logprob: derivative.logprob.map(() => 0) },
    );
    const trained = await fresh();
    const all = await gradientOf(trained, batch, masked, 1);
    const only = await gradientOf(trained, batch.slice(2, 3), derivatives.slice(2, 3), 1);
    for (const [tensor, { data }] of only)
      expectClose(all.get(tensor)?.data, data, 1e-4 * largestOf(data) + 1e-6, tensor);
    trained.dispose();
  });

  it('generates tokens whose statistics are those of scoring them', async () => {
    const prompts = sequences(
      config,
      Array.from({ length: 30 }, (_, i) => [1 + ((i * 5) % 13), 0] as const),
    );
    const told: [number, Generated][] = [];
    const generated = await engine.generate(
      prompts.map(({ prompt }) => prompt),
      { ...plain, temperature: 1.3, topP: 0.9, topK: 20, maxNewTokens: 20 },
      (index, response) => told.push([index, response]),
    );
    expect(told.sort(([a], [b]) => a - b)).toEqual([...generated.entries()]);
    const scored = prompts.map(({ prompt }, i) => ({ prompt, response: generated[i]?.tokens ?? new Int32Array() }));
    const stats = await engine.score(scored, 1.3);
    for (const [i, { tokens, finished, stats: sampled }] of generated.entries()) {
      expect(tokens.length).toBeGreaterThan(0);
      expect(tokens.length).toBeLessThanOrEqual(20);
      const ends = [config.eosTokenId, ...(config.otherEosTokenIds ?? [])];
      expect(tokens.findIndex((token) => ends.includes(token))).toBe(finished ? tokens.length - 1 : -1);
      if (!finished) expect(tokens.length).toBe(20);
      expectStats(sampled, stats[i] as TokenStats, 1e-4);
    }
    expect(new Set(generated.map(({ finished }) => finished)).size).toBe(2);
    expectStats(generated[0]?.stats, referenceStats(config, weights, scored[0] as (typeof scored)[number], 1.3), 1e-4);
  });

  it('generates alike whatever else is in the batch, and anew for another seed', async () => {
    const prompts = sequences(config, ragged).map(({ prompt }) => prompt);
    const together = await engine.generate(prompts, plain);
    const alone = await engine.generate(prompts.slice(0, 1), plain);
    expect(alone[0]?.tokens).toEqual(together[0]?.tokens);
    expect(await engine.generate(prompts, plain)).toEqual(together);
    const other = await engine.generate(prompts, { ...plain, seed: 6 });
    expect(other.map(({ tokens }) => tokens)).not.toEqual(together.map(({ tokens }) => tokens));
  });

  it.each([
    ['top-k 1', { topK: 1 }],
    ['top-p near 0', { topP: 1e-6 }],
    ['temperature near 0', { temperature: 1e-3 }],
  ])('with %s takes the most likely token', async (_, cut) => {
    const prompt = Int32Array.of(4, 9, 2);
    const [generated] = await engine.generate([prompt], { ...plain, ...cut });
    const tokens: number[] = [...prompt];
    for (const token of generated?.tokens ?? []) {
      const p = referenceNext(config, weights, tokens, 1);
      expect(token).toBe(p.indexOf(Math.max(...p)));
      tokens.push(token);
    }
    expect(tokens.length).toBeGreaterThan(prompt.length);
  });

  it.each([
    ['the whole vocabulary', {}],
    ['top-k', { topK: 6 }],
    ['top-p', { topP: 0.7 }],
    ['top-k, then top-p', { topK: 12, topP: 0.8, temperature: 1.5 }],
  ])('draws from %s with the right frequencies', async (_, cut) => {
    const sampling = { ...plain, ...cut, maxNewTokens: 1 };
    const draws = amount(factory, 3000, 200);
    const prompt = Int32Array.of(7, 21, 3, 3);
    const generated = await engine.generate(new Array<Int32Array>(draws).fill(prompt), sampling);
    const counts = new Array<number>(config.vocabSize).fill(0);
    for (const { tokens } of generated) counts[tokens[0] as number] = (counts[tokens[0] as number] as number) + 1;
    const expected = cutReference(referenceNext(config, weights, [...prompt], sampling.temperature), sampling);
    for (const [token, p] of expected.entries()) if (p === 0) expect(counts[token], `token ${token}`).toBe(0);
    const { statistic, degrees } = chiSquare(counts, expected, draws);
    expect(statistic).toBeLessThan(chiSquareLimit(degrees));
  });

  it('updates like AdamW in float64: clipped, bias-corrected, decaying matrices only', async () => {
    const trained = await fresh();
    const dirs = [dir];
    const derivatives = randomDerivatives(batch);
    for (let update = 1; update <= amount(factory, 3, 2); update++) {
      const from = dirs.at(-1) as string;
      const probed = await factory.load(from);
      const gradient = await gradientOf(probed, batch, derivatives, 1);
      probed.dispose();
      const before = await snapshot(trained);
      await trained.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
      const step = { ...adam, maxGradNorm: update === 2 ? 0 : adam.maxGradNorm };
      const { gradNorm } = await trained.update(step);
      const norm = Math.sqrt([...gradient.values()].reduce((sum, { data }) => sum + squares(data), 0));
      expect(gradNorm / norm).toBeCloseTo(1, 4);
      const scale = step.maxGradNorm > 0 ? Math.min(1, step.maxGradNorm / norm) : 1;
      const to = await newFolder();
      await trained.save(to);
      dirs.push(to);
      const after = await snapshot(trained);
      expect(after.optimizer?.updates).toBe(update);
      for (const [tensor, { shape, data }] of before.weights) {
        const g = moments(gradient, tensor).map((value) => value * scale);
        const m = moments(before.optimizer?.m, tensor).map((value, i) => 0.9 * value + 0.1 * (g[i] as number));
        const v = moments(before.optimizer?.v, tensor).map((value, i) => 0.95 * value + 0.05 * (g[i] as number) ** 2);
        const decay = isDecayed(shape) ? 1 - step.learningRate * step.weightDecay : 1;
        const expected = [...data].map((value, i) => {
          const mean = (m[i] as number) / (1 - 0.9 ** update);
          const variance = (v[i] as number) / (1 - 0.95 ** update);
          return value * decay - (step.learningRate * mean) / (Math.sqrt(variance) + step.epsilon);
        });
        expectClose(after.optimizer?.m.get(tensor)?.data, m, 1e-4 * largestOf(m) + 1e-9, `m of ${tensor}`);
        expectClose(after.optimizer?.v.get(tensor)?.data, v, 1e-4 * largestOf(v) + 1e-12, `v of ${tensor}`);
        // Where a gradient is all rounding noise, its sign and so the whole step are noise.
        const certain = expected.map((_, i) => Math.abs(g[i] as number) > 1e-4 * largestOf(g));
        const actual = after.weights.get(tensor)?.data as Float32Array;
        for (const [i, value] of expected.entries())
          if (certain[i]) expect(Math.abs((actual[i] as number) - value), `${tensor}[${i}]`).toBeLessThan(1e-4);
      }
    }
    trained.dispose();
  });

  it('continues after save and restore with identical bits', async () => {
    const derivatives = randomDerivatives(batch);
    const train = async (target: PolicyEngine, updates: number) => {
      for (let update = 0; update < updates; update++) {
        await target.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
        await target.update(adam);
      }
    };
    const updates = amount(factory, 2, 1);
    const trained = await fresh();
    await train(trained, updates);
    const saved = await newFolder();
    await trained.save(saved);
    await train(trained, updates);
    const expected = await savedBytes(trained);
    const loaded = await factory.load(saved);
    await train(loaded, updates);
    // Loading is a new start: fresh moments move the same weights elsewhere.
    expect((await savedBytes(loaded)).equals(expected)).toBe(false);
    await loaded.restore(saved);
    await train(loaded, updates);
    expect((await savedBytes(loaded)).equals(expected)).toBe(true);
    await trained.restore(saved);
    await train(trained, updates);
    expect((await savedBytes(trained)).equals(expected)).toBe(true);
    loaded.dispose();
    trained.dispose();
  });

  it('freezes a copy that later updates leave alone', async () => {
    const trained = await fresh();
    const frozen = await trained.freeze();
    const before = await trained.score(batch, 1);
    await trained.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch)));
    await trained.update(adam);
    expect(await frozen.score(batch, 1)).toEqual(before);
    expect(await trained.score(batch, 1)).not.toEqual(before);
    trained.dispose();
    expect(await frozen.score(batch, 1)).toEqual(before);
    frozen.dispose();
  });

  it('refuses a loss, derivative or gradient that is not finite, and keeps its weights', async () => {
    const trained = await fresh();
    const before = await savedBytes(trained);
    const derivatives = randomDerivatives(batch);
    const objectives = [
      () => ({ loss: Number.NaN, derivatives }),
      () => ({ loss: 0, derivatives: derivatives.map((d) => ({ ...d, logprob: d.logprob.map(() => Infinity) })) }),
    ];
    for (const objective of objectives)
      await expect(trained.accumulate({ sequences: batch, temperature: 1 }, objective)).rejects.toThrow(EngineError);
    const huge = derivatives.map(({ logprob }) => ({ logprob: logprob.map(() => 3e38) }));
    await trained.accumulate({ sequences: batch, temperature: 1 }, () => ({ loss: 0, derivatives: huge }));
    await expect(trained.update(adam)).rejects.toThrow(EngineError);
    expect((await savedBytes(trained)).equals(before)).toBe(true);
    trained.dispose();
  });

  it('holds no more memory after many steps than after the first ones', async () => {
    const trained = await fresh();
    const derivatives = randomDerivatives(batch);
    const prompts = batch.map(({ prompt }) => prompt);
    const step = async () => {
      await trained.generate(prompts, plain);
      await trained.score(batch, 1);
      const frozen = await trained.freeze();
      await trained.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
      await trained.update(adam);
      frozen.dispose();
    };
    for (let i = 0; i < 2; i++) await step();
    const { bytes } = trained.memory();
    for (let i = 0; i < amount(factory, 5, 2); i++) await step();
    expect(trained.memory().bytes).toBe(bytes);
    trained.dispose();
  });

  it('initialises by seed', async () => {
    const [first, same, other] = await Promise.all([3, 3, 4].map((seed) => factory.create(config, seed)));
    expect((await savedBytes(first as PolicyEngine)).equals(await savedBytes(same as PolicyEngine))).toBe(true);
    expect((await savedBytes(first as PolicyEngine)).equals(await savedBytes(other as PolicyEngine))).toBe(false);
    for (const created of [first, same, other]) created?.dispose();
  });
});
