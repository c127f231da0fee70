/** The reports that are kept, and one that is edited: kept by itself shortly after every change. */
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type Report, reportSchema } from '../../../src-shared/report.ts';
import type { SavedView } from '../../../src-shared/views.ts';
import { useUndo } from '../../components/use-undo.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useViews } from '../../data/queries.ts';
import { type Draft, draftOf, reportIn } from '../../lib/reports/draft.ts';

const KIND = 'report';
const SETTLED_MS = 400;

export interface SavedReport {
  readonly id: string;
  readonly report: Report;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** The name that it is kept under is its title. */
export const asView = (report: Report) => ({ kind: KIND, name: report.title.trim(), state: report }) as const;

function parse({ id, state, updatedAt }: SavedView): SavedReport[] {
  const report = reportSchema.safeParse(state);
  return report.success ? [{ id, report: report.data, updatedAt }] : [];
}

/** One that another version kept and that cannot be read is not among `reports`; `unreadable` says how many. */
export function useReports() {
  const views = useViews(KIND);
  const reports = useMemo(() => views.data?.flatMap(parse), [views.data]);
  const unreadable = (views.data?.length ?? 0) - (reports?.length ?? 0);
  return { reports, unreadable, error: views.error, retry: () => void views.refetch() };
}

export function useReportChanges() {
  const api = useApi();
  const queries = useQueryClient();
  const offerUndo = useUndo();
  const refresh = () => queries.invalidateQueries({ queryKey: keys.views(KIND) });
  return {
    rename: async ({ id, report }: SavedReport, title: string) => {
      await api.saveView({ id, ...asView({ ...report, title }) });
      await refresh();
    },
    remove: async ({ id, report }: SavedReport) => {
      await api.deleteView({ id });
      await refresh();
      offerUndo(`Deleted ${report.title}`, async () => {
        await api.saveView({ id, ...asView(report) });
        await refresh();
      });
    },
  };
}

/**
 * @returns `settled`: the report as it was when the last change was a moment ago, which is what is kept and previewed.
 * `standing`: whether it is kept.
 */
export function useDraft({ id, report: initial }: SavedReport) {
  const api = useApi();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(() => draftOf(initial, () => crypto.randomUUID()));
  const report = useMemo(() => reportIn(draft), [draft]);
  const [settled] = useDebouncedValue(report, SETTLED_MS);
  const kept = useRef(JSON.stringify(initial));

  const save = useMutation({
    // One after another: an older state never overtakes a newer one.
    scope: { id: `report ${id}` },
    mutationFn: (next: Report) => api.saveView({ id, ...asView(next) }),
    onSuccess: (view) =>
      queries.setQueryData<SavedView[]>(keys.views(KIND), (before) =>
        before === undefined ? before : [view, ...before.filter((other) => other.id !== view.id)],
      ),
    onError: () => {
      kept.current = '';
    },
  });
  const { mutate } = save;
  const keep = useCallback(
    (next: Report) => {
      const text = JSON.stringify(next);
      if (text === kept.current || next.title.trim() === '') return;
      kept.current = text;
      mutate(next);
    },
    [mutate],
  );
  useEffect(() => keep(settled), [keep, settled]);
  const latest = useRef(report);
  useEffect(() => {
    latest.current = report;
  }, [report]);
  useEffect(() => () => keep(latest.current), [keep]);

  const standing: 'kept' | 'keeping' | 'failed' = save.isError
    ? 'failed'
    : save.isPending || settled !== report
      ? 'keeping'
      : 'kept';
  return { draft, change: setDraft, report, settled, standing, error: save.error, retry: () => keep(report) };
}
