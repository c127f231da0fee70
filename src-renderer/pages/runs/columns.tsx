/** Columns of the table of runs. */

import { Link } from '@tanstack/react-router';
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFns,
  tableFeatures,
} from '@tanstack/react-table';
import type { RunSummary } from '../../../src-shared/api.ts';
import { RunStatus } from '../../components/RunStatus.tsx';
import { Sparkline } from '../../components/Sparkline.tsx';
import { ThinBar } from '../../components/ThinBar.tsx';
import { formatAgo, formatDateTime, formatExact, formatPercent, formatRoughly, THIN } from '../../lib/format.ts';
import { runColour, type Scheme } from '../../lib/palette.ts';
import css from './RunsTable.module.css';

export const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });
const helper = createColumnHelper<typeof features, RunSummary>();

export const lastAccuracy = (run: RunSummary): number | undefined => run.accuracy.at(-1)?.value;
export const bestAccuracy = (run: RunSummary): number | undefined =>
  run.accuracy.reduce<number | undefined>(
    (best, { value }) => (best === undefined || value > best ? value : best),
    undefined,
  );

/** Width of every column in order; the name takes what is left. */
export const GRID = 'minmax(160px, 1fr) 164px minmax(80px, 176px) 96px 60px 60px 44px 88px';

/** @param now for "5 min ago" */
export function runColumns(rewardTitles: ReadonlyMap<string, string>, now: number, scheme: Scheme) {
  return helper.columns([
    helper.accessor('number', {
      id: 'name',
      header: 'Run',
      cell: ({ row }) => <NameCell run={row.original} scheme={scheme} />,
    }),
    helper.accessor('status', { id: 'status', header: 'Status', cell: ({ row }) => <StatusCell run={row.original} /> }),
    helper.accessor((run) => rewardTitles.get(run.reward) ?? run.reward, {
      id: 'reward',
      header: 'Reward',
      cell: ({ getValue }) => (
        <span className="ellipsis" title={getValue()}>
          {getValue()}
        </span>
      ),
    }),
    helper.accessor((run) => run.accuracy.length, {
      id: 'accuracy',
      header: 'Accuracy',
      enableSorting: false,
      cell: ({ row }) => (
        <Sparkline
          points={row.original.accuracy}
          colour={runColour(row.original.number, scheme)}
          label={`Validation accuracy of ${row.original.name}`}
        />
      ),
    }),
    helper.accessor((run) => lastAccuracy(run) ?? -1, {
      id: 'last',
      header: 'Last',
      cell: ({ row }) => formatPercent(lastAccuracy(row.original)),
    }),
    helper.accessor((run) => bestAccuracy(run) ?? -1, {
      id: 'best',
      header: 'Best',
      cell: ({ row }) => formatPercent(bestAccuracy(row.original)),
    }),
    helper.accessor('seed', { id: 'seed', header: 'Seed', cell: ({ getValue }) => formatExact(getValue()) }),
    helper.accessor((run) => run.startedAt ?? run.createdAt, {
      id: 'started',
      header: 'Started',
      cell: ({ row: { original: run } }) => (
        <span title={formatDateTime(run.startedAt ?? run.createdAt)}>
          {formatAgo(run.startedAt ?? run.createdAt, now)}
        </span>
      ),
    }),
  ]);
}

export const NUMERIC: ReadonlySet<string> = new Set(['last', 'best', 'seed', 'started']);

function NameCell({ run, scheme }: { run: RunSummary; scheme: Scheme }) {
  return (
    <>
      <span className={css.colour} style={{ background: runColour(run.number, scheme) }} aria-hidden />
      <Link to="/runs/$runId" params={{ runId: run.id }} className={`${css.name} ellipsis`}>
        {run.name}
      </Link>
      <span className={css.ordinal}>#{run.number}</span>
    </>
  );
}

function StatusCell({ run }: { run: RunSummary }) {
  const underWay = run.status === 'running' || run.status === 'paused';
  return (
    <div className={css.progress} title={run.error ?? undefined}>
      <div className={css.statusLine}>
        <RunStatus status={run.status} />
        <span className="faint">{underWay ? timeLeft(run) : progressNote(run)}</span>
      </div>
      {underWay ? (
        <ThinBar
          fraction={run.steps === 0 ? 0 : run.step / run.steps}
          label={`Step ${run.step} of ${run.steps}`}
          tone={run.status === 'running' ? 'running' : 'quiet'}
        />
      ) : null}
    </div>
  );
}

function timeLeft(run: RunSummary): string {
  return run.secondsLeft === null ? `${run.step}${THIN}/${THIN}${run.steps}` : `${formatRoughly(run.secondsLeft)} left`;
}

/** Finished runs have done all their steps; the others say how far they came. */
function progressNote(run: RunSummary): string {
  if (run.status === 'queued') return run.step === 0 ? '' : `from step ${run.step}`;
  return run.status === 'finished' ? `${run.steps} steps` : `${run.step}${THIN}/${THIN}${run.steps}`;
}
