/** An outcome as a mark: colour and shape say the same, so that either is enough. */
import {
  IconAlertTriangle,
  IconCheck,
  IconClock,
  IconCode,
  IconCodeOff,
  IconExclamationMark,
  IconX,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { OUTCOME_COLOURS, OUTCOME_TITLES } from '../../src-shared/charts/palette.ts';
import type { Outcome } from '../../src-shared/rollout.ts';
import css from './OutcomeMark.module.css';

const ICONS: Readonly<Record<Outcome, ComponentType<{ size: number; stroke: number }>>> = {
  passed: IconCheck,
  'wrong-answer': IconX,
  'runtime-error': IconExclamationMark,
  'compile-error': IconCode,
  'time-limit': IconClock,
  'memory-limit': IconClock,
  'output-limit': IconClock,
  'sandbox-error': IconAlertTriangle,
  'no-code': IconCodeOff,
};

export function OutcomeMark({ outcome, size = 16 }: { outcome: Outcome; size?: number }) {
  const Icon = ICONS[outcome];
  return (
    <span
      className={css.mark}
      style={{ width: size, height: size, background: OUTCOME_COLOURS[outcome] }}
      role="img"
      aria-label={OUTCOME_TITLES[outcome]}
    >
      <Icon size={size - 5} stroke={3} />
    </span>
  );
}
