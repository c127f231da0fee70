/** Files of one JSON object a line, read synchronously and piece by piece: a transaction of the store cannot wait. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { z } from 'zod';
import { refusal } from './format.ts';

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 10;

export interface LineSource {
  /** On disk. */
  readonly path: string;
  /** For messages: the bundle, and the path in it. */
  readonly file: string;
  readonly name: string;
  readonly maxBytes: number;
}

/** @throws AssayError `corrupt` that names the line. */
export function* readLines<T>(source: LineSource, schema: z.ZodType<T>): Generator<T> {
  let number = 0;
  for (const text of split(source)) {
    number++;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw refusal(source.file, `line ${number} of ${source.name} is not JSON`, error);
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const where = issue?.path.map((part) => String(part).slice(0, 60)).join('.');
      throw refusal(
        source.file,
        `line ${number} of ${source.name}: ${[where, issue?.message].filter(Boolean).join(': ')}`,
      );
    }
    yield parsed.data;
  }
}

function* split({ path, file, name, maxBytes }: LineSource): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const handle = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    const take = () => {
      const bytes = Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      try {
        return decoder.decode(bytes);
      } catch (error) {
        throw refusal(file, `${name} is not UTF-8`, error);
      }
    };
    for (;;) {
      const read = readSync(handle, chunk, 0, CHUNK_BYTES, null);
      if (read === 0) break;
      let start = 0;
      while (start < read) {
        const end = chunk.subarray(0, read).indexOf(NEWLINE, start);
        const piece = chunk.subarray(start, end < 0 ? read : end);
        waitingBytes += piece.length;
        if (waitingBytes > maxBytes) throw refusal(file, `${name} has a line of more than ${maxBytes} bytes`);
        waiting.push(Buffer.from(piece));
        if (end < 0) break;
        yield take();
        start = end + 1;
      }
    }
    if (waitingBytes > 0) throw refusal(file, `${name} ends in the middle of a line`);
  } finally {
    closeSync(handle);
  }
}
