import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calibration, certaintyReport } from '../../../src-main/diagnostics/certainty.ts';
import { stream } from '../../../src-shared/random.ts';

const flat = (p: number, T: number) => {
  const all = (value: number) => Array.from({ length: T }, () => value);
  const rest = (1 - p) / 3;
  return {
    logprob: all(Math.log(p)),
    entropy: all(-(p * Math.log(p) + 3 * rest * Math.log(rest))),
    klUniform: all((Math.log(0.25 / p) + 3 * Math.log(0.25 / rest)) / 4),
    top1: all(p),
    top2: all(rest),
  };
};

test('surer when right: all four statistics say so, entropies with the other sign', () => {
  const report = certaintyReport([
    { stats: flat(0.9, 3), passed: true },
    { stats: flat(0.8, 9), passed: true },
    { stats: flat(0.6, 2), passed: false },
    { stats: flat(0.5, 30), passed: false },
  ]);
  expect(report.separation.selfCertainty).toMatchObject({ auroc: 1, rankBiserial: 1 });
  expect(report.separation.disparity?.rankBiserial).toBe(1);
  expect(report.separation.tokenEntropy?.rankBiserial).toBe(-1);
  expect(report.separation.trajectoryEntropy?.rankBiserial).toBe(-1);
  expect(report.separation.tokenEntropy?.zOverRootN).toBeGreaterThan(0);
  // |0.9 - 1| + |0.8 - 1| + 0.6 + 0.5, each alone in its bin.
  expect(report.calibration.probability.expectedError).toBeCloseTo((0.1 + 0.2 + 0.6 + 0.5) / 4, 12);
});

test('nothing to separate where all are right', () => {
  expect(certaintyReport([{ stats: flat(0.9, 3), passed: true }]).separation.disparity).toBeNull();
});

test('bins are open below and closed above', () => {
  const { bins } = calibration(
    [0, 0.1, 0.10001, 1].map((confidence) => ({ confidence, passed: true })),
    10,
  );
  expect(bins.map(({ count }) => count)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(bins[2]?.accuracy).toBeNull();
  expect(() => calibration([{ confidence: 1.2, passed: true }])).toThrow(/confidence 1.2; allowed is 0 to 1/);
  expect(() => calibration([])).toThrow(/no response/);
});

test('who is right as often as said has next to no error; who is always sure, the share of faults', () => {
  const random = stream(5, 'calibration');
  const honest = Array.from({ length: 20_000 }, () => {
    const confidence = random.next();
    return { confidence, passed: random.next() < confidence };
  });
  expect(calibration(honest).expectedError).toBeLessThan(0.02);
  const sure = honest.map(({ passed }) => ({ confidence: 1, passed }));
  const faults = honest.filter(({ passed }) => !passed).length / honest.length;
  expect(calibration(sure).expectedError).toBeCloseTo(faults, 12);
});

test('expected error is at most 1 and at least |accuracy - mean confidence|', () => {
  const response = fc.record({ confidence: fc.double({ min: 0, max: 1, noNaN: true }), passed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(response, { minLength: 1 }), fc.integer({ min: 1, max: 20 }), (responses, bins) => {
      const { expectedError } = calibration(responses, bins);
      const gap = responses.reduce((sum, r) => sum + r.confidence - (r.passed ? 1 : 0), 0) / responses.length;
      expect(expectedError).toBeLessThanOrEqual(1 + 1e-12);
      expect(expectedError).toBeGreaterThanOrEqual(Math.abs(gap) - 1e-12);
    }),
  );
});
