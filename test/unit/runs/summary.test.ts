import { expect, onTestFinished, test } from 'vitest';
import { summaryOf } from '../../../src-main/runs/summary.ts';
import { Database } from '../../../src-main/store/database.ts';
import { Store } from '../../../src-main/store/store.ts';
import type { StepMetrics } from '../../../src-shared/metrics.ts';
import { runConfig } from '../../fixtures/configs.ts';

function running(steps: number): { store: Store; id: string; save: (step: number, metrics: StepMetrics) => void } {
  const store = new Store(new Database(':memory:', 'owner'));
  onTestFinished(() => store.close());
  const id = store.runs.freshId();
  store.runs.insert({ id, config: runConfig({ steps }), codeVersion: '1', parentCheckpointId: null });
  store.runs.setStatus(id, { status: 'running', startedAt: 0, endedAt: null, error: null });
  return { store, id, save: (step, metrics) => store.saveStep(id, { kind: 'step', step, metrics, rollouts: [] }) };
}

test('time left: steps left at their recent pace, and the validations that come with them', () => {
  // Validation every 10 steps (the default) and after the last: at 20, 30 and 35.
  const { store, id, save } = running(35);
  const left = () => summaryOf(store, store.runs.get(id)).secondsLeft;
  expect(left()).toBeNull();
  save(0, { 'time/evaluation': 5 });
  expect(left()).toBeNull();
  for (let step = 1; step <= 12; step++) save(step, { 'time/step': step % 2 === 0 ? 1 : 3 });
  expect(left()).toBeCloseTo((35 - 12) * 2 + 3 * 5, 9);
  for (let step = 13; step <= 35; step++) save(step, { 'time/step': 1 });
  expect(left()).toBe(0);
});

test('time left is told of a running run only', () => {
  const { store, id, save } = running(35);
  save(1, { 'time/step': 1 });
  store.runs.setStatus(id, { status: 'paused', startedAt: 0, endedAt: null, error: null });
  expect(summaryOf(store, store.runs.get(id)).secondsLeft).toBeNull();
});

test('accuracy is the validation series', () => {
  const { store, id, save } = running(35);
  save(0, { 'eval/avg@k': 0.1 });
  save(1, { 'train/accuracy': 0.9 });
  save(10, { 'eval/avg@k': 0.3 });
  expect(summaryOf(store, store.runs.get(id))).toMatchObject({
    step: 10,
    accuracy: [
      { step: 0, value: 0.1 },
      { step: 10, value: 0.3 },
    ],
  });
});
