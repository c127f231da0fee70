/** The view in the address, and the layout that is remembered from one visit to the next. */
import { useLocalStorage } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useIsHere } from '../../components/use-is-here.ts';
import { DEFAULT_LAYOUT, type Layout, layoutSchema, type RunsView, searchOf, viewOf } from '../../lib/runs/view.ts';

export function useRunsView(): { view: RunsView; change: (patch: Partial<RunsView>) => void } {
  const search = useSearch({ from: '/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const isHere = useIsHere();
  const [layout, setLayout] = useLocalStorage<Layout>({
    key: 'assay-runs-layout',
    defaultValue: DEFAULT_LAYOUT,
    getInitialValueInEffect: false,
    // What another version of the page left there may be anything.
    deserialize: (text) => {
      try {
        return layoutSchema.parse(JSON.parse(text ?? 'null'));
      } catch {
        return DEFAULT_LAYOUT;
      }
    },
  });
  const view = useMemo(() => viewOf(search, layout), [search, layout]);
  const change = useCallback(
    (patch: Partial<RunsView>) => {
      if (!isHere()) return;
      const next = { ...view, ...patch };
      if (patch.columns !== undefined || patch.pinned !== undefined || patch.widths !== undefined)
        setLayout({ columns: next.columns, pinned: next.pinned, widths: next.widths });
      // On what is in the address by now: two changes may come before the page is drawn again.
      void navigate({
        to: '/runs',
        search: (before) => searchOf({ ...viewOf(before, layout), ...patch }),
        replace: true,
      });
    },
    [view, layout, navigate, isHere, setLayout],
  );
  return { view, change };
}
