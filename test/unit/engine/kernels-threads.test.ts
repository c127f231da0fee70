/** Results of the CPU kernels depend on neither the number of threads nor what else is in a batch. */
import { describe, expect, it } from 'vitest';
import {
  adapterTargets,
  fullTraining,
  type Objective,
  type Sampling,
  type TokenDerivative,
  type TokenIds,
  type Training,
} from '../../../src-main/engine/engine.ts';
import type { CoreOptions } from '../../../src-main/engine/kernels/engine.ts';
import { linear, randomDerivatives, savedBytes, sequences } from '../../conformance/fixtures.ts';
import { describeBuilds, engineOf, even, plain, step, using } from './kernels-fixtures.ts';

const adapter = { rank: 5, alpha: 8, targets: adapterTargets, seed: 7 };
const trainings: readonly [string, Training][] = [
  ['all weights', fullTraining],
  ['all weights, with recomputation', { ...fullTraining, recompute: true }],
  ['an adapter', { ...fullTraining, adapter }],
  ['an adapter over bfloat16, with recomputation', { adapter, recompute: true, frozenPrecision: 'bfloat16' }],
];

/** Enough rows for several slices of many tasks each; some share a prompt. */
const many = sequences(
  even,
  Array.from({ length: 130 }, (_, i) => [3 + (i % 19), 1 + (i % 31)] as const),
).map((sequence, i, all) => (i % 5 < 2 ? { ...sequence, prompt: (all[i - (i % 5)] ?? sequence).prompt } : sequence));

/** Some sequences, and whole stretches of them, have derivatives of zero. */
const derivatives = randomDerivatives(many).map(
  (derivative, s): TokenDerivative =>
    s % 7 < 2 || (s > 40 && s < 60) ? { logprob: derivative.logprob.map(() => 0) } : derivative,
);
const cut: Sampling = { ...plain, topK: 20, topP: 0.9, temperature: 1.1 };

/** Everything that an engine makes of these, to the bit. */
function resultsOf(options: CoreOptions, training: Training) {
  return using(engineOf(even, options, training), async (engine) => {
    const gradNorms: number[] = [];
    for (let update = 0; update < 3; update++) {
      await engine.accumulate({ sequences: many, temperature: 0.9 }, linear(derivatives));
      gradNorms.push((await engine.update(step)).gradNorm);
    }
    return {
      gradNorms,
      bytes: (await savedBytes(engine)).toString('base64'),
      stats: await engine.score(many, 1),
      generated: await engine.generate(
        many.map(({ prompt }) => prompt),
        cut,
      ),
    };
  });
}

describe('threads', () => {
  describeBuilds((options) => {
    it.each(trainings)('do not change a single bit of training %s', async (_, training) => {
      const [one, ...others] = await Promise.all(
        [1, 2, 4].map((threads) => resultsOf({ ...options, threads }, training)),
      );
      expect(one?.gradNorms.every((norm) => norm > 0)).toBe(true);
      for (const other of others) {
        expect(other.gradNorms).toEqual(one?.gradNorms);
        expect(other.bytes === one?.bytes).toBe(true);
        expect(other.stats).toEqual(one?.stats);
        expect(other.generated).toEqual(one?.generated);
      }
    });
  });

  it('let other work of the process in between', () =>
    using(engineOf({ ...even, hiddenSize: 128, intermediateSize: 256 }), async (engine) => {
      const long = sequences(
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
        return linear(randomDerivatives(long))(stats, offset);
      };
      await engine.accumulate({ sequences: long, temperature: 1 }, objective);
      isDone = true;
      expect(slices.length).toBeGreaterThan(3);
      expect(slices.at(-1)).toBeGreaterThan(slices[0] as number);
    }));
});

describe('a response', () => {
  const [a, b, c] = sequences(even, [
    [9, 0],
    [4, 0],
    [14, 0],
  ]).map(({ prompt }) => prompt) as [TokenIds, TokenIds, TokenIds];

  describeBuilds((options) => {
    it('of a seed and a position in the call is the same whatever else is in the call', () =>
      using(engineOf(even, { ...options, threads: 2 }), async (engine) => {
        const shared = await engine.generate([a, a.slice(), a, b, c, c], cut);
        const apart = await engine.generate([a, b, a, b, a, c], cut);
        for (const i of [0, 2, 3, 5]) expect(apart[i]).toEqual(shared[i]);
        expect(shared[0]?.tokens).not.toEqual(shared[2]?.tokens);

        // More than there are slots, of every length: most of them join a batch whose first members have gone.
        const prompts = many.map(({ prompt }) => prompt);
        const long = { ...cut, maxNewTokens: 40 };
        const crowd = await engine.generate([...prompts, ...prompts, ...prompts], long);
        const others = await engine.generate(
          prompts.map((prompt, i) => (i % 3 === 0 ? prompt : b)),
          long,
        );
        for (const i of prompts.keys()) if (i % 3 === 0) expect(others[i]).toEqual(crowd[i]);
        expect(await engine.generate(prompts.slice(0, 3), long)).toEqual(crowd.slice(0, 3));
        expect(new Set(crowd.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(10);
      }));

    it('ends at the end-of-sequence token, however many there are', () =>
      using(engineOf(even, options), async (engine) => {
        const generated = await engine.generate(new Array<TokenIds>(200).fill(a), { ...plain, maxNewTokens: 60 });
        for (const { tokens, finished } of generated) {
          expect(tokens.indexOf(even.eosTokenId)).toBe(finished ? tokens.length - 1 : -1);
          if (!finished) expect(tokens.length).toBe(60);
        }
        expect(new Set(generated.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(10);
      }));
  });
});
