import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean, passAtK, sampleStd, standardError } from '../../../src-main/stats/describe.ts';

test('mean, sample standard deviation and standard error by hand', () => {
  expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
  expect(sampleStd([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
  expect(standardError([1, 3])).toBeCloseTo(Math.SQRT2 / Math.SQRT2, 12);
  expect(sampleStd([1])).toBeNull();
  expect(() => mean([])).toThrow(/empty/);
});

test('pass@k equals the share of k-subsets that hold a success', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(9), fc.nat(8), (n, cRaw, kRaw) => {
      const c = cRaw % (n + 1);
      const k = (kRaw % n) + 1;
      let hits = 0;
      let subsets = 0;
      for (let bits = 0; bits < 1 << n; bits++) {
        const chosen = [...Array(n).keys()].filter((i) => (bits >> i) & 1);
        if (chosen.length !== k) continue;
        subsets++;
        if (chosen.some((i) => i < c)) hits++;
      }
      expect(passAtK(n, c, k)).toBeCloseTo(hits / subsets, 12);
    }),
  );
});

test('pass@k refuses what has no meaning', () => {
  expect(() => passAtK(4, 5, 1)).toThrow(/n 4, c 5, k 1/);
  expect(() => passAtK(4, 1, 5)).toThrow(/1 <= k <= n/);
});
