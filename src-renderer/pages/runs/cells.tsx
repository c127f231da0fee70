/** What stands in the cells of the table of runs. */
import { memo } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { runColour, type Scheme } from '../../../src-shared/charts/palette.ts';
import {
  formatAgo,
  formatCompact,
  formatDateTime,
  formatDuration,
  formatExact,
  formatMetric,
  formatPercent,
  formatRoughly,
  NO_VALUE,
  THIN,
} from '../../../src-shared/format.ts';
import { RunStatus } from '../../components/RunStatus.tsx';
import { Sparkline } from '../../components/Sparkline.tsx';
import { ThinBar } from '../../components/ThinBar.tsx';
import { type ColumnInfo, durationOf, fieldOf, measured, type ValueOf } from '../../lib/runs/columns.ts';
import { bestAccuracy, type Field, isEvaluation, lastAccuracy } from '../../lib/runs/fields.ts';
import css from './RunsTable.module.css';

export interface CellContext {
  readonly rewardTitles: ReadonlyMap<string, string>;
  readonly fields: readonly Field[];
  readonly lookup: ValueOf;
  /** Place in the queue by run, from 1. */
  readonly places: ReadonlyMap<string, number>;
  /** For "5 min ago". */
  readonly now: number;
  readonly scheme: Scheme;
  readonly onOpen: (runId: string) => void;
}

interface RunCellProps {
  readonly column: ColumnInfo;
  readonly run: RunSummary;
  readonly context: CellContext;
}

export const RunCell = memo(function RunCell({ column, run, context }: RunCellProps) {
  const { now, scheme, fields, lookup } = context;
  switch (column.id) {
    case 'name':
      return <NameCell run={run} scheme={scheme} onOpen={context.onOpen} />;
    case 'status':
      return <StatusCell run={run} place={context.places.get(run.id)} />;
    case 'reward':
      return <Text text={context.rewardTitles.get(run.reward) ?? run.reward} />;
    case 'accuracy':
      return (
        <Sparkline
          points={run.accuracy}
          colour={runColour(run.number, scheme)}
          label={`Validation accuracy of ${run.name}`}
        />
      );
    case 'last':
      return formatPercent(lastAccuracy(run));
    case 'best':
      return formatPercent(bestAccuracy(run));
    case 'tags':
      return <Tags tags={run.tags} />;
    case 'seed':
      return run.seed === null ? NO_VALUE : formatExact(run.seed);
    case 'started': {
      const at = run.startedAt ?? run.createdAt;
      return <span title={formatDateTime(at)}>{formatAgo(at, now)}</span>;
    }
    case 'duration':
      return formatDuration(durationOf(run, now));
    case 'hash':
      return <span className="mono">{run.configHash}</span>;
    default: {
      if (column.measure !== undefined)
        return formatMetric(column.metric?.unit ?? 'number', measured(run, column.measure, lookup));
      const [value] = fieldOf(column.id, fields)?.values(run) ?? [];
      return <Text text={value === undefined ? NO_VALUE : formatExact(value)} />;
    }
  }
});

function Text({ text }: { text: string }) {
  return (
    <span className="ellipsis" title={text}>
      {text}
    </span>
  );
}

export function Tags({ tags }: { tags: readonly string[] }) {
  return tags.map((tag) => (
    <span key={tag} className={`${css.tag} ellipsis`} title={tag}>
      {tag}
    </span>
  ));
}

function NameCell({ run, scheme, onOpen }: Pick<CellContext, 'scheme' | 'onOpen'> & { run: RunSummary }) {
  const marks = [
    ...(isEvaluation(run)
      ? [{ mark: 'eval', help: 'An evaluation: measures its policy once and does not train.' }]
      : []),
    ...(run.testTime
      ? [{ mark: 'test-time', help: 'Trained on the problems that it is validated on: no accuracy is held out.' }]
      : []),
    ...(run.origin === null
      ? []
      : [{ mark: 'imported', help: `Imported from ${run.origin.format}: ${run.origin.file}` }]),
    ...(run.controlOf === null ? [] : [{ mark: 'control', help: 'The matched control of a bootstrapped run.' }]),
  ];
  return (
    <>
      <span className={css.colour} style={{ background: runColour(run.number, scheme) }} aria-hidden />
      {/* The router's own link listens to every change of the address, which is a lot for each row that scrolls by. */}
      <a
        href={`/runs/${run.id}`}
        className={`${css.name} ellipsis`}
        title={run.name}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
          event.preventDefault();
          onOpen(run.id);
        }}
      >
        {run.name}
      </a>
      <span className={css.ordinal}>#{run.number}</span>
      {marks.map(({ mark, help }) => (
        <span key={mark} className={css.mark} title={help}>
          {mark}
        </span>
      ))}
    </>
  );
}

function StatusCell({ run, place }: { run: RunSummary; place: number | undefined }) {
  const underWay = run.status === 'running' || run.status === 'paused';
  return (
    <div className={css.progress} title={run.error ?? undefined}>
      <div className={css.statusLine}>
        <RunStatus status={run.status} />
        <span className="faint ellipsis">{underWay ? timeLeft(run) : progressNote(run, place)}</span>
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
  return run.secondsLeft === null ? progressOf(run) : `${formatRoughly(run.secondsLeft)} left`;
}

const progressOf = ({ step, steps }: RunSummary) => `${formatCompact(step)}${THIN}/${THIN}${formatCompact(steps)}`;

/** Finished runs have done all their steps; the others say how far they came. */
function progressNote(run: RunSummary, place: number | undefined): string {
  if (run.status === 'queued') {
    if (place === undefined) return '';
    return place === 1 ? 'next' : `place ${place}`;
  }
  if (isEvaluation(run)) return '';
  if (run.status !== 'finished') return progressOf(run);
  return `${formatCompact(run.steps)} ${run.steps === 1 ? 'step' : 'steps'}`;
}
