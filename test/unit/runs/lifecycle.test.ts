import { describe, expect, onTestFinished, test } from 'vitest';
import { moveRun } from '../../../src-main/runs/lifecycle.ts';
import { Database } from '../../../src-main/store/database.ts';
import { Store } from '../../../src-main/store/store.ts';
import { RUN_STATUSES, type RunStatus } from '../../../src-shared/run.ts';
import { runConfig } from '../../fixtures/configs.ts';

/** Written out, not taken from STATUS_MOVES: queued -> running <-> paused -> an end, and from an end back to the queue. */
const ENDS: readonly RunStatus[] = ['finished', 'failed', 'stopped', 'interrupted'];
const allowed = new Set([
  ...['running', 'stopped', 'failed', 'interrupted'].map((to) => `queued ${to}`),
  ...['paused', ...ENDS].map((to) => `running ${to}`),
  ...['running', 'failed', 'stopped', 'interrupted'].map((to) => `paused ${to}`),
  ...ENDS.map((from) => `${from} queued`),
]);

function runIn(status: RunStatus): { store: Store; id: string } {
  const store = new Store(new Database(':memory:', 'owner'));
  onTestFinished(() => store.close());
  const id = store.runs.freshId();
  store.runs.insert({ id, config: runConfig(), codeVersion: '1', parentCheckpointId: null });
  store.runs.setStatus(id, { status, startedAt: null, endedAt: null, error: null });
  return { store, id };
}

describe.each(RUN_STATUSES)('from %s', (from) => {
  test.each(RUN_STATUSES)('to %s', (to) => {
    const { store, id } = runIn(from);
    const move = () => moveRun(store, id, to, 'reason');
    if (allowed.has(`${from} ${to}`)) {
      expect(move()).toMatchObject({ status: to, error: 'reason' });
    } else {
      expect(move).toThrow(
        expect.objectContaining({ code: 'conflict', message: `Run #1 is ${from}: it cannot become ${to}` }),
      );
      expect(store.runs.get(id).status).toBe(from);
    }
  });
});

test('times: the first start stays, the end and the error are the last', () => {
  const { store, id } = runIn('queued');
  expect(moveRun(store, id, 'running', null, 10)).toMatchObject({ startedAt: 10, endedAt: null });
  expect(moveRun(store, id, 'paused', null, 20)).toMatchObject({ startedAt: 10, endedAt: null });
  expect(moveRun(store, id, 'failed', 'why', 30)).toMatchObject({ startedAt: 10, endedAt: 30, error: 'why' });
  expect(moveRun(store, id, 'queued', null, 40)).toMatchObject({ startedAt: 10, endedAt: null, error: null });
  expect(moveRun(store, id, 'running', null, 50)).toMatchObject({ startedAt: 10, endedAt: null });
});
