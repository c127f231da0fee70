/** A report with one click: made of what the address names, kept, and opened. */
import { Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import type { Api } from '../../../src-shared/api.ts';
import type { ReportOf } from '../../../src-shared/report.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { useIsHere } from '../../components/use-is-here.ts';
import { useApi } from '../../data/api-context.tsx';
import { keys } from '../../data/queries.ts';
import { groupingOf } from '../../lib/comparison/view.ts';
import { comparisonOf, type Request, requestOf } from '../../lib/reports/request.ts';
import css from './ReportPage.module.css';
import { asView } from './use-reports.ts';

export function NewReport() {
  const search = useSearch({ from: '/reports/new' });
  const request = useMemo(() => requestOf(search), [search]);
  if (request === null)
    return (
      <div className={css.waiting}>
        This address names no run, study or comparison to report on.
        <LinkButton to="/reports" variant="default">
          Go to reports
        </LinkButton>
      </div>
    );
  return <Making request={request} />;
}

function Making({ request }: { request: Request }) {
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const isHere = useIsHere();
  // Once, however often this is drawn; a later visit makes another.
  const made = useQuery({
    queryKey: ['new-report', request],
    queryFn: async () => {
      const report = await api.reportOf(await whatOf(request, api));
      const { id } = await api.saveView(asView(report));
      await queries.invalidateQueries({ queryKey: keys.views('report') });
      return id;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  const id = made.data;
  useEffect(() => {
    if (id !== undefined && isHere())
      void navigate({ to: '/reports/$reportId', params: { reportId: id }, replace: true });
  }, [id, navigate, isHere]);
  if (made.isError) return <ErrorView error={made.error} onRetry={() => void made.refetch()} />;
  return (
    <p className={css.waiting} role="status">
      <Loader size={14} /> Making the report…
    </p>
  );
}

async function whatOf(request: Request, api: Api): Promise<ReportOf> {
  if ('of' in request) return request.of;
  const { comparison: view } = request;
  const { groups } = await api.compare({ runIds: view.runs, grouping: groupingOf(view), metrics: view.metrics });
  return comparisonOf(view, groups);
}
