/** What the window asks the app for, one hook a call. Events keep most of it fresh (live.ts), so little is polled. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { fromColumns } from '../../src-shared/charts/buckets.ts';
import { CHART_BUCKETS } from '../../src-shared/series.ts';
import type { ViewKind } from '../../src-shared/views.ts';
import { useApi, useConnection, useLive } from './api-context.tsx';
import type { LiveRun, Progress } from './live.ts';

export const keys = {
  catalogue: ['catalogue'] as const,
  status: ['status'] as const,
  devices: ['devices'] as const,
  runs: ['runs'] as const,
  runOptions: ['run-options'] as const,
  queue: ['queue'] as const,
  bin: ['bin'] as const,
  views: (kind: ViewKind) => ['views', kind] as const,
  run: (runId: string) => ['run', runId] as const,
  checkpoints: (runId: string) => ['checkpoints', runId] as const,
  lineage: (runId: string) => ['lineage', runId] as const,
  stepTimes: (runId: string) => ['step-times', runId] as const,
  notes: (runId: string) => ['notes', runId] as const,
  rolloutSteps: (runId: string) => ['rollout-steps', runId] as const,
  rollouts: (runId: string, step: number, split: string) => ['rollouts', runId, step, split] as const,
  rollout: (rolloutId: number) => ['rollout', rolloutId] as const,
  // Below the steps, so that both are asked for again together.
  problemHistory: (runId: string, problemId: string, split: string) =>
    ['rollout-steps', runId, 'history', problemId, split] as const,
  failurePatterns: (runId: string, step: number, split: string, steps: number) =>
    ['failure-patterns', runId, step, split, steps] as const,
  models: ['models'] as const,
  studies: ['studies'] as const,
  studyProgress: ['study-progress'] as const,
  /** Plans and reports of all studies: what a run that starts or ends may change. */
  studyRuns: ['study-runs'] as const,
  sandboxInfo: ['sandbox-info'] as const,
  sandboxCheck: ['sandbox-check'] as const,
};

const STATUS_EVERY_MS = 2000;

export function useCatalogue() {
  const api = useApi();
  return useQuery({ queryKey: keys.catalogue, queryFn: () => api.catalogue({}), staleTime: Number.POSITIVE_INFINITY });
}

export function useStatus() {
  const api = useApi();
  const open = useConnection().state === 'open';
  return useQuery({
    queryKey: keys.status,
    queryFn: () => api.status({}),
    refetchInterval: open ? STATUS_EVERY_MS : false,
  });
}

export function useRuns() {
  const api = useApi();
  return useQuery({ queryKey: keys.runs, queryFn: () => api.runs({}) });
}

/** The options of all runs; asked for once the runs themselves are here, and again with every new run. */
export function useRunOptions(enabled: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: keys.runOptions,
    queryFn: () => api.runOptions({}),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Runs that wait, the next one first. */
export function useQueue() {
  const api = useApi();
  return useQuery({ queryKey: keys.queue, queryFn: () => api.queue({}), staleTime: Number.POSITIVE_INFINITY });
}

export function useBin(enabled: boolean) {
  const api = useApi();
  return useQuery({ queryKey: keys.bin, queryFn: () => api.bin({}), enabled, staleTime: 0 });
}

export function useViews(kind: ViewKind) {
  const api = useApi();
  return useQuery({ queryKey: keys.views(kind), queryFn: () => api.views({ kind }) });
}

export function useRun(runId: string) {
  const api = useApi();
  return useQuery({ queryKey: keys.run(runId), queryFn: () => api.run({ runId }) });
}

/** Policies that runs can start from, and downloads. */
export function useModels() {
  const api = useApi();
  return useQuery({ queryKey: keys.models, queryFn: () => api.models({}), staleTime: 0 });
}

/** The ready-made studies. */
export function useStudies() {
  const api = useApi();
  return useQuery({ queryKey: keys.studies, queryFn: () => api.studies({}), staleTime: Number.POSITIVE_INFINITY });
}

/** The run that `runId` names; nothing is asked without one. */
export function useRunIfAny(runId: string | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: keys.run(runId ?? ''),
    queryFn: () => api.run({ runId: runId ?? '' }),
    enabled: runId !== undefined,
  });
}

export function useCheckpoints(runId: string) {
  const api = useApi();
  return useQuery({ queryKey: keys.checkpoints(runId), queryFn: () => api.checkpoints({ runId }) });
}

/** What a run came from and what started from it. */
export function useLineage(runId: string) {
  const api = useApi();
  return useQuery({ queryKey: keys.lineage(runId), queryFn: () => api.lineage({ runId }) });
}

/** When a run was validated, and how to tell the time of other steps, as closely as a line of time can show. */
export function useStepTimes(runId: string) {
  const api = useApi();
  return useQuery({
    queryKey: keys.stepTimes(runId),
    queryFn: async () => {
      const { series, x } = await api.series({ runId, names: ['eval/avg@k'], points: CHART_BUCKETS, x: 'seconds' });
      const [accuracy] = series;
      if (accuracy === undefined || x === null || x.origin === null) return null;
      const times = { steps: x.steps, places: x.places.map((seconds) => (x.origin ?? 0) + 1000 * seconds) };
      const validations = fromColumns(accuracy).map(({ last: step, mean }) => ({ step, accuracy: mean }));
      return { times, validations };
    },
  });
}

export function useNotes(runId: string) {
  const api = useApi();
  return useQuery({ queryKey: keys.notes(runId), queryFn: () => api.notes({ runId }) });
}

export function useRolloutSteps(runId: string) {
  const api = useApi();
  return useQuery({ queryKey: keys.rolloutSteps(runId), queryFn: () => api.rolloutSteps({ runId }) });
}

export function useRollouts(runId: string, step: number | undefined, split: 'train' | 'eval') {
  const api = useApi();
  return useQuery(
    queryOptions({
      queryKey: keys.rollouts(runId, step ?? -1, split),
      queryFn: () => api.rollouts({ runId, step: step ?? 0, split }),
      enabled: step !== undefined,
      // Those of the step before stay until the next are there, so that what is read keeps the keys.
      placeholderData: (previous) => previous,
    }),
  );
}

export function useRollout(rolloutId: number | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: keys.rollout(rolloutId ?? -1),
    queryFn: () => api.rollout({ rolloutId: rolloutId ?? 0 }),
    enabled: rolloutId !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    // The previous rollout stays until the next one is there, so that stepping through does not flicker.
    placeholderData: (previous) => previous,
  });
}

/** One problem over the steps of a run. */
export function useProblemHistory(runId: string, problemId: string, split: 'train' | 'eval') {
  const api = useApi();
  return useQuery({
    queryKey: keys.problemHistory(runId, problemId, split),
    queryFn: () => api.problemHistory({ runId, problemId, split }),
  });
}

/** What well-paid failures of the last steps have in common. */
export function useFailurePatterns(runId: string, step: number | undefined, split: 'train' | 'eval', steps: number) {
  const api = useApi();
  return useQuery({
    queryKey: keys.failurePatterns(runId, step ?? -1, split, steps),
    queryFn: () => api.failurePatterns({ runId, step: step ?? 0, split, steps }),
    enabled: step !== undefined,
  });
}

/** What the sandbox is: it does not change while the app runs. The first answer takes as long as opening it. */
export function useSandboxInfo() {
  const api = useApi();
  return useQuery({
    queryKey: keys.sandboxInfo,
    queryFn: () => api.sandboxInfo({}),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The last check of the sandbox; `refetch` makes a new one, and nothing else does. */
export function useSandboxCheck() {
  const api = useApi();
  return useQuery({
    queryKey: keys.sandboxCheck,
    queryFn: () => api.checkSandbox({}),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
}

/** Where the current step of a run stands; undefined when nothing is known. */
export function useProgress(runId: string): Progress | undefined {
  const live = useLive();
  return useSyncExternalStore(live.subscribeProgress, () => live.progressOf(runId));
}

/** The live metrics of a run, for as long as the component is there; null in the first moment. */
export function useLiveRun(runId: string): LiveRun | null {
  const live = useLive();
  const [run, setRun] = useState<LiveRun | null>(null);
  useEffect(() => {
    const watched = live.watch(runId);
    setRun(watched.run);
    return () => {
      watched.release();
      setRun(null);
    };
  }, [live, runId]);
  return run;
}

const nothing = () => () => undefined;

/** Re-render with every change of a run's metrics, at most four times a second. */
export function useMetricsVersion(run: LiveRun | null): number {
  return useSyncExternalStore(run?.subscribe ?? nothing, () => run?.metrics.version ?? -1);
}

/** The time, for "5 min ago", renewed every half minute. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
