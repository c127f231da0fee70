/** A run's status as a word with a mark of its own: colour is never the only sign. */
import {
  IconAlertCircle,
  IconBolt,
  IconCircleCheck,
  IconCircleDashed,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerStop,
} from '@tabler/icons-react';
import type { RunStatus as Status } from '../../src-shared/run.ts';
import css from './RunStatus.module.css';

const LOOK = {
  queued: { title: 'Queued', icon: IconCircleDashed, tone: 'quiet' },
  running: { title: 'Running', icon: IconPlayerPlayFilled, tone: 'running' },
  paused: { title: 'Paused', icon: IconPlayerPauseFilled, tone: 'waiting' },
  finished: { title: 'Finished', icon: IconCircleCheck, tone: 'finished' },
  failed: { title: 'Failed', icon: IconAlertCircle, tone: 'failed' },
  stopped: { title: 'Stopped', icon: IconPlayerStop, tone: 'quiet' },
  interrupted: { title: 'Interrupted', icon: IconBolt, tone: 'waiting' },
} as const;

export function RunStatus({ status }: { status: Status }) {
  const { title, icon: Icon, tone } = LOOK[status];
  return (
    <span className={css.status} data-tone={tone}>
      <Icon size={14} aria-hidden />
      <span className={css.word}>{title}</span>
    </span>
  );
}
