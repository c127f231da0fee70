/** Which runs stand side by side, at which step, and which problems are worth looking at. Pure. */
import type { ComparedGroup, MatchedCompletions } from '../../../src-shared/comparison.ts';

/** Columns that can be read beside each other. */
export const MOST_COLUMNS = 4;

/**
 * The runs side by side: those asked for as far as they are compared; without two of them the reference and the first
 * run of each other group, or, in one group, its first runs.
 */
export function columnsOf(
  asked: readonly string[],
  groups: readonly Pick<ComparedGroup, 'key' | 'runIds'>[],
  reference: { readonly group: string; readonly runId: string | null } | null,
): string[] {
  const there = new Set(groups.flatMap(({ runIds }) => runIds));
  const known = [...new Set(asked)].filter((id) => there.has(id)).slice(0, MOST_COLUMNS);
  if (known.length >= 2) return known;
  const first = groups.find(({ key }) => key === reference?.group);
  const ordered = first === undefined ? groups : [first, ...groups.filter((group) => group !== first)];
  const firsts = ordered.flatMap(({ key, runIds }) =>
    key === reference?.group && reference.runId !== null ? [reference.runId] : runIds.slice(0, 1),
  );
  const rest = ordered.flatMap(({ runIds }) => runIds).filter((id) => !firsts.includes(id));
  return [...firsts, ...rest].slice(0, groups.length > 1 ? Math.min(3, Math.max(2, groups.length)) : 2);
}

/** Steps that all of them have, ascending; where they share none, those of the first. */
export function commonSteps(steps: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = steps;
  const shared = first.filter((step) => others.every((own) => own.includes(step)));
  return [...(shared.length > 0 ? shared : first)].sort((a, b) => a - b);
}

export const PROBLEM_FILTERS = ['all', 'disagree', 'none', 'every'] as const;
export type ProblemFilter = (typeof PROBLEM_FILTERS)[number];

export type MatchedProblem = MatchedCompletions['problems'][number];

/** What all ids begin with, up to the last place where a word ends: it tells nothing apart. */
export function sharedPrefix(ids: readonly string[]): string {
  const [first = '', ...others] = ids;
  if (others.length === 0) return '';
  let length = first.length;
  for (const id of others) while (!id.startsWith(first.slice(0, length))) length--;
  return /^.*[-_/:.\s]/s.exec(first.slice(0, length))?.[0] ?? '';
}

const share = ({ passed, samples }: MatchedProblem['outcomes'][number]) => (samples === 0 ? 0 : passed / samples);

/** How far apart the runs are on a problem, 0..1. */
export function spreadOf({ outcomes }: MatchedProblem): number {
  const shares = outcomes.map(share);
  return Math.max(...shares) - Math.min(...shares);
}

/** Those that the filter lets through; where runs disagree, the widest apart first. */
export function filterProblems(problems: readonly MatchedProblem[], filter: ProblemFilter): MatchedProblem[] {
  if (filter === 'all') return [...problems];
  if (filter === 'disagree')
    return problems.filter((problem) => spreadOf(problem) > 0).toSorted((a, b) => spreadOf(b) - spreadOf(a));
  const wanted = filter === 'every' ? 1 : 0;
  return problems.filter(({ outcomes }) => outcomes.every((outcome) => share(outcome) === wanted));
}
