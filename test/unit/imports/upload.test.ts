/** Files from a browser, through the real server and the real import. */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { serve } from '../../../src-main/api/http.ts';
import { createCalls, reply } from '../../../src-main/api/index.ts';
import { replySchema } from '../../../src-shared/api.ts';
import { importReportSchema } from '../../../src-shared/transfer.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { fixture, freshStore } from './harness.ts';

const uploads = () => readdirSync(tmpdir()).filter((name) => name.startsWith('assay-upload-'));

async function served(maxUploadBytes?: number) {
  const { home, store } = await freshStore();
  const changed: string[] = [];
  const call = createCalls({
    home,
    store,
    control: { changed: (ids: readonly string[]) => changed.push(...ids), present: (run: unknown) => run },
    sandbox: {},
  } as never);
  const shell = { dispatch: (name: string, input: unknown) => reply(call, name, input), listen: () => () => undefined };
  const server = await serve(shell, {
    files: await temporaryFolder(),
    ...(maxUploadBytes === undefined ? {} : { maxUploadBytes }),
  });
  onTestFinished(() => server.close());
  const entered = await fetch(server.url, { redirect: 'manual' });
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
  const before = uploads();
  const send = async (name: string, body: Buffer, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.origin}/import?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { origin: server.origin, cookie, ...headers },
    });
    expect(uploads()).toEqual(before);
    return response;
  };
  return { store, send, changed, cookie };
}

const state = readFileSync(fixture('trainer_state.json'));

test('a file is imported under its own name and told of; nothing of it stays', async () => {
  const { store, send, changed } = await served();
  const answer = replySchema.parse(await (await send('trainer_state.json', state)).json());
  if (!answer.ok) throw new Error(answer.error.message);
  const { imported } = importReportSchema.parse(answer.value);
  expect(imported).toMatchObject([{ number: 1, name: 'trainer_state' }]);
  expect(changed).toEqual(imported.map(({ runId }) => runId));
  expect(store.runs.get(imported[0]?.runId ?? '').origin).toEqual({
    format: 'trainer-state',
    file: 'trainer_state.json',
  });
});

test('without the session, from another page, or to another address nothing is read', async () => {
  const { store, send } = await served();
  expect((await send('trainer_state.json', state, { cookie: '' })).status).toBe(403);
  expect((await send('trainer_state.json', state, { cookie: 'assay-1=x' })).status).toBe(403);
  expect((await send('trainer_state.json', state, { origin: 'http://evil.example' })).status).toBe(403);
  expect(store.runs.all()).toEqual([]);
});

test('names that are paths, and files that are too big or nothing, are refused in one line', async () => {
  const { store, send } = await served(1000);
  const message = async (name: string, body: Buffer) => {
    const answer = replySchema.parse(await (await send(name, body)).json());
    return answer.ok ? 'accepted' : answer.error.message;
  };
  for (const name of ['../x.json', '/etc/passwd', 'a\\b', '.hidden', 'CON', 'nul.txt', '', 'x.', 'a\u0000b', 'C:x'])
    expect(await message(name, Buffer.from('x'))).toContain('is not the name of a file');
  expect(await message('trainer_state.json', state)).toContain('too big: at most 1000 bytes');
  expect(await message('x.bin', Buffer.from('x'))).toContain('nothing that can be imported');
  expect(store.runs.all()).toEqual([]);
});
