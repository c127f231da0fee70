/**
 * How well the collapse watch does on recorded runs, held against a truth that does not come from it: what validation
 * says at the end of the run, which the watch could not see when it had to decide.
 */
import { bisect } from '../stats/distributions.ts';
import { betaShare } from '../stats/special.ts';
import { type CollapseAlarm, type CollapseOptions, type CollapseStep, collapseAlarms } from './collapse.ts';

/** A run has collapsed where its last validations are at most this share of its first (own choice). */
const LOST_SHARE = 0.5;
/** Validations at the end that must all say so: one low one may be chance. */
const LAST = 2;
/** A first accuracy below so many of its standard errors has nothing to lose. */
const LEAST_ERRORS = 3;

export interface CollapseTruth {
  /** Accuracy of the first and of the last validation. */
  readonly start: number;
  readonly end: number;
  /** First validation from which on accuracy stays at most half of the start; null where the run has not collapsed. */
  readonly since: number | null;
}

/** Null where validation cannot tell: fewer than three validations, or a first accuracy below three standard errors. */
export function collapseTruth(steps: Iterable<CollapseStep>): CollapseTruth | null {
  const validations = [...steps].flatMap(({ step, accuracy, accuracyError }) =>
    accuracy === null ? [] : [{ step, accuracy, error: accuracyError ?? 0 }],
  );
  const [first, last] = [validations[0], validations.at(-1)];
  if (first === undefined || last === undefined || validations.length <= LAST) return null;
  if (first.accuracy === 0 || first.accuracy < LEAST_ERRORS * first.error) return null;
  const standing = validations.findLastIndex(({ accuracy }) => accuracy > LOST_SHARE * first.accuracy);
  const since = validations.length - 1 - standing >= LAST ? (validations[standing + 1]?.step ?? null) : null;
  return { start: first.accuracy, end: last.accuracy, since };
}

export interface RecordedRun {
  readonly id: string;
  readonly steps: readonly CollapseStep[];
}

export interface JudgedRun {
  readonly id: string;
  readonly truth: CollapseTruth;
  /** As they came, step by step. */
  readonly alarms: readonly CollapseAlarm[];
}

/** Runs of which validation can tell, as the watch saw them live. */
export function judgeRuns(runs: readonly RecordedRun[], options: Partial<CollapseOptions> = {}): JudgedRun[] {
  return runs.flatMap(({ id, steps }) => {
    const truth = collapseTruth(steps);
    return truth === null ? [] : [{ id, truth, alarms: collapseAlarms(steps, options) }];
  });
}

export interface Rate {
  readonly count: number;
  readonly of: number;
  /** Exact 95 % interval of the share (Clopper & Pearson 1934). */
  readonly low: number;
  readonly high: number;
}

export interface CollapseRates {
  /** Collapsed runs with an alarm. */
  readonly detected: Rate;
  /** Other runs with an alarm. */
  readonly falseAlarms: Rate;
  /** Of each detected run, in steps: the watch's onset less the truth's, and its first alarm less the truth's onset. */
  readonly onsetLess: readonly number[];
  readonly alarmLess: readonly number[];
  readonly missed: readonly string[];
  readonly falselyAlarmed: readonly string[];
}

export function collapseRates(runs: readonly JudgedRun[]): CollapseRates {
  const collapsed = runs.flatMap(({ id, truth, alarms }) =>
    truth.since === null ? [] : [{ id, since: truth.since, first: firstOf(alarms) }],
  );
  const others = runs.filter(({ truth }) => truth.since === null);
  const found = collapsed.flatMap(({ since, first }) => (first === null ? [] : [{ since, ...first }]));
  const falselyAlarmed = others.filter(({ alarms }) => alarms.length > 0).map(({ id }) => id);
  return {
    detected: rate(found.length, collapsed.length),
    falseAlarms: rate(falselyAlarmed.length, others.length),
    onsetLess: found.map(({ since, onset }) => onset - since),
    alarmLess: found.map(({ since, raisedAt }) => raisedAt - since),
    missed: collapsed.filter(({ first }) => first === null).map(({ id }) => id),
    falselyAlarmed,
  };
}

/** Earliest onset and earliest alarm, which need not be of one mode. */
function firstOf(alarms: readonly CollapseAlarm[]): { onset: number; raisedAt: number } | null {
  if (alarms.length === 0) return null;
  return {
    onset: Math.min(...alarms.map(({ onset }) => onset)),
    raisedAt: Math.min(...alarms.map(({ raisedAt }) => raisedAt)),
  };
}

/** A share with its exact interval; from 0 to 1 where there was nothing to count. */
export function rate(count: number, of: number): Rate {
  const limit = (share: number, a: number, b: number) => bisect((x) => betaShare(x, 1 - x, a, b) - share, 0, 1);
  return {
    count,
    of,
    low: count === 0 ? 0 : limit(0.025, count, of - count + 1),
    high: count === of ? 1 : limit(0.975, count + 1, of - count),
  };
}
