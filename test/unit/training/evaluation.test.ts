/** Evaluations with a real engine in a real worker: what is stopped or killed comes out as if it had never been. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import type { Sandbox } from '../../../src-main/sandbox/sandbox.ts';
import { checkpointsFolder } from '../../../src-main/store/home.ts';
import type { Store } from '../../../src-main/store/store.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import { startSupervisor } from '../../fixtures/supervisor.ts';
import { judgeTinyPy } from '../../fixtures/tinypy-judge.ts';

vi.setConfig({ testTimeout: 240_000 });

/** Judges one-liners in this process. @param hold Called for each program, which waits for it. */
const sandboxOf = (hold: () => Promise<void>) => async (): Promise<Sandbox> => ({
  isolation: { level: 'rlimits', detail: 'none', network: true },
  languages: [],
  run: async (request) => {
    await hold();
    return judgeTinyPy({
      ...{ code: request.code, functionName: 'f', tests: request.tests, anew: false, stopAtFirstFailure: false },
      limits: { wallMs: 1000, memoryMb: 64 },
    });
  },
  stats: () => ({ running: 0, queued: 0, done: 0, testsDone: 0, testsPerSecond: 0, faults: 0, lastFault: null }),
  close: async () => {},
});

const evaluation = (values: FlatValues = {}) =>
  resolveConfig({
    name: 'evaluation',
    preset: null,
    values: {
      ...{ 'limits.steps': 0, 'evaluation.problems': 40, 'evaluation.samples': 16, 'policy.engine': 'kernels-wasm' },
      ...values,
    },
  });

const start = (hold: () => Promise<void> = async () => {}) =>
  startSupervisor({
    openSandbox: sandboxOf(hold),
    workerEntry: join(import.meta.dirname, '../../../src-main/worker.ts'),
  });

/** Everything of step 0 but what the machine was like. */
function resultOf(store: Store, runId: string) {
  const [step] = store.steps.after(runId, -1);
  const metrics = Object.entries(step?.metrics ?? {}).filter(([name]) => !/^(time|system)\//.test(name));
  const rollouts = store.rollouts.summaries(runId, 0, 'eval').map(({ id }) => {
    const { id: _id, runId: _run, ...rest } = store.rollouts.get(id);
    return rest;
  });
  return { metrics: Object.fromEntries(metrics), rollouts };
}

const logOf = (home: string, runId: string) => join(checkpointsFolder(home, runId), 'evaluation.jsonl');
async function linesOf(path: string): Promise<number> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(20);
}

describe('an evaluation', () => {
  test('killed in its second of three calls, with a torn line, it goes on, bit for bit as one that was not', async () => {
    let judged = 0;
    const whole = await start(async () => void judged++);
    const reference = await whole.supervisor.launch(evaluation());
    await whole.reaches(reference, 'finished', 'failed');
    expect(whole.supervisor.summary(reference)).toMatchObject({ status: 'finished', step: 0, steps: 0, error: null });
    const expected = resultOf(whole.store, reference);
    expect(expected.rollouts).toHaveLength(640);
    expect(expected.metrics['eval/pass@16']).toBeGreaterThan(expected.metrics['eval/avg@k'] ?? 1);
    expect(whole.store.checkpoints.ofRun(reference)).toEqual([]);
    expect(await linesOf(logOf(whole.home, reference))).toBe(0);

    const all = judged;
    let held = Promise.resolve();
    let release = () => {};
    const cut = await start(() => {
      judged++;
      return held;
    });
    const runId = await cut.supervisor.launch(evaluation());
    const path = logOf(cut.home, runId);
    // Header and first call; the second is then held in the sandbox.
    await until(async () => {
      if ((await linesOf(path)) < 2) return false;
      held = new Promise<void>((resolve) => {
        release = resolve;
      });
      return true;
    });
    process.kill(cut.supervisor.workerPid ?? 0, 'SIGKILL');
    await cut.reaches(runId, 'interrupted');
    release();
    held = Promise.resolve();
    judged = 0;
    const before = await readFile(path, 'utf8');
    const lines = before.split('\n').length - 1;
    expect(lines).toBeLessThan(4);
    // What a power failure leaves: half of the next line.
    await appendFile(path, (before.split('\n')[1] ?? '').slice(0, 5000));
    await cut.supervisor.resume(runId);
    await cut.reaches(runId, 'finished', 'failed');
    expect(resultOf(cut.store, runId)).toEqual(expected);
    // What was judged before is not judged again.
    expect(judged).toBeLessThan(0.8 * all);
    expect(judged).toBeGreaterThan(0);
    expect(await linesOf(path)).toBe(0);
  });

  test('a stop ends it between two calls, and a log of other problems or another policy is not believed', async () => {
    const app = await start();
    const runId = await app.supervisor.launch(evaluation());
    const path = logOf(app.home, runId);
    await until(async () => (await linesOf(path)) >= 2);
    app.supervisor.stop(runId);
    await app.reaches(runId, 'stopped', 'finished');
    expect(app.supervisor.summary(runId).status).toBe('stopped');
    const logged = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    expect(logged.length).toBeLessThan(4);
    // As if problems had changed: another stamp, and a call in which everything passed.
    const other = JSON.stringify({ ...JSON.parse(logged[0] ?? ''), stamp: 'another' });
    await writeFile(path, `${[other, (logged[1] ?? '').replaceAll('wrong-answer', 'passed')].join('\n')}\n`);
    await app.supervisor.resume(runId);
    await app.reaches(runId, 'finished', 'failed');

    const reference = await app.supervisor.launch(evaluation());
    await app.reaches(reference, 'finished', 'failed');
    expect(resultOf(app.store, runId)).toEqual(resultOf(app.store, reference));
    await expect(app.supervisor.resume(runId, 5)).rejects.toThrow('is an evaluation');
    await expect(app.supervisor.resume(runId)).rejects.toThrow('is an evaluation');
  });

  test('is what a training run of the same seed validates before its first step', async () => {
    const app = await start();
    const training = { 'limits.steps': 1, 'rollouts.problemsPerStep': 2, 'optimiser.minibatchProblems': 2 };
    const evaluated = await app.supervisor.launch(evaluation());
    const trained = await app.supervisor.launch(evaluation({ ...training, 'evaluation.testTime': true }));
    await app.reaches(trained, 'finished', 'failed');
    expect(resultOf(app.store, trained).rollouts).toEqual(resultOf(app.store, evaluated).rollouts);

    const summary = app.supervisor.summary(trained);
    expect([summary.testTime, app.supervisor.summary(evaluated).testTime]).toEqual([true, false]);
    expect(app.store.notes.ofRun(trained).map(({ message }) => message)).toContainEqual(
      expect.stringContaining('Test-time training: the 40 validation problems'),
    );
    const validated = new Set(app.store.rollouts.summaries(trained, 0, 'eval').map(({ problemId }) => problemId));
    const drawn = app.store.rollouts.summaries(trained, 1, 'train').map(({ problemId }) => problemId);
    expect(drawn.every((id) => validated.has(id))).toBe(true);
  });
});
