/** The frames between a sandbox server (resources/sandbox/serve.py) and this process: u32 header bytes and u32 body
 * bytes, little endian, then a JSON header and a body. Knows nothing of processes or verdicts. */
import { z } from 'zod';

export const ReadyHeader = z.object({ python: z.string(), seccomp: z.boolean(), memoryLimit: z.boolean() });

export const STATUSES = [
  'exited',
  'signal',
  'compile-error',
  'time-limit',
  'memory-limit',
  'output-limit',
  'bad-test',
  'fault',
] as const;

export const ResultHeader = z.object({
  status: z.enum(STATUSES),
  /** Exit status or signal number. */
  code: z.number().int(),
  detail: z.string(),
  wallMs: z.number().nonnegative(),
  memoryMb: z.number().nonnegative().nullable(),
  /** The last bytes that the program wrote to standard error. */
  stderr: z.string(),
  /** How much of the body is standard output; the rest is the program's report. */
  stdoutBytes: z.number().int().nonnegative(),
  /** After a build: path, bytes and mode of each file in the body. */
  files: z.array(z.tuple([z.string(), z.number().int().nonnegative(), z.number().int()])).optional(),
});

/** What was observed of one test, from outside its process. `report` is whatever that process said of itself. */
export interface Observation {
  readonly status: (typeof STATUSES)[number];
  readonly code: number;
  readonly detail: string;
  readonly wallMs: number;
  /** Peak resident memory, in MiB; null where it is not measured. */
  readonly memoryMb: number | null;
  readonly stderr: string;
  readonly stdout: Buffer;
  readonly report: Buffer;
}

export interface Frame {
  readonly header: unknown;
  readonly body: Buffer;
}

export function encodeFrame(header: object, body: string | Buffer): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const length = Buffer.byteLength(body);
  const frame = Buffer.allocUnsafe(8 + head.length + length);
  frame.writeUInt32LE(head.length, 0);
  frame.writeUInt32LE(length, 4);
  head.copy(frame, 8);
  if (typeof body === 'string') frame.write(body, 8 + head.length);
  else body.copy(frame, 8 + head.length);
  return frame;
}

/** Collects chunks, gives back whole frames. Throws on a frame above `mostBytes` or with a header that is not JSON. */
export class FrameReader {
  readonly #mostBytes: number;
  #chunks: Buffer[] = [];
  #held = 0;
  #wanted = 8;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const frames: Frame[] = [];
    while (this.#held >= this.#wanted) {
      const all = Buffer.concat(this.#chunks);
      const headBytes = all.readUInt32LE(0);
      const total = 8 + headBytes + all.readUInt32LE(4);
      if (total > this.#mostBytes) throw new RangeError(`Frame of ${total} bytes: at most ${this.#mostBytes} allowed`);
      const complete = all.length >= total;
      if (complete) {
        const header: unknown = JSON.parse(all.toString('utf8', 8, 8 + headBytes));
        frames.push({ header, body: all.subarray(8 + headBytes, total) });
      }
      const rest = complete ? all.subarray(total) : all;
      this.#chunks = [rest];
      this.#held = rest.length;
      this.#wanted = complete ? 8 : total;
    }
    return frames;
  }
}
