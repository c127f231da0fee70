/** Lines of runs as the curve of a group: mean and 95 % band over seeds; and one number a seed with its interval. */
import { meanBand, Z975 } from '../../src-shared/charts/mean-band.ts';
import type { Curve, Statistic } from '../../src-shared/comparison.ts';
import { mean } from '../stats/describe.ts';
import { studentInterval } from '../stats/effects.ts';
import type { Line } from './series.ts';

/** Runs of one seed are no independent ones: together they count as their mean. @param lines of runs, with their unit */
export function bySeed(lines: readonly (readonly [unit: number | string, line: Line])[]): Line[] {
  const units = Map.groupBy(
    lines.filter(([, line]) => line.length > 0),
    ([unit]) => unit,
  );
  return [...units.values()].map((members) => {
    const [only] = members;
    return members.length === 1 && only !== undefined ? only[1] : meanBand(members.map(([, line]) => line));
  });
}

/**
 * @param seeds lines of independent seeds, none empty
 * @param errors standard errors of the values of the only seed, by step
 */
export function curveOf(
  seeds: readonly Line[],
  maxPoints: number,
  errors: ReadonlyMap<number, number> = new Map(),
): Curve {
  const steps = [...new Set(seeds.flatMap((line) => line.map(({ step }) => step)))].sort((a, b) => a - b);
  const averaged = Math.max(1, Math.ceil(steps.length / maxPoints));
  const place = new Map(steps.map((step, i) => [step, Math.floor(i / averaged)]));
  const shown = averaged === 1 ? seeds : seeds.map((line) => averagedLine(line, (step) => place.get(step) ?? 0));
  const points = meanBand(shown).sort((a, b) => a.x - b.x);
  const single = seeds.length === 1 && averaged === 1 && errors.size > 0;
  const band = points.map(({ step, value, low, high }) => {
    const error = single ? errors.get(step) : undefined;
    if (error !== undefined) return { low: value - Z975 * error, high: value + Z975 * error };
    return { low: low ?? null, high: high ?? null };
  });
  return {
    x: points.map(({ x }) => x),
    step: points.map(({ step }) => step),
    mean: points.map(({ value }) => value),
    low: band.map(({ low }) => low),
    high: band.map(({ high }) => high),
    n: points.map(({ n }) => n),
    band: seeds.length > 1 ? 'seeds' : single ? 'validation' : 'none',
    averaged,
  };
}

/** Points of one bucket as their mean. Buckets, not steps, are what other lines are lined up with. */
function averagedLine(line: Line, bucketOf: (step: number) => number): Line {
  return [...Map.groupBy(line, ({ step }) => bucketOf(step)).values()].map((points) => ({
    step: mean(points.map(({ step }) => step)),
    x: mean(points.map(({ x }) => x)),
    value: mean(points.map(({ value }) => value)),
  }));
}

/** @param values of the seeds in their order; null where one has none. Null where none has. */
export function statisticOf(values: readonly (number | null)[]): Statistic | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return { mean: mean(known), interval: studentInterval(known), perSeed: [...values] };
}
