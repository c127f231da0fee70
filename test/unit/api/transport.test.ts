/** One set of behaviours over every way to reach the app: in process, Electron's IPC, HTTP and WebSocket. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { serve } from '../../../src-main/api/http.ts';
import { carryIpc } from '../../../src-main/api/ipc.ts';
import type { Shell } from '../../../src-main/api/shell.ts';
import { webSocketTransport } from '../../../src-renderer/client.ts';
import type { CallName, Transport } from '../../../src-shared/api.ts';
import { createClient } from '../../../src-shared/client.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { fakeShell, runSummary } from './fake-shell.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Makes clients of one shell; each call gives another client. */
type Carrier = (shell: Shell) => Promise<() => Promise<Transport>>;

const direct: Carrier = async (shell) => async () => ({ call: shell.dispatch, listen: shell.listen });

const loopback: Carrier = async (shell) => {
  const files = mkdtempSync(join(tmpdir(), 'assay-files-'));
  writeFileSync(join(files, 'index.html'), '<!doctype html>');
  cleanups.push(() => rmSync(files, { recursive: true }));
  const served = await serve(shell, { files });
  cleanups.push(() => served.close());
  const signIn = await fetch(served.url, { redirect: 'manual' });
  const cookie = (signIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return async () => {
    // The window's own end, over a socket that sends what a browser would.
    const { transport, connection, close } = webSocketTransport(() => {
      const socket = new WebSocket(`${served.origin.replace('http', 'ws')}/rpc`, {
        headers: { cookie, origin: served.origin },
      });
      sockets.add(socket);
      return socket as Partial<globalThis.WebSocket> as globalThis.WebSocket;
    });
    cleanups.push(close);
    await vi.waitFor(() => expect(connection.state).toBe('open'), 30_000);
    return transport;
  };
};
/** All that were opened, to be cut. */
const sockets = new Set<WebSocket>();

const ORIGIN = 'assay://app';

/** Both ends of Electron's IPC, with structured clone between them; the real preload runs on the window's end. */
const ipc: Carrier = async (shell) => {
  type Handler = (event: unknown, ...args: unknown[]) => unknown;
  const handlers = new Map<string, Handler>();
  const windows = new Set<{ send(channel: string, ...args: unknown[]): void; isDestroyed(): boolean }>();
  const stop = carryIpc(shell, {
    ipcMain: {
      handle: (channel, handler) => void handlers.set(channel, handler as Handler),
      removeHandler: (channel) => void handlers.delete(channel),
    },
    receivers: () => windows,
    origin: ORIGIN,
  });
  cleanups.push(stop);
  return async () => {
    const heard = new Map<string, Set<Handler>>();
    const of = (channel: string) => heard.get(channel) ?? heard.set(channel, new Set()).get(channel) ?? new Set();
    windows.add({
      send: (channel, ...args) => {
        for (const listener of [...of(channel)]) listener({}, ...structuredClone(args));
      },
      isDestroyed: () => false,
    });
    const exposed: Record<string, unknown> = {};
    vi.resetModules();
    vi.doMock('electron', () => ({
      contextBridge: {
        exposeInMainWorld: (key: string, value: unknown) => {
          exposed[key] = value;
        },
      },
      ipcRenderer: {
        invoke: async (channel: string, ...args: unknown[]) =>
          structuredClone(
            await handlers.get(channel)?.(
              { senderFrame: { url: `${ORIGIN}/`, parent: null } },
              ...structuredClone(args),
            ),
          ),
        on: (channel: string, listener: Handler) => void of(channel).add(listener),
        off: (channel: string, listener: Handler) => void of(channel).delete(listener),
      },
    }));
    await import('../../../src-main/preload.ts');
    expect(Object.keys(exposed)).toEqual(['assay']);
    return exposed.assay as Transport;
  };
};

const bodies = {
  runs: () => [runSummary()],
  stopRun: ({ runId }: { runId: string }) => {
    throw new AssayError('conflict', `run ${runId} is finished`, { hint: 'Resume it.', path: 'limits.steps' });
  },
};

const carriers: readonly [string, Carrier][] = [
  ['in process', direct],
  ['Electron IPC', ipc],
  ['HTTP and WebSocket', loopback],
];

describe.each(carriers)('%s', (_, carrier) => {
  test('a call gives its value', async () => {
    const client = createClient(await (await carrier(fakeShell(bodies)))());
    expect(await client.runs({})).toEqual([runSummary()]);
  });

  test('an expected failure keeps code, message, hint and path', async () => {
    const client = createClient(await (await carrier(fakeShell(bodies)))());
    await expect(client.stopRun({ runId: 'a' })).rejects.toMatchObject({
      name: 'AssayError',
      code: 'conflict',
      message: 'run a is finished',
      hint: 'Resume it.',
      path: 'limits.steps',
    });
  });

  test('malformed input and unknown calls are usage errors, and the next call works', async () => {
    const transport = await (await carrier(fakeShell(bodies)))();
    expect(await transport.call('run', { runId: 7 })).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(await transport.call('destroy' as CallName, {})).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(await transport.call('toString' as CallName, {})).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(await transport.call('runs', {})).toMatchObject({ ok: true });
  });

  test('answers find their calls when they overtake each other', async () => {
    const gate = Promise.withResolvers<void>();
    const shell = fakeShell({
      notes: async ({ runId }: { runId: string }) => {
        if (runId === 'slow') await gate.promise;
        else gate.resolve();
        return [{ id: 1, runId, step: 0, at: 0, level: 'info', message: runId }];
      },
    });
    const client = createClient(await (await carrier(shell))());
    const [slow, fast] = await Promise.all([client.notes({ runId: 'slow' }), client.notes({ runId: 'fast' })]);
    expect([slow[0]?.message, fast[0]?.message]).toEqual(['slow', 'fast']);
  });

  test('events arrive in order at every client, until it stops listening', async () => {
    const shell = fakeShell(bodies);
    const connect = await carrier(shell);
    const first = createClient(await connect());
    const second = createClient(await connect());
    const heard: number[][] = [[], []];
    const stop = first.on('step', ({ step }) => heard[0]?.push(step));
    second.on('step', ({ step }) => heard[1]?.push(step));
    for (let step = 0; step < 500; step++)
      shell.publish('step', { runId: 'a', step, metrics: { 'train/reward': step / 3 } });
    const all = Array.from({ length: 500 }, (_, step) => step);
    await vi.waitFor(() => expect(heard).toEqual([all, all]), 30_000);
    stop();
    shell.publish('step', { runId: 'a', step: 500, metrics: {} });
    await vi.waitFor(() => expect(heard[1]).toHaveLength(501), 30_000);
    expect(heard[0]).toHaveLength(500);
  });
});

test('WebSocket: a client that is cut off comes back by itself and hears what follows', async () => {
  const shell = fakeShell(bodies);
  const transport = await (await loopback(shell))();
  const client = createClient(transport);
  const heard: number[] = [];
  client.on('step', ({ step }) => heard.push(step));
  for (const socket of sockets) socket.terminate();
  await vi.waitFor(() => expect(shell.listeners()).toBe(0), 30_000);
  await vi.waitFor(() => expect(shell.listeners()).toBe(1), 5_000);
  shell.publish('step', { runId: 'a', step: 9, metrics: {} });
  await vi.waitFor(() => expect(heard).toEqual([9]), 30_000);
  expect(await client.runs({})).toEqual([runSummary()]);
});
