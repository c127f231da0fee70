/** The launch: what stands in its way, where the runs would stand in the queue, and what was launched last. */
import { Button, Kbd } from '@mantine/core';
import { useQueue, useRuns } from '../../data/queries.ts';
import type { FieldState } from '../../lib/run-form.ts';
import css from './LaunchBar.module.css';

const MOD = navigator.userAgent.includes('Mac') ? '⌘' : 'Ctrl';
const NAMED = 3;

interface LaunchBarProps {
  /** Of runs that would be launched; 0 while something is at fault. */
  readonly runs: number;
  readonly faulty: readonly FieldState[];
  /** What is wrong outside of the fields, one line each. */
  readonly others: readonly string[];
  readonly launching: boolean;
  readonly onShow: (path: string) => void;
  readonly onCompare: () => void;
}

export function LaunchBar({ runs, faulty, others, launching, onShow, onCompare }: LaunchBarProps) {
  const label = runs > 1 ? `Launch ${runs} runs` : 'Launch run';
  return (
    <div className={css.launch}>
      {faulty.length + others.length === 0 ? null : (
        <ul className={css.faults}>
          {faulty.slice(0, NAMED).map((field) => (
            <li key={field.path}>
              <button type="button" onClick={() => onShow(field.path)}>
                <b>{field.option.label}</b> {field.fault}
              </button>
            </li>
          ))}
          {faulty.length > NAMED ? <li className="dim">and {faulty.length - NAMED} more</li> : null}
          {others.map((message) => (
            <li key={message} className={css.fault}>
              {message}
            </li>
          ))}
        </ul>
      )}
      <Place runs={runs} />
      <Button
        type="submit"
        size="sm"
        fullWidth
        loading={launching}
        rightSection={
          <span className={css.keys} aria-hidden>
            <Kbd size="xs">{MOD}</Kbd>
            <Kbd size="xs">↵</Kbd>
          </span>
        }
      >
        {label}
      </Button>
      {runs > 1 ? (
        <Button variant="default" fullWidth disabled={launching} onClick={onCompare}>
          Launch and compare
        </Button>
      ) : null}
    </div>
  );
}

/** One run trains at a time. */
function Place({ runs }: { runs: number }) {
  const queue = useQueue().data;
  const running = useRuns().data?.filter(({ status }) => status === 'running' || status === 'paused');
  if (queue === undefined || running === undefined) return null;
  const before = queue.length + running.length;
  const first = runs > 1 ? 'The first starts' : 'Starts';
  return (
    <p className={css.place}>
      {before === 0
        ? `${first} at once.`
        : `${first} after ${before === 1 ? (running[0]?.name ?? 'the run that waits') : `${before} runs`}.`}
    </p>
  );
}
