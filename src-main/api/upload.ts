/**
 * A file that a person chose in a browser, on its way into the store: `POST /import?name=<file name>` with the file as
 * its body. It is written to a folder of its own outside the data folder, imported as `importRuns` would, and deleted,
 * whatever came of it. Who may send it is decided by http.ts.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Reply } from '../../src-shared/api.ts';
import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import type { Shell } from './shell.ts';

export const MAX_UPLOAD_BYTES = 8 * 2 ** 30;
/** No path, no name that a system keeps for itself, nothing hidden. */
const NAME = /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[\p{L}\p{N}_][\p{L}\p{N} ._()+-]{0,150}$/iu;

export async function takeUpload(
  shell: Shell,
  request: IncomingMessage,
  name: string | null,
  maxBytes: number = MAX_UPLOAD_BYTES,
): Promise<Reply> {
  let folder: string | null = null;
  try {
    if (name === null || !NAME.test(name) || name.endsWith('.') || name.endsWith(' '))
      throw new AssayError('usage', `name: ${JSON.stringify(name?.slice(0, 60) ?? null)} is not the name of a file`);
    const tooBig = () => new AssayError('usage', `${name} is too big: at most ${maxBytes} bytes can be sent`);
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooBig();
    folder = await mkdtemp(join(tmpdir(), 'assay-upload-'));
    // Some logs are named after their folder, which here would be a random one.
    const inside = join(folder, parse(name).name);
    await mkdir(inside);
    const path = join(inside, name);
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        done(bytes > maxBytes ? tooBig() : null, chunk);
      },
    });
    await pipeline(request, meter, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    return await shell.dispatch('importRuns', { path });
  } catch (error) {
    return { ok: false, error: toErrorData(error) };
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}
