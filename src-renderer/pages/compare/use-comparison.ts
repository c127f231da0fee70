/** The comparison in the address, and what the app says of it: curves at once, the table of effects when it is there. */
import { useComputedColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { LineLook } from '../../../src-shared/charts/palette.ts';
import { COMPARED_RUNS, type Comparison, type FinalComparison } from '../../../src-shared/comparison.ts';
import { useIsHere } from '../../components/use-is-here.ts';
import { useApi } from '../../data/api-context.tsx';
import { useRuns } from '../../data/queries.ts';
import { looksOf } from '../../lib/comparison/looks.ts';
import { type CompareView, groupingOf, referenceOf, searchOf, viewOf } from '../../lib/comparison/view.ts';

/** While one of the runs goes on. */
const LIVE_MS = 5000;
const LIVE_EFFECTS_MS = 20_000;

export function useCompareView(): { view: CompareView; change: (patch: Partial<CompareView>) => void } {
  const search = useSearch({ from: '/compare' });
  const navigate = useNavigate({ from: '/compare' });
  const isHere = useIsHere();
  const view = useMemo(() => viewOf(search), [search]);
  const change = useCallback(
    (patch: Partial<CompareView>) => {
      if (!isHere()) return;
      void navigate({
        to: '/compare',
        search: (before) => searchOf({ ...viewOf(before), ...patch }),
        replace: true,
      });
    },
    [navigate, isHere],
  );
  return { view, change };
}

/** All that the parts of the page draw from. */
export interface Compared {
  readonly comparison: Comparison;
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly looks: ReadonlyMap<string, LineLook>;
  readonly hidden: ReadonlySet<string>;
  /** Key of the group that the others are held against, and the run where it is one by itself. */
  readonly reference: { readonly group: string; readonly runId: string | null };
  readonly numberOf: (runId: string) => number | undefined;
}

export function useComparison(view: CompareView) {
  const api = useApi();
  const scheme = useComputedColorScheme('light');
  const all = useRuns();
  const byId = useMemo(() => new Map((all.data ?? []).map((run) => [run.id, run])), [all.data]);
  const there = useMemo(() => view.runs.filter((id) => byId.has(id)), [view.runs, byId]);
  const isLive = there.some((id) => byId.get(id)?.status === 'running');
  const canCompare = there.length >= COMPARED_RUNS.least;
  const grouping = groupingOf(view);
  const query = useQuery({
    queryKey: ['compare', there, grouping, view.metrics, view.x, view.lines],
    queryFn: () => api.compare({ runIds: there, grouping, metrics: view.metrics, x: view.x, lines: view.lines }),
    enabled: canCompare,
    // What was there stays until the next is: the page does not flicker.
    placeholderData: keepPreviousData,
    refetchInterval: isLive ? LIVE_MS : false,
  });
  const comparison = canCompare ? query.data : undefined;
  const numberOf = useCallback((runId: string) => byId.get(runId)?.number, [byId]);
  const looks = useMemo(() => looksOf(comparison?.groups ?? [], numberOf, scheme), [comparison, numberOf, scheme]);
  const hidden = useMemo(() => new Set(view.hidden), [view.hidden]);
  const reference = useMemo(() => referenceOf(view.reference, comparison?.groups ?? []), [view.reference, comparison]);
  const compared = useMemo(
    (): Compared | null =>
      comparison === undefined || reference === null
        ? null
        : { comparison, runs: byId, looks, hidden, reference, numberOf },
    [comparison, reference, byId, looks, hidden, numberOf],
  );
  return {
    compared,
    runs: all,
    /** Runs of the address that are not there: purged, or in the bin. */
    gone: all.data === undefined ? [] : view.runs.filter((id) => !byId.has(id)),
    error: query.error,
    retry: () => void query.refetch(),
    isLive,
    /** What is shown is still that of the runs, grouping or metrics before. */
    isBehind: query.isPlaceholderData,
  };
}

/** The table of effects: a second or more, so the last one stays while the next is made. */
export function useEffects(
  { comparison, reference }: Compared,
  view: CompareView,
  { isLive, isBehind }: { readonly isLive: boolean; readonly isBehind: boolean },
): { final: FinalComparison | undefined; isWorking: boolean; error: unknown; retry: () => void } {
  const api = useApi();
  const runIds = comparison.groups.flatMap((group) => group.runIds);
  // Groups stand in the order of their first run, as the address has them.
  const ordered = view.runs.filter((id) => runIds.includes(id));
  const against = reference.runId === null ? { group: reference.group } : { runId: reference.runId };
  const grouping = groupingOf(view);
  const query = useQuery({
    queryKey: ['compare-final', ordered, grouping, view.metrics, against, view.at],
    queryFn: () =>
      api.compareFinal({ runIds: ordered, grouping, metrics: view.metrics, reference: against, at: view.at }),
    enabled: !isBehind && ordered.length >= COMPARED_RUNS.least,
    placeholderData: keepPreviousData,
    refetchInterval: isLive ? LIVE_EFFECTS_MS : false,
  });
  return {
    final: query.data,
    isWorking: query.isFetching && (query.data === undefined || query.isPlaceholderData),
    error: query.error,
    retry: () => void query.refetch(),
  };
}
