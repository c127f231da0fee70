/**
 * Two-level bootstrap of scores by seed and problem: seeds are drawn with replacement, then problems within each drawn
 * seed; samples of a problem are averaged first (Davison & Hinkley 1997, section 3.8; BCa: Efron 1987). Few seeds are
 * too few to draw from: with fewer than about five, intervals come out narrower than they should, by at least
 * sqrt((n - 1) / n); hold them against a t interval over the seeds.
 */
import type { Random } from '../../src-shared/random.ts';
import { mean, quantile } from './describe.ts';
import { normalCdf, normalQuantile } from './distributions.ts';

/** Scores of one arm: by seed, by problem, one number a sample. Every seed has at least one problem with samples. */
export type ArmScores = ReadonlyMap<string | number, ReadonlyMap<string, readonly number[]>>;

export interface BootstrapOptions {
  /** The caller's seeded stream: equal streams give equal intervals. */
  readonly random: Random;
  /** `percentile`, or `bca` (default): corrected for bias and skewness. */
  readonly method?: 'percentile' | 'bca';
  /** Default 0.95. */
  readonly level?: number;
  /** Default 2000. */
  readonly replicates?: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapEstimate extends Interval {
  readonly estimate: number;
  /** Standard deviation of the replicates. */
  readonly standardError: number;
  /** Share of replicates at or beyond 0 on the far side of the estimate, doubled: a rough two-sided p. */
  readonly pNonZero: number;
  /** What was drawn. With one seed a run's own randomness is not in the interval. */
  readonly levels: 'seeds and problems' | 'problems';
  /** `none`: no problem or seed that is shared; the difference is of independent seeds over shared problems. */
  readonly pairedBy: 'seed and problem' | 'problem' | 'none';
}

/** A statistic that can be drawn anew and computed without one unit of a group. Groups are independent samples. */
interface Resampled {
  readonly estimate: number;
  readonly replicate: (random: Random) => number;
  /** For each group, the statistic without each of its units. */
  readonly leaveOneOut: readonly (readonly number[])[];
}

/** Interval of the mean over seeds of the mean over problems. @throws RangeError where a seed has no score. */
export function bootstrapMean(arm: ArmScores, options: BootstrapOptions): BootstrapEstimate {
  const rows = [...arm].map(([seed, problems]) => checked([...problems.values()].map(mean), `seed ${seed}`));
  return { ...interval(nested(rows), options), levels: levelsOf(rows.length), pairedBy: 'none' };
}

/**
 * Interval of the mean of `a` minus the mean of `b`, over the problems that both have. Where both arms have the same
 * seeds, the difference is taken within seed and problem; else seeds are drawn for each arm by itself and problems
 * for both at once.
 * @throws RangeError where the arms share no problem.
 */
export function bootstrapDifference(a: ArmScores, b: ArmScores, options: BootstrapOptions): BootstrapEstimate {
  const sameSeeds = a.size === b.size && [...a.keys()].every((seed) => b.has(seed));
  if (sameSeeds) {
    const rows = [...a].map(([seed, problems]) => {
      const other = b.get(seed) as ReadonlyMap<string, readonly number[]>;
      const differences = [...problems].flatMap(([id, scores]) => {
        const others = other.get(id);
        return others === undefined ? [] : [mean(scores) - mean(others)];
      });
      return checked(differences, `seed ${seed} of both arms`);
    });
    return { ...interval(nested(rows), options), levels: levelsOf(rows.length), pairedBy: 'seed and problem' };
  }
  const all = [...a.values(), ...b.values()];
  const shared = [...(all[0]?.keys() ?? [])].filter((id) => all.every((problems) => problems.has(id)));
  const table = (arm: ArmScores) =>
    [...arm.values()].map((problems) =>
      checked(
        shared.map((id) => mean(problems.get(id) ?? [])),
        'both arms together',
      ),
    );
  const levels = levelsOf(Math.min(a.size, b.size));
  return { ...interval(crossed(table(a), table(b)), options), levels, pairedBy: 'problem' };
}

const levelsOf = (seeds: number) => (seeds > 1 ? 'seeds and problems' : 'problems');

function checked(row: readonly number[], of: string): readonly number[] {
  if (row.length === 0) throw new RangeError(`bootstrap: ${of} have no problem to draw; at least one is needed`);
  return row;
}

const draw = <T>(items: readonly T[], random: Random): T => items[Math.floor(random.next() * items.length)] as T;

function drawnMean(row: readonly number[], random: Random): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += draw(row, random);
  return sum / row.length;
}

/** @param rows [seed][problem]; problems are drawn within each drawn seed. */
function nested(rows: readonly (readonly number[])[]): Resampled {
  const means = rows.map(mean);
  const [only] = rows;
  const units = rows.length === 1 && only !== undefined ? only : means;
  return {
    estimate: mean(means),
    replicate: (random) => mean(rows.map(() => drawnMean(draw(rows, random), random))),
    leaveOneOut: [withoutEach(units)],
  };
}

/** @param a, b [seed][problem] with the same problems in the same order. */
function crossed(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): Resampled {
  const [meansA, meansB] = [a.map(mean), b.map(mean)];
  const [meanA, meanB] = [mean(meansA), mean(meansB)];
  const problems = a[0]?.length ?? 0;
  const average = (rows: readonly (readonly number[])[], at: readonly number[]) =>
    mean(rows.map((row) => mean(at.map((i) => row[i] as number))));
  const column = (rows: readonly (readonly number[])[], i: number) => mean(rows.map((row) => row[i] as number));
  const single = a.length === 1 || b.length === 1;
  return {
    estimate: meanA - meanB,
    replicate: (random) => {
      const at = Array.from({ length: problems }, () => Math.floor(random.next() * problems));
      const drawn = (rows: readonly (readonly number[])[]) => rows.map(() => draw(rows, random));
      return average(drawn(a), at) - average(drawn(b), at);
    },
    leaveOneOut: single
      ? [withoutEach(Array.from({ length: problems }, (_, i) => column(a, i) - column(b, i)))]
      : [withoutEach(meansA).map((m) => m - meanB), withoutEach(meansB).map((m) => meanA - m)],
  };
}

function withoutEach(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.length < 2 ? [] : values.map((value) => (total - value) / (values.length - 1));
}

function interval(of: Resampled, options: BootstrapOptions) {
  const { random, method = 'bca', level = 0.95, replicates = 2000 } = options;
  if (!(level > 0 && level < 1)) throw new RangeError(`bootstrap: level ${level}; allowed is above 0 and below 1`);
  if (!(Number.isInteger(replicates) && replicates >= 100))
    throw new RangeError(`bootstrap: ${replicates} replicates; allowed is a whole number from 100`);
  const drawn = Float64Array.from({ length: replicates }, () => of.replicate(random)).sort();
  const tails = [(1 - level) / 2, (1 + level) / 2] as const;
  const [low, high] = method === 'bca' ? corrected(of, drawn, tails) : tails;
  const centre = mean([...drawn]);
  const squares = drawn.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const beyond = drawn.filter((value) => (of.estimate >= 0 ? value <= 0 : value >= 0)).length;
  return {
    estimate: of.estimate,
    low: quantile(drawn, low),
    high: quantile(drawn, high),
    standardError: Math.sqrt(squares / (replicates - 1)),
    pNonZero: Math.min(1, (2 * (beyond + 1)) / (replicates + 1)),
  };
}

/** Efron's bias-corrected and accelerated shares, acceleration from the jackknife over independent groups. */
function corrected(of: Resampled, drawn: Float64Array, tails: readonly [number, number]): readonly [number, number] {
  // Half of the ties count as below, so that a lattice of few values has no bias of its own.
  const below = drawn.filter((v) => v < of.estimate).length + drawn.filter((v) => v === of.estimate).length / 2;
  // Nothing varies, or all of it on one side: no correction can be had from that.
  if (below === 0 || below === drawn.length) return tails;
  const bias = normalQuantile(below / drawn.length);
  let cubes = 0;
  let squares = 0;
  for (const group of of.leaveOneOut) {
    if (group.length < 2) continue;
    const centre = mean(group);
    for (const value of group) {
      const influence = ((group.length - 1) / group.length) * (centre - value);
      cubes += influence ** 3;
      squares += influence ** 2;
    }
  }
  const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
  const shift = (tail: number) => {
    const z = bias + normalQuantile(tail);
    const scale = 1 - acceleration * z;
    // Beyond the pole of the correction the interval would turn inside out.
    return scale <= 0 ? (z > 0 ? 1 : 0) : normalCdf(bias + z / scale);
  };
  return [shift(tails[0]), shift(tails[1])];
}
