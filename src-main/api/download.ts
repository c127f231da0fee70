/** Exported files on their way to a browser: `GET /exports/<file name>`. Who may have them is decided by http.ts. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const PREFIX = '/exports/';
/** Those that an export is given when nobody names a path. */
const NAME = /^[a-z0-9][\w.-]{0,150}$/i;

/** The name of the exported file that an address stands for; null where it stands for none. */
export function exportedName(pathname: string): string | null {
  const name = pathname.startsWith(PREFIX) ? pathname.slice(PREFIX.length) : '';
  return NAME.test(name) ? name : null;
}

/** A file of the folder, never what a link in it points to; null where there is none. */
export async function openExported(folder: string, name: string): Promise<FileHandle | null> {
  let file: FileHandle | null = null;
  try {
    file = await open(join(folder, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    if ((await file.stat()).isFile()) return file;
  } catch (error) {
    if (!['ENOENT', 'ELOOP', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  await file?.close();
  return null;
}

/** Piece by piece: a bundle with checkpoints may be larger than memory. */
export async function sendExported(
  file: FileHandle,
  name: string,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  bodyToo: boolean,
): Promise<void> {
  const { size } = await file.stat();
  response.writeHead(200, {
    ...headers,
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${name}"`,
    'Content-Length': size,
  });
  if (!bodyToo || size === 0) {
    await file.close();
    response.end();
    return;
  }
  // As many bytes as were promised, also where the file grows.
  await pipeline(file.createReadStream({ end: size - 1 }), response);
}
