/** One report: what it is made of on the left, on the right how it will print. Every change is kept. */
import { Button, Loader } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ErrorView, NotFoundPage } from '../components/ErrorView.tsx';
import { useApi } from '../data/api-context.tsx';
import { BlockList } from './reports/BlockList.tsx';
import { ExportMenu } from './reports/ExportMenu.tsx';
import { Preview } from './reports/Preview.tsx';
import css from './reports/ReportPage.module.css';
import { ReportSettings } from './reports/ReportSettings.tsx';
import { type SavedReport, useDraft, useReports } from './reports/use-reports.ts';

export function ReportPage() {
  const { reportId } = useParams({ from: '/reports/$reportId' });
  const { reports, error, retry } = useReports();
  if (error !== null) return <ErrorView error={error} onRetry={retry} />;
  if (reports === undefined)
    return (
      <p className={css.waiting} role="status">
        <Loader size={14} /> Opening the report…
      </p>
    );
  const saved = reports.find(({ id }) => id === reportId);
  if (saved === undefined) return <NotFoundPage what={`report ${reportId}`} />;
  return <Editor key={reportId} saved={saved} />;
}

const STANDINGS = { kept: 'Saved', keeping: 'Saving…', failed: 'Not saved' } as const;

function Editor({ saved }: { saved: SavedReport }) {
  const { draft, change, report, settled, standing, error, retry } = useDraft(saved);
  const metrics = useMetrics(draft.report.conditions.map(({ runs }) => runs[0] ?? ''));
  return (
    <div className={css.page}>
      <aside className={css.side} aria-label="What the report is made of">
        <div className={css.bar}>
          <span className={css.standing} data-standing={standing} role="status">
            {STANDINGS[standing]}
          </span>
          <ExportMenu report={report} />
        </div>
        <div className={`${css.editor} scroll`}>
          {error === null ? null : (
            <p className={css.failure} role="alert">
              {error.message}{' '}
              <Button size="compact-xs" variant="default" onClick={retry}>
                Save again
              </Button>
            </p>
          )}
          <ReportSettings
            report={draft.report}
            onChange={(body) => change((before) => ({ ...before, report: body(before.report) }))}
          />
          <BlockList draft={draft} metrics={metrics} onChange={change} />
        </div>
      </aside>
      <Preview report={settled} />
    </div>
  );
}

/** Runs that are asked for what they have; the others have about the same. */
const ASKED = 8;

/** Names of the metrics that runs have. */
function useMetrics(runIds: readonly string[]): readonly string[] {
  const api = useApi();
  const asked = runIds.slice(0, ASKED);
  const query = useQuery({
    queryKey: ['series-names', asked],
    queryFn: () => Promise.all(asked.map((runId) => api.seriesNames({ runId }))),
    placeholderData: keepPreviousData,
  });
  return [...new Set((query.data ?? []).flatMap((own) => own.map(({ name }) => name)))].sort();
}
