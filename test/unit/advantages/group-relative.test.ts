import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupRelative } from '../../../src-main/advantages/group-relative.ts';

const std = { scale: 'std' };

test('one success of four: (r - mean) / (sample std + 1e-6)', () => {
  // mean 1/4, sample variance (9/16 + 3/16) / 3 = 1/4
  const a = groupRelative.ofGroup([1, 0, 0, 0], std) as number[];
  expect(a[0]).toBeCloseTo(0.75 / (0.5 + 1e-6), 12);
  expect(a[1]).toBeCloseTo(-0.25 / (0.5 + 1e-6), 12);
});

test('no scaling only subtracts the mean', () => {
  expect(groupRelative.ofGroup([1, 0, 0, 0], { scale: 'none' })).toEqual([0.75, -0.25, -0.25, -0.25]);
});

test('a flat group has exactly no signal, also for values that do not add up exactly', () => {
  expect(groupRelative.ofGroup([0.1, 0.1, 0.1], std)).toEqual([0, 0, 0]);
});

test('unscored rollouts are left out; fewer than two scored drop the group', () => {
  const a = groupRelative.ofGroup([1, null, 0], std) as (number | null)[];
  expect(a[1]).toBeNull();
  expect(a[0]).toBeCloseTo(0.5 / (Math.SQRT1_2 + 1e-6), 12);
  expect(groupRelative.ofGroup([1, null, null], std)).toBeNull();
  expect(groupRelative.ofGroup([], std)).toBeNull();
});

test('advantages sum to zero and do not change when a constant is added to every reward', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 16 }),
      fc.integer({ min: -9, max: 9 }),
      (rewards, offset) => {
        const a = groupRelative.ofGroup(rewards, std) as number[];
        const b = groupRelative.ofGroup(
          rewards.map((r) => r + offset),
          std,
        ) as number[];
        expect(a.reduce((s, x) => s + x, 0)).toBeCloseTo(0, 8);
        a.forEach((x, i) => {
          expect(x).toBeCloseTo(b[i] as number, 8);
        });
      },
    ),
  );
});
