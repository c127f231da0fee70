/** Several runs as one line: their mean at every step, with the 95 % Student-t interval of that mean over the runs. */

/** A measurement and where it stands on the x axis. */
export interface PlacedPoint {
  readonly step: number;
  readonly x: number;
  readonly value: number;
}

export interface BandPoint extends PlacedPoint {
  /** Bounds of the 95 % interval; absent where one run alone gives none. */
  readonly low?: number;
  readonly high?: number;
  /** Runs that the mean is over. */
  readonly n: number;
}

/** 97.5 % quantiles of Student's t by degrees of freedom, from 1 (NIST/SEMATECH e-Handbook, 1.3.6.7.2, more digits). */
const T975 = [12.706205, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119, 2.3646243, 2.3060041, 2.2621572];
/** Of the normal distribution, which t tends to. */
export const Z975 = 1.959963984540054;

/**
 * 97.5 % quantile of Student's t; above nine degrees of freedom by the Cornish-Fisher expansion (Abramowitz & Stegun
 * 26.7.5, four terms), within 1e-5 of it there.
 * @throws RangeError below one degree of freedom or where it is not whole.
 */
export function t975(freedom: number): number {
  if (!Number.isInteger(freedom) || freedom < 1)
    throw new RangeError(`t quantile: ${freedom} degrees of freedom; allowed is a whole number from 1`);
  const known = T975[freedom - 1];
  if (known !== undefined) return known;
  const z = Z975;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ];
  return terms.reduce((sum, term, i) => sum + term / freedom ** (i + 1), z);
}

/**
 * The mean of runs at every step that one of them measured; a run that measured before and after counts with the value
 * on the straight line between, and none counts beyond its own ends. On an x axis other than steps, a point stands at
 * the mean place of its runs.
 * @param runs each in ascending order of step
 */
export function meanBand(runs: readonly (readonly PlacedPoint[])[]): BandPoint[] {
  const steps = [...new Set(runs.flatMap((points) => points.map((p) => p.step)))].sort((a, b) => a - b);
  const cursors = runs.map(() => 0);
  return steps.map((step) => {
    const here: { x: number; value: number }[] = [];
    for (const [r, points] of runs.entries()) {
      let i = cursors[r] as number;
      while (i + 1 < points.length && (points[i + 1] as PlacedPoint).step <= step) i++;
      cursors[r] = i;
      const before = points[i];
      if (before === undefined || before.step > step) continue;
      const after = points[i + 1];
      if (before.step < step && after === undefined) continue;
      const share = after === undefined ? 0 : (step - before.step) / (after.step - before.step);
      const between = (a: number, b: number | undefined) => (b === undefined ? a : a + share * (b - a));
      here.push({ x: between(before.x, after?.x), value: between(before.value, after?.value) });
    }
    const n = here.length;
    const meanOf = (of: (p: { x: number; value: number }) => number) => here.reduce((sum, p) => sum + of(p), 0) / n;
    const value = meanOf((p) => p.value);
    const point = { step, x: meanOf((p) => p.x), value, n };
    if (n < 2) return point;
    const spread = Math.sqrt(here.reduce((sum, p) => sum + (p.value - value) ** 2, 0) / (n - 1));
    const half = (t975(n - 1) * spread) / Math.sqrt(n);
    return { ...point, low: value - half, high: value + half };
  });
}
