import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openApp } from '../../../src-main/app.ts';
import type { RunSummary } from '../../../src-shared/api.ts';
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
// Without an engine nothing can be estimated, and nothing has to be.
vi.mock('../../../src-main/estimate/estimate.ts', async (original) => ({
  ...(await original<object>()),
  checkFits: async () => {},
}));

async function start() {
  const home = await temporaryFolder();
  const policy = await writePolicy(join(home, 'policy'));
  const app = await openApp({ home, workerEntry: fakeWorkerEntry, openSandbox: echoSandbox });
  onTestFinished(() => app.close());
  const client = createClient({
    call: (name, input) => app.dispatch(name, input),
    listen: (listener) => app.listen(listener),
  });
  const launch = async (name: string, values = {}) =>
    (
      await client.launchRun({
        name,
        preset: 'random',
        values: { 'policy.source': policy, 'limits.steps': 2, 'limits.checkpointEvery': 0, ...values },
      })
    ).runId;
  const reaches = (runId: string, status: RunSummary['status']) =>
    vi.waitFor(async () => expect((await client.run({ runId })).status).toBe(status), {
      timeout: 60_000,
      interval: 20,
    });
  return { home, client, launch, reaches };
}

test('tags and names, told to whoever listens', async () => {
  const { client, launch, reaches } = await start();
  const ids = [await launch('One'), await launch('Two')];
  for (const id of ids) await reaches(id, 'finished');
  const heard: [string, readonly string[]][] = [];
  client.on('run', ({ id, tags }) => void heard.push([id, tags]));
  const tags = async () => Promise.all(ids.map(async (runId) => (await client.run({ runId })).tags));

  await client.tagRuns({ runIds: ids, add: ['paper', 'keep'], remove: [] });
  await client.tagRuns({ runIds: ids.slice(0, 1), add: ['paper', 'new'], remove: ['keep', 'never'] });
  expect(await tags()).toEqual([
    ['paper', 'new'],
    ['paper', 'keep'],
  ]);
  // Only what changed is told.
  heard.length = 0;
  await client.tagRuns({ runIds: ids, add: ['keep'], remove: [] });
  expect(heard).toEqual([[ids[0], ['paper', 'new', 'keep']]]);

  await client.renameRun({ runId: ids[0] ?? '', name: '  Better ' });
  expect(await client.run({ runId: ids[0] ?? '' })).toMatchObject({ name: 'Better', config: { name: 'Better' } });
  await expect(client.tagRuns({ runIds: ids, add: ['a"b'], remove: [] })).rejects.toMatchObject({ code: 'usage' });
  await expect(client.tagRuns({ runIds: ['nobody'], add: ['a'], remove: [] })).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('a deleted run is not listed, and comes back as it was; a live one is refused with all the others', async () => {
  const { client, launch, reaches } = await start();
  const done = await launch('Done');
  await reaches(done, 'finished');
  const going = await launch('hang@1');
  await reaches(going, 'running');
  const listed = async () => (await client.runs({})).map(({ name }) => name);
  const gone: string[][] = [];
  client.on('runsDeleted', ({ runIds }) => void gone.push(runIds));

  await expect(client.deleteRuns({ runIds: [done, going] })).rejects.toMatchObject({
    code: 'conflict',
    message: 'Run #2 is running: stop it before you delete it',
  });
  expect(await listed()).toEqual(['hang@1', 'Done']);

  const before = await client.run({ runId: done });
  await client.deleteRuns({ runIds: [done] });
  expect(await listed()).toEqual(['hang@1']);
  expect(gone).toEqual([[done]]);
  expect((await client.bin({})).map(({ id }) => id)).toEqual([done]);
  await expect(client.resumeRun({ runId: done, steps: 9 })).rejects.toMatchObject({ code: 'conflict' });

  await client.restoreRuns({ runIds: [done] });
  expect(await listed()).toEqual(['hang@1', 'Done']);
  expect(await client.run({ runId: done })).toEqual(before);

  await client.deleteRuns({ runIds: [done] });
  expect(await client.emptyBin({})).toEqual({ purged: 1, kept: 0 });
  expect(await client.bin({})).toEqual([]);
  await expect(client.restoreRuns({ runIds: [done] })).rejects.toMatchObject({ code: 'not-found' });
});

test('the queue is told and changed', async () => {
  const { client, launch, reaches } = await start();
  const heard: string[][] = [];
  client.on('queue', (queue) => void heard.push(queue));
  const going = await launch('hang@1');
  await reaches(going, 'running');
  const [a, b, c] = [await launch('A'), await launch('B'), await launch('C')];
  expect(await client.queue({})).toEqual([a, b, c]);

  await client.moveInQueue({ runId: c, place: 0 });
  expect(await client.queue({})).toEqual([c, a, b]);
  expect(heard.at(-1)).toEqual([c, a, b]);
  await client.moveInQueue({ runId: c, place: 99 });
  expect(await client.queue({})).toEqual([a, b, c]);
  await expect(client.moveInQueue({ runId: going, place: 0 })).rejects.toMatchObject({
    code: 'conflict',
    message: 'Run #1 is running: only a queued run has a place to change',
  });
  await client.stopRun({ runId: b });
  expect(heard.at(-1)).toEqual([a, c]);
});

test('the options of all runs, each value once', async () => {
  const { client, launch, reaches } = await start();
  const ids = [await launch('One'), await launch('Two', { 'rollouts.groupSize': 4, 'seeds.run': 7 })];
  for (const id of ids) await reaches(id, 'finished');
  const { runIds, options } = await client.runOptions({});
  expect(runIds).toEqual(ids.toReversed());
  const of = (path: string) => {
    const option = options.find((o) => o.path === path);
    return runIds.map((_, row) => option?.values[option.of?.[row] ?? 0]);
  };
  expect(of('rollouts.groupSize')).toEqual([4, 8]);
  expect(of('seeds.run')).toEqual([7, 1]);
  expect(of('reward.kind')).toEqual(['random', 'random']);
  expect(options.find(({ path }) => path === 'reward.kind')).toMatchObject({ values: ['random'], of: null });
});
