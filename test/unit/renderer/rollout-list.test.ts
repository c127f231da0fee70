import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgedPart, splitCompletion } from '../../../src-renderer/lib/completion.ts';
import { rewardTable } from '../../../src-renderer/lib/reward-parts.ts';
import {
  isListed,
  listRollouts,
  neighbourStep,
  ROLLOUT_ORDERS,
  type RolloutFilter,
  readRollout,
  rolloutsSearch,
} from '../../../src-renderer/lib/rollout-list.ts';
import { HEAT_STATISTICS } from '../../../src-renderer/lib/token-heat.ts';
import type { RolloutSummary } from '../../../src-shared/rollout.ts';

const rollout = (id: number, more: Partial<RolloutSummary> = {}): RolloutSummary => ({
  id,
  runId: 'r',
  step: 1,
  split: 'train',
  problemId: 'p',
  sample: id,
  tokens: 10,
  finished: true,
  outcome: 'passed',
  testsPassed: 1,
  testsTotal: 1,
  reward: 0,
  advantage: 0,
  meanEntropy: 0,
  meanLogprob: 0,
  ...more,
});
const ids = (list: readonly RolloutSummary[]) => list.map((r) => r.id);

const rollouts = [
  rollout(1, { problemId: 'Sum-of-squares', reward: 0.5, advantage: 1.5, tokens: 30 }),
  rollout(2, { problemId: 'sum-of-cubes', reward: null, advantage: null, tokens: 10, finished: false }),
  rollout(3, { problemId: 'product', reward: -1, advantage: -0.5, tokens: 20, outcome: 'no-code' }),
  rollout(4, { problemId: 'product', reward: 0.5, advantage: 0, tokens: 20 }),
];

describe('the list of rollouts', () => {
  test.each<[RolloutFilter, number[]]>([
    [{}, [1, 2, 3, 4]],
    [{ outcome: 'no-code' }, [3]],
    [{ problem: ' SUM-of' }, [1, 2]],
    [{ minReward: 0.5 }, [1, 4]],
    [{ maxReward: 0 }, [3]],
    [{ minReward: -1, maxReward: -1 }, [3]],
    [{ advantage: 'positive' }, [1]],
    [{ advantage: 'zero' }, [4]],
    [{ advantage: 'negative' }, [3]],
    [{ minTokens: 20, maxTokens: 20 }, [3, 4]],
    [{ cut: true }, [2]],
    [{ cut: false, problem: 'product' }, [3, 4]],
  ])('with %j holds %j', (filter, expected) => {
    expect(ids(listRollouts(rollouts, filter, 'group'))).toEqual(expected);
  });

  test.each([
    ['reward', [1, 4, 3, 2]],
    ['lowest-reward', [3, 1, 4, 2]],
    ['advantage', [1, 4, 3, 2]],
    ['lowest-advantage', [3, 4, 1, 2]],
    ['length', [1, 3, 4, 2]],
    ['shortest', [2, 3, 4, 1]],
  ] as const)('by %s has what has no value last, and equal ones as they were', (order, expected) => {
    expect(ids(listRollouts(rollouts, {}, order))).toEqual(expected);
  });

  test('in any order is what passes the filter, each once', () => {
    const anyFilter = fc.record(
      {
        outcome: fc.constantFrom('passed' as const, 'no-code' as const),
        minReward: fc.double({ min: -1, max: 1, noNaN: true }),
        advantage: fc.constantFrom('positive' as const, 'negative' as const, 'zero' as const),
        maxTokens: fc.integer({ min: 0, max: 40 }),
        cut: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyFilter, fc.constantFrom(...ROLLOUT_ORDERS.map(({ id }) => id)), (filter, order) => {
        const listed = ids(listRollouts(rollouts, filter, order));
        expect(listed.toSorted()).toEqual(ids(rollouts.filter((r) => isListed(r, filter))));
      }),
    );
  });

  test('forgets a wrong value in the address, and nothing else', () => {
    expect(rolloutsSearch.parse({ step: 3, outcome: 'fine', minReward: 'x', cut: true, order: 'length' })).toEqual({
      step: 3,
      outcome: undefined,
      minReward: undefined,
      cut: true,
      order: 'length',
    });
  });
});

describe('what is read', () => {
  const later = [
    rollout(11, { problemId: 'a', sample: 0 }),
    rollout(12, { problemId: 'b', sample: 0 }),
    rollout(13, { problemId: 'b', sample: 1 }),
  ];
  test('is what the address names, though no filter lists it', () => {
    expect(readRollout(later, [], 13, null)?.id).toBe(13);
  });
  test('follows the problem and the sample from step to step, the problem at least', () => {
    expect(readRollout(later, later, undefined, { problemId: 'b', sample: 1 })?.id).toBe(13);
    expect(readRollout(later, later, undefined, { problemId: 'b', sample: 7 })?.id).toBe(12);
  });
  test('is otherwise the first listed', () => {
    expect(readRollout(later, later.slice(1), 99, { problemId: 'z', sample: 0 })?.id).toBe(12);
    expect(readRollout(later, [], undefined, null)).toBeUndefined();
  });
  test('goes on with the next step that there is', () => {
    expect(neighbourStep([30, 10, 20], 20, 1)).toBe(30);
    expect(neighbourStep([30, 10, 20], 20, -1)).toBe(10);
    expect(neighbourStep([30, 10, 20], 30, 1)).toBeUndefined();
    expect(neighbourStep([30, 10, 20], 15, 1)).toBeUndefined();
  });
});

describe('the parts of a reward', () => {
  test('add up to it', () => {
    // 1 x 0.75 + 0.5 x -0.5 = 0.5
    const parts = { source: 0.75, 'source-weight': 1, 'source-term': 0.75, format: -0.5, 'format-weight': 0.5 };
    const table = rewardTable({ ...parts, 'format-term': -0.25 }, 0.5);
    expect(table).toMatchObject({ sum: 0.5, addsUp: true });
    expect(table?.rows.map(({ id, score, weight, term }) => [id, score, weight, term])).toEqual([
      ['source', 0.75, 1, 0.75],
      ['format', -0.5, 0.5, -0.25],
    ]);
    expect(table?.rows.some(({ normalised, flipped }) => normalised || flipped)).toBe(false);
  });

  test('say so where they do not', () => {
    expect(rewardTable({ source: 1, 'source-weight': 1, 'source-term': 1 }, 2)?.addsUp).toBe(false);
    expect(rewardTable({ source: 1, 'source-weight': 1 }, null)?.addsUp).toBe(false);
    expect(rewardTable(null, 1)).toBeNull();
    expect(rewardTable({}, 1)).toBeNull();
  });

  test('tell a flipped score and a normalised term from a plain one', () => {
    const flipped = rewardTable({ source: 0, 'source-weight': 1, 'source-term': 1, flipped: 1 }, 1);
    expect(flipped?.rows[0]).toMatchObject({ flipped: true, normalised: false });
    const normalised = rewardTable({ source: 5, 'source-weight': 1, 'source-term': -0.7 }, -0.7);
    expect(normalised?.rows[0]).toMatchObject({ flipped: false, normalised: true });
    expect(normalised?.addsUp).toBe(true);
  });
});

test('the block that was judged is the last one with its program', () => {
  const parts = splitCompletion('```python\nx = 1\n```\nno:\n```python\nx = 1\n```\n```text\ny\n```');
  expect(judgedPart(parts, 'x = 1')).toBe(2);
  expect(judgedPart(parts, 'z')).toBe(-1);
  expect(judgedPart(parts, null)).toBe(-1);
  const answered = splitCompletion('<think>\\boxed{4}</think>It is \\boxed{4}.');
  expect(judgedPart(answered, '4')).toBe(1);
  expect(judgedPart(answered, '5')).toBe(-1);
});

test('against the likeliest token, a sampled one is never likelier', () => {
  const relative = HEAT_STATISTICS.find(({ id }) => id === 'relative');
  const stats = {
    logprob: [Math.log(0.2), -0.1],
    entropy: [],
    klUniform: [],
    top1: [0.8, 0.9],
    top2: [],
    logprobAfter: null,
  };
  // ln 0.2 - ln 0.8 = -ln 4; e^-0.1 = 0.9048 is over 0.9 by rounding only.
  expect(relative?.of(stats, 0)).toBeCloseTo(-Math.log(4), 12);
  expect(relative?.of(stats, 1)).toBe(0);
  expect(relative?.of(stats, 2)).toBeUndefined();
});
