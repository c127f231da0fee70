/** What the desktop shows of runs while the window is elsewhere: progress in the task bar, a word when a run ends or
 * collapses, and the menu's recent runs. Plain values; desktop.ts hands them to the system. */
import type { RunDetail, RunSummary } from '../../src-shared/api.ts';

export interface TaskBar {
  /** 0..1; -1 shows none. */
  readonly fraction: number;
  readonly mode: 'normal' | 'paused';
}

/** Of all runs that are not over: steps done of steps wanted. */
export function taskBarOf(active: readonly RunSummary[]): TaskBar {
  const wanted = active.reduce((sum, { steps }) => sum + steps, 0);
  if (active.length === 0) return { fraction: -1, mode: 'normal' };
  const done = active.reduce((sum, { step }) => sum + step, 0);
  const isPaused =
    active.some(({ status }) => status === 'paused') && active.every(({ status }) => status !== 'running');
  return { fraction: wanted === 0 ? 0 : Math.min(1, done / wanted), mode: isPaused ? 'paused' : 'normal' };
}

export interface Word {
  readonly title: string;
  readonly body: string;
}

export function endOf(run: RunSummary): Word {
  return {
    title: `${run.name} ${run.status}`,
    body: run.error ?? (run.steps === 0 ? 'Evaluation' : `Step ${run.step} of ${run.steps}`),
  };
}

export function collapseOf({ name, collapse }: RunDetail): Word | null {
  return collapse === null ? null : { title: `${name} collapsed at step ${collapse.onset}`, body: collapse.why };
}

export interface RecentRun {
  readonly label: string;
  /** Page of the window. */
  readonly path: string;
}

const RECENT = 10;

/** Newest first. */
export function recentRuns(runs: readonly RunSummary[]): readonly RecentRun[] {
  return runs
    .toSorted((a, b) => b.createdAt - a.createdAt || b.number - a.number)
    .slice(0, RECENT)
    .map(({ id, name, number, status }) => ({ label: `${name} #${number} (${status})`, path: `/runs/${id}` }));
}
