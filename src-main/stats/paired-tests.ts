/** Two-sided tests of paired differences: sign flip, Wilcoxon, t, McNemar. A difference is after minus before. */
import type { Random } from '../../src-shared/random.ts';
import { mean, standardError } from './describe.ts';
import { binomialCdf, chiSquaredUpper, normalUpper, studentUpper } from './distributions.ts';
import { midranks, tieGroups } from './ranks.ts';

export interface TestOutcome {
  readonly statistic: number;
  /** Two-sided, 0..1. */
  readonly p: number;
  readonly method: string;
}

/** Most pairs whose 2^n signs are all gone through. */
const EXHAUSTIVE_PAIRS = 16;

/**
 * Sign-flip permutation test of a mean of 0 (Fisher 1935): every sign is as likely as the other. All 2^n signs for n <=
 * 16, else drawn ones, counted as (hits + 1) / (draws + 1) so that p is never 0 (Phipson & Smyth 2010).
 * @param random Needed above 16 pairs. @throws RangeError without pairs.
 */
export function signFlipTest(differences: readonly number[], random: Random, draws = 10_000): TestOutcome {
  const n = differences.length;
  const observed = Math.abs(mean(differences));
  const scale = Math.max(...differences.map(Math.abs));
  // Sums of the same numbers in another order differ in their last bits.
  const least = observed - 1e-12 * scale;
  if (n <= EXHAUSTIVE_PAIRS) {
    let hits = 0;
    for (let signs = 0; signs < 2 ** n; signs++) {
      const flipped = differences.reduce((sum, d, i) => sum + ((signs >> i) & 1 ? -d : d), 0);
      if (Math.abs(flipped / n) >= least) hits++;
    }
    return { statistic: mean(differences), p: hits / 2 ** n, method: 'sign flip, exact' };
  }
  let hits = 0;
  for (let i = 0; i < draws; i++) {
    const flipped = differences.reduce((sum, d) => sum + (random.next() < 0.5 ? -d : d), 0);
    if (Math.abs(flipped / n) >= least) hits++;
  }
  return { statistic: mean(differences), p: (hits + 1) / (draws + 1), method: `sign flip, ${draws} draws` };
}

/**
 * Wilcoxon's signed-rank test; zeros are left out (Wilcoxon 1945). Exact for at most 25 pairs without ties, else
 * normal with tie and continuity correction. The statistic is the smaller of the two rank sums.
 */
export function wilcoxonTest(differences: readonly number[]): TestOutcome {
  const nonZero = differences.filter((d) => d !== 0);
  const n = nonZero.length;
  if (n === 0) return { statistic: 0, p: 1, method: 'Wilcoxon, no difference' };
  const sizes = nonZero.map(Math.abs);
  const ranks = midranks(sizes);
  const positive = ranks.reduce((sum, rank, i) => sum + ((nonZero[i] as number) > 0 ? rank : 0), 0);
  const statistic = Math.min(positive, (n * (n + 1)) / 2 - positive);
  const ties = tieGroups(sizes);
  if (n <= 25 && ties.length === 0)
    return { statistic, p: Math.min(1, 2 * rankSumShare(statistic, n)), method: 'Wilcoxon, exact' };
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties.reduce((sum, t) => sum + (t ** 3 - t), 0) / 48;
  const z = Math.max(0, (n * (n + 1)) / 4 - statistic - 0.5) / Math.sqrt(variance);
  return { statistic, p: Math.min(1, 2 * normalUpper(z)), method: 'Wilcoxon, normal approximation' };
}

/** Share of the 2^n subsets of 1..n whose sum is at most `most`. */
function rankSumShare(most: number, n: number): number {
  const ways = new Float64Array((n * (n + 1)) / 2 + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= n; rank++)
    for (let sum = ways.length - 1; sum >= rank; sum--)
      ways[sum] = (ways[sum] as number) + (ways[sum - rank] as number);
  let count = 0;
  for (let sum = 0; sum <= most; sum++) count += ways[sum] as number;
  return count / 2 ** n;
}

/** Student's paired t test, null for fewer than two pairs and where all differences are equal. */
export function pairedTTest(differences: readonly number[]): (TestOutcome & { readonly freedom: number }) | null {
  const error = standardError(differences);
  if (error === null || error === 0) return null;
  const t = mean(differences) / error;
  const freedom = differences.length - 1;
  return { statistic: t, freedom, p: 2 * studentUpper(Math.abs(t), freedom), method: 'paired t' };
}

/**
 * McNemar's test of discordant pairs: exact binomial below 25 of them, else chi-squared with Edwards' continuity
 * correction. @param onlyFirst, onlySecond Problems that only the one and only the other solves.
 */
export function mcNemarTest(onlyFirst: number, onlySecond: number): TestOutcome {
  for (const count of [onlyFirst, onlySecond])
    if (!(Number.isInteger(count) && count >= 0))
      throw new RangeError(`McNemar: ${count} discordant pairs; allowed is a whole number from 0`);
  const n = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  if (n < 25) return { statistic: fewer, p: Math.min(1, 2 * binomialCdf(fewer, n, 0.5)), method: 'McNemar, exact' };
  const statistic = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / n;
  return { statistic, p: chiSquaredUpper(statistic, 1), method: 'McNemar, chi-squared' };
}
