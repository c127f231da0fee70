/** What the page of problems asks the app for, and what it keeps: the sets looked at last, the self-checks. */
import { useDebouncedValue, useLocalStorage } from '@mantine/hooks';
import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useSyncExternalStore } from 'react';
import type { Split } from '../../../src-shared/problem.ts';
import type { ProblemReport, ShownProblem } from '../../../src-shared/problem-sets.ts';
import { useApi } from '../../data/api-context.tsx';
import { type SelfCheck, SelfChecks } from '../../lib/problems/self-check.ts';
import { keyOf, type ProblemSet, RECENT_KEY, readRecent, withRecent } from '../../lib/problems/view.ts';

/** Problems of one call. */
const PART = 200;
const ASK_AFTER_MS = 200;

const keys = {
  all: (set: ProblemSet | null) => ['problem-set', set === null ? '' : keyOf(set)] as const,
};
/** A set is read anew when a person asks for it. */
const kept = { staleTime: Number.POSITIVE_INFINITY, retry: false } as const;

export function useReport(set: ProblemSet | null) {
  const api = useApi();
  return useQuery({
    queryKey: [...keys.all(set), 'report'],
    queryFn: () => api.inspectProblems({ ...(set ?? { kind: '', options: {} }), first: 0 }),
    enabled: set !== null,
    ...kept,
  });
}

/** Forgets what is known of a set, so that its files are read again. */
export function useReadAnew(): (set: ProblemSet) => void {
  const client = useQueryClient();
  return useCallback((set) => void client.resetQueries({ queryKey: keys.all(set) }), [client]);
}

export type ListedProblem = ShownProblem & { readonly split: Split };

export interface ProblemList {
  /** Of which `at` knows some; undefined while they are waited for. */
  readonly found: number | undefined;
  readonly at: (index: number) => ListedProblem | undefined;
  readonly error: unknown;
}

/** The problems that are found, of which those around the rows from `first` to `last` are fetched. */
export function useProblemList(
  set: ProblemSet,
  { split, query }: { readonly split: Split | null; readonly query: string },
  { first, last }: { readonly first: number; readonly last: number },
): ProblemList {
  const api = useApi();
  const [settled] = useDebouncedValue(query, ASK_AFTER_MS);
  const part = (index: number) => ({
    queryKey: [...keys.all(set), 'list', split, settled, index],
    queryFn: () => api.listProblems({ ...set, split, query: settled, from: index * PART, count: PART }),
    ...kept,
  });
  // The first is always there: it says how many there are. The one before stays until it comes.
  const start = useQuery({ ...part(0), placeholderData: keepPreviousData });
  const from = Math.max(1, Math.floor(first / PART));
  const to = Math.floor(last / PART);
  const further = useQueries({ queries: Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => part(from + i)) });
  return {
    found: start.data?.found,
    at: (index) => {
      const answer = index < PART ? start : further[Math.floor(index / PART) - from];
      return answer?.data?.problems[index % PART];
    },
    error: [start, ...further].find(({ error }) => error !== null)?.error ?? null,
  };
}

export function useProblem(set: ProblemSet, split: Split, id: string) {
  const api = useApi();
  return useQuery({
    queryKey: [...keys.all(set), 'problem', split, id],
    queryFn: () => api.problem({ ...set, split, id }),
    // The one before stays until the next is there, so that stepping through does not flicker.
    placeholderData: keepPreviousData,
    ...kept,
  });
}

/** Sets, the last looked at first, kept in this browser. */
export function useRecent(): readonly [readonly ProblemSet[], (set: ProblemSet) => void] {
  const [recent, setRecent] = useLocalStorage<ProblemSet[]>({
    key: RECENT_KEY,
    defaultValue: [],
    deserialize: readRecent,
    getInitialValueInEffect: false,
  });
  return [recent, useCallback((set) => setRecent((before) => withRecent(before, set)), [setRecent])];
}

/** They go on while other pages are looked at. */
const checks = new SelfChecks();

export interface SelfCheckControl {
  readonly check: SelfCheck | undefined;
  readonly start: () => void;
  readonly stop: () => void;
}

export function useSelfCheck(set: ProblemSet, report: ProblemReport): SelfCheckControl {
  const api = useApi();
  const check = useSyncExternalStore(checks.subscribe, () => checks.get(set));
  return { check, start: () => void checks.start(api, set, report), stop: () => checks.stop(set) };
}
