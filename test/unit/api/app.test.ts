import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type App, type AppOptions, openApp } from '../../../src-main/app.ts';
import { type CallName, calls, replySchema } from '../../../src-shared/api.ts';
import { createClient } from '../../../src-shared/client.ts';
import { temporaryFolder, writePolicy } from '../../fixtures/folders.ts';
import { echoSandbox, fakeWorkerEntry } from '../../fixtures/supervisor.ts';

// What is tested here needs no transformer, and loading one takes seconds.
vi.mock('../../../src-main/engine/index.ts', () => ({
  engines: [{ id: 'fake', title: 'Fake', unavailable: async () => null }],
  findEngine: async () => ({
    id: 'fake',
    plan: async () => ({ phases: new Map([['loading', {}]]), largest: {}, limit: null }),
  }),
}));

async function open(home: string, options: AppOptions = {}): Promise<App> {
  const app = await openApp({ home, workerEntry: fakeWorkerEntry, openSandbox: echoSandbox, ...options });
  onTestFinished(() => app.close());
  return app;
}

async function ended(app: App, runId: string) {
  return vi.waitFor(
    async () => {
      const run = await app.api.run({ runId });
      expect(['queued', 'running', 'paused']).not.toContain(run.status);
      return run;
    },
    { timeout: 60_000, interval: 20 },
  );
}

const launchValues = (policy: string, steps: number) => ({
  'policy.source': policy,
  'limits.steps': steps,
  'limits.checkpointEvery': 0,
});

test('a run through the whole Api, every answer as its schema says', async () => {
  const home = await temporaryFolder();
  const policy = await writePolicy(join(home, 'policy'));
  const app = await open(home);
  const client = createClient({
    call: (name, input) => app.dispatch(name, input),
    listen: (listener) => app.listen(listener),
  });
  const seen: number[] = [];
  client.on('step', ({ step }) => void seen.push(step));

  const { runId } = await client.launchRun({ name: 'Mine', preset: 'random', values: launchValues(policy, 3) });
  await ended(app, runId);
  expect(seen).toEqual([0, 1, 2, 3]);
  expect(await client.run({ runId })).toMatchObject({
    number: 1,
    name: 'Mine',
    preset: 'random',
    reward: 'random',
    status: 'finished',
    step: 3,
    steps: 3,
    secondsLeft: null,
    codeVersion: expect.stringMatching(/^\d+\.\d+\.\d+(\+[0-9a-f]+(-dirty)?)?$/),
  });
  expect((await client.runs({})).map((run) => run.id)).toEqual([runId]);
  expect((await client.metrics({ runId, afterStep: 1 })).map((m) => m.step)).toEqual([2, 3]);
  expect(await client.rolloutSteps({ runId })).toHaveLength(4);
  const [rollout] = await client.rollouts({ runId, step: 2, split: 'train' });
  expect(await client.rollout({ rolloutId: rollout?.id ?? 0 })).toMatchObject({
    runId,
    step: 2,
    tokenTexts: ['def', ' f', '</s>'],
    parts: { source: 1, 'source-weight': 1, 'source-term': 1 },
  });
  expect(await client.checkpoints({ runId })).toMatchObject([{ id: `${runId}-3`, step: 3 }]);
  expect(await client.notes({ runId })).toEqual([]);
  await client.resumeRun({ runId, steps: 4 });
  expect(await ended(app, runId)).toMatchObject({ status: 'finished', step: 4 });

  const status = await vi.waitFor(async () => {
    const now = await client.status({});
    expect(now.isolation).toEqual({ level: 'rlimits', detail: 'none' });
    return now;
  }, 30_000);
  expect(status).toMatchObject({ home, engine: 'fake', running: 0, queued: 0 });
  expect(status.memoryBytes).toBeGreaterThan(10e6);
  expect((await client.catalogue({})).engines).toEqual([{ id: 'fake', title: 'Fake', unavailable: null }]);
});

test('dispatch never throws: whatever is wrong is in the answer', async () => {
  const home = await temporaryFolder();
  const app = await open(home);
  const ask = async (name: string, input: unknown) => replySchema.parse(await app.dispatch(name, input));
  const fault = (code: string, message: RegExp) => ({
    ok: false,
    error: { code, message: expect.stringMatching(message) },
  });
  expect(await ask('nonsense', {})).toMatchObject(fault('usage', /^nonsense: unknown call; there are catalogue, /));
  expect(await ask('toString', {})).toMatchObject(fault('usage', /unknown call/));
  expect(await ask('run', { runId: 7 })).toMatchObject(fault('usage', /^run: runId: /));
  expect(await ask('run', null)).toMatchObject(fault('usage', /^run: /));
  for (const name of ['run', 'pauseRun', 'resumeRun', 'stopRun', 'checkpoints', 'notes', 'rolloutSteps'])
    expect(await ask(name, { runId: 'nobody' })).toMatchObject(fault('not-found', /^There is no run nobody$/));
  expect(await ask('rollout', { rolloutId: 9 })).toMatchObject(fault('not-found', /^There is no rollout 9$/));
  expect(await ask('launchRun', { preset: null, values: { 'rollouts.groupSize': 1 } })).toMatchObject({
    ok: false,
    error: { code: 'usage', path: 'rollouts.groupSize' },
  });
  expect(await ask('checkRun', { preset: null, values: { 'rollouts.groupSize': 1, 'nowhere.x': 1 } })).toMatchObject({
    ok: true,
  });
  // A malformed problem file is found before a run exists.
  const problems = join(await temporaryFolder(), 'problems.jsonl');
  writeFileSync(problems, '{"id": broken\n');
  const values = { 'problems.kind': 'jsonl', 'problems.options.trainFile': problems };
  expect(await ask('launchRun', { preset: null, values })).toMatchObject(fault('usage', /problems\.jsonl, line 1: /));
  expect(await app.api.runs({})).toEqual([]);
  await expect(app.api.run({ runId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
  expect(Object.keys(calls).every((name) => typeof app.api[name as CallName] === 'function')).toBe(true);
});

test('one owner; a reader beside it looks and steers', async () => {
  const home = await temporaryFolder();
  const policy = await writePolicy(join(home, 'policy'));
  const owner = await open(home);
  await expect(openApp({ home })).rejects.toMatchObject({
    code: 'locked',
    message: `Data folder ${home} is in use by another Assay (process ${process.pid})`,
  });
  const { runId } = await owner.api.launchRun({ name: 'slow', preset: null, values: launchValues(policy, 500) });
  const reader = await open(home, { readonly: true });
  await vi.waitFor(async () => expect((await reader.api.run({ runId })).step).toBeGreaterThan(1), 30_000);
  expect(await reader.api.run({ runId })).toMatchObject({ status: 'running', secondsLeft: expect.any(Number) });
  expect(await reader.api.status({})).toMatchObject({ running: 1, isolation: null });
  await expect(reader.api.launchRun({ preset: null, values: {} })).rejects.toMatchObject({ code: 'locked' });
  await reader.api.stopRun({ runId });
  expect(await ended(reader, runId)).toMatchObject({ status: 'stopped' });
});

test('a reader does not show as running what nobody runs', async () => {
  const home = await temporaryFolder();
  const policy = await writePolicy(join(home, 'policy'));
  const owner = await open(home);
  const { runId } = await owner.api.launchRun({ name: 'slow', preset: null, values: launchValues(policy, 500) });
  await owner.close();
  const { Database } = await import('../../../src-main/store/database.ts');
  const database = new Database(join(home, 'assay.db'), 'owner');
  database.run(`UPDATE runs SET status = 'running'`);
  database.close();
  const reader = await open(home, { readonly: true });
  expect(await reader.api.run({ runId })).toMatchObject({
    status: 'interrupted',
    error: 'Assay ended while the run was live',
  });
  await expect(reader.api.stopRun({ runId })).rejects.toMatchObject({ code: 'conflict' });
});

test('a reader of a new folder sees nothing and leaves nothing', async () => {
  const home = await temporaryFolder();
  const reader = await open(home, { readonly: true });
  expect(await reader.api.runs({})).toEqual([]);
  await reader.close();
  expect(readdirSync(home)).toEqual([]);
});

test('a folder that cannot be used is refused in one line, and nothing stays locked', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(openApp({ home: file })).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(file),
  });
  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'assay.db'), 'no database at all '.repeat(500));
  await expect(openApp({ home })).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining('assay.db'),
  });
  writeFileSync(join(home, 'assay.db'), '');
  await (await openApp({ home })).close();
});
