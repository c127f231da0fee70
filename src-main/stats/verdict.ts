/**
 * The verdict on a published claim: SAME, DIFFERENT or INCONCLUSIVE, from one number a seed. A claim is a region for
 * the mean of that number over seeds. SAME: the interval says that the mean lies in it. DIFFERENT: that it does not.
 * INCONCLUSIVE: fewer than three seeds, seeds that disagree, accuracy too close to 0 at the start, missing control
 * runs, or an interval that allows both. So SAME never comes from one seed (all of this is own choice).
 */
import type { Interval } from './bootstrap.ts';
import { mean, sampleStd } from './describe.ts';
import { detectableDifference, studentInterval } from './effects.ts';

export type Verdict = 'SAME' | 'DIFFERENT' | 'INCONCLUSIVE';

export type Claim =
  /**
   * A rise: x > delta. A difference is real when its mean is above delta, which has two standard errors of the
   * measurement in it, and its interval over seeds is above 0; the claim is refuted when the interval is below delta.
   * With delta 0, the sign is the claim.
   */
  | { readonly form: 'above'; readonly delta: number }
  /** x <= limit, as "ends at half of the start" or "no higher than by delta". */
  | { readonly form: 'at-most'; readonly limit: number }
  /** x >= limit. */
  | { readonly form: 'at-least'; readonly limit: number }
  /** |x| <= margin: two one-sided tests (TOST). */
  | { readonly form: 'within'; readonly margin: number }
  /** |x| > margin, of either sign. */
  | { readonly form: 'beyond'; readonly margin: number };

export interface Evidence {
  /** The effect in each seed, in the unit of the claim. */
  readonly perSeed: readonly number[];
  /**
   * Of the mean, where the caller has a better one than Student's t over seeds: at 95 % for `above` and `beyond`, at
   * 90 % for the others, which makes each of their two sides a test at 5 %.
   */
  readonly interval?: Interval;
  /** Smallest difference that could be seen, where the effects of seeds are not pairs: else it is that of pairs. */
  readonly detectable?: number;
}

/** What else a verdict hangs on. Absent: does not apply. */
export interface Guards {
  /** Accuracy before training and its standard error: below three of these there is nothing to lose. */
  readonly base?: { readonly accuracy: number; readonly error: number };
  /** Control runs that should stand beside and do not. */
  readonly missingControls?: readonly string[];
}

export interface Judgement {
  readonly verdict: Verdict;
  /** One line: what decided. */
  readonly why: string;
  /** Mean over seeds and its interval; NaN and null where there is no seed, or one. */
  readonly effect: number;
  readonly interval: Interval | null;
  readonly seeds: number;
}

/** Own choice: with two, an interval over seeds is 13 standard errors wide. */
export const LEAST_SEEDS = 3;
/** Own choice: smallest difference of accuracy that counts, as a fraction. */
export const LEAST_DIFFERENCE = 0.015;

/** sqrt(p (1 - p) / (problems x samples)). */
export const accuracyError = (p: number, problems: number, samples: number): number =>
  Math.sqrt((p * (1 - p)) / (problems * samples));

/** delta = max(1.5 points, two standard errors): a smaller difference of accuracies is not called real. */
export const realDifference = (error: number): number => Math.max(LEAST_DIFFERENCE, 2 * error);

export function judge(claim: Claim, evidence: Evidence, guards: Guards = {}): Judgement {
  const { perSeed } = evidence;
  const level = claim.form === 'above' || claim.form === 'beyond' ? 0.95 : 0.9;
  const interval = evidence.interval ?? studentInterval(perSeed, level);
  const effect = perSeed.length === 0 ? Number.NaN : mean(perSeed);
  const as = (verdict: Verdict, why: string): Judgement => ({ verdict, why, effect, interval, seeds: perSeed.length });
  const obstacle = obstacleOf(perSeed.length, guards);
  if (obstacle !== null) return as('INCONCLUSIVE', obstacle);
  // A seed that is not a number says nothing either way; such values are not given.
  if (interval === null || !perSeed.every(Number.isFinite)) return as('INCONCLUSIVE', 'a seed has no finite value');
  const { region, ...sides } = sidesOf(claim);
  const text = `${number(effect)} [${number(interval.low)}, ${number(interval.high)}] against ${region}`;
  if (sides.holds(effect, interval)) {
    const against = perSeed.filter((x) => !sides.agrees(x)).length;
    return against === 0
      ? as('SAME', text)
      : as('INCONCLUSIVE', `${text}, but ${disagreeing(against, perSeed.length)}`);
  }
  if (sides.fails(interval)) {
    const against = perSeed.filter((x) => !sides.refutes(x)).length;
    return against === 0
      ? as('DIFFERENT', text)
      : as('INCONCLUSIVE', `${text}, but ${disagreeing(against, perSeed.length)}`);
  }
  // What would have to be the case for these seeds to tell, were the claim about 0.
  const visible = number(evidence.detectable ?? detectableDifference(sampleStd(perSeed) ?? 0, perSeed.length));
  return as(
    'INCONCLUSIVE',
    `${text}: the interval allows both; with ${perSeed.length} seeds only differences of at least ${visible} could be seen`,
  );
}

const disagreeing = (against: number, seeds: number) => `${against} of ${seeds} seeds disagree`;
const number = (x: number) => (Number.isFinite(x) ? String(Number(x.toPrecision(4))) : String(x));

function obstacleOf(seeds: number, { base, missingControls = [] }: Guards): string | null {
  if (seeds < LEAST_SEEDS) return `${seeds} of at least ${LEAST_SEEDS} seeds`;
  if (missingControls.length > 0) return `no runs of ${missingControls.join(' and ')} beside`;
  if (base !== undefined && base.accuracy < 3 * base.error)
    return `accuracy before training, ${number(base.accuracy)}, is below three standard errors of ${number(base.error)}`;
  return null;
}

interface Sides {
  readonly region: string;
  /** The interval, and the effect where that matters too, shows the claim. */
  readonly holds: (effect: number, interval: Interval) => boolean;
  /** The interval lies outside the claim. */
  readonly fails: (interval: Interval) => boolean;
  /** A single seed speaks for the claim, or against it. A noisy seed may do both, or for `above` fall short of delta. */
  readonly agrees: (x: number) => boolean;
  readonly refutes: (x: number) => boolean;
}

function sidesOf(claim: Claim): Sides {
  switch (claim.form) {
    case 'above':
      return {
        region: `above ${number(claim.delta)}`,
        holds: (effect, { low }) => effect > claim.delta && low > 0,
        fails: ({ high }) => (claim.delta === 0 ? high <= 0 : high < claim.delta),
        agrees: (x) => x > 0,
        refutes: (x) => (claim.delta === 0 ? x <= 0 : x < claim.delta),
      };
    case 'at-most':
      return {
        region: `at most ${number(claim.limit)}`,
        holds: (_, { high }) => high <= claim.limit,
        fails: ({ low }) => low > claim.limit,
        agrees: (x) => x <= claim.limit,
        refutes: (x) => x > claim.limit,
      };
    case 'at-least':
      return {
        region: `at least ${number(claim.limit)}`,
        holds: (_, { low }) => low >= claim.limit,
        fails: ({ high }) => high < claim.limit,
        agrees: (x) => x >= claim.limit,
        refutes: (x) => x < claim.limit,
      };
    case 'within':
    case 'beyond': {
      const { margin } = claim;
      const inside = (x: number) => Math.abs(x) <= margin;
      const allInside = ({ low, high }: Interval) => low >= -margin && high <= margin;
      const allOutside = ({ low, high }: Interval) => low > margin || high < -margin;
      return claim.form === 'within'
        ? {
            region: `within ${number(margin)} of 0`,
            holds: (_, interval) => allInside(interval),
            fails: allOutside,
            agrees: inside,
            refutes: (x) => !inside(x),
          }
        : {
            region: `beyond ${number(margin)} from 0`,
            holds: (_, interval) => allOutside(interval),
            fails: allInside,
            agrees: (x) => !inside(x),
            refutes: inside,
          };
    }
  }
}

/** Of a claim in several parts: DIFFERENT where one is, SAME where all are, else INCONCLUSIVE, as without any part. */
export function allOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('DIFFERENT')) return 'DIFFERENT';
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'SAME') ? 'SAME' : 'INCONCLUSIVE';
}
