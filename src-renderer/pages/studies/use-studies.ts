/** What the app says of studies, one hook a call. Events keep it fresh: every run that starts or ends asks anew (live.ts). */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { COMPARED_RUNS } from '../../../src-shared/comparison.ts';
import type { StudyPlan, StudySettings } from '../../../src-shared/study.ts';
import { notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useRuns } from '../../data/queries.ts';
import { drawnRuns } from '../../lib/studies/view.ts';

/** While a rate is being measured, and while a run that is drawn goes on. */
const MEASURING_MS = 2000;
const LIVE_MS = 5000;

/** Studies that were ever started, by id. */
export function useStudyProgress() {
  const api = useApi();
  return useQuery({ queryKey: keys.studyProgress, queryFn: () => api.studyProgress({}) });
}

export function useStudyPlan(settings: StudySettings) {
  const api = useApi();
  return useQuery({
    queryKey: [...keys.studyRuns, 'plan', settings],
    queryFn: () => api.studyPlan(settings),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.estimate?.largest.estimate.measuring ? MEASURING_MS : false),
  });
}

export function useStudyReport(settings: StudySettings, enabled: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: [...keys.studyRuns, 'report', settings],
    queryFn: () => api.studyReport(settings),
    enabled,
    placeholderData: keepPreviousData,
  });
}

/** Curves of the arms, from the runs that are there and the one that goes on. */
export function useStudyCurves(plan: StudyPlan, metrics: readonly string[]) {
  const api = useApi();
  const runs = useRunsById();
  const { runIds, armOf, left } = useMemo(() => drawnRuns(plan), [plan]);
  const isLive = runIds.some((id) => runs.get(id)?.status === 'running');
  const enabled = runIds.length >= COMPARED_RUNS.least && metrics.length > 0;
  const query = useQuery({
    queryKey: ['study-curves', runIds, metrics],
    queryFn: () => api.compare({ runIds, grouping: { by: 'config' }, metrics: [...metrics], maxPoints: 200 }),
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval: isLive ? LIVE_MS : false,
  });
  return { comparison: enabled ? query.data : undefined, error: query.error, armOf, left };
}

export function useRunsById(): ReadonlyMap<string, RunSummary> {
  const runs = useRuns().data;
  return useMemo(() => new Map((runs ?? []).map((run) => [run.id, run])), [runs]);
}

export function useStudyControls(settings: StudySettings) {
  const api = useApi();
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: keys.studyProgress });
  const start = useMutation({
    mutationFn: () => api.startStudy(settings),
    onSuccess: again,
    onError: (error) => notifyFailure('Start', error),
  });
  const stop = useMutation({
    mutationFn: () => api.stopStudy({ id: settings.id }),
    onSuccess: again,
    onError: (error) => notifyFailure('Stop', error),
  });
  return { start, stop };
}
