/** The loopback server against those who should not get in, and against clients that do not keep up. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Served, serve } from '../../../src-main/api/http.ts';
import { fakeShell } from './fake-shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-http-'));
const files = join(folder, 'renderer');
const shell = fakeShell({ runs: () => [] });
let served: Served;
let cookie: string;
let host: string;

beforeAll(async () => {
  mkdirSync(join(files, 'assets'), { recursive: true });
  writeFileSync(join(files, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(files, 'assets', 'main.js'), 'export {};');
  writeFileSync(join(folder, 'secret.json'), '{"secret": true}');
  mkdirSync(join(folder, 'renderer-other'));
  writeFileSync(join(folder, 'renderer-other', 'other.json'), '{"secret": true}');
  const exports = join(folder, 'exports');
  mkdirSync(join(exports, 'folder'), { recursive: true });
  writeFileSync(join(exports, 'folder', 'inner.json'), '{"secret": true}');
  writeFileSync(join(exports, 'runs-3.assay'), 'PK bundle');
  writeFileSync(join(exports, 'empty.csv'), '');
  writeFileSync(join(exports, '.hidden'), '{"secret": true}');
  symlinkSync(join(folder, 'secret.json'), join(exports, 'link.csv'));
  served = await serve(shell, { files, exports });
  host = new URL(served.origin).host;
  const signIn = await fetch(served.url, { redirect: 'manual' });
  cookie = (signIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
});
afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** As written: `fetch` would tidy the path and refuse to set Host. */
function ask(path: string, headers: Record<string, string> = { cookie }, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(served.origin);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.on('error', reject).end();
  });
}

describe('getting in', () => {
  test('the token becomes a cookie that scripts and other sites cannot use, and leaves the address', async () => {
    const { status, headers } = await ask(new URL(served.url).pathname + new URL(served.url).search, {});
    expect(status).toBe(302);
    expect(headers.location).toBe('/');
    expect(headers['referrer-policy']).toBe('no-referrer');
    const flags = String(headers['set-cookie']).split('; ').slice(1);
    expect(flags.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict']);
    expect(String(headers['set-cookie'])).not.toContain(new URL(served.url).searchParams.get('token'));
  });

  test('the token has 256 bits', () => {
    const token = new URL(served.url).searchParams.get('token') ?? '';
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  test.each([
    ['nothing', '/', {}],
    ['a wrong token', '/?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', {}],
    ['an empty token', '/?token=', {}],
    ['a wrong cookie', '/', { cookie: 'assay-1=x' }],
  ])('%s: 403', async (_, path, headers) => {
    const answer = await ask(path, headers);
    expect(answer.status).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test.each(['localhost', 'evil.example', '127.0.0.1', 'evil.example:80'])('Host %s: 421', async (name) => {
    expect((await ask('/', { cookie, host: name })).status).toBe(421);
  });

  test('nothing but GET, and from another origin not even that it exists', async () => {
    expect((await ask('/', { cookie, origin: served.origin }, 'POST')).status).toBe(405);
    expect((await ask('/', { cookie, origin: 'https://evil.example' }, 'POST')).status).toBe(403);
    expect((await ask('/', { cookie }, 'DELETE')).status).toBe(403);
  });

  test('it listens on the loopback only', () => {
    expect(host).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe('files', () => {
  test('a built file and a page address', async () => {
    expect(await ask('/assets/main.js')).toMatchObject({ status: 200, body: 'export {};' });
    expect((await ask('/assets/main.js')).headers['content-type']).toMatch(/^text\/javascript/);
    // Named by its hash, so that a browser may keep it and what it compiled of it; pages are asked for every time.
    expect((await ask('/assets/main.js')).headers['cache-control']).toContain('immutable');
    expect((await ask('/runs')).headers['cache-control']).toBe('no-store');
    expect((await ask('/runs/0190a1b2')).body).toContain('<title>page');
    expect(await ask('/', { cookie }, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test.each([
    '/../secret.json',
    '/%2e%2e/secret.json',
    '/..%2fsecret.json',
    '/assets/../../secret.json',
    '/assets/..%2f..%2fsecret.json',
    '/..%5csecret.json',
    '/../renderer-other/other.json',
    '/%2e%2e%2frenderer-other%2fother.json',
    '/%00/../secret.json',
    '/%ff.json',
    '//evil.example/secret.json',
    'http://evil.example/secret.json',
    '/assets/main.js/x.js',
    '/missing.js',
  ])('%s leads nowhere', async (path) => {
    const answer = await ask(path);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('secret');
  });

  test('an exported file, to whoever is signed in', async () => {
    const answer = await ask('/exports/runs-3.assay');
    expect(answer).toMatchObject({ status: 200, body: 'PK bundle' });
    expect(answer.headers).toMatchObject({
      'content-disposition': 'attachment; filename="runs-3.assay"',
      'content-type': 'application/octet-stream',
      'content-length': '9',
      'x-content-type-options': 'nosniff',
    });
    expect(await ask('/exports/runs-3.assay', { cookie }, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await ask('/exports/empty.csv')).toMatchObject({ status: 200, body: '' });
    expect((await ask('/exports/runs-3.assay', {})).status).toBe(403);
    const none = await serve(shell, { files });
    const [sign] = ((await fetch(none.url, { redirect: 'manual' })).headers.get('set-cookie') ?? '').split(';');
    expect((await fetch(`${none.origin}/exports/runs-3.assay`, { headers: { cookie: sign ?? '' } })).status).toBe(404);
    await none.close();
  });

  test.each([
    ...[
      '/exports/link.csv',
      '/exports/folder',
      '/exports/missing.csv',
      '/exports/.hidden',
      '/exports/..%2fsecret.json',
    ],
    ...['/exports/../secret.json', '/exports/folder/inner.json', '/exports/', '/exports/secret.json%00.csv'],
  ])('no export: %s', async (path) => {
    const answer = await ask(path);
    expect(answer.body).not.toContain('secret');
    expect(answer.headers['content-disposition']).toBeUndefined();
  });

  test.each(['/', '/missing.js', '/exports/runs-3.assay', '/?token=x'])(
    'every answer is fenced in: %s',
    async (path) => {
      const { headers } = await ask(path);
      const policy = Object.fromEntries(
        String(headers['content-security-policy'])
          .split('; ')
          .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1).join(' ')]),
      );
      expect(policy).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self' 'unsafe-inline'",
        'img-src': "'self' data:",
        'font-src': "'self'",
        'connect-src': `'self' ws://${host}`,
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
      });
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    },
  );
});

describe('the socket', () => {
  const open = (headers: Record<string, string>, path = '/rpc') =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(`ws://${host}${path}`, { headers });
      socket.on('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      socket.on('error', () => resolve(0));
    });

  test('opens for our own page only', async () => {
    const origin = served.origin;
    expect(await open({ cookie, origin })).toBe(101);
    expect(await open({ origin })).toBe(403);
    expect(await open({ cookie })).toBe(403);
    expect(await open({ cookie, origin: 'http://evil.example' })).toBe(403);
    expect(await open({ cookie, origin: origin.replace('127.0.0.1', 'localhost') })).toBe(403);
    expect(await open({ cookie, origin, host: 'evil.example' })).toBe(421);
    expect(await open({ cookie, origin }, '/other')).toBe(404);
  });

  const connected = async () => {
    const socket = new WebSocket(`ws://${host}/rpc`, { headers: { cookie, origin: served.origin } });
    await new Promise((resolve) => socket.once('open', resolve));
    return socket;
  };
  const closeCode = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve));

  test.each(['no json', '{}', '{"id":"a","call":"runs","input":{}}', '[]', `{"id":1,"call":"${'x'.repeat(65)}"}`])(
    'the malformed frame %s closes it',
    async (frame) => {
      const socket = await connected();
      socket.send(frame);
      expect(await closeCode(socket)).toBe(1007);
    },
  );

  test('a frame above 8 MiB closes it', async () => {
    const socket = await connected();
    socket.on('error', () => {});
    socket.send(JSON.stringify({ id: 1, call: 'runs', input: 'x'.repeat(8 << 20) }));
    expect(await closeCode(socket)).toBe(1009);
  });

  test('a client that answers no ping is let go', async () => {
    const quick = await serve(shell, { files, heartbeatMs: 20 });
    const { hostname, port } = new URL(quick.origin);
    const signIn = await fetch(quick.url, { redirect: 'manual' });
    // A bare TCP client: it upgrades and then never answers.
    const tcp = connectTcp(Number(port), hostname);
    tcp.write(
      `${[
        'GET /rpc HTTP/1.1',
        `Host: ${hostname}:${port}`,
        `Origin: ${quick.origin}`,
        `Cookie: ${(signIn.headers.get('set-cookie') ?? '').split(';')[0]}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ].join('\r\n')}\r\n\r\n`,
    );
    let answer = '';
    tcp.on('data', (data) => {
      answer += data.toString('latin1');
    });
    await new Promise((resolve) => tcp.once('close', resolve));
    expect(answer).toContain('101 Switching Protocols');
    await vi.waitFor(() => expect(shell.listeners()).toBe(0), 30_000);
    await quick.close();
  });
});

test('a port that is taken is said so', async () => {
  const port = Number(new URL(served.origin).port);
  await expect(serve(shell, { files, port })).rejects.toMatchObject({ code: 'conflict' });
});

test('closing ends open sockets and frees the port', async () => {
  const second = await serve(shell, { files });
  const port = Number(new URL(second.origin).port);
  await second.close();
  const third = await serve(shell, { files, port });
  expect(third.origin).toBe(second.origin);
  await third.close();
});
