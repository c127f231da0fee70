import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupRelative } from '../../../src-main/advantages/group-relative.ts';
import { leaveOneOut } from '../../../src-main/advantages/leave-one-out.ts';
import { ofGroup, ofStep, penalised, rewarded } from './group.ts';

const none = { scale: 'none' };

test('one success of four: (r - mean) / (sample std + 1e-6)', () => {
  // mean 1/4, sample variance (9/16 + 3/16) / 3 = 1/4
  const a = ofGroup(groupRelative, rewarded([1, 0, 0, 0])) as number[];
  expect(a[0]).toBeCloseTo(0.75 / (0.5 + 1e-6), 12);
  expect(a[1]).toBeCloseTo(-0.25 / (0.5 + 1e-6), 12);
});

test('no scaling only subtracts the mean', () => {
  expect(ofGroup(groupRelative, rewarded([1, 0, 0, 0]), none)).toEqual([0.75, -0.25, -0.25, -0.25]);
});

test('scaled by the step: the sample std of all its rewards', () => {
  // 1 0 1 1 0 0: mean 1/2, sample variance 6/4 / 5 = 0.3; the flat group stays exactly 0
  const groups = [rewarded([1, 0]), rewarded([1, 1]), rewarded([0, 0])];
  const scale = Math.sqrt(0.3) + 1e-6;
  const a = ofStep(groupRelative, groups, { scale: 'batch' });
  expect(a[0]).toEqual([expect.closeTo(0.5 / scale, 12), expect.closeTo(-0.5 / scale, 12)]);
  expect(a.slice(1)).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test('leave one out: a reward less the mean of the others', () => {
  const rewards = [1, 0, 0, 5];
  const a = ofGroup(leaveOneOut, rewarded(rewards)) as number[];
  rewards.forEach((r, i) => {
    const others = rewards.filter((_, j) => j !== i);
    expect(a[i]).toBeCloseTo(r - others.reduce((sum, x) => sum + x, 0) / 3, 12);
  });
});

test('penalties are taken off the reward, all tokens together', () => {
  const group = penalised([1, 0], [[0.25, 0.25], [-0.5]]);
  expect(ofGroup(groupRelative, group, none)).toEqual([0, 0]);
  expect(ofGroup(leaveOneOut, penalised([1, 0], [[0.5], [0]]))).toEqual([0.5, -0.5]);
});

describe.each([groupRelative, leaveOneOut])('$id', (advantage) => {
  test('a flat group has exactly no signal, also for values that do not add up exactly', () => {
    expect(ofGroup(advantage, rewarded([0.1, 0.1, 0.1]))).toEqual([0, 0, 0]);
  });

  test('unscored rollouts are left out; fewer than two scored drop the group', () => {
    const a = ofGroup(advantage, rewarded([1, null, 0])) as (number | null)[];
    expect(a[1]).toBeNull();
    expect(a[0]).toBeGreaterThan(0);
    expect(a[0]).toBeCloseTo(-(a[2] as number), 12);
    expect(ofGroup(advantage, rewarded([1, null, null]))).toBeNull();
    expect(ofGroup(advantage, rewarded([]))).toBeNull();
  });

  test('advantages sum to zero and do not change when a constant is added to every reward', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 16 }),
        fc.integer({ min: -9, max: 9 }),
        (rewards, offset) => {
          const a = ofGroup(advantage, rewarded(rewards)) as number[];
          const b = ofGroup(advantage, rewarded(rewards.map((r) => r + offset))) as number[];
          expect(a.reduce((s, x) => s + x, 0)).toBeCloseTo(0, 8);
          a.forEach((x, i) => {
            expect(x).toBeCloseTo(b[i] as number, 8);
          });
        },
      ),
    );
  });
});
