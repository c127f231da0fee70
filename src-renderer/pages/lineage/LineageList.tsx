/** The lineage as a list: a line a run, indented below what it started from, its checkpoints behind it. For the keyboard. */
import { useComputedColorScheme } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { runColour } from '../../../src-shared/charts/palette.ts';
import {
  formatCompact,
  formatCount,
  formatPercent,
  formatPercentWithError,
  NO_VALUE,
} from '../../../src-shared/format.ts';
import { RunStatus } from '../../components/RunStatus.tsx';
import type { Lane } from '../../lib/lineage/layout.ts';
import css from './LineageList.module.css';

const LINE_PX = 34;
const INDENT = 18;

interface LineageListProps {
  readonly lanes: readonly Lane[];
  readonly chosen: string | null;
  readonly active: number;
  readonly found: (runId: string) => boolean;
  readonly onChoose: (id: string) => void;
}

export function LineageList({ lanes, chosen, active, found, onChoose }: LineageListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lanes.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 12,
  });
  useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(active, { align: 'auto' });
  }, [active, virtual]);
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div ref={scroller} className={`${css.list} scroll`}>
      <table className={css.table} aria-label="Lineage" aria-rowcount={lanes.length + 1}>
        <thead>
          <tr>
            <th className={css.run}>Run</th>
            <th className={css.reward}>Reward</th>
            <th className={css.status}>Status</th>
            <th className={css.trained}>Trained since the root</th>
            <th>Checkpoints, with accuracy</th>
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <tr style={{ height: above }} aria-hidden /> : null}
          {items.map(({ index }) => {
            const lane = lanes[index];
            return lane === undefined ? null : (
              <Line
                key={lane.run.runId}
                lane={lane}
                index={index}
                chosen={chosen}
                isActive={index === active}
                isFound={found(lane.run.runId)}
                onChoose={onChoose}
              />
            );
          })}
          {below > 0 ? <tr style={{ height: below }} aria-hidden /> : null}
        </tbody>
      </table>
    </div>
  );
}

interface LineProps {
  readonly lane: Lane;
  readonly index: number;
  readonly chosen: string | null;
  readonly isActive: boolean;
  readonly isFound: boolean;
  readonly onChoose: (id: string) => void;
}

function Line({ lane: { run, depth, checkpoints }, index, chosen, isActive, isFound, onChoose }: LineProps) {
  const scheme = useComputedColorScheme('light');
  const last = checkpoints.at(-1)?.checkpoint;
  const marks = [
    run.controlOf === null ? '' : 'control',
    run.missing ? 'its checkpoint is gone' : '',
    run.deleted ? 'in the bin' : '',
  ].filter(Boolean);
  return (
    <tr aria-rowindex={index + 2} data-faded={!isFound} data-active={isActive} style={{ height: LINE_PX }}>
      <td>
        <span className={css.name} style={{ paddingLeft: depth * INDENT }}>
          <span className={css.colour} style={{ background: runColour(run.number, scheme) }} aria-hidden />
          <button
            type="button"
            aria-pressed={chosen === run.runId}
            title={run.name}
            onClick={() => onChoose(run.runId)}
          >
            {run.name} <span className="faint">#{run.number}</span>
          </button>
          <span className="faint">{marks.join(', ')}</span>
        </span>
      </td>
      <td className="ellipsis">
        {run.reward}
        {run.seed === null ? null : <span className="faint"> seed {run.seed}</span>}
      </td>
      <td>
        <RunStatus status={run.status} />
      </td>
      <td className={css.trained}>
        {last === undefined
          ? NO_VALUE
          : last.totalTokens === null
            ? `${formatCount(last.totalSteps)} steps`
            : `${formatCompact(last.totalTokens)} tokens`}
      </td>
      <td>
        <span className={css.checkpoints}>
          {checkpoints.map(({ checkpoint: { id, step, accuracy, standardError } }) => (
            <button
              key={id}
              type="button"
              aria-pressed={chosen === id}
              aria-label={`Checkpoint of step ${step}, accuracy ${formatPercentWithError(accuracy, standardError)}`}
              title={`Step ${formatCount(step)}: ${formatPercentWithError(accuracy, standardError)}`}
              onClick={() => onChoose(id)}
            >
              {formatCount(step)} <span className="faint">{formatPercent(accuracy, 0)}</span>
            </button>
          ))}
        </span>
      </td>
    </tr>
  );
}
