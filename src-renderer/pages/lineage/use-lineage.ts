/** The lineage of all runs, kept fresh, and the state of its page in the address. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect } from 'react';
import { useIsHere } from '../../components/use-is-here.ts';
import { useApi } from '../../data/api-context.tsx';
import { REFRESH_MS } from '../../data/watched-run.ts';
import type { LineageSearch } from '../../lib/lineage/view.ts';
import { throttle } from '../../lib/throttle.ts';

const KEY = ['lineage'] as const;
/** Making it looks at every checkpoint's files. */
const CALM_MS = 10 * REFRESH_MS;

export function useWholeLineage() {
  const api = useApi();
  const queries = useQueryClient();
  useEffect(() => {
    const refresh = throttle(() => void queries.invalidateQueries({ queryKey: KEY }), CALM_MS);
    const statuses = new Map<string, string>();
    const stops = [
      api.on('checkpoint', refresh),
      api.on('runsDeleted', refresh),
      // A run says something at every step; what moves the graph is that it began, ended, or lost a checkpoint.
      api.on('run', ({ id, status }) => {
        if (status !== 'running' || statuses.get(id) !== status) refresh();
        statuses.set(id, status);
      }),
    ];
    return () => {
      refresh.cancel();
      for (const stop of stops) stop();
    };
  }, [api, queries]);
  return useQuery({ queryKey: KEY, queryFn: () => api.lineage({}) });
}

export function useLineageView(): { view: LineageSearch; change: (patch: Partial<LineageSearch>) => void } {
  const view = useSearch({ from: '/lineage' });
  const navigate = useNavigate({ from: '/lineage' });
  const isHere = useIsHere();
  const change = useCallback(
    (patch: Partial<LineageSearch>) => {
      if (!isHere()) return;
      void navigate({ to: '/lineage', search: (before) => ({ ...before, ...patch }), replace: true });
    },
    [navigate, isHere],
  );
  return { view, change };
}
