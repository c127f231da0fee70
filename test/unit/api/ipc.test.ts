/** Who may call over Electron's IPC. */
import { expect, test } from 'vitest';
import { CALL_CHANNEL, carryIpc, EVENT_CHANNEL } from '../../../src-main/api/ipc.ts';
import { fakeShell } from './fake-shell.ts';

type Handler = (event: unknown, name: unknown, input: unknown) => Promise<unknown>;

function carry() {
  let handler: Handler | null = null;
  const sent: unknown[][] = [];
  const shell = fakeShell({ runs: () => [] });
  const stop = carryIpc(shell, {
    ipcMain: {
      handle: (channel, given) => {
        expect(channel).toBe(CALL_CHANNEL);
        handler = given as Handler;
      },
      removeHandler: () => {
        handler = null;
      },
    },
    receivers: () => [
      { send: () => expect.unreachable('a destroyed window must not be sent to'), isDestroyed: () => true },
      { send: (...args: unknown[]) => void sent.push(args), isDestroyed: () => false },
    ],
    origin: 'assay://app',
  });
  const callFrom = (senderFrame: unknown) => handler?.({ senderFrame }, 'runs', {});
  return { shell, stop, sent, callFrom, isHandled: () => handler !== null };
}

test.each([
  ['another origin', { url: 'https://example.org/', parent: null }],
  ['an origin that starts alike', { url: 'assay://app.example.org/', parent: null }],
  ['a frame inside the page', { url: 'assay://app/', parent: { url: 'assay://app/' } }],
  ['a local file', { url: 'file:///etc/passwd', parent: null }],
  ['a frame that is gone', null],
])('%s is refused', async (_, frame) => {
  expect(await carry().callFrom(frame)).toMatchObject({ ok: false, error: { code: 'usage' } });
});

test('the window itself is answered, on any of its pages', async () => {
  expect(await carry().callFrom({ url: 'assay://app/runs/abc', parent: null })).toEqual({ ok: true, value: [] });
});

test('events go to living windows; stopping ends calls and events', () => {
  const { shell, stop, sent, isHandled } = carry();
  shell.publish('step', { runId: 'a', step: 1, metrics: {} });
  expect(sent).toEqual([[EVENT_CHANNEL, 'step', { runId: 'a', step: 1, metrics: {} }]]);
  stop();
  shell.publish('step', { runId: 'a', step: 2, metrics: {} });
  expect(sent).toHaveLength(1);
  expect(isHandled()).toBe(false);
});
