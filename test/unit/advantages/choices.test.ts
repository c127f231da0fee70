/** Advantages over the whole step, and those that only choose. */
import { describe, expect, test } from 'vitest';
import { pairs } from '../../../src-main/advantages/pairs.ts';
import { positives } from '../../../src-main/advantages/positives.ts';
import { reinforcePlusPlus } from '../../../src-main/advantages/reinforce-plus-plus.ts';
import { ofGroup, ofStep, penalised, rewarded } from './group.ts';

describe('reinforce++', () => {
  test('whitens over tokens: a long response weighs more', () => {
    // tokens 1 1 1 0: mean 3/4, sample variance (3/16 + 9/16) / 3 = 1/4
    const a = ofStep(reinforcePlusPlus, [rewarded([1], [3]), rewarded([0], [1])]);
    const std = Math.sqrt(0.25 + 1e-8);
    expect(a).toEqual([[expect.closeTo(0.25 / std, 12)], [expect.closeTo(-0.75 / std, 12)]]);
  });

  test('a token’s return is the reward less what is penalised from it on', () => {
    // returns 1 - 0.75, 1 - 0.5 and 0: mean 1/4, deviations 0, 1/4, -1/4, sample variance 1/16
    const a = ofGroup(reinforcePlusPlus, penalised([1, 0], [[0.25, 0.5], [0]])) ?? [];
    expect(Array.from(a[0] as Float32Array)).toEqual([expect.closeTo(0, 6), expect.closeTo(1, 6)]);
    expect(Array.from(a[1] as Float32Array)).toEqual([expect.closeTo(-1, 6)]);
  });

  test('with a group baseline the mean of the group goes first, and all tokens are alike', () => {
    const groups = [penalised([1, 0], [[0.25, 0.25], [0]]), rewarded([4, 3], [1, 1])];
    const a = ofStep(reinforcePlusPlus, groups, { baseline: 'group' });
    // returns 0.5 and 0 less 0.25, 4 and 3 less 3.5; over tokens 0.25 0.25 -0.25 0.5 -0.5
    const values = [0.25, 0.25, -0.25, 0.5, -0.5];
    const mean = 0.05;
    const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4 + 1e-8);
    expect(a).toEqual([
      [expect.closeTo((0.25 - mean) / std, 10), expect.closeTo((-0.25 - mean) / std, 10)],
      [expect.closeTo((0.5 - mean) / std, 10), expect.closeTo((-0.5 - mean) / std, 10)],
    ]);
  });

  test('a flat step has no signal; what was not scored is left out', () => {
    expect(ofStep(reinforcePlusPlus, [rewarded([0.1, null]), rewarded([0.1, 0.1])])).toEqual([
      [0, null],
      [0, 0],
    ]);
    expect(ofStep(reinforcePlusPlus, [rewarded([1, null]), rewarded([1, 0])], { baseline: 'group' })[0]).toBeNull();
  });
});

describe('positives', () => {
  test('chooses what is above the threshold, and nothing of a group without', () => {
    expect(ofStep(positives, [rewarded([1, 0, null, 1]), rewarded([0, 0])])).toEqual([[1, null, null, 1], null]);
    expect(ofGroup(positives, rewarded([0.4, 0.6, 1]), { threshold: 0.5 })).toEqual([null, 1, 1]);
  });

  test('takes at most so many of a group', () => {
    expect(ofGroup(positives, rewarded([0, 1, 1, 1]), { maxPerGroup: 2 })).toEqual([null, 1, 1, null]);
  });
});

describe('pairs', () => {
  test('right with wrong, as many as there are of the fewer', () => {
    expect(ofStep(pairs, [rewarded([0, 1, 0, 1, 1]), rewarded([1, 1]), rewarded([1, null])])).toEqual([
      [-1, 1, -1, 1, null],
      null,
      null,
    ]);
  });

  test('best with worst, within the bound, and never equals', () => {
    expect(ofGroup(pairs, rewarded([3, 1, 2, 4]), { maxPerGroup: 1 })).toEqual([null, -1, null, 1]);
    expect(ofGroup(pairs, rewarded([3, 1, 2, 4]))).toEqual([1, -1, -1, 1]);
    expect(ofGroup(pairs, rewarded([2, 1, 2, 2]))).toEqual([1, -1, null, null]);
  });
});
