/** Asked before what is long or large is launched. */
import { Button, Modal } from '@mantine/core';
import { formatBytes, formatRoughly } from '../../../src-shared/format.ts';
import css from './LaunchBar.module.css';
import type { Asked } from './use-launch.ts';

interface ConfirmLaunchProps {
  readonly asked: Asked | null;
  readonly pending: boolean;
  readonly onAgree: () => void;
  readonly onDecline: () => void;
}

export function ConfirmLaunch({ asked, pending, onAgree, onDecline }: ConfirmLaunchProps) {
  return (
    <Modal opened={asked !== null} onClose={onDecline} title="This is a large launch" size="sm">
      {asked === null ? null : <Question asked={asked} pending={pending} onAgree={onAgree} onDecline={onDecline} />}
    </Modal>
  );
}

function Question({ asked, pending, onAgree, onDecline }: ConfirmLaunchProps & { asked: Asked }) {
  const { runs, seconds, disk, largest } = asked.estimate;
  const { peakBytes, availableBytes, fits } = largest.estimate;
  const rows = [
    ['Runs, one after another', String(runs)],
    [
      'Time',
      seconds === null
        ? 'unknown'
        : `${formatRoughly(seconds.total)} (${formatRoughly(seconds.low)} to ${formatRoughly(seconds.high)})`,
    ],
    ['Disk', `${formatBytes(disk.bytes)} of ${formatBytes(disk.freeBytes)} free`],
    ['Memory', `${formatBytes(peakBytes)} of ${formatBytes(availableBytes)} free`],
  ] as const;
  return (
    <div className={css.question}>
      <dl className={css.figures}>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {fits && disk.fits ? null : (
        <p className={css.fault}>More than is free now: it may fail, or slow this machine down.</p>
      )}
      <p className="dim">Runs can be stopped at any time, and go on from their last checkpoint.</p>
      <div className={css.answers}>
        <Button variant="default" onClick={onDecline}>
          Back to the form
        </Button>
        <Button loading={pending} onClick={onAgree} data-autofocus>
          {runs === 1 ? 'Launch run' : `Launch ${runs} runs`}
        </Button>
      </div>
    </div>
  );
}
