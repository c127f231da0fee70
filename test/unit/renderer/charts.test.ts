import { describe, expect, test } from 'vitest';
import { listRollouts, nearestStep } from '../../../src-renderer/lib/rollout-list.ts';
import { sparkPath } from '../../../src-renderer/lib/sparkline.ts';
import type { RolloutSummary } from '../../../src-shared/rollout.ts';

describe('sparkline', () => {
  const box = { width: 96, height: 20 };
  test('fills its box from the first to the last step', () => {
    const path = sparkPath(
      [0, 1].map((i) => ({ step: i * 10, value: i })),
      box,
    );
    expect(path).toBe('M1.5 18.5L94.5 1.5');
  });

  test('does not blow up noise', () => {
    const ys = [
      ...sparkPath(
        [0, 1, 2].map((i) => ({ step: i, value: 0.5 + (i % 2) * 0.001 })),
        box,
      ).matchAll(/ ([\d.]+)/g),
    ].map((m) => Number(m[1]));
    expect(Math.max(...ys) - Math.min(...ys)).toBeLessThan(1);
  });

  test('is nothing below two points and short for many', () => {
    expect(sparkPath([{ step: 3, value: 1 }], box)).toBe('');
    const path = sparkPath(
      Array.from({ length: 5000 }, (_, i) => ({ step: i, value: i })),
      box,
    );
    expect(path.match(/[ML]/g)).toHaveLength(48);
  });
});

describe('list of rollouts', () => {
  const rollout = (id: number, more: Partial<RolloutSummary>): RolloutSummary => ({
    id,
    runId: 'r',
    step: 1,
    split: 'train',
    problemId: 'p',
    sample: id,
    tokens: id,
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
  const rollouts = [
    rollout(1, { reward: 0.5 }),
    rollout(2, { reward: null }),
    rollout(3, { reward: 1, outcome: 'no-code' }),
  ];
  const ids = (list: readonly RolloutSummary[]) => list.map((r) => r.id);

  test('is filtered by outcome and ordered without touching its source', () => {
    expect(ids(listRollouts(rollouts, {}, 'reward'))).toEqual([3, 1, 2]);
    expect(ids(listRollouts(rollouts, {}, 'length'))).toEqual([3, 2, 1]);
    expect(ids(listRollouts(rollouts, { outcome: 'passed' }, 'group'))).toEqual([1, 2]);
    expect(ids(rollouts)).toEqual([1, 2, 3]);
  });

  test('opens at the step asked for, the nearest one, or the last', () => {
    expect(nearestStep([30, 20, 10], 20)).toBe(20);
    expect(nearestStep([30, 20, 10], 14)).toBe(10);
    expect(nearestStep([30, 20, 10], undefined)).toBe(30);
    expect(nearestStep([], 3)).toBeUndefined();
  });
});
