/** Downloads from a hub on the loopback: whole or not at all, going on where they were, whatever the server does. */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Progress, stageFolder, unfinished, type Wish } from '../../../src-main/hub/download.ts';
import { parseRepo } from '../../../src-main/hub/repository.ts';
import { readSource } from '../../../src-main/hub/shelf.ts';
import { openPolicy } from '../../../src-main/model/policy-files.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { COMMIT, OTHER_COMMIT, policyRepo } from '../../fixtures/hub/policies.ts';
import { gitSha1, type ServedFile, sha256 } from '../../fixtures/hub/server.ts';
import { download, failure, hubWith, NAME, requestsOf } from './harness.ts';

test('a policy arrives whole, with only the files that it needs and a note of where it is from', async () => {
  const files = await policyRepo();
  const hub = await hubWith(files);
  hub.pageSize = 3;
  const home = await temporaryFolder();
  const seen: Progress[] = [];
  const path = await download(hub, home, {}, { onProgress: (progress) => seen.push(progress) });
  expect(path).toBe(join(home, 'models', 'owner--small'));
  const wanted = [
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ];
  expect((await readdir(path)).sort()).toEqual([...wanted, 'source.json'].sort());
  for (const name of wanted) expect(await readFile(join(path, name))).toEqual(files[name]?.content);
  expect((await openPolicy(path)).config.layers).toBe(1);
  const source = await readSource(path);
  expect(source).toMatchObject({ repo: NAME, revision: 'main', commit: COMMIT, folder: null });
  expect(source?.files.find((file) => file.path === 'model.safetensors')?.digest).toEqual({
    kind: 'sha256',
    hex: sha256(files['model.safetensors']?.content ?? Buffer.of()),
  });
  expect(source?.files.find((file) => file.path === 'config.json')?.digest).toEqual({
    kind: 'git-sha1',
    hex: gitSha1(files['config.json']?.content ?? Buffer.of()),
  });
  const total = wanted.reduce((sum, name) => sum + (files[name]?.content.length ?? 0), 0);
  expect(seen.at(-1)).toEqual({
    commit: COMMIT,
    bytes: total,
    totalBytes: total,
    filesDone: 5,
    filesTotal: 5,
    file: null,
  });
  // The weights come last: what refuses a policy stands in the others.
  expect(hub.requests.filter(({ path: each }) => each.includes('/resolve/')).at(-1)?.path).toContain(
    'model.safetensors',
  );
  expect(hub.requests.some(({ path: each }) => /\.(bin|pt|onnx)$/.test(each))).toBe(false);
  expect(hub.requests.at(-1)?.headers['accept-encoding']).toBe('identity');
  expect(await readdir(join(home, 'models', '.downloads'))).not.toContain('owner--small');
});

test('a file that is cut goes on from its last byte, under the ETag that it began with', async () => {
  const content = randomBytes(300_000);
  const hub = await hubWith({ 'x.gguf': { content, lfs: true } });
  let cuts = 0;
  hub.misbehave = (_path, { headers }, response) => {
    const from = Number(/\d+/.exec(headers.range ?? '0')?.[0]);
    if (cuts === 3) return false;
    cuts++;
    const [status, range] = from > 0 ? [206, { 'content-range': `bytes ${from}-299999/300000` }] : [200, {}];
    response.writeHead(status, {
      etag: `"${sha256(content).slice(0, 32)}"`,
      'content-length': 300_000 - from,
      ...range,
    });
    response.write(content.subarray(from, from + 70_000), () => setTimeout(() => response.destroy(), 20));
    return true;
  };
  const path = await download(hub, await temporaryFolder(), { files: ['x.gguf'] });
  expect(sha256(await readFile(path))).toBe(sha256(content));
  const asked = hub.requests.filter(({ host }) => host === 'store');
  expect(asked.map(({ headers }) => headers.range)).toEqual([
    undefined,
    ...[1, 2, 3].map(() => expect.stringMatching(/^bytes=[1-9]\d*-$/)),
  ]);
  expect(asked.slice(1).every(({ headers }) => headers['if-range'] === `"${sha256(content).slice(0, 32)}"`)).toBe(true);
});

test('a download that was stopped goes on in a later one; a file that changed meanwhile starts anew', async () => {
  const [first, second] = [randomBytes(400_000), randomBytes(400_000)];
  const hub = await hubWith({ 'a.jsonl': { content: first, lfs: true } }, { kind: 'dataset' });
  const home = await temporaryFolder();
  const of = `datasets/${NAME}`;
  const stop = async (home: string) => {
    const control = new AbortController();
    hub.bytesPerSecond = 1_000_000;
    await failure(
      download(
        hub,
        home,
        { of },
        {
          signal: control.signal,
          onProgress: ({ bytes }) => bytes > 100_000 && control.abort(new Error('stopped')),
        },
      ),
    );
    hub.bytesPerSecond = null;
  };
  await stop(home);
  const [left] = await unfinished(home);
  expect(left?.bytes).toBeGreaterThan(100_000);
  expect(left?.plan).toMatchObject({ totalBytes: 400_000, filesTotal: 1, commit: COMMIT });
  expect(existsSync(join(home, 'datasets', 'owner--small'))).toBe(false);

  const path = await download(hub, home, { of });
  expect(path).toBe(join(home, 'datasets', 'owner--small'));
  expect(await readFile(join(path, 'a.jsonl'))).toEqual(first);
  expect(hub.requests.at(-1)?.headers.range).toBe(`bytes=${left?.bytes}-`);
  expect(await unfinished(home)).toEqual([]);

  const home2 = await temporaryFolder();
  await stop(home2);
  hub.repos.set(NAME, { kind: 'dataset', commit: OTHER_COMMIT, files: { 'a.jsonl': { content: second, lfs: true } } });
  expect(sha256(await readFile(join(await download(hub, home2, { of }), 'a.jsonl')))).toBe(sha256(second));
  expect(hub.requests.at(-1)?.headers.range).toBeUndefined();
});

test('what lies in a part from before may be wrong: it is found out, and fetched anew', async () => {
  const content = randomBytes(50_000);
  const hub = await hubWith({ 'x.gguf': { content, lfs: true } });
  const home = await temporaryFolder();
  const wish: Wish = { repo: parseRepo(NAME), folder: null, files: ['x.gguf'] };
  const part = join(stageFolder(home, wish), 'parts', sha256(content));
  await mkdir(join(part, '..'), { recursive: true });
  await writeFile(part, randomBytes(20_000));
  expect(await readFile(await download(hub, home, wish))).toEqual(content);
  expect(
    requestsOf(hub, 'x.gguf')
      .filter(({ host }) => host === 'store')
      .map(({ headers }) => headers.range),
  ).toEqual(['bytes=20000-', undefined]);
});

test('what fails twice and then works needs nobody', async () => {
  const hub = await hubWith({ 'x.gguf': { content: randomBytes(1000), lfs: true } });
  let failures = 2;
  hub.misbehave = (_path, _request, response) => failures-- > 0 && !!response.writeHead(502).end();
  expect(await download(hub, await temporaryFolder())).toMatch(/owner--small.x\.gguf$/);
});

test('a policy that no run could start from is refused before its weights are fetched', async () => {
  const files = await policyRepo();
  const config = JSON.parse(files['config.json']?.content.toString() ?? '') as object;
  const content = Buffer.from(JSON.stringify({ ...config, model_type: 'gpt2' }));
  const hub = await hubWith({ ...files, 'config.json': { content } });
  const error = await failure(download(hub, await temporaryFolder()));
  expect(error).toMatchObject({ code: 'usage' });
  expect(error.message).toMatch(/^owner\/small: cannot be a policy here: config\.json: model_type/);
  expect(requestsOf(hub, 'model.safetensors')).toEqual([]);
});

test('a disk that is too full is found before anything is fetched', async () => {
  const hub = await hubWith(await policyRepo());
  const error = await failure(download(hub, await temporaryFolder(), {}, { freeBytes: async () => 1000 }));
  expect(error).toMatchObject({ code: 'disk-full' });
  expect(error.message).toMatch(/^owner\/small: needs .* more; 1\.0.kB are free/);
  expect(hub.requests.some(({ path }) => path.includes('/resolve/'))).toBe(false);
});

test('a disk that fills up meanwhile is said, and what is there goes on later', async () => {
  const content = randomBytes(400_000);
  const hub = await hubWith({ 'x.gguf': { content, lfs: true } });
  const home = await temporaryFolder();
  const handle = await open(join(home, 'any'), 'w');
  const write = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'write');
  await handle.close();
  // Of the first chunk that no longer fits, what fits is written, as disks do.
  let room = 100_000;
  write.mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
    const [buffer, offset, length, position] = args as [Uint8Array, number, number, number];
    if (room <= 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const fits = Math.min(room, length);
    room -= fits;
    return { bytesWritten: writeSync(this.fd, buffer, offset, fits, position), buffer };
  } as FileHandle['write']);
  const error = await failure(download(hub, home, { files: ['x.gguf'] }));
  write.mockRestore();
  expect(error).toMatchObject({ name: 'AssayError', code: 'disk-full' });
  expect(error.message).toBe('owner/small: x.gguf: the disk is full');
  expect((await unfinished(home))[0]?.bytes).toBe(100_000);
  expect(await readFile(await download(hub, home, { files: ['x.gguf'] }))).toEqual(content);
  expect(hub.requests.at(-1)?.headers.range).toBe('bytes=100000-');
});

test('a process that is killed leaves what the next one goes on with', { timeout: 180_000 }, async () => {
  const content = randomBytes(600_000);
  const hub = await hubWith({ 'x.gguf': { content, lfs: true } });
  hub.bytesPerSecond = 400_000;
  const home = await temporaryFolder();
  const child = fork(join(import.meta.dirname, 'downloading-child.ts'), [home, NAME, 'x.gguf'], {
    env: { ...process.env, HF_ENDPOINT: hub.url, HF_HOME: '/nowhere' },
    execArgv: [],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    child.on('message', (bytes) => Number(bytes) > 200_000 && resolve());
    child.on('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
  // While it goes on nobody else may.
  expect(await failure(download(hub, home, { files: ['x.gguf'] }))).toMatchObject({ code: 'conflict' });
  child.removeAllListeners('exit');
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  hub.bytesPerSecond = null;
  const [left] = await unfinished(home);
  expect(left?.bytes).toBeGreaterThan(200_000);
  expect(left?.bytes).toBeLessThan(600_000);
  expect(await readFile(await download(hub, home, { files: ['x.gguf'] }))).toEqual(content);
  expect(hub.requests.at(-1)?.headers.range).toBe(`bytes=${left?.bytes}-`);
});

test('files of one commit come to lie together; another commit takes their place only where nothing is lost', async () => {
  const gguf = (text: string): ServedFile => ({ content: Buffer.from(text), lfs: true });
  const hub = await hubWith({ 'a.gguf': gguf('a'), 'q/b.gguf': gguf('b'), 'c-00001-of-00002.gguf': gguf('c') });
  const home = await temporaryFolder();
  expect((await failure(download(hub, home))).message).toMatch(/name what to download; it offers a\.gguf, q\/b\.gguf$/);
  expect((await failure(download(hub, home, { files: ['c-00001-of-00002.gguf'] }))).message).toMatch(
    /one of several parts/,
  );
  const folder = join(home, 'models', 'owner--small');
  expect(await download(hub, home, { files: ['a.gguf'] })).toBe(join(folder, 'a.gguf'));
  expect(await download(hub, home, { files: ['q/b.gguf'] })).toBe(join(folder, 'b.gguf'));
  expect((await readdir(folder)).sort()).toEqual(['a.gguf', 'b.gguf', 'source.json']);
  expect((await readSource(folder))?.files.map(({ from }) => from)).toEqual(['a.gguf', 'q/b.gguf']);
  hub.repos.set(NAME, { commit: OTHER_COMMIT, files: { 'a.gguf': gguf('A'), 'q/b.gguf': gguf('b') } });
  expect(await failure(download(hub, home, { files: ['a.gguf'] }))).toMatchObject({ code: 'conflict' });
  expect(await readFile(join(folder, 'a.gguf'), 'utf8')).toBe('a');
  hub.requests.length = 0;
  await download(hub, home, { files: ['a.gguf', 'q/b.gguf'] });
  expect(await readFile(join(folder, 'a.gguf'), 'utf8')).toBe('A');
  expect((await readSource(folder))?.commit).toBe(OTHER_COMMIT);
  // What did not change is not fetched again.
  expect(requestsOf(hub, 'b.gguf')).toEqual([]);
});

test('a folder that somebody else put there stays', async () => {
  const hub = await hubWith(await policyRepo());
  const home = await temporaryFolder();
  const folder = join(home, 'models', 'owner--small');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'mine.txt'), 'mine');
  expect(await failure(download(hub, home))).toMatchObject({ code: 'conflict' });
  expect(await readdir(folder)).toEqual(['mine.txt']);
});
