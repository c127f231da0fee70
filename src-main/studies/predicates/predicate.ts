/**
 * A published finding as a predicate on the series of runs: the contract. A predicate knows neither the store nor how
 * runs are made; it is handed what was measured and says SAME, DIFFERENT or INCONCLUSIVE.
 */
import type { MetricName } from '../../../src-shared/metrics.ts';
import { LEAST_DIFFERENCE, type Verdict } from '../../stats/verdict.ts';

/** A metric of a run, or a series that an evaluation apart from the run gives. */
export type SeriesName =
  | MetricName
  /** avg@k on problems of another kind, as mathematics. 0..1 */
  | 'transfer/avg@k'
  /** Signed rank-biserial r of correct against wrong responses for a certainty. -1..1 */
  | 'certainty/self-certainty'
  | 'certainty/disparity'
  | 'certainty/token-entropy'
  | 'certainty/trajectory-entropy';

export type Point = readonly [step: number, value: number];

/** What was measured of one run. Steps rise; a step without a value is absent. */
export interface RunSeries {
  readonly seed: number;
  readonly series: { readonly [N in SeriesName]?: readonly Point[] };
}

/** Settings that predicates compare. All other settings are the same in all arms of a study. */
export interface ArmSettings {
  /** Policy that training started from: arms of different policies are never compared. */
  readonly policy: string;
  /** Id of the reward: `unit-tests` is GRPO, `random` the control. */
  readonly reward: string;
  readonly temperature: number;
  readonly groupSize: number;
  readonly klCoefficient: number;
  readonly epochs: number;
  /** 0: off. */
  readonly dualClip: number;
  /** Longest response, tokens. */
  readonly cap: number;
  /** The run whose checkpoint this one starts from, `step` steps in; steps are counted from there. */
  readonly from: { readonly reward: string; readonly step: number } | null;
  /** Whether it trains on the problems that it is evaluated on. */
  readonly testTime: boolean;
}

/** Runs that differ in their seed alone. */
export interface Arm {
  readonly settings: ArmSettings;
  readonly runs: readonly RunSeries[];
}

export interface StudySeries {
  readonly arms: readonly Arm[];
  /** Validation problems and samples of each: what the standard error of an accuracy is made of. */
  readonly evaluation: { readonly problems: number; readonly samples: number };
  /** The same of `transfer/avg@k`, where there is one. */
  readonly transfer?: { readonly problems: number; readonly samples: number };
}

/** One comparison in a predicate: one claim on one arm or pair of arms. */
export interface Part {
  readonly of: string;
  readonly verdict: Verdict;
  readonly why: string;
  /** Mean over seeds; NaN where nothing was measured. */
  readonly effect: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly seeds: number;
}

export interface Finding {
  readonly verdict: Verdict;
  /** By name; those of parts are in them. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly why: string;
  readonly parts: readonly Part[];
}

export interface Threshold {
  readonly value: number;
  /** `published`, or own choice. */
  readonly from: 'published' | 'own choice';
}

export interface Predicate {
  readonly id: string;
  /** What is claimed, in words. */
  readonly statement: string;
  /** Where, with the published figures. */
  readonly source: string;
  readonly thresholds: Readonly<Record<string, Threshold>>;
  readonly needs: readonly SeriesName[];
  /** Arms that it takes, in words. */
  readonly arms: string;
  /** Arms whose runs its verdict waits for, controls among them. */
  readonly takes: (arm: Pick<Arm, 'settings'>) => boolean;
  evaluate(study: StudySeries): Finding;
}

/** A predicate whose `evaluate` takes its thresholds from its own table, so that what is shown is what is used. */
export function predicate<const T extends Readonly<Record<string, Threshold>>>(
  of: Omit<Predicate, 'thresholds' | 'evaluate'> & {
    readonly thresholds: T;
    evaluate(study: StudySeries, at: { readonly [K in keyof T]: number }): Finding;
  },
): Predicate {
  const values = Object.fromEntries(Object.entries(of.thresholds).map(([name, { value }]) => [name, value]));
  return { ...of, evaluate: (study) => of.evaluate(study, values as { readonly [K in keyof T]: number }) };
}

/** Of every predicate that compares accuracies: delta is the larger of this and two standard errors. */
export const LEAST = { value: LEAST_DIFFERENCE, from: 'own choice' } as const;

/** arXiv 2606.20881; where its figures are lost, the CSV of ArcherCodeR, believed to be its code, is named. */
export const STUDY = '"When Do Intrinsic Rewards Work for Code Reasoning?", arXiv 2606.20881';

/** The published figures, without the name of where they are from. */
export const publishedOf = ({ source }: Pick<Predicate, 'source'>): string =>
  source.replace(STUDY, '').replace(/^[:;,\s]+/, '');
