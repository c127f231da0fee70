import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { codeSpan } from '../../../src-main/datasets/code-block.ts';
import type { PolicyEngine, Scored, TokenStats } from '../../../src-main/engine/engine.ts';
import { loadTokenizer, type Tokenizer } from '../../../src-main/model/tokenizer.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { rewards } from '../../../src-main/rewards/index.ts';
import { rolloutMetrics } from '../../../src-main/training/metrics.ts';
import type { Rollout } from '../../../src-main/training/rollouts.ts';
import { type Scoring, scoredGroups, tokenRange, withCertainty } from '../../../src-main/training/scoring.ts';
import { runSeeds } from '../../../src-main/training/seeds.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import type { RolloutTest } from '../../../src-shared/rollout.ts';
import type { Test } from '../../../src-shared/verdict.ts';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(resourcePath('policy'));
});

const stats = (logprob: readonly number[]): TokenStats => {
  const same = (value: number) => new Float32Array(logprob.length).fill(value);
  return {
    logprob: Float32Array.from(logprob),
    entropy: same(0.5),
    klUniform: same(2),
    top1: Float32Array.from(logprob, (l) => Math.exp(l)),
    top2: same(0.0625),
  };
};

const value = (input: string): Test => ({ kind: 'functional', input, expected: '9' });
const problem: Problem = {
  id: 'p',
  statement: '',
  functionName: 'f',
  starterCode: '',
  difficulty: '',
  visibleTests: [value('1'), { kind: 'asserts', input: 'assert True', expected: '' }, value('2')],
  hiddenTests: [value('3')],
  meaning: '',
};

function rollout(completion: string, results: readonly (string | null)[], changes: Partial<Rollout> = {}): Rollout {
  const tokens = Int32Array.from([...tokenizer.encode(completion), tokenizer.eosId]);
  return {
    problem,
    sample: 0,
    prompt: 'q',
    promptIds: Int32Array.of(1),
    completion,
    tokens,
    finished: true,
    // A token has its place as its probability, in sixty-fourths.
    stats: stats(Array.from(tokens, (_, t) => Math.log((t + 1) / 64))),
    code: 'c',
    outcome: 'wrong-answer',
    tests: results.map(
      (got): RolloutTest => ({
        verdict: got === null ? 'runtime-error' : 'wrong-answer',
        got,
        detail: null,
        wallMs: 1,
        input: '',
        expected: '',
      }),
    ),
    fault: null,
    ...changes,
  };
}

/** Scores everything again with the log-probs of another temperature, made up: -2 throughout. */
class Rescorer {
  readonly asked: { sequences: readonly Scored[]; temperature: number }[] = [];
  async score(sequences: readonly Scored[], temperature: number) {
    this.asked.push({ sequences, temperature });
    return sequences.map(({ response }) => stats(Array.from(response, () => -2)));
  }
}

function scoring(values: FlatValues, rescorer = new Rescorer()): Scoring {
  const config = resolveConfig({ preset: 'grpo', values });
  const member = (id: string) => rewards.find((r) => r.id === id) ?? null;
  return {
    order: { config },
    source: { engine: rescorer as unknown as PolicyEngine, tokenizer },
    reward: member(config.reward.kind) as Scoring['reward'],
    secondReward: member(config.shaping.second),
    seeds: runSeeds(1),
  };
}

describe('tokens of a part of a response', () => {
  test('hold exactly its characters, with tokens of many characters and characters of many tokens', () => {
    const piece = fc.constantFrom('x', ' return ', '\n', '😀', 'é', '```python\n', 'max(abs(x), 12)');
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(), (pieces, a, b) => {
        const text = pieces.join('');
        const ids = tokenizer.encode(text);
        const bounds = [0, ...pieces.map((_, i) => pieces.slice(0, i + 1).join('').length)];
        const [start, end] = [a, b].map((n) => bounds[n % bounds.length] as number).sort((x, y) => x - y) as [
          number,
          number,
        ];
        const prefix = (n: number) => tokenizer.decode(ids.subarray(0, n));
        const range = tokenRange([start, end], ids.length, (n) => prefix(n).length);
        expect(range === null).toBe(start === end);
        if (range === null) return;
        const [from, to] = range;
        // Everything asked for is inside; leaving out a token at either end would lose some of it.
        expect(text.startsWith(prefix(from))).toBe(true);
        expect(prefix(from).length).toBeLessThanOrEqual(start);
        expect(prefix(to).slice(start, end)).toBe(text.slice(start, end));
        expect(prefix(from + 1).length).toBeGreaterThan(start);
        expect(prefix(to - 1).slice(start, end)).not.toBe(text.slice(start, end));
      }),
    );
  });

  test('disparity is taken over the tokens of the program', async () => {
    const completion = '<think>Let me think.</think>\n```python\ndef f(x):\n    return max(x * 2, 31)\n```\n';
    const { rewards: scores } = await scoredGroups(
      scoring({ 'reward.kind': 'probability-disparity', 'reward.options.span': 'code' }),
      [[rollout(completion, []), rollout('no code', [])]],
      1,
    );
    // From the texts of the tokens, one by one: those that lie in the program.
    const span = codeSpan(completion) as readonly [number, number];
    let at = 0;
    const inside = Array.from(tokenizer.encode(completion), (id, t) => {
      const [from, to] = [at, at + tokenizer.tokenText(id).length];
      at = to;
      return from < span[1] && to > span[0] ? (t + 1) / 64 - 0.0625 : null;
    }).filter((gap) => gap !== null);
    expect(inside.length).toBeGreaterThan(3);
    expect(scores[0]?.[0]).toBeCloseTo(inside.reduce((a, b) => a + b, 0) / inside.length, 5);
    expect(scores[0]?.[1]).toBeNull();
  });
});

describe('what rewards see', () => {
  test('a rollout without a reward says why, unless the sandbox already did', async () => {
    const sandbox = { stage: 'sandbox', message: 'gone' } as const;
    const broken = { outcome: 'sandbox-error', fault: sandbox } as const;
    const { groups, rewards: scores } = await scoredGroups(
      scoring({
        'reward.kind': 'probability-disparity',
        'reward.options.span': 'code',
        'shaping.second': 'unit-tests',
      }),
      [[rollout('```python\nx\n```', []), rollout('none', []), rollout('```python\nx\n```', [], broken)]],
      1,
    );
    expect(scores[0]?.map((s) => s === null)).toEqual([false, true, true]);
    expect(groups[0]?.map((r) => r.fault)).toEqual([
      null,
      { stage: 'reward', message: 'the response has no code block' },
      sandbox,
    ]);
  });

  test('agreement is on visible outputs alone: neither asserts nor hidden tests', async () => {
    const group = [
      rollout('', ['1', null, '2', '5']),
      rollout('', ['1', null, '2', '6']),
      rollout('', ['1', '0', '2', null]),
      rollout('', ['1', null, null, '5']),
      rollout('', [], { outcome: 'no-code', code: null }),
      rollout('', [], { outcome: 'sandbox-error' }),
    ];
    const { rewards: scores } = await scoredGroups(scoring({ 'reward.kind': 'majority' }), [group], 1);
    expect(scores[0]).toEqual([1, 1, 1, 0, 0, null]);
  });

  test('parts are logged as means over the scored rollouts; what is off is a gap', async () => {
    const right = rollout('abc', [], { outcome: 'passed' });
    const group = [
      right,
      rollout('abc', []),
      rollout('abc', [], { outcome: 'no-code' }),
      rollout('abc', [], { outcome: 'sandbox-error' }),
    ];
    const { metrics } = await scoredGroups(scoring({ 'shaping.formatWeight': 0.5 }), [group], 1);
    expect(metrics).toEqual({ 'reward/source': 1 / 3, 'reward/format': -1 / 4 });
    const flipped = await scoredGroups(scoring({ 'shaping.flipProbability': 1 }), [group], 1);
    expect(flipped.metrics).toEqual({ 'reward/source': 1 / 3, 'reward/flipped': 1 });
    expect(flipped.rewards[0]).toEqual([0, 1, 1, null]);
  });
});

test('each kind of draw has a stream of its own, for each step and group', () => {
  const seeds = runSeeds(7);
  const draws = [
    ...[0, 1].flatMap((group) => [seeds.reward(1, group), seeds.secondReward(1, group), seeds.flips(1, group)]),
    ...[seeds.reward(2, 0), seeds.secondReward(2, 0), seeds.flips(2, 0)],
  ].map((random) => random.next());
  expect(new Set(draws).size).toBe(draws.length);
  expect(runSeeds(7).flips(2, 0).next()).toBe(draws.at(-1));
});

describe('statistics', () => {
  const again = { 'reward.kind': 'trajectory-entropy', 'shaping.statistics': 'temperature-1' };

  test('are as sampled unless the run asks otherwise, or the temperature is 1 already', async () => {
    for (const values of [{}, { 'shaping.statistics': 'temperature-1' }]) {
      const rescorer = new Rescorer();
      const one = rollout('abc', []);
      const [[certain] = []] = await withCertainty(scoring(values, rescorer), [[one]], 1);
      expect([certain?.certainty, rescorer.asked]).toEqual([one.stats, []]);
    }
  });

  test('at temperature 1 are scored again for the reward, and the sampled ones stay for the ratio', async () => {
    const rescorer = new Rescorer();
    const one = rollout('abc', []);
    const nothing = rollout('', [], { tokens: new Int32Array(0), stats: stats([]) });
    const s = scoring({ ...again, 'rollouts.temperature': 1.2 }, rescorer);
    const { groups, rewards: scores } = await scoredGroups(s, [[one, nothing]], 1);
    expect(scores).toEqual([[-2, null]]);
    expect(groups[0]?.[0]?.stats).toBe(one.stats);
    expect(rescorer.asked).toEqual([{ sequences: [{ prompt: one.promptIds, response: one.tokens }], temperature: 1 }]);
  });
});

test('action reward = -(mean negative log-prob x length) / longest response, averaged over rollouts', () => {
  const some = [rollout('abc', []), rollout('def f(x):\n    return x', [])];
  const identity = some.map(({ stats: { logprob } }) => {
    const nll = logprob.reduce((sum, l) => sum - l, 0) / logprob.length;
    return (-nll * logprob.length) / 40;
  });
  expect(rolloutMetrics(some, 40)['train/action-reward']).toBeCloseTo(
    identity.reduce((a, b) => a + b, 0) / identity.length,
    6,
  );
});
