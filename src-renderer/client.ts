/**
 * The window's way to the app. This file alone knows which transport there is: the one that the desktop's preload
 * offers, or a WebSocket to the address that the page came from.
 */
import { z } from 'zod';
import { type Api, calls, replySchema, type Transport } from '../src-shared/api.ts';
import { createClient } from '../src-shared/client.ts';
import { AssayError, fromErrorData } from '../src-shared/errors.ts';
import type { ImportReport } from '../src-shared/transfer.ts';

declare global {
  interface Window {
    /** Set by the desktop's preload. `pathOf`: where a file lies that a person chose. */
    readonly assay?: Transport & { pathOf(file: File): string };
  }
}

export type ConnectionState = 'connecting' | 'open' | 'reconnecting';

/** Whether the app can be reached now. */
export interface Connection {
  readonly state: ConnectionState;
  /** Failed attempts since it was last open. */
  readonly attempts: number;
  subscribe(listener: () => void): () => void;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5000;

const frameSchema = z.union([
  z.object({ id: z.number().int(), reply: z.unknown() }),
  z.object({ event: z.string(), payload: z.unknown() }),
]);

const unreachable = () =>
  new AssayError('internal', 'Assay does not answer.', {
    hint: 'The window reconnects by itself; if it does not, start Assay again and open the address that it prints.',
  });

interface Pending {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Calls wait for the first connection. Once it is lost, those under way fail, and so do new ones until it is back:
 * nothing is sent later than it was meant.
 */
export function webSocketTransport(open: () => WebSocket): {
  transport: Transport;
  connection: Connection;
  close(): void;
} {
  const pending = new Map<number, Pending>();
  const listeners = new Set<(event: string, payload: unknown) => void>();
  const watchers = new Set<() => void>();
  let socket: WebSocket;
  let state: ConnectionState = 'connecting';
  let attempts = 0;
  let lastId = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: (() => void)[] = [];
  let closed = false;

  const move = (next: ConnectionState) => {
    state = next;
    for (const watcher of [...watchers]) watcher();
  };

  const connect = () => {
    socket = open();
    socket.onopen = () => {
      attempts = 0;
      move('open');
      for (const send of waiting) send();
      waiting = [];
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      const frame = readFrame(message.data);
      if (frame === null) return socket.close(1002, 'a frame is {id, reply} or {event, payload} in JSON');
      if ('event' in frame) {
        for (const listener of [...listeners]) listener(frame.event, frame.payload);
        return;
      }
      pending.get(frame.id)?.resolve(frame.reply);
      pending.delete(frame.id);
    };
    socket.onclose = () => {
      for (const { reject } of pending.values()) reject(unreachable());
      pending.clear();
      waiting = [];
      if (closed) return;
      const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts);
      attempts++;
      move('reconnecting');
      // Spread out, so that many windows do not come back in one moment.
      timer = setTimeout(connect, delay * (0.75 + 0.5 * Math.random()));
    };
  };
  connect();

  return {
    transport: {
      call: (name, input) => {
        if (state === 'reconnecting') return Promise.reject(unreachable());
        const id = ++lastId;
        return new Promise((resolve, reject) => {
          pending.set(id, { resolve, reject });
          const send = () => socket.send(JSON.stringify({ id, call: name, input }));
          if (state === 'open') send();
          else waiting.push(send);
        });
      },
      listen: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    connection: {
      get state() {
        return state;
      },
      get attempts() {
        return attempts;
      },
      subscribe: (watcher) => {
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      socket.close();
    },
  };
}

function readFrame(data: unknown): z.infer<typeof frameSchema> | null {
  if (typeof data !== 'string') return null;
  try {
    return frameSchema.safeParse(JSON.parse(data)).data ?? null;
  } catch {
    return null; // Not JSON; the caller closes the connection.
  }
}

const ALWAYS_OPEN: Connection = { state: 'open', attempts: 0, subscribe: () => () => undefined };

/** Imports a file that a person chose: by its path on the desktop, else by sending it. */
export type SendFile = (file: File) => Promise<ImportReport>;

/** The Api of the app that this window belongs to. */
export function connect(window: Window): { api: Api; connection: Connection; sendFile: SendFile } {
  const { assay } = window;
  if (assay !== undefined) {
    const api = createClient(assay);
    return { api, connection: ALWAYS_OPEN, sendFile: (file) => api.importRuns({ path: assay.pathOf(file) }) };
  }
  const address = new URL('/rpc', window.location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const { transport, connection } = webSocketTransport(() => new WebSocket(address));
  return { api: createClient(transport), connection, sendFile: upload };
}

async function upload(file: File): Promise<ImportReport> {
  let answer: unknown;
  try {
    const response = await fetch(`/import?${new URLSearchParams({ name: file.name })}`, { method: 'POST', body: file });
    answer = await response.json();
  } catch {
    throw unreachable();
  }
  const reply = replySchema.safeParse(answer);
  if (!reply.success) throw unreachable();
  if (!reply.data.ok) throw fromErrorData(reply.data.error);
  return calls.importRuns.output.parse(reply.data.value);
}
