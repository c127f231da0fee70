/**
 * What waits to be sent to one WebSocket client. While the client keeps up, frames go straight out; when it does not,
 * events wait here, newer states of the same run replacing older ones, and a client that falls too far behind is cut
 * off, so that it connects again and fetches anew. Nothing is lost without the client knowing.
 */
import type { WebSocket } from 'ws';

/** Bytes that the socket may hold before events wait. */
const HIGH_WATER_BYTES = 1 << 20;
/** Waiting events, in characters of JSON, at which the client is cut off. */
const LIMIT_CHARACTERS = 16 << 20;
/** RFC 6455 close code "try again later". */
export const TRY_AGAIN_LATER = 1013;

export interface OutboxLimits {
  readonly highWaterBytes: number;
  readonly limitCharacters: number;
}

export class Outbox {
  readonly #socket: WebSocket;
  readonly #limits: OutboxLimits;
  /** In the order of sending; the key names the state that a frame shows, or is unique. */
  readonly #waiting = new Map<string, string>();
  #waitingCharacters = 0;
  #serial = 0;

  constructor(
    socket: WebSocket,
    limits: OutboxLimits = { highWaterBytes: HIGH_WATER_BYTES, limitCharacters: LIMIT_CHARACTERS },
  ) {
    this.#socket = socket;
    this.#limits = limits;
  }

  /** Replies are asked for, so they never wait behind events. */
  reply(frame: unknown): void {
    this.#send(JSON.stringify(frame));
  }

  event(event: string, payload: unknown): void {
    const text = JSON.stringify({ event, payload });
    if (this.#waiting.size === 0 && this.#socket.bufferedAmount < this.#limits.highWaterBytes) {
      this.#send(text);
      return;
    }
    const key = stateKey(event, payload) ?? `#${this.#serial++}`;
    this.#waitingCharacters += text.length - (this.#waiting.get(key)?.length ?? 0);
    // Taken out first, so that the newer state takes its place at the end.
    this.#waiting.delete(key);
    this.#waiting.set(key, text);
    if (this.#waitingCharacters <= this.#limits.limitCharacters) return;
    this.#waiting.clear();
    this.#waitingCharacters = 0;
    this.#socket.close(TRY_AGAIN_LATER, 'too slow');
    // A client that does not read does not read the close frame either.
    this.#socket.terminate();
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text, (error) => {
      // A failed write ends in the socket's own 'close', which is handled there.
      if (error === undefined || error === null) this.#flush();
    });
  }

  #flush(): void {
    for (const [key, text] of this.#waiting) {
      if (this.#socket.bufferedAmount >= this.#limits.highWaterBytes) return;
      this.#waiting.delete(key);
      this.#waitingCharacters -= text.length;
      this.#send(text);
    }
  }
}

/** Events that show a state whole: only the newest matters. */
function stateKey(event: string, payload: unknown): string | null {
  if (event !== 'run' && event !== 'progress') return null;
  const { id, runId } = payload as { id?: unknown; runId?: unknown };
  return `${event} ${id ?? runId}`;
}
