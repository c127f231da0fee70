import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { LazySandbox } from '../../../src-main/runs/lazy-sandbox.ts';
import { moveRun } from '../../../src-main/runs/lifecycle.ts';
import { readMemorySettings } from '../../../src-main/runs/memory-settings.ts';
import { askOwner } from '../../../src-main/runs/remote.ts';
import { detailOf } from '../../../src-main/runs/summary.ts';
import type { Sandbox } from '../../../src-main/sandbox/sandbox.ts';
import { lockFolder } from '../../../src-main/store/lock.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { type CanaryReport, events } from '../../../src-shared/api.ts';
import { isOutOfMemory } from '../../../src-shared/memory.ts';
import type { Verdict } from '../../../src-shared/verdict.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder, writePolicy } from '../../fixtures/folders.ts';
import { stepEvent } from '../../fixtures/steps.ts';
import { echoSandbox, startSupervisor } from '../../fixtures/supervisor.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

describe('a run that goes well', () => {
  test('is stored, then published, step by step, and finishes', async () => {
    const s = await startSupervisor();
    const behind: string[] = [];
    s.on('step', ({ runId, step, metrics }) => {
      const [stored] = s.store.steps.after(runId, step - 1);
      if (!isDeepStrictEqual(stored, { step, metrics })) behind.push(`step ${step}`);
      if (s.store.rollouts.summaries(runId, step, 'train').length !== 2) behind.push(`rollouts of ${step}`);
    });
    s.on('checkpoint', ({ id }) => void (s.store.checkpoints.find(id) ?? behind.push(id)));
    s.on('run', ({ id, status }) => void (s.store.runs.get(id).status === status || behind.push(status)));

    const runId = await s.launch({ steps: 6, checkpointEvery: 4 });
    await s.reaches(runId, 'finished');
    expect(behind).toEqual([]);
    expect(s.store.steps.after(runId, -1).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(s.store.checkpoints.ofRun(runId).map(({ step, parentId }) => [step, parentId])).toEqual([
      [4, null],
      [6, `${runId}-4`],
    ]);
    expect(s.store.runs.get(runId)).toMatchObject({ engine: 'fake', datasetHash: 'abc', parameters: 10, error: null });
    for (const { event, payload } of s.published) expect(events[event].safeParse(payload).error).toBeUndefined();
    const statuses = s.published.flatMap(({ event, payload }) =>
      event === 'run' ? [events.run.parse(payload).status] : [],
    );
    expect([...new Set(statuses)]).toEqual(['queued', 'running', 'finished']);
  });

  test('gets verdicts from the sandbox, in order, and records its isolation', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'execute@1', steps: 1 });
    await s.reaches(runId, 'finished', 'failed');
    expect(s.store.runs.get(runId)).toMatchObject({ status: 'finished', isolation: 'rlimits' });
  });

  describe('a run that collapses', () => {
    const collapsed = async (onCollapse: 'note' | 'pause' | 'stop', end: 'finished' | 'paused' | 'stopped') => {
      const s = await startSupervisor();
      const runId = await s.launch({ name: 'shorten', steps: 40, checkpointEvery: 10, onCollapse });
      await s.reaches(runId, end);
      return { s, runId };
    };
    const notes = (s: Awaited<ReturnType<typeof startSupervisor>>, runId: string) =>
      s.store.notes.ofRun(runId).map(({ level, message }) => `${level}: ${message}`);

    test('goes on with a note, and shows since when', async () => {
      const { s, runId } = await collapsed('note', 'finished');
      expect(notes(s, runId)).toEqual([expect.stringMatching(/^warning: Collapse since step 13: [^\n]+$/)]);
      expect(detailOf(s.store, s.store.runs.get(runId)).collapse).toMatchObject({ mode: 'short', onset: 13 });
    });

    test('is paused or stopped where that is asked for', async () => {
      const paused = await collapsed('pause', 'paused');
      expect(paused.s.store.steps.last(paused.runId)).toBeLessThan(40);
      const stopped = await collapsed('stop', 'stopped');
      expect(stopped.s.store.steps.last(stopped.runId)).toBeLessThan(40);
      expect(stopped.s.store.checkpoints.ofRun(stopped.runId).length).toBeGreaterThan(0);
    });

    test('is not told of again when it goes on from a checkpoint after its onset', async () => {
      const { s, runId } = await collapsed('note', 'finished');
      await s.supervisor.resume(runId, 45);
      await s.reaches(runId, 'finished');
      expect(notes(s, runId)).toHaveLength(1);
    });
  });

  test('the log says when the sandbox failed and ran again what it lost', async () => {
    let faults = 0;
    const openSandbox = async (): Promise<Sandbox> => {
      const sandbox = await echoSandbox();
      const run: Sandbox['run'] = (program) => {
        faults += 1;
        return sandbox.run(program);
      };
      return { ...sandbox, run, stats: () => ({ ...sandbox.stats(), faults, lastFault: 'the server ended' }) };
    };
    const s = await startSupervisor({ openSandbox });
    const runId = await s.launch({ name: 'execute@1', steps: 1 });
    await s.reaches(runId, 'finished', 'failed');
    const notes = s.store.notes.ofRun(runId).filter(({ level }) => level === 'warning');
    expect(notes.map(({ message }) => message)).toEqual([
      `The sandbox failed ${faults} times and ran what it lost again: the server ended`,
    ]);
  });

  test('progress is thinned out, steps are not', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ steps: 40 });
    await s.reaches(runId, 'finished');
    const count = (event: string) => s.published.filter((p) => p.event === event).length;
    expect(count('step')).toBe(41);
    expect(count('progress')).toBeLessThan(40);
    expect(count('progress')).toBeGreaterThan(0);
  });

  test('others wait in the order in which they came, and one that waits can be taken out', async () => {
    const s = await startSupervisor();
    const order: string[] = [];
    s.on('run', ({ id, status }) => void (status === 'running' && order.at(-1) !== id && order.push(id)));
    const first = await s.launch({ name: 'slow', steps: 4 });
    const [second, third, fourth] = [await s.launch({}), await s.launch({}), await s.launch({})];
    s.supervisor.stop(third);
    await s.reaches(fourth, 'finished');
    expect(order).toEqual([first, second, fourth]);
    expect(s.store.runs.get(third)).toMatchObject({ status: 'stopped', startedAt: null });
  });
});

describe('pause, resume, stop', () => {
  test('a paused run keeps its worker and goes on where it was', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'slow', steps: 12 });
    await s.reachesStep(runId, 2);
    s.supervisor.pause(runId);
    await s.reaches(runId, 'paused');
    const [at, pid] = [s.store.steps.last(runId), s.supervisor.workerPid];
    expect(at).toBeLessThan(12);
    await expect(s.supervisor.resume(runId, 50)).rejects.toMatchObject({ code: 'conflict' });
    expect(s.store.steps.last(runId)).toBe(at);
    await s.supervisor.resume(runId);
    await s.reaches(runId, 'running');
    expect(s.supervisor.workerPid).toBe(pid);
    await s.reaches(runId, 'finished');
    expect(s.store.steps.after(runId, -1)).toHaveLength(13);
  });

  test('a stop ends after the step, with a checkpoint; resuming goes on from it', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'slow', steps: 200 });
    await s.reachesStep(runId, 3);
    s.supervisor.stop(runId);
    await s.reaches(runId, 'stopped');
    const at = s.store.steps.last(runId) ?? 0;
    expect(s.store.checkpoints.last(runId)?.step).toBe(at);
    const before = s.published.length;
    await s.supervisor.resume(runId, at + 3);
    await s.reaches(runId, 'finished');
    const steps = s.published
      .slice(before)
      .flatMap((p) => (p.event === 'step' ? [events.step.parse(p.payload).step] : []));
    expect(steps).toEqual([at + 1, at + 2, at + 3]);
    expect(s.supervisor.summary(runId)).toMatchObject({ steps: at + 3, step: at + 3 });
  });

  test('a paused run can be stopped', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'slow', steps: 200 });
    s.supervisor.pause(runId);
    await s.reaches(runId, 'paused');
    s.supervisor.stop(runId);
    await s.reaches(runId, 'stopped');
  });

  test('a worker that does not answer a stop is killed', async () => {
    const s = await startSupervisor({ stopSilenceMs: 200 });
    const runId = await s.launch({ name: 'hang@3', steps: 5, checkpointEvery: 2 });
    await s.isInStep(3);
    s.supervisor.stop(runId);
    await s.reaches(runId, 'interrupted');
    expect(s.store.runs.get(runId).error).toMatch(/^Stopped by force: the worker said nothing for 0\.2 s/);
  });

  test.each([
    ['pause', 'paused'],
    ['stop', 'stopped'],
  ] as const)('what is not live cannot be told to %s', async (action, word) => {
    const s = await startSupervisor();
    const runId = await s.launch({ steps: 1 });
    await s.reaches(runId, 'finished');
    expect(() => s.supervisor[action](runId)).toThrow(`Run #1 is finished: it cannot be ${word}`);
    expect(() => s.supervisor[action]('nobody')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});

describe('a worker that fails', () => {
  test.each([
    ['throw@3', 'failed', /^The loss of step 3 is not finite$/],
    ['mistake@3', 'failed', /^undefined is not a function$/],
    ['late@3', 'failed', /^thrown from a timer$/],
    ['exit@3', 'interrupted', /^The worker ended by itself with code 7: something about memory$/],
    ['crash@3', 'interrupted', /^The worker was killed by SIGKILL \(often: out of memory\)$/],
    ['nonsense@3', 'failed', /^The worker sent a malformed message: event\.step: /],
  ] as const)('%s: %s, and the next run starts', async (name, status, error) => {
    const s = await startSupervisor();
    const runId = await s.launch({ name, steps: 5 });
    const next = await s.launch({ steps: 1 });
    await s.reaches(next, 'finished');
    expect(s.store.runs.get(runId)).toMatchObject({ status, error: expect.stringMatching(error) });
    expect(s.store.steps.last(runId)).toBe(2);
  });

  test('for want of memory is interrupted, says what helps, and goes on with less', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'memory@3', steps: 5, checkpointEvery: 2 });
    await s.reaches(runId, 'interrupted', 'failed');
    const { status, error, config } = s.store.runs.get(runId);
    expect([status, error]).toEqual(['interrupted', 'Out of memory at step 3: no room. What helps: less.']);
    expect(isOutOfMemory(error)).toBe(true);

    await s.supervisor.resume(runId);
    await s.reaches(runId, 'interrupted');
    expect(s.store.steps.last(runId)).toBe(2);
    await s.supervisor.resume(runId, undefined, { recompute: true });
    await s.reaches(runId, 'finished', 'failed', 'interrupted');
    expect(s.store.runs.get(runId)).toMatchObject({ status: 'finished', error: null, config });
    expect(s.store.notes.ofRun(runId).map(({ message }) => message)).toContain('Goes on with activations recomputed');
    // It stays so: whatever made it short of memory is still there.
    await s.supervisor.resume(runId, 6, { microBatchTokens: 128 });
    await s.reaches(runId, 'finished', 'failed', 'interrupted');
    expect(readMemorySettings(s.home, runId)).toEqual({ recompute: true, microBatchTokens: 128 });
  });

  test('what it printed is in its log', async () => {
    const s = await startSupervisor();
    const runId = await s.launch({ name: 'mistake@1', steps: 5 });
    await s.reaches(runId, 'failed');
    await vi.waitFor(
      () =>
        expect(readFileSync(join(s.home, 'runs', runId, 'worker.log'), 'utf8')).toContain(
          'TypeError: undefined is not a function',
        ),
      30_000,
    );
  });

  test('an entry that does not exist fails the run, not the app', async () => {
    const s = await startSupervisor({ workerEntry: '/nowhere/worker.ts' });
    const runId = await s.launch({});
    await s.reaches(runId, 'interrupted');
    expect(s.store.runs.get(runId).error).toMatch(/^The worker ended by itself with code 1/);
  });

  test('a sandbox that cannot open fails the run in one line', async () => {
    const s = await startSupervisor({ openSandbox: () => Promise.reject(new Error('no Python\n  at x')) });
    const runId = await s.launch({ name: 'execute@1', steps: 1 });
    await s.reaches(runId, 'failed');
    expect(s.store.runs.get(runId).error).toBe('The sandbox cannot run: no Python');
  });

  test('a full disk fails the run; what was stored stays, and the status is told even if it cannot be stored', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const home = await temporaryFolder();
    const store = openStore(home, 'owner');
    const s = await startSupervisor({ home, store });
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    const refuse = () => {
      throw full;
    };
    const saving = vi.spyOn(store, 'saveStep');
    const moving = vi.spyOn(store.runs, 'setStatus');
    s.on('step', ({ step }) => {
      if (step !== 2) return;
      saving.mockImplementation(refuse);
      moving.mockImplementation(refuse);
    });
    const runId = await s.launch({ name: 'slow', steps: 9 });
    await s.reaches(runId, 'failed');
    expect(s.supervisor.summary(runId)).toMatchObject({
      status: 'failed',
      error: 'The disk is full: database or disk is full',
      step: 2,
    });
    expect(store.runs.get(runId).status).toBe('running');
    saving.mockRestore();
    moving.mockRestore();
    await vi.waitFor(() => expect(store.runs.get(runId).status).toBe('failed'), { timeout: 30_000 });
    expect(report).toHaveBeenCalled();
    report.mockRestore();
  });
});

describe('a sandbox that does not hold', () => {
  const canary = (id: string, got: Verdict, held: boolean | null): CanaryReport['results'][number] => ({
    id,
    title: id,
    language: 'python',
    claim: 'verdicts',
    tries: '',
    expected: ['wrong-answer'],
    got,
    detail: null,
    held,
    wallMs: 1,
  });
  const report = (...broken: string[]): CanaryReport => ({
    isolation: 'rlimits',
    results: [
      canary('wrong', 'wrong-answer', true),
      canary('files', 'passed', null),
      ...broken.map((id) => canary(id, 'passed', false)),
    ],
    held: broken.length === 0,
  });
  const sandboxThat = (...broken: string[]) => {
    const sandbox = new LazySandbox(echoSandbox);
    return { sandbox, check: vi.spyOn(sandbox, 'check').mockResolvedValue(report(...broken)) };
  };

  test('fails a run before its first step, and names the canary', async () => {
    const { sandbox } = sandboxThat('forged-report');
    const s = await startSupervisor({ sandbox });
    const runId = await s.launch({ name: 'execute@1', steps: 2 });
    await s.reaches(runId, 'failed');
    expect(s.store.runs.get(runId).error).toBe(
      'The sandbox does not hold: forged-report (passed, not wrong-answer); "assay sandbox check" shows more',
    );
    expect(s.store.steps.last(runId) ?? 0).toBe(0);
    expect(s.store.runs.get(runId).isolation).toBeNull();
  });

  test('lets a run that allows it go on, with a note and a mark that stays', async () => {
    const { sandbox, check } = sandboxThat('forged-report', 'hunt');
    const s = await startSupervisor({ sandbox });
    const runId = await s.launch({ name: 'execute@1', steps: 1, unsafeSandbox: true });
    await s.reaches(runId, 'finished');
    expect(s.store.runs.get(runId).isolation).toBe('rlimits · UNSAFE: forged-report, hunt');
    const notes = s.store.notes.ofRun(runId);
    expect(notes).toMatchObject([
      { level: 'error', message: expect.stringMatching(/limits\.unsafeSandbox allows: forged-report \(.*, hunt \(/) },
    ]);
    expect(s.published.filter(({ event }) => event === 'note').map(({ payload }) => payload)).toEqual(notes);

    check.mockResolvedValue(report());
    await s.supervisor.resume(runId, 2);
    await s.reaches(runId, 'finished');
    expect(s.store.runs.get(runId).isolation).toBe('rlimits · UNSAFE: forged-report, hunt');
  });

  test('does not fail a run that was stopped while it was looked at', async () => {
    const { sandbox, check } = sandboxThat();
    const looking = Promise.withResolvers<CanaryReport>();
    check.mockReturnValue(looking.promise);
    const s = await startSupervisor({ sandbox });
    const runId = await s.launch({ name: 'slow', steps: 500 });
    await s.reachesStep(runId, 1);
    s.supervisor.stop(runId);
    await s.reaches(runId, 'stopped');
    looking.reject(new Error('The sandbox was closed'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(s.store.runs.get(runId)).toMatchObject({ status: 'stopped', error: null });
  });
});

describe('problems whose checkers cannot be run here', () => {
  const folder = join(import.meta.dirname, '../../fixtures/problem-sets/codecontests-plus');
  const options = {
    path: join(folder, '1x.jsonl'),
    testlib: join(folder, 'testlib.h'),
    validationShare: 1,
    testShare: 0,
  };
  const problems = { kind: 'codecontests-plus', options };
  const cpp = { language: 'cpp', title: 'C++', kinds: ['stdin'] } as const;
  const sandboxWith = (report: { version: string | null; missing: string | null }) => async () => ({
    ...(await echoSandbox()),
    languages: [{ ...cpp, ...report }],
  });

  test('are refused before the run exists, by problem, language and what is missing', async () => {
    const s = await startSupervisor({ openSandbox: sandboxWith({ version: null, missing: 'install g++' }) });
    const config = { problems, steps: 0, maxNewTokens: 8 };
    await expect(s.launch(config)).rejects.toMatchObject({
      code: 'usage',
      path: 'problems.options',
      message: 'problems.options: the tests of problem 9_A cannot be judged here: the checker, C++: install g++',
    });
    expect(s.store.runs.all()).toEqual([]);
    // Judged without them, they can be.
    const exact = { ...problems, options: { ...options, checkers: 'ignore' } };
    await expect(s.launch({ ...config, problems: exact })).resolves.toMatch(/./);
  });

  test('are no reason where the language is there, nor where the sandbox cannot even be opened', async () => {
    const s = await startSupervisor({ openSandbox: sandboxWith({ version: 'g++ 12', missing: null }) });
    await expect(s.launch({ problems, steps: 0, maxNewTokens: 8 })).resolves.toMatch(/./);
    const closed = await startSupervisor({ openSandbox: () => Promise.reject(new Error('no bubblewrap')) });
    await expect(closed.launch({ problems, steps: 0, maxNewTokens: 8 })).resolves.toMatch(/./);
  });
});

describe('the end of the app', () => {
  test('closing stops the running run with a checkpoint and interrupts those that wait', async () => {
    const s = await startSupervisor();
    const running = await s.launch({ name: 'slow', steps: 500 });
    const waiting = await s.launch({});
    await s.reachesStep(running, 2);
    await s.supervisor.close();
    expect(s.store.runs.get(running)).toMatchObject({ status: 'stopped', error: null });
    expect(s.store.checkpoints.last(running)?.step).toBe(s.store.steps.last(running));
    expect(s.store.runs.get(waiting)).toMatchObject({
      status: 'interrupted',
      error: 'Assay was closed before the run started',
    });
    expect(s.supervisor.workerPid).toBeUndefined();
  });

  test('a step that takes too long does not keep the app', async () => {
    const s = await startSupervisor({ closeMs: 200 });
    const runId = await s.launch({ name: 'hang@2', steps: 5 });
    await s.isInStep(2);
    await s.supervisor.close();
    expect(s.store.runs.get(runId)).toMatchObject({
      status: 'interrupted',
      error: expect.stringMatching(/^Assay was closed and the step/),
    });
  });

  test('a killed app takes its worker with it and leaves whole steps and a free folder', async () => {
    const home = await temporaryFolder();
    await writePolicy(join(home, 'policy'));
    const script = join(import.meta.dirname, '../../fixtures/training-owner.ts');
    const owner = spawn(process.execPath, [script, home], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(owner.stdout, 'data');
    const workerPid = Number(String(said));
    expect(isAlive(workerPid)).toBe(true);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await vi.waitFor(() => expect(isAlive(workerPid)).toBe(false), { timeout: 60_000 });

    lockFolder(home).release();
    const s = await startSupervisor({ home });
    const [run] = s.store.runs.all();
    expect(run).toMatchObject({ status: 'interrupted', error: 'Assay ended while the run was running' });
    const steps = s.store.steps.after(run?.id ?? '', -1);
    expect(steps.length).toBeGreaterThanOrEqual(4);
    for (const { step, metrics } of steps) expect(metrics).toMatchObject(stepEvent(step).metrics);
  });

  test('what was live when the app died is interrupted at the next start, and nothing starts by itself', async () => {
    const home = await temporaryFolder();
    const store = openStore(home, 'owner');
    const add = () =>
      store.runs.insert({ id: store.runs.freshId(), config: runConfig(), codeVersion: '1', parentCheckpointId: null })
        .id;
    const [queued, running, paused] = [add(), add(), add()];
    for (const id of [running, paused]) moveRun(store, id, 'running');
    moveRun(store, paused, 'paused');
    const s = await startSupervisor({ home, store });
    expect([queued, running, paused].map((id) => store.runs.get(id)).map((r) => [r.status, r.error])).toEqual([
      ['interrupted', 'Assay ended before the run started'],
      ['interrupted', 'Assay ended while the run was running'],
      ['interrupted', 'Assay ended while the run was paused'],
    ]);
    expect(s.supervisor.workerPid).toBeUndefined();
  });
});

describe('other processes', () => {
  test('can pause, resume and stop, and are told what is wrong', async () => {
    const s = await startSupervisor();
    const lock = lockFolder(s.home);
    const runId = await s.launch({ name: 'slow', steps: 500 });
    await s.reachesStep(runId, 1);
    await askOwner(s.home, { runId, action: 'pause', steps: null });
    await s.reaches(runId, 'paused');
    await askOwner(s.home, { runId, action: 'resume', steps: null });
    await s.reaches(runId, 'running');
    await askOwner(s.home, { runId, action: 'stop', steps: null });
    await s.reaches(runId, 'stopped');
    await expect(askOwner(s.home, { runId, action: 'stop', steps: null })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Run #1 is stopped: it cannot be stopped',
    });
    expect(s.store.requests.open()).toEqual([]);
    lock.release();
    await expect(askOwner(s.home, { runId, action: 'stop', steps: null })).rejects.toMatchObject({ code: 'conflict' });
  });
});
