/** Calls about models over a real app and a hub on the loopback. */
import { randomBytes } from 'node:crypto';
import { existsSync, openSync, readSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type App, openApp } from '../../../src-main/app.ts';
import { dropRemoved } from '../../../src-main/hub/shelf.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { type Download, modelCalls, modelEvents } from '../../../src-shared/models.ts';
import { temporaryFolder, writePolicy } from '../../fixtures/folders.ts';
import { COMMIT, policyRepo } from '../../fixtures/hub/policies.ts';
import { startHub } from '../../fixtures/hub/server.ts';
import { echoSandbox, fakeWorkerEntry } from '../../fixtures/supervisor.ts';

async function open(home: string): Promise<App> {
  const app = await openApp({ home, workerEntry: fakeWorkerEntry, openSandbox: echoSandbox });
  onTestFinished(() => app.close());
  return app;
}

async function hubWith(files: Awaited<ReturnType<typeof policyRepo>>) {
  const hub = await startHub({ 'owner/small': { commit: COMMIT, files } });
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', '/nowhere');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await hub.close();
  });
  return hub;
}

/** Every state that is told of it, up to its end. */
function following(app: App) {
  const told: Download[] = [];
  app.api.on('modelProgress', (download) => told.push(modelEvents.modelProgress.parse(download)));
  const until = (state: Download['state']) =>
    vi.waitFor(() => expect(told.at(-1)?.state).toBe(state), { timeout: 60_000, interval: 20 });
  return { told, until };
}

/** Parameters of a safetensors file, by its format's description: 8 bytes of length, then JSON with shapes. */
function elementsIn(path: string): number {
  const file = openSync(path, 'r');
  const length = Buffer.alloc(8);
  readSync(file, length, 0, 8, 0);
  const header = Buffer.alloc(Number(length.readBigUInt64LE()));
  readSync(file, header, 0, header.length, 8);
  const tensors = JSON.parse(header.toString()) as Record<string, { shape?: number[] }>;
  return Object.values(tensors).reduce((sum, { shape }) => sum + (shape ? shape.reduce((a, b) => a * b, 1) : 0), 0);
}

test('the embedded policy is described as its files have it', async () => {
  const app = await open(await temporaryFolder());
  const { models, downloads } = modelCalls.models.output.parse(await app.api.models({}));
  expect(downloads).toEqual([]);
  const config = JSON.parse(await readFile(resourcePath('policy', 'config.json'), 'utf8')) as Record<string, unknown>;
  expect(models).toMatchObject([
    {
      ...{ source: 'embedded', kind: 'embedded', origin: null, refusal: null, runs: 0 },
      facts: {
        format: 'safetensors',
        architecture: config.model_type,
        parameters: elementsIn(resourcePath('policy', 'model.safetensors')),
        layers: config.num_hidden_layers,
        hiddenSize: config.hidden_size,
        context: config.max_position_embeddings,
        types: [{ name: 'F32', bytes: 4 * elementsIn(resourcePath('policy', 'model.safetensors')) }],
        ...{ chatTemplate: false, thinking: false, sampling: null },
        endTokens: [{ id: config.eos_token_id, text: '<eos>' }],
      },
    },
  ]);
});

test('a policy is downloaded, used, taken away and brought back', async () => {
  const files = await policyRepo();
  const hub = await hubWith(files);
  const home = await temporaryFolder();
  const app = await open(home);
  const { told, until } = following(app);
  const offered = modelCalls.repository.output.parse(await app.api.repository({ repo: 'owner/small' }));
  expect(offered).toMatchObject({ repo: 'owner/small', kind: 'model', commit: COMMIT, gated: false });
  expect(offered.choices).toMatchObject([{ kind: 'folder', path: '', refusal: null }]);
  const wanted = [
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ];
  expect(offered.choices[0]?.bytes).toBe(wanted.reduce((sum, name) => sum + (files[name]?.content.length ?? 0), 0));

  const { id } = await app.api.fetchModel({ repo: 'owner/small' });
  await until('finished');
  expect(told[0]).toMatchObject({ id, state: 'starting', commit: null });
  const source = join(home, 'models', 'owner--small');
  expect(told.at(-1)).toMatchObject({ path: source, error: null, filesDone: 5, filesTotal: 5 });
  const find = async () => (await app.api.models({})).models.find((model) => model.source === source);
  expect(await find()).toMatchObject({
    ...{ name: 'owner/small', kind: 'downloaded', refusal: null, runs: 0 },
    origin: { repo: 'owner/small', revision: 'main', commit: COMMIT },
    facts: { architecture: 'qwen2', sampling: { temperature: 0.6, topP: 0.95, topK: 20 } },
  });

  const values = { 'policy.source': source, 'limits.checkpointEvery': 0, 'rollouts.maxNewTokens': 32 };
  const { runId } = await app.api.launchRun({
    preset: 'random',
    values: { ...values, 'limits.steps': 5000, 'evaluation.every': 0 },
  });
  expect((await find())?.runs).toBe(1);
  await expect(app.api.removeModel({ source })).rejects.toMatchObject({
    code: 'conflict',
    message: 'owner--small: run #1 starts from it and is not over',
  });
  await app.api.stopRun({ runId });
  await vi.waitFor(async () => expect((await app.api.run({ runId })).status).toBe('stopped'), { timeout: 60_000 });

  const { undo, bytes } = await app.api.removeModel({ source });
  expect(bytes).toBe(
    (files['model.safetensors']?.content.length ?? 0) +
      bytesOf(files, ['config.json', 'tokenizer.json', 'tokenizer_config.json']),
  );
  // A run was launched from it, so that it is still known by that.
  expect(await find()).toMatchObject({ kind: 'used', facts: null, refusal: expect.stringContaining('no such file') });
  await app.api.restoreModel({ undo });
  expect(await find()).toMatchObject({ kind: 'downloaded', refusal: null });
  const again = await app.api.removeModel({ source });
  await dropRemoved(home, Date.now() + 61_000);
  await expect(app.api.restoreModel({ undo: again.undo })).rejects.toMatchObject({ code: 'not-found' });
  expect(await readdir(join(home, 'models', '.removed'))).toEqual([]);
  expect(hub.requests.length).toBeGreaterThan(0);
});

const bytesOf = (files: Awaited<ReturnType<typeof policyRepo>>, names: readonly string[]) =>
  names.reduce((sum, name) => sum + (files[name]?.content.length ?? 0), 0);

test('a download is stopped, listed by a later process, gone on with, and discarded', async () => {
  const content = randomBytes(500_000);
  const hub = await hubWith({ 'x.gguf': { content, lfs: true }, 'y.gguf': { content: randomBytes(10), lfs: true } });
  hub.bytesPerSecond = 500_000;
  const home = await temporaryFolder();
  const first = await open(home);
  const one = following(first);
  const { id } = await first.api.fetchModel({ repo: 'owner/small', files: ['x.gguf'] });
  await vi.waitFor(() => expect(one.told.at(-1)?.bytes).toBeGreaterThan(100_000), { timeout: 60_000, interval: 20 });
  await expect(first.api.fetchModel({ repo: 'owner/small', files: ['x.gguf'] })).rejects.toMatchObject({
    code: 'conflict',
  });
  await first.close();
  expect(one.told.at(-1)).toMatchObject({ state: 'stopped', error: null, path: null });

  const second = await open(home);
  const [left] = (await second.api.models({})).downloads;
  expect(left).toMatchObject({ id, state: 'stopped', repo: 'owner/small', files: ['x.gguf'], totalBytes: 500_000 });
  expect(left?.bytes).toBeGreaterThan(100_000);
  hub.bytesPerSecond = null;
  const two = following(second);
  await second.api.fetchModel({ repo: left?.repo ?? '', revision: left?.revision ?? '', files: left?.files ?? [] });
  await two.until('finished');
  expect(await readFile(two.told.at(-1)?.path ?? '')).toEqual(content);
  expect(hub.requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]/);

  hub.bytesPerSecond = 10;
  const other = await second.api.fetchModel({ repo: 'owner/small', files: ['y.gguf'] });
  await two.until('downloading');
  await second.api.cancelFetch({ id: other.id, discard: true });
  expect((await second.api.models({})).downloads.map((download) => download.id)).not.toContain(other.id);
  expect((await readdir(join(home, 'models', '.downloads'))).filter((name) => name.includes('owner'))).toEqual([]);
});

test('a failure stays to be read, with what to do', async () => {
  await hubWith({ 'README.md': { content: Buffer.from('#') } });
  const app = await open(await temporaryFolder());
  const { told, until } = following(app);
  await app.api.fetchModel({ repo: 'owner/small' });
  await until('failed');
  expect(told.at(-1)?.error).toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/offers nothing that Assay can read$/),
  });
  await expect(app.api.fetchModel({ repo: '../etc' })).rejects.toMatchObject({ code: 'usage' });
  await expect(app.api.fetchModel({ repo: 'a/b', folder: '../..' })).rejects.toMatchObject({ code: 'usage' });
});

test('any path can be looked at; what is wrong is said, and said anew when it changes', async () => {
  const home = await temporaryFolder();
  const app = await open(home);
  const folder = join(home, 'mine');
  const look = () => app.api.checkModel({ path: folder });
  expect(await look()).toMatchObject({
    kind: 'opened',
    facts: null,
    refusal: expect.stringContaining('no such file or folder'),
  });
  await mkdir(folder);
  expect((await look()).refusal).toContain('config.json: there is no such file');
  await writePolicy(folder);
  expect(await look()).toMatchObject({ name: 'mine', source: folder, refusal: null, facts: { layers: 1 } });
  await writeFile(join(folder, 'config.json'), '{"model_type": "gpt2"}');
  await utimes(join(folder, 'config.json'), 1, 1);
  expect((await look()).refusal).toMatch(/config\.json: model_type/);
});

test('nothing but what Assay downloaded can be taken away', async () => {
  const home = await temporaryFolder();
  const mine = await writePolicy(join(home, 'mine'));
  const hidden = join(home, 'models', '.downloads', 'x');
  await mkdir(hidden, { recursive: true });
  const app = await open(home);
  for (const source of [mine, home, join(home, 'models'), join(home, 'models', '..', 'mine'), hidden, 'embedded'])
    await expect(app.api.removeModel({ source }), source).rejects.toMatchObject({ code: 'usage' });
  expect(existsSync(join(mine, 'config.json'))).toBe(true);
  await expect(app.api.restoreModel({ undo: '../..' })).rejects.toMatchObject({ code: 'usage' });
});

test('the memory that is told is that of the runs themselves', { timeout: 180_000 }, async () => {
  const app = await open(await temporaryFolder());
  const memory = modelCalls.modelMemory.output.parse(await app.api.modelMemory({ source: 'embedded' }));
  const peak = async (values: Record<string, string | number>) =>
    (await app.api.estimateRun({ preset: null, values })).peakBytes;
  expect(memory.full).toBe(Math.round(await peak({})));
  expect(memory.lora).toBe(Math.round(await peak({ 'policy.adapter': 'lora' })));
  expect(memory.generate).toBe(Math.round(await peak({ 'limits.steps': 0, 'evaluation.samples': 8 })));
  expect(memory.generate).toBeLessThan(memory.full);
});
