/** Ranks, and what is made of them: Mann-Whitney U with its effect sizes, Kendall's tau-b, Spearman's rho. */
import { mean } from './describe.ts';
import { normalUpper } from './distributions.ts';

/** Rank of each value from 1, the mean rank where values are equal. */
export function midranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] as number];
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === value) to++;
    for (let at = from; at < to; at++) ranks[order[at] as number] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** Sizes of the groups of equal values, those of one left out. */
export function tieGroups(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1);
}

export interface RankComparison {
  /** Pairs in which the first group's value is the larger, ties counted half. 0..n1 n2. */
  readonly u: number;
  /** Two-sided, normal approximation with tie and continuity correction; 1 where all values are equal. */
  readonly p: number;
  /** U / (n1 n2): chance that a value of the first group is above one of the second. */
  readonly auroc: number;
  /** Rank-biserial r = 2U / (n1 n2) - 1, -1..1; positive where the first group is higher (Wendt 1972, Cureton 1956). */
  readonly rankBiserial: number;
  /**
   * r = |Z| / sqrt(n1 + n2) with Z = (U - n1 n2 / 2) / sqrt(n1 n2 (n1 + n2 + 1) / 12): no sign, no correction for ties
   * (ArcherCodeR, plot_certainty_distribution.py). Another scale than rankBiserial: the two are not to be compared.
   */
  readonly zOverRootN: number;
}

/** Mann-Whitney U of two groups. Null where one is empty, since there is nothing to compare. */
export function compareRanks(first: readonly number[], second: readonly number[]): RankComparison | null {
  const [n1, n2] = [first.length, second.length];
  if (n1 === 0 || n2 === 0) return null;
  const all = [...first, ...second];
  const rankSum = midranks(all)
    .slice(0, n1)
    .reduce((sum, rank) => sum + rank, 0);
  const u = rankSum - (n1 * (n1 + 1)) / 2;
  const n = n1 + n2;
  const pairs = n1 * n2;
  const ties = tieGroups(all).reduce((sum, t) => sum + (t ** 3 - t), 0);
  const variance = (pairs / 12) * (n + 1 - ties / (n * (n - 1)));
  const distance = Math.abs(u - pairs / 2);
  return {
    u,
    p: variance <= 0 ? 1 : Math.min(1, 2 * normalUpper(Math.max(0, distance - 0.5) / Math.sqrt(variance))),
    auroc: u / pairs,
    rankBiserial: (2 * u) / pairs - 1,
    zOverRootN: distance / Math.sqrt((pairs * (n + 1)) / 12) / Math.sqrt(n),
  };
}

/**
 * Kendall's tau-b = (C - D) / sqrt((C + D + Tx) (C + D + Ty)), Tx being pairs tied in x alone. Null where one of the
 * lists has no two different values. O(n^2). @throws RangeError where lengths differ.
 */
export function kendallTauB(x: readonly number[], y: readonly number[]): number | null {
  checkPairs('Kendall', x, y);
  let [agreeing, differing, tiedX, tiedY] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) {
      const dx = Math.sign((x[i] as number) - (x[j] as number));
      const dy = Math.sign((y[i] as number) - (y[j] as number));
      if (dx * dy > 0) agreeing++;
      else if (dx * dy < 0) differing++;
      else if (dx === 0 && dy !== 0) tiedX++;
      else if (dy === 0 && dx !== 0) tiedY++;
    }
  const decided = agreeing + differing;
  const scale = Math.sqrt((decided + tiedX) * (decided + tiedY));
  return scale === 0 ? null : (agreeing - differing) / scale;
}

/** Pearson's correlation. Null where one of the lists has no spread. @throws RangeError where lengths differ. */
export function pearson(x: readonly number[], y: readonly number[]): number | null {
  checkPairs('Pearson', x, y);
  if (x.length < 2) return null;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const dx = (x[i] as number) - mx;
    const dy = (y[i] as number) - my;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? null : Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/** Spearman's rho: Pearson's correlation of the mid-ranks. Null where one of the lists has no spread. */
export const spearman = (x: readonly number[], y: readonly number[]): number | null => {
  checkPairs('Spearman', x, y);
  return pearson(midranks(x), midranks(y));
};

function checkPairs(name: string, x: readonly number[], y: readonly number[]): void {
  if (x.length !== y.length) throw new RangeError(`${name}: ${x.length} and ${y.length} values; they must pair up`);
}
