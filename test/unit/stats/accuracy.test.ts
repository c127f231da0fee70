import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intervalOfMean, passByProblem } from '../../../src-main/stats/accuracy.ts';
import { accuracyMetrics } from '../../../src-main/training/accuracy.ts';
import { PASS_AT } from '../../../src-shared/accuracy.ts';

/** C(n, k) exactly. */
function choose(n: number, k: number): bigint {
  let value = 1n;
  for (let i = 0; i < k; i++) value = (value * BigInt(n - i)) / BigInt(i + 1);
  return value;
}

describe('accuracy by problem', () => {
  test('pass@k is 1 - C(n-c,k)/C(n,k), for every k that the samples of a problem reach', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat({ max: 80 }), (samples, some) => {
        const passed = Math.min(some, samples);
        const found = passByProblem([{ samples, passed }]);
        expect([...found.keys()]).toEqual(PASS_AT.filter((k) => k <= samples));
        for (const [k, [value]] of found) {
          const none = Number((choose(samples - passed, k) * 10n ** 15n) / choose(samples, k)) / 1e15;
          expect(value).toBeCloseTo(1 - none, 10);
        }
      }),
    );
  });

  test('a problem with fewer judged samples is left out of larger k alone', () => {
    const found = passByProblem([
      { samples: 4, passed: 1 },
      { samples: 3, passed: 3 },
    ]);
    expect(found.get(1)).toEqual([0.25, 1]);
    expect(found.get(2)).toEqual([0.5, 1]);
    expect(found.get(4)).toEqual([1]);
    expect(accuracyMetrics([{ samples: 4, passed: 1 }])).toEqual({
      ...{ 'eval/avg@k': 0.25, 'eval/pass@k': 1 },
      ...{ 'eval/pass@1': 0.25, 'eval/pass@2': 0.5, 'eval/pass@4': 1 },
    });
    expect(accuracyMetrics([])).toEqual({});
  });

  // scipy 1.17.1: bootstrap((x,), np.mean, method='BCa', n_resamples=100000, random_state=0) of 40 problems of 8 samples.
  test('the interval of a mean is that of scipy, within the error of its draws', () => {
    const passed = [
      8, 8, 0, 3, 8, 7, 0, 0, 5, 8, 8, 1, 0, 8, 6, 8, 2, 0, 8, 8, 4, 0, 8, 8, 0, 8, 7, 3, 8, 0, 8, 8, 5, 0, 8, 1, 8, 8,
      0, 6,
    ];
    const interval = intervalOfMean(passed.map((c) => c / 8));
    expect(Math.abs((interval?.low ?? 0) - 0.465625)).toBeLessThan(0.02);
    expect(Math.abs((interval?.high ?? 0) - 0.734375)).toBeLessThan(0.02);
    expect(intervalOfMean([0.5, 0.5])).toBeNull();
    expect(intervalOfMean([0.5])).toBeNull();
  });
});
