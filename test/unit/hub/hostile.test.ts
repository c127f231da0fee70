/** A hub that lies, breaks off or knows no limits: an error in one line, and nothing of it on this disk. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stageFolder, unfinished, type Wish } from '../../../src-main/hub/download.ts';
import { choicesOf, listRepository } from '../../../src-main/hub/listing.ts';
import { parseRepo } from '../../../src-main/hub/repository.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { policyRepo } from '../../fixtures/hub/policies.ts';
import { type FakeHub, sha256 } from '../../fixtures/hub/server.ts';
import { download, failure, hubOf, hubWith, NAME } from './harness.ts';

test('a server that says nothing is waited for, tried again, and then given up', async () => {
  const hub = await hubWith({ 'x.gguf': { content: randomBytes(100), lfs: true } });
  hub.misbehave = () => true;
  const more = { hub: hubOf(hub, {}, 1000), waitsMs: [0] };
  const error = await failure(download(hub, await temporaryFolder(), {}, more));
  expect(error).toMatchObject({ code: 'network', message: 'owner/small: x.gguf: nothing came for 1 s' });
  expect(hub.requests.filter(({ host }) => host === 'store')).toHaveLength(2);
});

const flood = (response: ServerResponse) => {
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536)));
  };
  response.on('drain', more);
  more();
};

test.each<[string, (content: Buffer) => FakeHub['misbehave'], string, RegExp]>([
  [
    'another content of the same length',
    (content) => (_path, _request, response) => !!response.end(Buffer.alloc(content.length)),
    'corrupt',
    /checksum differs/,
  ],
  [
    'a longer content than it lists',
    () => (_path, _request, response) => {
      response.writeHead(200);
      flood(response);
      return true;
    },
    'corrupt',
    /sends more than the 50.000 bytes/,
  ],
  [
    'another length than it lists',
    () => (_path, _request, response) => !!response.writeHead(200, { 'content-length': '7' }).end('1234567'),
    'corrupt',
    /says 7 bytes, the hub lists 50.000/,
  ],
  [
    'less than it says, again and again',
    (content) => (_path, _request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write('x', () => response.destroy());
      return true;
    },
    'network',
    /cut at/,
  ],
  [
    'parts of something else',
    (content) =>
      (_path, { headers }, response) => {
        response.writeHead(headers.range ? 206 : 200, headers.range ? { 'content-range': 'bytes 1-2/3' } : {});
        response.write(content.subarray(0, 100), () => response.destroy());
        return true;
      },
    'network',
    /cut at|does not go on/,
  ],
  ['a failure', () => (_path, _request, response) => !!response.writeHead(503).end(), 'network', /fails \(503\)/],
  [
    'too many requests',
    () => (_path, _request, response) => !!response.writeHead(429, { 'retry-after': '0' }).end(),
    'network',
    /fewer requests \(429\)/,
  ],
  [
    'a redirect without end',
    () => (path, _request, response) => !!response.writeHead(302, { location: `?again=${path}` }).end(),
    'network',
    /redirects more than 10 times/,
  ],
  [
    'a redirect to a file of this machine',
    () => (_path, _request, response) => !!response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    'network',
    /not safe to follow/,
  ],
])('a server that sends %s is an error, and nothing of it is taken', async (_, misbehaving, code, message) => {
  const content = randomBytes(50_000);
  const hub = await hubWith({ 'x.gguf': { content, lfs: true } });
  hub.misbehave = misbehaving(content);
  const home = await temporaryFolder();
  const error = await failure(download(hub, home, { files: ['x.gguf'] }));
  expect(error.message).toMatch(message);
  expect(error).toMatchObject({ name: 'AssayError', code });
  expect(error.message).not.toMatch(/\n/);
  expect(await readdir(join(home, 'models'))).toEqual(['.downloads']);
  hub.misbehave = null;
  expect(await readFile(await download(hub, home, { files: ['x.gguf'] }))).toEqual(content);
});

test.each([
  ['../../evil.gguf'],
  ['/etc/evil.gguf'],
  ['a/../../evil.gguf'],
  ['C:\\evil.gguf'],
  ['con.gguf'],
  ['.ssh/evil.gguf'],
  ['x\u0000.gguf'],
  ['trailing ./x.gguf'],
])('the name %j from a server never becomes a path', async (name) => {
  const hub = await hubWith({ 'x.gguf': { content: Buffer.from('x'), lfs: true } });
  hub.entry = (entry) => ({ ...entry, path: name });
  const home = await temporaryFolder();
  const { choices } = await listRepository(hubOf(hub), parseRepo(NAME)).then((listing) => ({
    choices: choicesOf(listing),
  }));
  expect(choices).toMatchObject([{ refusal: 'its name cannot be one of this machine' }]);
  expect(await failure(download(hub, home, { files: [name] }))).toMatchObject({ code: 'usage' });
  expect(await readdir(home)).toEqual(['models']);
});

test.each<[string, (entry: Record<string, unknown>) => Record<string, unknown>]>([
  ['a size below zero', (entry) => ({ ...entry, size: -1, lfs: undefined })],
  ['a size that no file has', (entry) => ({ ...entry, size: 1e300, lfs: undefined })],
  ['a digest that is a path', (entry) => ({ ...entry, oid: '../../x', lfs: undefined })],
  ['no path', (entry) => ({ ...entry, path: undefined })],
])('a listing with %s is refused', async (_, entry) => {
  const hub = await hubWith({ 'x.gguf': { content: Buffer.from('x'), lfs: true } });
  hub.entry = entry;
  expect(await failure(download(hub, await temporaryFolder()))).toMatchObject({ code: 'corrupt' });
});

test('a link that lies where a part should grow is not followed', async () => {
  const content = randomBytes(1000);
  const hub = await hubWith({ 'x.gguf': { content, lfs: true } });
  const home = await temporaryFolder();
  const wish: Wish = { repo: parseRepo(NAME), folder: null, files: ['x.gguf'] };
  const parts = join(stageFolder(home, wish), 'parts');
  const victim = join(home, 'victim');
  await mkdir(parts, { recursive: true });
  await writeFile(victim, 'mine');
  await symlink(victim, join(parts, sha256(content)));
  await failure(download(hub, home, wish));
  expect(await readFile(victim, 'utf8')).toBe('mine');
});

test('the token goes to the hub and nowhere else, and stands in no error', async () => {
  const files = { 'x.gguf': { content: randomBytes(100), lfs: true } };
  const hub = await hubWith(files, { token: 'hf_secret', gated: 'manual' });
  const home = await temporaryFolder();
  const gated = await failure(download(hub, home));
  expect(gated).toMatchObject({ code: 'usage' });
  expect(gated.message).toMatch(/is gated/);
  expect(gated.hint).toContain(`${hub.url}/owner/small`);
  expect(gated.hint).toContain('set HF_TOKEN');
  const wrong = await failure(download(hub, home, {}, { hub: hubOf(hub, { HF_TOKEN: 'hf_wrong' }) }));
  expect(`${wrong.message} ${wrong.hint}`).not.toContain('hf_wrong');
  await writeFile(join(home, 'token'), 'hf_secret\n');
  await download(hub, home, {}, { hub: hubOf(hub, { HF_HOME: home }) });
  const [front, back] = ['hub', 'store'].map((host) => hub.requests.filter((each) => each.host === host));
  expect(front?.at(-1)?.headers.authorization).toBe('Bearer hf_secret');
  expect(back?.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  for (const name of await readdir(join(home, 'models'), { recursive: true }))
    expect(await readFile(join(home, 'models', name), 'utf8').catch(() => '')).not.toContain('hf_secret');
});

test.each<[string, string, Partial<FakeHub>, string, RegExp]>([
  ['owner/other', 'a name that is not there', {}, 'not-found', /shows no such repository; it may be private/],
  [`${NAME}@v2`, 'a revision that is not there', {}, 'not-found', /small@v2: has no such revision/],
  [NAME, 'a hub that is down', { answer: (r) => void r.writeHead(500).end() }, 'network', /fails \(500\)/],
  [NAME, 'no JSON', { answer: (r) => void r.end('<html>') }, 'corrupt', /makes no sense/],
])('%s: %s is said in one line', async (of, _, change, code, message) => {
  const hub = await hubWith(await policyRepo());
  Object.assign(hub, change);
  const home = await temporaryFolder();
  const error = await failure(download(hub, home, { of }));
  expect(error).toMatchObject({ name: 'AssayError', code });
  expect(error.message).toMatch(message);
  expect(await unfinished(home)).toEqual([]);
});

test('without a network there is one clear line', async () => {
  const hub = await hubWith({});
  await hub.close();
  const error = await failure(download(hub, await temporaryFolder()));
  expect(error).toMatchObject({ code: 'network' });
  expect(error.message).toMatch(/^owner\/small@main: 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)$/);
});
