/**
 * The contract of a study: a question, the grid of runs that could answer it, and what those runs say. A study is plain
 * data; run-study.ts has the runs made, through the same Api as the window and the command line.
 */
import type { Api, FlatValues } from '../../src-shared/api.ts';
import type { StepMetrics } from '../../src-shared/metrics.ts';
import type { Scale } from '../../src-shared/study.ts';
import type { Finding, Predicate } from './predicates/predicate.ts';
import type { ResultTable } from './tables.ts';

export { SCALES, type Scale } from '../../src-shared/study.ts';

/** One run of the grid. */
export interface PlannedRun {
  /** Unique in its study: what other runs start from, and what conclusions ask for. */
  readonly key: string;
  /** The condition: all runs of an arm differ in their seed alone. */
  readonly arm: string;
  readonly seed: number;
  readonly preset: string | null;
  /** Differences from the preset, by option path; the seed among them. */
  readonly values: FlatValues;
  /** Starts from this checkpoint of another run of the grid, which must come before. */
  readonly from?: { readonly key: string; readonly step: number };
  /** Evaluates `from`, or the policy itself, on the problem set of this name. */
  readonly on?: string;
}

/** A run as a study draws it up: `values` are what it must have, whatever the scale or the reader say. */
export interface DraftRun extends Omit<PlannedRun, 'from'> {
  readonly from?: { readonly key: string; readonly step: number | 'last' };
}

/** Problems to evaluate on, beside those that are trained on. */
export interface ProblemSet {
  readonly name: string;
  /** By option path. */
  readonly values: FlatValues;
}

/** A run of the grid as it came out. */
export interface StudyRun extends PlannedRun {
  readonly runId: string;
  readonly number: number;
  /** Resolved value of every option, by path. */
  readonly config: FlatValues;
  /** Series of its metrics, step by step, from step 0. */
  readonly steps: readonly { readonly step: number; readonly metrics: StepMetrics }[];
  /** Problems that it was validated on, where that was counted. */
  readonly problems?: number;
}

/** One published finding beside what these runs say. */
export interface Conclusion {
  readonly predicate: Predicate;
  readonly finding: Finding;
}

export interface Study {
  readonly id: string;
  readonly title: string;
  /** What it answers, as a question. */
  readonly question: string;
  /** Scales that it has, and what each stands for. */
  readonly scales: readonly Scale[];
  /** Other problem sets that it evaluates on where the reader names none. Absent: it evaluates on none. */
  readonly sets?: Readonly<Record<Scale, readonly ProblemSet[]>>;
  /** The grid, each run after those that it starts from. */
  plan(scale: Scale, seeds: readonly number[], sets: readonly ProblemSet[]): readonly DraftRun[];
  /** Published findings that its runs can be held against, by id (predicates/index.ts). */
  readonly predicates: readonly string[];
  /** What to look at beside verdicts. */
  tables?(runs: readonly StudyRun[], api: Api): Promise<readonly ResultTable[]>;
}
