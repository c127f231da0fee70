import { expect, test } from 'vitest';
import { endOf, recentRuns, taskBarOf } from '../../../src-main/desktop/attention.ts';
import type { RunSummary } from '../../../src-shared/api.ts';
import { runSummary } from '../api/fake-shell.ts';

const run = (over: Partial<RunSummary>) => runSummary({ id: 'a', ...over });

test('the task bar shows the share of steps of all active runs', () => {
  expect(taskBarOf([])).toEqual({ fraction: -1, mode: 'normal' });
  const running = run({ status: 'running', step: 30, steps: 100 });
  expect(taskBarOf([running, run({ status: 'queued', step: 0, steps: 50 })])).toEqual({
    fraction: 0.2,
    mode: 'normal',
  });
  const paused = run({ status: 'paused', step: 1, steps: 2 });
  expect(taskBarOf([paused])).toEqual({ fraction: 0.5, mode: 'paused' });
  expect(taskBarOf([paused, running]).mode).toBe('normal');
  expect(taskBarOf([run({ status: 'running', step: 0, steps: 0 })]).fraction).toBe(0);
});

test('an end says how far it came, or why it failed', () => {
  expect(endOf(run({ name: 'x', status: 'finished', step: 5, steps: 5 }))).toEqual({
    title: 'x finished',
    body: 'Step 5 of 5',
  });
  expect(endOf(run({ status: 'failed', error: 'Disk full' })).body).toBe('Disk full');
});

test('recent runs are the ten newest', () => {
  const runs = Array.from({ length: 12 }, (_, i) => run({ id: `r${i}`, number: i, createdAt: i }));
  const recent = recentRuns(runs);
  expect(recent.map(({ path }) => path)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((i) => `/runs/r${i}`));
});
