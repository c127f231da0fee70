import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rewards } from '../../../src-main/rewards/index.ts';
import type { Scorable } from '../../../src-main/rewards/reward.ts';
import { defaultsOf, type OptionValues } from '../../../src-shared/options.ts';
import { stream } from '../../../src-shared/random.ts';

/** Statistics of explicit distributions, in float64 from their definitions. */
function scorable(
  distributions: readonly (readonly number[])[],
  sampled: readonly number[],
  rest: Partial<Scorable> = {},
): Scorable {
  const sorted = distributions.map((p) => [...p].sort((a, b) => b - a));
  const f32 = (term: (p: readonly number[], t: number) => number) => Float32Array.from(distributions.map(term));
  return {
    stats: {
      logprob: f32((p, t) => Math.log(p[sampled[t] as number] as number)),
      entropy: f32((p) => -p.reduce((s, x) => s + x * Math.log(x), 0)),
      klUniform: f32((p) => p.reduce((s, x) => s + Math.log(1 / p.length / x) / p.length, 0)),
      top1: f32((_, t) => sorted[t]?.[0] as number),
      top2: f32((_, t) => sorted[t]?.[1] as number),
    },
    finished: true,
    outcome: 'passed',
    tests: [],
    ...rest,
  };
}

function score(id: string, group: readonly Scorable[], options: OptionValues = {}) {
  const reward = rewards.find((r) => r.id === id);
  if (reward === undefined) throw new Error(`no reward ${id}`);
  return reward.score(group, { ...defaultsOf(reward.options), ...options }, stream(1, id));
}

const sharp = scorable([[0.97, 0.02, 0.01]], [0]);
const blunt = scorable([[0.4, 0.35, 0.25]], [0]);
const empty = scorable([], []);

describe('certainty rewards', () => {
  test.each(['self-certainty', 'token-entropy', 'trajectory-entropy', 'probability-disparity'])(
    '%s is higher for the more certain response, and null for an empty one',
    (id) => {
      const [a, b, c] = score(id, [sharp, blunt, empty]);
      expect(a).toBeGreaterThan(b as number);
      expect(c).toBeNull();
    },
  );

  test('values by hand', () => {
    const two = scorable(
      [
        [0.5, 0.25, 0.25],
        [0.8, 0.1, 0.1],
      ],
      [1, 0],
    );
    expect(score('token-entropy', [two])[0]).toBeCloseTo(-((1.5 * Math.LN2 + 0.639031859650177) / 2), 6);
    expect(score('trajectory-entropy', [two])[0]).toBeCloseTo((Math.log(0.25) + Math.log(0.8)) / 2, 6);
    expect(score('probability-disparity', [two])[0]).toBeCloseTo((0.25 + 0.7) / 2, 6);
    expect(score('probability-disparity', [two], { variant: 'sampled' })[0]).toBeCloseTo((0 + 0.7) / 2, 6);
    // logsumexp(z) - mean(z) - ln V with z = ln p
    const kl = (p: number[]) => -p.reduce((s, x) => s + Math.log(x), 0) / 3 - Math.log(3);
    expect(score('self-certainty', [two])[0]).toBeCloseTo((kl([0.5, 0.25, 0.25]) + kl([0.8, 0.1, 0.1])) / 2, 5);
  });
});

describe('unit tests', () => {
  const outcome = (o: Scorable['outcome'], ...verdicts: Scorable['tests'][number]['verdict'][]) =>
    scorable([[0.5, 0.5]], [0], { outcome: o, tests: verdicts.map((verdict) => ({ verdict })) });
  const group = [
    outcome('passed', 'passed', 'passed'),
    outcome('wrong-answer', 'passed', 'wrong-answer', 'wrong-answer', 'passed'),
    outcome('no-code'),
    outcome('time-limit', 'time-limit'),
    outcome('sandbox-error', 'sandbox-error'),
  ];
  test('binary: all or nothing; a sandbox fault is not a wrong answer', () => {
    expect(score('unit-tests', group)).toEqual([1, 0, 0, 0, null]);
  });
  test('fraction of tests', () => {
    expect(score('unit-tests', group, { credit: 'fraction' })).toEqual([1, 0.5, 0, 0, null]);
  });
});

describe('controls', () => {
  test('random is a Bernoulli draw that ignores the response and repeats with its stream', () => {
    const many = Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? sharp : blunt));
    const draws = score('random', many) as number[];
    const heads = draws.filter((d) => d === 1).length;
    // 5 standard deviations of Binomial(4000, 0.5).
    expect(Math.abs(heads - 2000)).toBeLessThan(5 * Math.sqrt(1000));
    expect(new Set(draws)).toEqual(new Set([0, 1]));
    expect(score('random', many)).toEqual(draws);
  });
  test('constant never differs', () => {
    expect(new Set(score('constant', [sharp, blunt, empty]))).toEqual(new Set([1]));
  });
});

test('every reward gives one score a rollout', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...rewards.map((r) => r.id)),
      fc.array(fc.constantFrom(sharp, blunt, empty), { maxLength: 9 }),
      (id, group) => {
        expect(score(id, group)).toHaveLength(group.length);
      },
    ),
  );
});
