/** What happened to a run: on a line of time, and as a list, newest first. */
import { Tooltip } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { formatCount, formatDateTime, formatDuration, NO_VALUE } from '../../../src-shared/format.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useCheckpoints, useNotes, useRun, useStepTimes } from '../../data/queries.ts';
import { EVENT_LANES, happenings, placesOnLine, type RunHappening } from '../../lib/run-events.ts';
import css from './EventsTab.module.css';
import tables from './tables.module.css';

export function EventsTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const run = useRun(runId).data;
  const notes = useNotes(runId);
  const checkpoints = useCheckpoints(runId).data;
  const stepTimes = useStepTimes(runId).data;
  const [chosen, setChosen] = useState<string | null>(null);
  const all = useMemo(
    () => (run === undefined ? [] : happenings(run, notes.data ?? [], checkpoints ?? [], stepTimes ?? null)),
    [run, notes.data, checkpoints, stepTimes],
  );
  if (notes.isError && notes.data === undefined)
    return <ErrorView error={notes.error} onRetry={() => void notes.refetch()} />;
  if (notes.data === undefined || run === undefined) return null;
  return (
    <div className={`${tables.page} scroll`}>
      <TimeLine all={all} chosen={chosen} onChoose={setChosen} />
      <table className={tables.table} aria-label="Events">
        <thead>
          <tr>
            <th>Time</th>
            <th className="number">Step</th>
            <th>Level</th>
            <th>Message</th>
          </tr>
        </thead>
        <tbody>
          {all.toReversed().map(({ key, at, step, level, text }) => (
            <tr key={key} id={`event-${key}`} data-chosen={key === chosen} className={css.row}>
              <td className="dim">{formatDateTime(at)}</td>
              <td className="number">{step === null ? NO_VALUE : formatCount(step)}</td>
              <td data-level={level} className={tables.level}>
                {level}
              </td>
              <td className={tables.message}>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface TimeLineProps {
  readonly all: readonly RunHappening[];
  readonly chosen: string | null;
  readonly onChoose: (key: string) => void;
}

function TimeLine({ all, chosen, onChoose }: TimeLineProps) {
  const places = placesOnLine(all);
  const [first, last] = [all[0], all.at(-1)];
  const choose = (key: string) => {
    onChoose(key);
    document.getElementById(`event-${key}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <section className={css.line} aria-label="Time line">
      {EVENT_LANES.map(({ id, title }) => {
        const ofLane = all.flatMap((happening, i) =>
          happening.lane === id ? [{ happening, place: places[i] ?? 0 }] : [],
        );
        return ofLane.length === 0 ? null : (
          <div key={id} className={css.lane}>
            <span className={css.title}>{title}</span>
            <div className={css.track}>
              {ofLane.map(({ happening: { key, level, text, at, step }, place }) => (
                <Tooltip
                  key={key}
                  label={`${formatDateTime(at)}${step === null ? '' : ` · step ${formatCount(step)}`} · ${text}`}
                  multiline
                  maw={420}
                >
                  <button
                    type="button"
                    className={css.mark}
                    data-level={id === 'collapse' ? 'collapse' : level}
                    data-chosen={key === chosen}
                    style={{ left: `${place * 100}%` }}
                    aria-label={`${text}, ${formatDateTime(at)}`}
                    onClick={() => choose(key)}
                  />
                </Tooltip>
              ))}
            </div>
          </div>
        );
      })}
      {first === undefined || last === undefined ? null : (
        <div className={css.ends}>
          <span>{formatDateTime(first.at)}</span>
          <span>
            {formatDateTime(last.at)} · {formatDuration((last.at - first.at) / 1000)} in all
          </span>
        </div>
      )}
    </section>
  );
}
