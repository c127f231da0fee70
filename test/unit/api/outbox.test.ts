/** A client that does not keep up: what waits, what is replaced, when it is cut off. */

import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { Outbox, TRY_AGAIN_LATER } from '../../../src-main/api/outbox.ts';
import { runSummary } from './fake-shell.ts';

/** A socket whose other end reads only when told to. */
class SlowSocket {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  closed: number | null = null;
  readonly sent: { event?: string; id?: number; payload?: Record<string, unknown> }[] = [];
  readonly #flushed: (() => void)[] = [];

  send(text: string, done: () => void): void {
    this.bufferedAmount += text.length;
    this.sent.push(JSON.parse(text));
    this.#flushed.push(() => {
      this.bufferedAmount -= text.length;
      done();
    });
  }
  /** The other end reads everything that was sent so far. */
  read(): void {
    for (const done of this.#flushed.splice(0)) done();
  }
  close(code: number): void {
    this.closed = code;
  }
  terminate(): void {
    this.readyState = 3;
  }
}

function slow(highWaterBytes: number, limitCharacters: number) {
  const socket = new SlowSocket();
  const outbox = new Outbox(socket as Partial<WebSocket> as WebSocket, { highWaterBytes, limitCharacters });
  return { socket, outbox };
}

test('while the client reads, everything goes straight out', () => {
  const { socket, outbox } = slow(100, 10_000);
  for (let step = 0; step < 50; step++) {
    outbox.event('step', { runId: 'a', step, metrics: {} });
    socket.read();
  }
  expect(socket.sent.map(({ payload }) => payload?.step)).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test('steps that wait all arrive, in order; of states only the newest', () => {
  const { socket, outbox } = slow(10, 1_000_000);
  for (let step = 0; step < 20; step++) {
    outbox.event('step', { runId: 'a', step, metrics: {} });
    outbox.event('run', runSummary({ step }));
    outbox.event('progress', { runId: 'a', step, phase: 'sampling', fraction: 0 });
  }
  while (socket.bufferedAmount > 0) socket.read();
  const of = (event: string) => socket.sent.filter((f) => f.event === event).map(({ payload }) => payload?.step);
  expect(of('step')).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(of('run')).toEqual([19]);
  expect(of('progress')).toEqual([19]);
  expect(socket.closed).toBeNull();
});

test('replies do not wait behind events', () => {
  const { socket, outbox } = slow(10, 1_000_000);
  for (let step = 0; step < 5; step++) outbox.event('step', { runId: 'a', step, metrics: {} });
  outbox.reply({ id: 7, reply: { ok: true, value: null } });
  expect(socket.sent.at(-1)).toMatchObject({ id: 7 });
});

test('a client too far behind is cut off and told to come again', () => {
  const { socket, outbox } = slow(10, 500);
  for (let step = 0; step < 50; step++) outbox.event('step', { runId: 'a', step, metrics: {} });
  expect(socket.closed).toBe(TRY_AGAIN_LATER);
  expect(socket.readyState).not.toBe(socket.OPEN);
});

test('one large reply does not make a client slow', () => {
  const { socket, outbox } = slow(10, 500);
  outbox.reply({ id: 1, reply: 'x'.repeat(100_000) });
  outbox.event('step', { runId: 'a', step: 1, metrics: {} });
  expect(socket.closed).toBeNull();
  while (socket.bufferedAmount > 0) socket.read();
  expect(socket.sent.at(-1)).toMatchObject({ event: 'step' });
});
