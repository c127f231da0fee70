/** One run: what it is and does, its six numbers, and the tabs that look closer. */
import { Skeleton, Tabs } from '@mantine/core';
import { Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { formatCount } from '../../src-shared/format.ts';
import { ErrorView, isNotFound, NotFoundPage } from '../components/ErrorView.tsx';
import { useCheckpoints, useNotes, useRun } from '../data/queries.ts';
import css from './RunPage.module.css';
import { RunHeader } from './run/RunHeader.tsx';

const TABS = [
  { id: 'charts', title: 'Charts', to: '/runs/$runId' },
  { id: 'rollouts', title: 'Rollouts', to: '/runs/$runId/rollouts' },
  { id: 'checkpoints', title: 'Checkpoints', to: '/runs/$runId/checkpoints' },
  { id: 'events', title: 'Events', to: '/runs/$runId/events' },
  { id: 'config', title: 'Config', to: '/runs/$runId/config' },
  { id: 'system', title: 'System', to: '/runs/$runId/system' },
  { id: 'log', title: 'Log', to: '/runs/$runId/log' },
] as const;

export function RunPage() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const run = useRun(runId);
  const navigate = useNavigate();
  const last = useLocation({ select: (location) => location.pathname.split('/')[3] });
  const tab = TABS.find((t) => t.id === last) ?? TABS[0];

  if (run.isError && run.data === undefined)
    return isNotFound(run.error) ? (
      <NotFoundPage what={`run ${runId}`} />
    ) : (
      <ErrorView error={run.error} onRetry={() => void run.refetch()} />
    );
  if (run.data === undefined)
    return (
      <div className={css.loading} role="status" aria-label="Loading the run">
        <Skeleton height={24} width={320} animate={false} />
        <Skeleton height={56} animate={false} />
      </div>
    );
  return (
    <div className={css.page}>
      <RunHeader run={run.data} />
      <Tabs
        className={css.tabs}
        value={tab.id}
        onChange={(id) => {
          const next = TABS.find((t) => t.id === id);
          if (next !== undefined) void navigate({ to: next.to, params: { runId } });
        }}
      >
        <Tabs.List className={css.list}>
          {TABS.map(({ id, title }) => (
            <Tabs.Tab key={id} value={id} rightSection={<TabCount tab={id} runId={runId} />}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab.id} className={css.panel}>
          <Outlet />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function TabCount({ tab, runId }: { tab: string; runId: string }) {
  const checkpoints = useCheckpoints(runId).data?.length;
  const notes = useNotes(runId).data?.length;
  const count = tab === 'checkpoints' ? checkpoints : tab === 'events' ? notes : undefined;
  return count === undefined || count === 0 ? null : <span className="faint">{formatCount(count)}</span>;
}
