import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  groupSignal,
  lengthHistogram,
  rewardAgainstAccuracy,
  verdictMix,
} from '../../../src-main/diagnostics/groups.ts';

test('every response is in one bin of lengths, the cap in the last', () => {
  const bins = lengthHistogram(
    [
      { tokens: 1, finished: true },
      { tokens: 50, finished: true },
      { tokens: 100, finished: false },
    ],
    100,
    4,
  );
  expect(bins.map(({ count }) => count)).toEqual([1, 0, 1, 1]);
  expect(bins[3]).toEqual({ from: 75, to: 100, count: 1, truncated: 1 });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 96 })), fc.integer({ min: 1, max: 40 }), (lengths, n) => {
      const all = lengthHistogram(
        lengths.map((tokens) => ({ tokens, finished: tokens < 96 })),
        96,
        n,
      );
      expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(lengths.length);
      expect(all.reduce((sum, { truncated }) => sum + truncated, 0)).toBe(lengths.filter((l) => l === 96).length);
    }),
  );
  expect(() => lengthHistogram([{ tokens: 101, finished: false }], 100)).toThrow(/101 tokens; allowed is 0 to 100/);
});

test('verdict mix', () => {
  expect(verdictMix(['passed', 'passed', 'no-code', 'wrong-answer'])).toEqual({
    passed: 0.5,
    'no-code': 0.25,
    'wrong-answer': 0.25,
  });
});

test('informative groups: neither flat nor with fewer than two scores', () => {
  expect(
    groupSignal([
      [0, 1, null],
      [0, 0],
      [1, 1],
      [0.5, 0.5],
      [1, null],
      [null, null],
    ]),
  ).toEqual({
    scored: 4,
    informative: 0.25,
    allLowest: 0.25,
    allHighest: 0.25,
  });
  expect(groupSignal([[1, null]])).toBeNull();
});

test('a reward that follows accuracy over problems can be blind within each', () => {
  const of = (reward: number, passed: boolean) => ({ reward, passed });
  // An easy problem scores high throughout, a hard one low; inside both, wrong responses score higher.
  const groups = [
    [of(10, true), of(10.1, true), of(10.2, true), of(11, false)],
    [of(1, true), of(2, false), of(2.1, false), of(2.2, false)],
  ];
  const blind = rewardAgainstAccuracy(groups);
  expect(blind.pearson).toBeGreaterThan(0.4);
  expect(blind.withinGroup).toBe(0);
  // Two groups: the easier one has the higher mean.
  expect(blind.acrossGroups).toBeCloseTo(1, 12);
  expect(blind.correct).toBeCloseTo(31.3 / 4, 12);
  const perfect = rewardAgainstAccuracy([[of(1, true), of(0, false)]]);
  expect(perfect).toMatchObject({ pearson: 1, spearman: 1, withinGroup: 1, correct: 1, wrong: 0 });
  expect(rewardAgainstAccuracy([[of(1, true)]])).toMatchObject({ pearson: null, withinGroup: null, wrong: null });
  // Means 1, 2, 3 and accuracies 0.5, 0, 1: 0.5 / sqrt(2 x 0.5); a group without rollouts counts in neither.
  const three = rewardAgainstAccuracy([
    [of(1, true), of(1, false)],
    [of(2, false), of(2, false)],
    [of(3, true), of(3, true)],
    [],
  ]);
  expect(three.acrossGroups).toBeCloseTo(0.5, 12);
});
