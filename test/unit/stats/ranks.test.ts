/** Expected values are from scipy 1.17.1 (mannwhitneyu with method asymptotic, kendalltau, spearmanr, pearsonr). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareRanks, kendallTauB, midranks, pearson, spearman, tieGroups } from '../../../src-main/stats/ranks.ts';

test('mid-ranks and ties', () => {
  expect(midranks([10, 20, 10, 30, 20, 20])).toEqual([1.5, 4, 1.5, 6, 4, 4]);
  expect(tieGroups([10, 20, 10, 30, 20, 20])).toEqual([2, 3]);
});

test('Mann-Whitney with ties, AUROC, and both effect sizes', () => {
  const result = compareRanks([0.1, 0.4, 0.4, 0.7, 0.9, 1.3, 1.3, 2.2], [0.2, 0.4, 0.5, 0.5, 0.6, 1.3, 0.05]);
  expect(result?.u).toBe(38);
  expect(result?.p).toBeCloseTo(0.267709023829378, 12);
  expect(result?.auroc).toBeCloseTo(38 / 56, 14);
  expect(result?.rankBiserial).toBeCloseTo(0.3571428571428572, 14);
  // Z without corrections = (38 - 28) / sqrt(56 x 16 / 12), over sqrt(15).
  expect(result?.zOverRootN).toBeCloseTo(0.29880715233359834, 14);
});

test('groups that do not overlap: r is 1, and |Z| / sqrt(N) is not', () => {
  const apart = compareRanks([5, 6, 7], [1, 2, 3]);
  expect(apart?.rankBiserial).toBe(1);
  expect(apart?.auroc).toBe(1);
  expect(apart?.zOverRootN).toBeCloseTo(4.5 / Math.sqrt((9 * 7) / 12) / Math.sqrt(6), 14);
  expect(compareRanks([1, 2, 3], [5, 6, 7])?.rankBiserial).toBe(-1);
  expect(compareRanks([1, 2, 3], [5, 6, 7])?.zOverRootN).toBe(apart?.zOverRootN);
  expect(compareRanks([2, 2], [2, 2])).toMatchObject({ auroc: 0.5, rankBiserial: 0, p: 1 });
  expect(compareRanks([], [1])).toBeNull();
});

test('Kendall, Spearman, Pearson', () => {
  const x = [1, 2, 2, 3, 5, 4, 4, 7, 1, 6];
  const y = [2, 1, 3, 3, 6, 4, 5, 5, 2, 5];
  expect(kendallTauB(x, y)).toBeCloseTo(0.7319250547113999, 12);
  expect(spearman(x, y)).toBeCloseTo(0.8691968388426687, 12);
  expect(pearson(x, y)).toBeCloseTo(0.8482972713570797, 12);
  expect(kendallTauB([1, 1], [1, 2])).toBeNull();
  expect(spearman([1, 1], [1, 2])).toBeNull();
  expect(() => spearman([1], [1, 2])).toThrow(/1 and 2 values/);
});

const values = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 12 });

test('AUROC is the share of pairs won; swapping turns the sign; order-preserving maps change nothing', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const result = compareRanks(a, b);
      let won = 0;
      for (const x of a) for (const y of b) won += x > y ? 1 : x === y ? 0.5 : 0;
      expect(result?.auroc).toBeCloseTo(won / (a.length * b.length), 12);
      expect(compareRanks(b, a)?.rankBiserial).toBeCloseTo(-(result?.rankBiserial ?? 0), 12);
      const mapped = compareRanks(a.map(Math.exp), b.map(Math.exp));
      expect(mapped).toEqual(result);
      expect(result !== null && result.p > 0 && result.p <= 1).toBe(true);
    }),
  );
});

test('correlations are symmetric, within 1, and turn with one side', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })), { maxLength: 12 }),
      (pairs) => {
        const x = pairs.map(([a]) => a);
        const y = pairs.map(([, b]) => b);
        for (const correlation of [kendallTauB, spearman, pearson]) {
          const r = correlation(x, y);
          if (r === null) continue;
          expect(Math.abs(r)).toBeLessThanOrEqual(1 + 1e-12);
          expect(correlation(y, x)).toBeCloseTo(r, 12);
          expect(
            correlation(
              x,
              y.map((b) => -b),
            ),
          ).toBeCloseTo(-r, 12);
        }
      },
    ),
  );
});
