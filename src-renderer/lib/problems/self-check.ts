/** The self-check of a problem set: its published solutions run on its own tests, part by part. Goes on while other pages
 * are looked at, and is kept until the window closes or the set is checked anew. */
import type { Api } from '../../../src-shared/api.ts';
import type { Split } from '../../../src-shared/problem.ts';
import type { ProblemReport, SolutionCheck } from '../../../src-shared/problem-sets.ts';
import type { Verdict } from '../../../src-shared/verdict.ts';
import { keyOf, type ProblemSet } from './view.ts';

/** Problems of one call: enough to keep the sandbox busy, few enough to show that it goes on. */
const AT_ONCE = 16;

export interface Failure {
  readonly split: Split;
  readonly problemId: string;
  readonly language: string;
  readonly verdict: Verdict;
  /** Of the first test that did not pass. */
  readonly detail: string | null;
}

export interface SelfCheck {
  readonly state: 'running' | 'stopping' | 'finished' | 'stopped' | 'failed';
  /** Problems looked at, of all in splits that have solutions. */
  readonly looked: number;
  readonly problems: number;
  /** Problems of which a solution was run, and those of them that passed. */
  readonly run: number;
  readonly passed: number;
  readonly failures: readonly Failure[];
  /** What keeps solutions from being run here, with the number of problems. */
  readonly missing: ReadonlyMap<string, number>;
  readonly error: unknown;
}

type Checked = SolutionCheck['checked'][number];

export const startOf = (problems: number): SelfCheck => ({
  state: 'running',
  looked: 0,
  problems,
  run: 0,
  passed: 0,
  failures: [],
  missing: new Map(),
  error: null,
});

/** With one more part that was checked. A problem passes where every solution that was run did. */
export function withPart(check: SelfCheck, split: Split, checked: readonly Checked[]): SelfCheck {
  const missing = new Map(check.missing);
  const failures = [...check.failures];
  let { run, passed } = check;
  for (const { problemId, solutions } of checked) {
    const lacks = new Set(
      solutions.flatMap(({ verdict, detail }) => (verdict === null ? [detail ?? 'not known'] : [])),
    );
    for (const lack of lacks) missing.set(lack, (missing.get(lack) ?? 0) + 1);
    const failed = solutions.flatMap(({ language, verdict, detail }) =>
      verdict === null || verdict === 'passed' ? [] : [{ split, problemId, language, verdict, detail }],
    );
    failures.push(...failed);
    if (solutions.every(({ verdict }) => verdict === null)) continue;
    run += 1;
    if (failed.length === 0) passed += 1;
  }
  return { ...check, looked: check.looked + checked.length, run, passed, failures, missing };
}

/** Splits that publish solutions. */
export const checkedSplits = ({ splits }: Pick<ProblemReport, 'splits'>) =>
  splits.filter(({ withSolutions }) => withSolutions !== null && withSolutions > 0);

/** The checks of this window, by set. */
export class SelfChecks {
  readonly #checks = new Map<string, SelfCheck>();
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  get(set: ProblemSet): SelfCheck | undefined {
    return this.#checks.get(keyOf(set));
  }

  /** Asks for an end after the part that is under way. */
  stop(set: ProblemSet): void {
    const check = this.get(set);
    if (check?.state === 'running') this.#put(set, { ...check, state: 'stopping' });
  }

  /** Resolves when it has ended; what goes wrong is part of the check. One that goes on is not started again. */
  async start(api: Pick<Api, 'checkSolutions'>, set: ProblemSet, report: Pick<ProblemReport, 'splits'>): Promise<void> {
    const before = this.get(set)?.state;
    if (before === 'running' || before === 'stopping') return;
    const splits = checkedSplits(report);
    let check = startOf(splits.reduce((sum, { problems }) => sum + problems, 0));
    this.#put(set, check);
    const isStopped = () => this.get(set)?.state === 'stopping';
    try {
      for (const { split, problems } of splits)
        for (let from = 0; from < problems && !isStopped(); from += AT_ONCE) {
          const { checked } = await api.checkSolutions({ ...set, split, from, count: AT_ONCE });
          check = withPart(check, split, checked);
          this.#put(set, { ...check, state: isStopped() ? 'stopping' : 'running' });
        }
      this.#put(set, { ...check, state: check.looked < check.problems ? 'stopped' : 'finished' });
    } catch (error) {
      this.#put(set, { ...check, state: 'failed', error });
    }
  }

  #put(set: ProblemSet, check: SelfCheck): void {
    this.#checks.set(keyOf(set), check);
    for (const listener of this.#listeners) listener();
  }
}
