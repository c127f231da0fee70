/**
 * One group against the reference in one metric: effect, interval, test and verdict. Pure. Same seeds are pairs: they
 * share the order of the training problems and the draws of the validation.
 */
import type { Effect } from '../../src-shared/comparison.ts';
import type { Random } from '../../src-shared/random.ts';
import { type ArmScores, bootstrapDifference, type Interval } from '../stats/bootstrap.ts';
import { mean, sampleStd } from '../stats/describe.ts';
import {
  detectableBetween,
  detectableDifference,
  independentEffect,
  pairedEffect,
  studentInterval,
} from '../stats/effects.ts';
import { welchInterval, welchTest } from '../stats/independent.ts';
import { pairedTTest } from '../stats/paired-tests.ts';
import { type Judgement, judge, LEAST_SEEDS } from '../stats/verdict.ts';
import type { Arm } from './arms.ts';

/** A bootstrap of so few seeds is too narrow (stats/bootstrap.ts): the interval over seeds counts too. */
const ENOUGH_SEEDS = 5;

export interface Measured extends Omit<Effect, 'metric' | 'group' | 'steps' | 'test' | 'verdict' | 'why'> {
  readonly test: { readonly method: string; readonly p: number } | null;
  readonly perSeed: readonly number[];
  /** At 90 %, for the two one-sided tests; null below three seeds, which are too few to judge by. */
  readonly narrow: Interval | null;
  /** At 95 %, the wider of the two where seeds are few. */
  readonly wide: Interval | null;
}

/** @param randomOf a stream of the same draws at each call */
export function measureEffect(a: Arm, b: Arm, margin: number | null, randomOf: () => Random): Measured {
  const shared = [...a.values.keys()].filter((unit) => b.values.has(unit));
  // One shared seed of several is no sample of pairs.
  const isPaired = shared.length >= 2 || (shared.length === 1 && a.values.size === 1 && b.values.size === 1);
  const of = isPaired ? paired(a, b, shared) : independent(a, b);
  const [left, right] = isPaired ? [only(a.scores, shared), only(b.scores, shared)] : [a.scores, b.scores];
  const drawn = (level: number) => (left === null || right === null ? null : bootstrap(left, right, level, randomOf()));
  const [resampled, overSeeds] = [drawn(0.95), of.interval(0.95)];
  const joined = (one: Interval | null, other: Interval | null) =>
    one === null || (of.seeds >= ENOUGH_SEEDS && other !== null) ? other : other === null ? one : hull(one, other);
  return {
    value: of.value,
    reference: of.reference,
    effect: of.value - of.reference,
    interval: resampled ?? overSeeds,
    intervalOf:
      resampled === null
        ? overSeeds && 't over seeds'
        : of.seeds > 1
          ? 'hierarchical bootstrap'
          : 'bootstrap over problems',
    seedInterval: resampled && overSeeds,
    pairedBy: isPaired ? 'seed' : 'none',
    seeds: of.seeds,
    test: of.test,
    effectSize: of.size,
    margin,
    detectable: of.detectable,
    perSeed: of.perSeed,
    narrow: of.seeds < LEAST_SEEDS ? null : joined(of.interval(0.9), drawn(0.9)),
    wide: joined(overSeeds, resampled),
  };
}

interface OverSeeds {
  readonly value: number;
  readonly reference: number;
  readonly seeds: number;
  readonly perSeed: readonly number[];
  readonly interval: (level: number) => Interval | null;
  readonly test: Measured['test'];
  readonly size: number | null;
  readonly detectable: number | null;
}

function paired(a: Arm, b: Arm, shared: readonly (number | string)[]): OverSeeds {
  const [left, right] = [a, b].map(({ values }) => shared.map((unit) => values.get(unit) as number)) as [
    number[],
    number[],
  ];
  const differences = left.map((value, i) => value - (right[i] as number));
  const test = pairedTTest(differences);
  return {
    value: mean(left),
    reference: mean(right),
    seeds: shared.length,
    perSeed: differences,
    interval: (level) => studentInterval(differences, level),
    test: test && { method: `${test.method} over seeds`, p: test.p },
    size: pairedEffect(differences)?.g ?? null,
    detectable: differences.length < 2 ? null : detectableDifference(sampleStd(differences) ?? 0, differences.length),
  };
}

function independent(a: Arm, b: Arm): OverSeeds {
  const [left, right] = [[...a.values.values()], [...b.values.values()]];
  const [meanA, meanB] = [mean(left), mean(right)];
  const test = welchTest(left, right);
  const seeds = Math.min(left.length, right.length);
  return {
    value: meanA,
    reference: meanB,
    seeds,
    // Of the side that has fewer, so that a verdict counts no more seeds than there are.
    perSeed: left.length <= right.length ? left.map((value) => value - meanB) : right.map((value) => meanA - value),
    interval: (level) => welchInterval(left, right, level),
    test: test && { method: `${test.method} over seeds`, p: test.p },
    size: independentEffect(left, right)?.g ?? null,
    detectable: seeds < 2 ? null : detectableBetween(left, right),
  };
}

/** Null where the two have no problem in common. */
function bootstrap(a: ArmScores, b: ArmScores, level: number, random: Random): Interval | null {
  const ids = [...b.values()].map((problems) => new Set(problems.keys()));
  const [first] = a.values();
  if (![...(first?.keys() ?? [])].some((id) => ids.every((known) => known.has(id)))) return null;
  const { low, high } = bootstrapDifference(a, b, { random, level });
  return { low, high };
}

const only = (scores: ArmScores | null, units: readonly (number | string)[]): ArmScores | null =>
  scores && new Map([...scores].filter(([unit]) => units.includes(unit)));

const hull = (a: Interval, b: Interval): Interval => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) });

/**
 * The verdict on a measured effect (stats/verdict.ts). With a margin: SAME where the 90 % interval lies within it, which
 * is TOST at 5 %; DIFFERENT where the 95 % interval lies beyond it; and every seed by itself. Without one, only DIFFERENT
 * can be said: the 95 % interval and every seed on one side of 0, and a p below 0.05 after Holm's correction.
 * @param forbidden what must not be compared, in words; null: nothing
 */
export function verdictOn(
  { margin, perSeed, narrow, wide, effect, detectable, seeds }: Measured,
  pHolm: number | null,
  forbidden: string | null,
): Pick<Judgement, 'verdict' | 'why'> {
  if (forbidden !== null) return { verdict: 'INCONCLUSIVE', why: `not comparable: ${forbidden}` };
  if (margin !== null) {
    const judged = (form: 'within' | 'beyond', interval: Interval | null) =>
      judge(
        { form, margin },
        { perSeed, ...(interval === null ? {} : { interval }), ...(detectable === null ? {} : { detectable }) },
      );
    const [within, beyond] = [judged('within', narrow), judged('beyond', wide)];
    if (within.verdict === 'SAME') return { verdict: 'SAME', why: within.why };
    return { verdict: beyond.verdict === 'SAME' ? 'DIFFERENT' : 'INCONCLUSIVE', why: beyond.why };
  }
  if (seeds < LEAST_SEEDS) return { verdict: 'INCONCLUSIVE', why: `${seeds} of at least ${LEAST_SEEDS} seeds` };
  const oneSide = wide !== null && (wide.low > 0 || wide.high < 0);
  if (oneSide && perSeed.every((d) => Math.sign(d) === Math.sign(effect)) && pHolm !== null && pHolm < 0.05)
    return {
      verdict: 'DIFFERENT',
      why: `[${figure(wide.low)}, ${figure(wide.high)}] leaves out 0, p ${figure(pHolm)} after Holm's correction`,
    };
  const visible = detectable === null ? '' : `; only differences of at least ${figure(detectable)} could be seen`;
  return {
    verdict: 'INCONCLUSIVE',
    why: `no difference is shown, and without a margin of this metric none can be ruled out${visible}`,
  };
}

const figure = (x: number) => String(Number(x.toPrecision(3)));
