import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partsOfRollout, type RewardPlan, rewardOfGroup } from '../../../src-main/rewards/index.ts';
import { formatPenalty, shortLength, softOverlong } from '../../../src-main/rewards/penalties.ts';
import type { Scorable } from '../../../src-main/rewards/reward.ts';
import { defaultsOf, type ValuesOf } from '../../../src-shared/options.ts';
import { stream } from '../../../src-shared/random.ts';
import { shapingOptions } from '../../../src-shared/shaping.ts';
import { long, rewardOf } from './scorable.ts';

interface Changes {
  readonly reward?: string;
  readonly second?: string;
  readonly shaping?: Partial<ValuesOf<typeof shapingOptions>>;
}

function composed(group: readonly Scorable[], { reward = 'unit-tests', second, shaping }: Changes = {}, seed = 1) {
  const member = rewardOf(reward);
  const plan: RewardPlan = {
    reward: member,
    options: defaultsOf(member.options),
    second: second === undefined ? null : rewardOf(second),
    shaping: { ...defaultsOf(shapingOptions), ...shaping },
    maxNewTokens: 20,
  };
  const streams = { reward: stream(seed, 'r'), second: stream(seed, 's'), flips: stream(seed, 'f') };
  return rewardOfGroup(plan, group, streams);
}

const right = long(4);
const wrong = long(8, { outcome: 'wrong-answer' });
const bare = long(20, { outcome: 'no-code' });
const fault = long(4, { outcome: 'sandbox-error' });

describe('penalties', () => {
  test('soft overlong, by hand: window 5 of 20', () => {
    const at = (tokens: number) => softOverlong(tokens, 20, 5);
    expect([0, 15, 16, 18, 20, 30].map(at)).toEqual([0, 0, -0.2, -0.6, -1, -1]);
  });
  test('short length: the example of ArcherCodeR, and the ends', () => {
    // Its documents: score -0.5, least length 5000, weight 1; 1000 tokens are worth -1.3, 6000 tokens -0.5.
    expect(-0.5 + shortLength(1000, 5000)).toBeCloseTo(-1.3, 12);
    expect(-0.5 + shortLength(6000, 5000)).toBe(-0.5);
    expect([shortLength(0, 7), shortLength(7, 7)]).toEqual([-1, 0]);
  });
  test('all lie in -1..0; overlong falls and short length rises with length', () => {
    const size = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(size, size, size, (a, b, limit) => {
        const [few, many] = [Math.min(a, b), Math.max(a, b)];
        const window = Math.min(a, limit);
        expect(softOverlong(many, limit, window)).toBeLessThanOrEqual(softOverlong(few, limit, window));
        expect(shortLength(many, limit)).toBeGreaterThanOrEqual(shortLength(few, limit));
        for (const p of [softOverlong(a, limit, window), shortLength(a, limit)])
          expect(p <= 0 && p >= -1, `${p}`).toBe(true);
      }),
    );
  });
  test('format: only a missing code block costs', () => {
    expect([formatPenalty('passed'), formatPenalty('runtime-error'), formatPenalty('no-code')]).toEqual([0, 0, -1]);
  });
});

describe('composition', () => {
  test('with the defaults the reward is the score, and the reason of none is kept', () => {
    expect(composed([right, wrong, fault])).toEqual({
      rewards: [1, 0, null],
      reasons: [null, null, 'the sandbox could not judge the program'],
      parts: { source: [1, 0, null] },
      terms: { source: [1, 0, null] },
      flipped: [null, null, null],
    });
  });

  test('weighted sum, by hand', () => {
    const { rewards, parts } = composed([right, wrong, bare], {
      second: 'format',
      shaping: {
        rewardWeight: 2,
        secondWeight: -0.5,
        formatWeight: 0.25,
        overlongWeight: 3,
        overlongWindow: 16,
        lengthWeight: 1,
        minLength: 10,
      },
    });
    expect(parts).toEqual({
      source: [1, 0, 0],
      second: [1, 1, 0],
      format: [0, 0, -1],
      overlong: [0, -0.25, -1],
      length: [-0.6, expect.closeTo(-0.2, 12), 0],
    });
    const sums = [2 - 0.5 - 0.6, -0.5 - 0.75 - 0.2, -0.25 - 3];
    rewards.forEach((r, i) => {
      expect(r).toBeCloseTo(sums[i] as number, 12);
    });
  });

  test('normalise, then sum: scales do not matter, and a flat part adds nothing', () => {
    const group = [right, wrong, long(16, { outcome: 'wrong-answer' }), bare];
    const shaping = {
      combine: 'normalise',
      lengthWeight: 2,
      minLength: 20,
      overlongWeight: 1,
      overlongWindow: 1,
    } as const;
    const { rewards } = composed(group.slice(0, 3), { shaping });
    // Scores 1, 0, 0: mean 1/3, std sqrt(1/3). Lengths 4, 8, 16 of 20: -0.8, -0.6, -0.2, mean -1.6/3, std sqrt(0.28/3).
    // Nothing is overlong.
    const z = [1, 0, 0].map((s) => (s - 1 / 3) / (Math.sqrt(1 / 3) + 1e-6));
    const l = [-0.8, -0.6, -0.2].map((s) => (s + 1.6 / 3) / (Math.sqrt(0.28 / 3) + 1e-6));
    rewards.forEach((r, i) => {
      expect(r).toBeCloseTo((z[i] as number) + 2 * (l[i] as number), 9);
    });
    expect((rewards as number[]).reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
  });

  test('a rollout without one of its scores has no reward, and moves no mean of the others', () => {
    const group = [right, fault, wrong, bare];
    const changes = { shaping: { combine: 'normalise', formatWeight: 1 } } as const;
    const { rewards, reasons } = composed(group, changes);
    expect(rewards[1]).toBeNull();
    expect(reasons[1]).toBe('the sandbox could not judge the program');
    expect(rewards.filter((r) => r !== null)).toEqual(composed([right, wrong, bare], changes).rewards);
  });

  test('a part without a weight is logged, and costs no reward', () => {
    const { rewards, parts } = composed([right, fault], {
      second: 'unit-tests',
      reward: 'constant',
      shaping: { secondWeight: 0 },
    });
    expect(rewards).toEqual([1, 1]);
    expect(parts.second).toEqual([1, null]);
    const only = composed([right, wrong], { second: 'constant', shaping: { rewardWeight: 0, secondWeight: 3 } });
    expect([only.rewards, only.parts.source]).toEqual([
      [3, 3],
      [1, 0],
    ]);
  });

  test('the order of a group changes nothing but the order', () => {
    const shaping = { combine: 'normalise', formatWeight: 1, lengthWeight: 0.5, minLength: 9 } as const;
    const plain = composed([right, wrong, bare], { shaping }).rewards;
    const turned = composed([bare, right, wrong], { shaping }).rewards;
    [2, 0, 1].forEach((from, to) => {
      expect(turned[to]).toBeCloseTo(plain[from] as number, 12);
    });
  });
});

describe('what a reward was made of', () => {
  const recorded = (group: readonly Scorable[], changes: Changes = {}) => {
    const made = composed(group, changes);
    const shaping = { ...defaultsOf(shapingOptions), ...changes.shaping };
    return { ...made, parts: group.map((_, i) => partsOfRollout(made, shaping, i)) };
  };

  test('by hand: score, weight and what it came to; what is off has no entry', () => {
    const shaping = { rewardWeight: 2, formatWeight: 0.25, flipProbability: 1 };
    const { parts, rewards } = recorded([wrong, bare], { shaping });
    expect(parts).toEqual([
      {
        source: 0,
        'source-weight': 2,
        'source-term': 2,
        format: 0,
        'format-weight': 0.25,
        'format-term': 0,
        flipped: 1,
      },
      {
        ...{ source: 0, 'source-weight': 2, 'source-term': 2, flipped: 1 },
        ...{ format: -1, 'format-weight': 0.25, 'format-term': -0.25 },
      },
    ]);
    expect(rewards).toEqual([2, 1.75]);
  });

  test('what has no score has no term, and a part without a weight is told all the same', () => {
    const { parts } = recorded([right, fault], { second: 'constant', shaping: { secondWeight: 0 } });
    expect(parts).toEqual([
      { source: 1, 'source-weight': 1, 'source-term': 1, second: 1, 'second-weight': 0 },
      { 'source-weight': 1, second: 1, 'second-weight': 0 },
    ]);
  });

  test('terms add up to the reward, whatever is on', () => {
    const weight = fc.constantFrom(0, 0.5, -1.25, 3);
    const shapings = fc.record({
      rewardWeight: weight,
      secondWeight: weight,
      formatWeight: weight,
      lengthWeight: weight,
      flipProbability: fc.constantFrom(0, 0.5),
      combine: fc.constantFrom('sum' as const, 'normalise' as const),
    });
    fc.assert(
      fc.property(shapings, (shaping) => {
        const { parts, rewards } = recorded([right, wrong, bare, fault], { second: 'format', shaping });
        rewards.forEach((reward, i) => {
          const terms = Object.entries(parts[i] ?? {}).flatMap(([name, v]) => (name.endsWith('-term') ? [v] : []));
          if (reward === null) expect(terms).toEqual([]);
          else expect(terms.reduce((sum, t) => sum + t, 0)).toBeCloseTo(reward, 12);
        });
      }),
    );
  });
});

describe('flips', () => {
  const many = Array.from({ length: 4000 }, (_, i) => (i % 4 === 0 ? right : wrong));

  test('turn a score into its opposite at their rate, the same ones for the same seed', () => {
    const { rewards, flipped, parts } = composed(many, { shaping: { flipProbability: 0.3 } });
    const flips = flipped.filter((f) => f === true).length;
    // 5 standard deviations of Binomial(4000, 0.3).
    expect(Math.abs(flips - 1200)).toBeLessThan(5 * Math.sqrt(4000 * 0.3 * 0.7));
    rewards.forEach((r, i) => {
      const score = i % 4 === 0 ? 1 : 0;
      expect(r).toBe(flipped[i] ? 1 - score : score);
    });
    expect(parts.source?.slice(0, 5)).toEqual([1, 0, 0, 0, 1]);
    expect(composed(many, { shaping: { flipProbability: 0.3 } }).flipped).toEqual(flipped);
    expect(composed(many, { shaping: { flipProbability: 0.3 } }, 2).flipped).not.toEqual(flipped);
  });

  test('leave the draws of a random reward as they are', () => {
    const plain = composed(many, { reward: 'random' });
    const noisy = composed(many, { reward: 'random', shaping: { flipProbability: 0.4 } });
    expect(noisy.parts.source).toEqual(plain.parts.source);
  });

  test('always flipped is the opposite, within the bounds of the reward; what has no score has no flip', () => {
    const { rewards, flipped } = composed([right, fault, wrong], { shaping: { flipProbability: 1 } });
    expect([rewards, flipped]).toEqual([
      [0, null, 1],
      [true, null, true],
    ]);
    const disparity = composed([right], { reward: 'probability-disparity', shaping: { flipProbability: 1 } });
    expect(disparity.rewards[0]).toBeCloseTo(1 - 0.2, 6);
  });

  test('a reward without bounds has no opposite', () => {
    expect(() => composed([right], { reward: 'self-certainty', shaping: { flipProbability: 1 } })).toThrow(
      'a reward without bounds cannot be flipped',
    );
  });
});
