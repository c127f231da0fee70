import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { webSocketTransport } from '../../../src-renderer/client.ts';

/** The part of a WebSocket that the client uses, driven by the test. */
class FakeSocket {
  static readonly all: FakeSocket[] = [];
  readonly sent: { id: number; call: string; input: unknown }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.onclose?.();
  }
  receive(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }
}
const last = (): FakeSocket => FakeSocket.all.at(-1) as FakeSocket;
const start = () => webSocketTransport(() => new FakeSocket() as Partial<WebSocket> as WebSocket);

describe('WebSocket transport', () => {
  beforeEach(() => {
    FakeSocket.all.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('calls wait for the first connection and get their own replies', async () => {
    const { transport } = start();
    const first = transport.call('runs', {});
    const second = transport.call('status', {});
    expect(last().sent).toEqual([]);
    last().onopen?.();
    const [a, b] = last().sent;
    expect([a?.call, b?.call]).toEqual(['runs', 'status']);
    last().receive({ id: b?.id, reply: 'second' });
    last().receive({ id: a?.id, reply: 'first' });
    expect(await first).toBe('first');
    expect(await second).toBe('second');
  });

  test('events reach every listener until it leaves', () => {
    const { transport } = start();
    last().onopen?.();
    const heard: unknown[] = [];
    const stop = transport.listen((event, payload) => heard.push([event, payload]));
    last().receive({ event: 'run', payload: 1 });
    stop();
    last().receive({ event: 'run', payload: 2 });
    expect(heard).toEqual([['run', 1]]);
  });

  test('a lost connection fails what is under way, refuses what is new, and comes back', async () => {
    const { transport, connection } = start();
    const states: string[] = [];
    connection.subscribe(() => states.push(connection.state));
    last().onopen?.();
    const underWay = transport.call('runs', {});
    last().onclose?.();
    await expect(underWay).rejects.toThrow('Assay does not answer.');
    await expect(transport.call('runs', {})).rejects.toThrow('Assay does not answer.');
    expect(connection.attempts).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeSocket.all).toHaveLength(2);
    last().onopen?.();
    const again = transport.call('runs', {});
    last().receive({ id: last().sent[0]?.id, reply: 'back' });
    expect(await again).toBe('back');
    expect(states).toEqual(['open', 'reconnecting', 'open']);
    expect(connection.attempts).toBe(0);
  });

  test('it tries ever more rarely, but at least every 6.25 seconds', async () => {
    start();
    let fewest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 12; round++) {
      const before = FakeSocket.all.length;
      last().onclose?.();
      await vi.advanceTimersByTimeAsync(6250);
      fewest = Math.min(fewest, FakeSocket.all.length - before);
    }
    expect(fewest).toBe(1);
  });

  test.each(['not JSON', '{"neither":1}', '[]'])('the frame %s closes the connection', (frame) => {
    const { connection } = start();
    last().onopen?.();
    last().receive(frame);
    expect(connection.state).toBe('reconnecting');
  });

  test('closing it for good opens nothing again', async () => {
    const { close } = start();
    last().onopen?.();
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });
});
