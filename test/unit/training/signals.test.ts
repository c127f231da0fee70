import { describe, expect, test } from 'vitest';
import type { TokenStats } from '../../../src-main/engine/engine.ts';
import { signalMetrics } from '../../../src-main/training/signals.ts';
import { METRICS } from '../../../src-shared/metrics.ts';
import type { Outcome } from '../../../src-shared/rollout.ts';

/** A response whose every signal says the same: how certain it is, 0..1. */
function response(certainty: number, outcome: Outcome, tokens = 2) {
  const all = (v: number) => new Float32Array(tokens).fill(v);
  const stats: TokenStats = {
    logprob: all(Math.log(certainty)),
    entropy: all(1 - certainty),
    klUniform: all(certainty),
    top1: all(certainty),
    top2: all(0),
  };
  return { certainty: stats, outcome };
}

describe('certainty against correctness', () => {
  const some = [
    response(0.5, 'passed'),
    response(0.75, 'passed'),
    response(0.25, 'wrong-answer'),
    response(0.5, 'runtime-error'),
    response(0.125, 'no-code'),
    response(0.9, 'sandbox-error'),
    response(0.9, 'wrong-answer', 0),
  ];

  test.each([
    ['self-certainty', 1],
    ['disparity', 1],
    ['token-entropy', -1],
    ['trajectory-entropy', -1],
  ] as const)('%s by hand, with sign %i', (signal, sign) => {
    const metrics = signalMetrics('eval', some);
    // Of 2 x 3 pairs the more certain is right in five, and one is tied: 5.5 of 6.
    expect(metrics[`eval/auroc-${signal}`]).toBeCloseTo(sign > 0 ? 5.5 / 6 : 0.5 / 6, 12);
    expect(metrics[`eval/rank-biserial-${signal}`]).toBeCloseTo(sign * (11 / 6 - 1), 12);
    expect(metrics[`eval/z-effect-${signal}`]).toBeCloseTo((5.5 - 3) / Math.sqrt((6 * 6) / 12) / Math.sqrt(5), 12);
  });

  test('calibration by hand: each response in a bin of its own but two', () => {
    // At 0.5 one is right and one is wrong, no gap. 0.75 right: 0.25 off. 0.25 and 0.125 wrong: off by themselves.
    const expected = (0 + 0.25 + 0.25 + 0.125) / 5;
    const metrics = signalMetrics('train', some);
    expect(metrics['train/calibration-disparity']).toBeCloseTo(expected, 6);
    const probability = signalMetrics('train', some.slice(1));
    expect(probability['train/calibration-probability']).toBeCloseTo((0.25 + 0.25 + 0.5 + 0.125) / 4, 6);
  });

  test('one class alone leaves gaps, not 0.5; sandbox faults and empty responses count as neither', () => {
    expect(Object.keys(signalMetrics('train', some.slice(2))).sort()).toEqual([
      'train/calibration-disparity',
      'train/calibration-probability',
    ]);
    expect(signalMetrics('train', some.slice(5))).toEqual({});
    expect(signalMetrics('train', some)).toEqual(signalMetrics('train', some.slice(0, 5)));
  });

  test('all of its series are described, once', () => {
    const names = METRICS.map((m) => m.name);
    expect(new Set(names).size).toBe(names.length);
    for (const split of ['train', 'eval'] as const) {
      const logged = Object.keys(signalMetrics(split, some));
      expect(logged).toHaveLength(14);
      expect(names).toEqual(expect.arrayContaining(logged));
    }
  });
});
