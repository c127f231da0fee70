/** Studies through the calls: a real store, a real supervisor, workers that train nothing. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type App, openApp } from '../../../src-main/app.ts';
import { nodeWorker } from '../../../src-main/runs/worker-process.ts';
import { calls, events } from '../../../src-shared/api.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import type { StudyProgress, StudySettings, StudyState } from '../../../src-shared/study.ts';
import { temporaryFolder, writePolicy } from '../../fixtures/folders.ts';
import { echoSandbox, fakeWorkerEntry } from '../../fixtures/supervisor.ts';

async function open(home: string): Promise<App> {
  const app = await openApp({
    ...{ home, openSandbox: echoSandbox, startWorker: nodeWorker },
    ...{ workerEntry: fakeWorkerEntry, closeMs: 10_000 },
  });
  onTestFinished(() => app.close());
  return app;
}

const settings = (id: string, steps: number, seeds: number[] = [1]): StudySettings => ({
  ...{ id, scale: 'tiny', seeds },
  values: { 'limits.steps': steps, 'limits.checkpointEvery': 0, 'evaluation.every': 0 },
});

/** Everything that was told of studies, and a wait for what is still to be told. */
function hear(app: App) {
  const heard: StudyProgress[] = [];
  app.api.on('study', (progress) => heard.push(events.study.parse(progress)));
  const until = (is: (progress: StudyProgress) => boolean) =>
    new Promise<StudyProgress>((resolve) => {
      const stop = app.api.on('study', (progress) => {
        if (!is(progress)) return;
        stop();
        resolve(progress);
      });
    });
  const reaches = (id: string, state: StudyState) =>
    until((progress) => progress.id === id && progress.state === state);
  return { heard, until, reaches };
}

const standings = async (app: App, of: StudySettings) =>
  calls.studyPlan.output.parse(await app.api.studyPlan(of)).runs.map(({ standing }) => standing);

test('every study says what it asks, what it is held against and what its figures show', async () => {
  const app = await open(await temporaryFolder());
  const studies = calls.studies.output.parse(await app.api.studies({}));
  const dynamics = studies.find(({ id }) => id === 'training-dynamics');
  expect(dynamics).toMatchObject({ arms: 7, runsPerSeed: 7, scales: ['tiny', 'paper'] });
  expect(dynamics?.findings.map(({ id }) => id)).toContain('T1');
  expect(dynamics?.findings[0]?.published).toMatch(/^"early gains"/);
  expect(dynamics?.figures).toContain('eval/length');
  expect(studies.find(({ id }) => id === 'certainty')?.figures).toEqual([]);
  // Each question is one.
  expect(studies.every(({ question }) => question.endsWith('?'))).toBe(true);
});

test('a plan has its grid, what the rest takes and why it would be refused', async () => {
  const app = await open(await temporaryFolder());
  const plan = calls.studyPlan.output.parse(await app.api.studyPlan(settings('test-time', 3, [1, 2])));
  expect(plan.runs).toHaveLength(16);
  expect(plan.runs[0]).toMatchObject({ arm: 'self-certainty', seed: 1, standing: 'missing', run: null, from: null });
  expect(plan.estimate?.runs).toBe(16);
  expect(plan.refusal).toBeNull();

  const paper = await app.api.studyPlan({ ...settings('kl', 3), scale: 'paper' });
  expect(paper.refusal?.message).toBe('scale paper: study kl also needs policy.source, problems.kind');
  expect(paper.runs).toHaveLength(8);
  const own = await app.api.studyPlan({ ...settings('kl', 3), values: { 'objective.options.klCoefficient': 1 } });
  expect(own).toEqual({
    ...{ runs: [], estimate: null },
    refusal: { message: 'objective.options.klCoefficient: study kl sets it itself', hint: null },
  });
  await expect(app.api.studyPlan(settings('nothing', 3))).rejects.toThrow('study nothing: unknown');
  await expect(app.api.startStudy({ ...settings('kl', 3), scale: 'paper' })).rejects.toThrow('also needs');
  expect(await app.api.studyProgress({})).toEqual([]);
});

test('makes the runs of a grid, tells how far it is, and remembers what was started', {
  timeout: 180_000,
}, async () => {
  const app = await open(await temporaryFolder());
  const { heard, reaches } = hear(app);
  const of = settings('test-time', 3);
  const finished = reaches('test-time', 'finished');
  await app.api.startStudy(of);
  await expect(app.api.startStudy(of)).rejects.toThrow(/study test-time is (waiting|running)/i);
  await finished;

  expect(await standings(app, of)).toEqual(Array(8).fill('ready'));
  const runs = await app.api.runs({});
  expect(runs).toHaveLength(8);
  expect(runs.every(({ study, status }) => study === 'test-time' && status === 'finished')).toBe(true);
  expect(heard.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1])).toEqual([
    ...['waiting', 'running', 'finished'],
  ]);
  const fractions = heard.flatMap(({ going }) => going?.fraction ?? []);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(heard.flatMap(({ going }) => going?.run?.runId ?? []).every((id) => runs.some((run) => run.id === id))).toBe(
    true,
  );
  expect(await app.api.studyProgress({})).toEqual([{ ...of, state: 'finished', error: null, going: null }]);
  expect((await app.api.studyPlan(of)).estimate).toBeNull();

  // Nothing is left to make: it ends at once, and makes nothing twice.
  const again = reaches('test-time', 'finished');
  await app.api.startStudy(of);
  await again;
  expect(await app.api.runs({})).toHaveLength(8);
});

test('stops after a step, is offered after a restart, and goes on where it was', { timeout: 180_000 }, async () => {
  const home = await temporaryFolder();
  const bare = settings('test-time', 600);
  // With an optimizer, so that what the worker copies as a checkpoint can be gone on from.
  const policy = await writePolicy(join(home, 'policy'));
  const of = { ...bare, values: { ...bare.values, 'policy.source': policy } };
  const first = await open(home);
  const before = hear(first);
  const moving = before.until(({ going }) => (going?.run?.fraction ?? 0) > 0);
  await first.api.startStudy(of);
  await moving;
  // Cut off by the end of the app.
  await first.close();

  const second = await open(home);
  const after = hear(second);
  expect(await second.api.studyProgress({})).toEqual([{ ...of, state: 'interrupted', error: null, going: null }]);
  const cut = await second.api.runs({});
  expect(cut).toHaveLength(1);
  expect(cut[0]?.status).toBe('stopped');
  // Nothing starts by itself.
  expect((await second.api.status({})).running).toBe(0);
  expect(await standings(second, of)).toEqual(['cut', ...Array(7).fill('missing')]);

  const goesOn = after.until(({ going }) => going?.run?.runId === cut[0]?.id);
  await second.api.startStudy(of);
  await goesOn;
  const stopped = after.reaches('test-time', 'stopped');
  await second.api.stopStudy({ id: 'test-time' });
  await stopped;
  const runs = await second.api.runs({});
  expect(runs.map(({ status }) => status).filter((status) => status === 'running' || status === 'queued')).toEqual([]);
  expect(runs.at(-1)?.id).toBe(cut[0]?.id);
  expect(runs.at(-1)?.step).toBeGreaterThanOrEqual(cut[0]?.step ?? 0);
  await expect(second.api.stopStudy({ id: 'test-time' })).rejects.toThrow('there is nothing to stop');
  expect((await second.api.studyProgress({}))[0]?.state).toBe('stopped');
});

test('two studies at once: the second waits for the first, and a run of both is made once', {
  timeout: 180_000,
}, async () => {
  const app = await open(await temporaryFolder());
  const { heard, reaches } = hear(app);
  const done = Promise.all([reaches('training-dynamics', 'finished'), reaches('test-time', 'finished')]);
  await app.api.startStudy(settings('training-dynamics', 2));
  await app.api.startStudy(settings('test-time', 2));
  expect((await app.api.studyProgress({})).find(({ id }) => id === 'test-time')?.state).toBe('waiting');
  await done;
  const ended = heard.findIndex(({ id, state }) => id === 'training-dynamics' && state === 'finished');
  const began = heard.findIndex(({ id, state }) => id === 'test-time' && state === 'running');
  expect(began).toBeGreaterThan(ended);
  // Seven, and the four test-time ones: the four certainty runs are the same.
  expect(await app.api.runs({})).toHaveLength(11);

  const waiting = reaches('kl', 'stopped');
  await app.api.startStudy(settings('epochs', 400));
  await app.api.startStudy(settings('kl', 2));
  await app.api.stopStudy({ id: 'kl' });
  await waiting;
  const stopped = reaches('epochs', 'stopped');
  await app.api.stopStudy({ id: 'epochs' });
  await stopped;
  expect((await app.api.runs({})).filter(({ study }) => study === 'kl')).toEqual([]);
});

test('a run that somebody stops ends the study with the reason', { timeout: 180_000 }, async () => {
  const home = await temporaryFolder();
  const app = await open(home);
  const { reaches } = hear(app);
  const of = settings('test-time', 2000);
  const failed = reaches('test-time', 'failed');
  const running = new Promise<string>((resolve) => {
    const stop = app.api.on('step', ({ runId }) => {
      stop();
      resolve(runId);
    });
  });
  await app.api.startStudy(of);
  await app.api.stopRun({ runId: await running });
  expect((await failed).error).toMatch(/^Run #1 of the study was stopped at step \d+$/);
  expect((await standings(app, of))[0]).toBe('cut');
});

test('a process that only looks can read plans and reports, and starts nothing', async () => {
  const home = await temporaryFolder();
  await open(home);
  const reader = await openApp({ home, readonly: true });
  onTestFinished(() => reader.close());
  expect((await reader.api.studyPlan(settings('kl', 3))).runs).toHaveLength(8);
  const locked = await reader.api.startStudy(settings('kl', 3)).catch((error: unknown) => error);
  expect(locked instanceof AssayError && locked.code).toBe('locked');
});
