/** Expected values are from scipy 1.17.1 (ttest_1samp, permutation_test, wilcoxon, binomtest) and statsmodels 0.15.0 (mcnemar). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mcNemarTest, pairedTTest, signFlipTest, wilcoxonTest } from '../../../src-main/stats/paired-tests.ts';
import { stream } from '../../../src-shared/random.ts';

const differences = [1.2, -0.4, 0.8, 2.1, -1.1, 0.3, 0.9, 1.7];

test('paired t', () => {
  const result = pairedTTest(differences);
  expect(result?.statistic).toBeCloseTo(1.834061279891038, 12);
  expect(result?.p).toBeCloseTo(0.10929265665160841, 12);
  expect(result?.freedom).toBe(7);
  expect(pairedTTest([1])).toBeNull();
  expect(pairedTTest([2, 2, 2])).toBeNull();
});

test('sign flip: exact for few pairs, drawn for many, and the two agree', () => {
  expect(signFlipTest(differences, stream(1))).toEqual({ statistic: 0.6875, p: 0.125, method: 'sign flip, exact' });
  // Three seeds that agree: the smallest p that three pairs can give.
  expect(signFlipTest([1, 2, 3], stream(1)).p).toBe(0.25);
  const random = stream(7, 'flips');
  const many = Array.from({ length: 20 }, () => random.normal() + 0.4);
  const drawn = signFlipTest(many, stream(1), 20_000);
  expect(drawn.method).toMatch(/20000 draws/);
  // The t test is what the sign-flip test tends to for normal differences.
  expect(Math.abs(drawn.p - (pairedTTest(many)?.p ?? 1))).toBeLessThan(0.02);
  expect(signFlipTest(many, stream(1), 20_000)).toEqual(drawn);
  expect(signFlipTest(Array(20).fill(5), stream(1), 1000).p).toBeGreaterThan(0);
});

test('Wilcoxon: exact, with ties and zeros, and above 25 pairs', () => {
  expect(wilcoxonTest(differences)).toEqual({ statistic: 7, p: 0.1484375, method: 'Wilcoxon, exact' });
  const odd = wilcoxonTest(Array.from({ length: 25 }, (_, i) => (-1) ** (i % 3) * (i + 0.5)));
  expect(odd.statistic).toBe(100);
  expect(odd.p).toBeCloseTo(0.09573346376419067, 12);
  const tied = wilcoxonTest([1, 2, -1, 3, 0, 2, -2, 4, 1, 5, -3, 2, 0, 1]);
  expect(tied.statistic).toBe(18.5);
  expect(tied.p).toBeCloseTo(0.11370509486284122, 10);
  const many = wilcoxonTest(Array.from({ length: 30 }, (_, i) => (i + 1) * 0.37 - 3.1));
  expect(many.statistic).toBe(64);
  expect(many.p).toBeCloseTo(0.0005493118817546333, 10);
  expect(wilcoxonTest([0, 0]).p).toBe(1);
});

test('McNemar: exact below 25 discordant pairs, chi-squared from there', () => {
  expect(mcNemarTest(5, 12).p).toBeCloseTo(0.143463134765625, 12);
  expect(mcNemarTest(5, 12).method).toBe('McNemar, exact');
  const many = mcNemarTest(30, 14);
  expect(many.statistic).toBeCloseTo(5.113636363636363, 12);
  expect(many.p).toBeCloseTo(0.023738515250054576, 12);
  expect(mcNemarTest(0, 0).p).toBe(1);
  expect(mcNemarTest(20, 20).p).toBeCloseTo(1, 12);
  expect(() => mcNemarTest(-1, 2)).toThrow(/-1 discordant pairs/);
});

test('p is a probability, the same whichever way round, and no test cares about the scale', () => {
  const list = fc.array(
    fc.double({ min: -5, max: 5, noNaN: true }).map((x) => Math.round(x * 8) / 8),
    {
      minLength: 2,
      maxLength: 9,
    },
  );
  fc.assert(
    fc.property(list, (d) => {
      const all = (values: readonly number[]) => [
        signFlipTest(values, stream(1)).p,
        wilcoxonTest(values).p,
        pairedTTest(values)?.p ?? 1,
      ];
      const ps = all(d);
      for (const p of ps) expect(p >= 0 && p <= 1).toBe(true);
      for (const other of [all(d.map((x) => -x)), all(d.map((x) => 4 * x))])
        for (const [i, p] of other.entries()) expect(p).toBeCloseTo(ps[i] ?? Number.NaN, 10);
    }),
  );
});

test('under no difference, a test at 5 % rejects about as often', () => {
  const random = stream(3, 'null');
  const rejected = [0, 0, 0];
  const trials = 400;
  for (let i = 0; i < trials; i++) {
    const d = Array.from({ length: 8 }, () => random.normal());
    [signFlipTest(d, random).p, wilcoxonTest(d).p, pairedTTest(d)?.p ?? 1].forEach((p, test) => {
      if (p <= 0.05) rejected[test] = (rejected[test] ?? 0) + 1;
    });
  }
  // Four standard errors of a share of 0.05.
  for (const count of rejected) expect(count / trials).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / trials));
});
