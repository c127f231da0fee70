/**
 * Carries the Api to a browser on this machine: the window's files over HTTP, files to import by POST to /import,
 * exported ones by GET below /exports/, and the calls and events over one WebSocket at /rpc, on the loopback only.
 * Whoever has the address with the token of this launch gets in, nobody else: other users of the machine, other pages
 * in the same browser and rebound host names do not.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { readAsset, securityHeaders } from './assets.ts';
import { exportedName, openExported, sendExported } from './download.ts';
import { Outbox } from './outbox.ts';
import type { Shell } from './shell.ts';
import { takeUpload } from './upload.ts';

/** Room for the largest program and its tests (PROGRAM_BOUNDS), most of whose characters are one byte in JSON. */
const MAX_REQUEST_BYTES = 8 << 20;
const HEARTBEAT_MS = 15_000;

const requestSchema = z.object({ id: z.number().int(), call: z.string().max(64), input: z.unknown() });

export interface ServeOptions {
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** out/renderer. */
  readonly files: string;
  /** Where exports lie; absent: none can be had. */
  readonly exports?: string;
  readonly heartbeatMs?: number;
  /** Largest file that can be sent for import. */
  readonly maxUploadBytes?: number;
}

export interface Served {
  /** The address to open: carries the token, which is exchanged for a cookie at once. */
  readonly url: string;
  readonly origin: string;
  close(): Promise<void>;
}

/** @throws AssayError `conflict` when the port is taken, `usage` when it is not allowed */
export async function serve(shell: Shell, options: ServeOptions): Promise<Served> {
  const token = randomBytes(32).toString('base64url');
  const session = randomBytes(32).toString('base64url');
  const server = createServer({ requestTimeout: 30_000 });
  const port = await listen(server, options.port ?? 0);
  const host = `127.0.0.1:${port}`;
  const origin = `http://${host}`;
  // Cookies do not know ports: two launches side by side need two names.
  const cookie = `assay-${port}`;
  const headers = securityHeaders(`ws://${host}`);
  const hasSession = (request: IncomingMessage) => isSame(readCookie(request, cookie) ?? '', session);

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const end = (status: number, text: string, more: Record<string, string> = {}) =>
      response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8', ...more }).end(text);
    // A name that was rebound to the loopback arrives with the name in Host.
    if (request.headers.host !== host) return end(421, 'Wrong host');
    const url = parseTarget(request.url ?? '', origin);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (request.headers.origin !== origin) return end(403, 'Wrong origin');
      if (request.method !== 'POST' || url?.pathname !== '/import') return end(405, 'Only GET', { Allow: 'GET, HEAD' });
      if (!hasSession(request)) return end(403, 'Not signed in: open the address that this launch of Assay printed');
      const reply = await takeUpload(shell, request, url.searchParams.get('name'), options.maxUploadBytes);
      // What was not read of a refused file goes with its connection.
      return end(200, JSON.stringify(reply), { 'Content-Type': 'application/json', Connection: 'close' });
    }
    if (url === null) return end(400, 'Malformed address');
    const given = url.searchParams.get('token');
    if (given !== null) {
      if (!isSame(given, token)) return end(403, 'Wrong token: open the address that this launch of Assay printed');
      return end(302, '', {
        Location: url.pathname,
        'Set-Cookie': `${cookie}=${session}; HttpOnly; SameSite=Strict; Path=/`,
      });
    }
    if (!hasSession(request)) return end(403, 'Not signed in: open the address that this launch of Assay printed');
    const name = exportedName(url.pathname);
    if (name !== null && options.exports !== undefined) {
      const file = await openExported(options.exports, name);
      if (file === null) return end(404, 'Not found');
      return sendExported(file, name, response, headers, request.method === 'GET');
    }
    const asset = await readAsset(options.files, url.pathname);
    if (asset === null) return end(404, 'Not found');
    return response
      .writeHead(200, { ...headers, ...asset.headers, 'Content-Length': asset.body.length })
      .end(request.method === 'HEAD' ? undefined : asset.body);
  };
  server.on('request', (request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(`assay: ${request.method} ${request.url}: ${error instanceof Error ? error.message : error}`);
      response.destroy();
    });
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_REQUEST_BYTES });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    if (request.headers.host !== host) return refuse(stream, '421 Misdirected Request');
    if (request.headers.origin !== origin || !hasSession(request)) return refuse(stream, '403 Forbidden');
    if (parseTarget(request.url ?? '', origin)?.pathname !== '/rpc') return refuse(stream, '404 Not Found');
    sockets.handleUpgrade(request, stream, head, (socket) => carry(shell, socket, options.heartbeatMs ?? HEARTBEAT_MS));
  });

  return {
    url: `${origin}/?token=${token}`,
    origin,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** One client, from its first frame to its last. */
function carry(shell: Shell, socket: WebSocket, heartbeatMs: number): void {
  const outbox = new Outbox(socket);
  const stop = shell.listen((event, payload) => outbox.event(event, payload));
  let alive = true;
  const heartbeat = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, heartbeatMs);
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('message', async (data, isBinary) => {
    alive = true;
    const request = isBinary ? null : parseRequest(String(data));
    if (request === null) return socket.close(1007, 'a frame is {id, call, input} in JSON');
    outbox.reply({ id: request.id, reply: await shell.dispatch(request.call, request.input) });
  });
  // 'close' always follows, and is where things are undone.
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearInterval(heartbeat);
    stop();
  });
}

function parseRequest(text: string): z.infer<typeof requestSchema> | null {
  try {
    return requestSchema.parse(JSON.parse(text));
  } catch {
    return null; // The caller answers malformed frames by closing.
  }
}

function parseTarget(target: string, origin: string): URL | null {
  // "//host/path" and absolute forms would change the host.
  if (!target.startsWith('/') || target.startsWith('//')) return null;
  return URL.parse(target, origin);
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function readCookie(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/** In constant time: digests have one length whatever was given. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new AssayError('conflict', `port ${port} is taken by another program`, {
              hint: 'Leave out --port for a free one.',
            })
          : new AssayError('usage', `port ${port} cannot be used: ${error.message}`, { cause: error }),
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
