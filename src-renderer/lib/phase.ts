/** How far a run is, in words and as a share. */
import type { EventPayload } from '../../src-shared/api.ts';
import { formatCount, formatPercent, formatRoughly } from '../../src-shared/format.ts';

type Progress = EventPayload<'progress'>;

const PHASES: Readonly<Record<Progress['phase'], string>> = {
  sampling: 'Sampling',
  scoring: 'Scoring',
  updating: 'Updating',
  validating: 'Validating',
  saving: 'Saving',
};

/** `Sampling 62 % · step 43 of 100 · 12 min left`; an evaluation has no steps to tell. */
export function progressText(
  run: { readonly step: number; readonly steps: number; readonly secondsLeft: number | null },
  progress: Progress | undefined,
): string {
  const step = run.steps === 0 ? null : `step ${formatCount(progress?.step ?? run.step)} of ${formatCount(run.steps)}`;
  const phase = progress === undefined ? null : `${PHASES[progress.phase]} ${formatPercent(progress.fraction, 0)}`;
  const left = run.secondsLeft === null ? null : `${formatRoughly(run.secondsLeft)} left`;
  return [phase, step, left].filter((part) => part !== null).join(' · ');
}
