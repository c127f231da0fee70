/** The text that a run's worker wrote, a piece at a time. */
import { open } from 'node:fs/promises';
import { LOG_CHUNK } from '../../src-shared/series.ts';

export interface LogPiece {
  readonly text: string;
  /** Bytes before the piece, up to its end, and in all. */
  readonly start: number;
  readonly next: number;
  readonly size: number;
}

/** A byte that goes on with a character of UTF-8. */
const isContinued = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/**
 * At most LOG_CHUNK bytes from `from` on (negative: from the end), cut between characters. A log that is not there is
 * empty: a run that has not begun has none.
 */
export async function readLog(path: string, from: number): Promise<LogPiece> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { text: '', start: 0, next: 0, size: 0 };
    throw error;
  }
  try {
    const { size } = await file.stat();
    const wanted = from < 0 ? Math.max(0, size + from) : Math.min(from, size);
    const bytes = Buffer.alloc(Math.min(LOG_CHUNK, size - wanted));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, wanted);
    let begin = 0;
    while (wanted > 0 && begin < bytesRead && isContinued(bytes[begin])) begin++;
    let end = bytesRead;
    // The last character may be cut; it comes with the next piece. A piece is never left without any.
    let lead = end - 1;
    while (lead > begin && isContinued(bytes[lead])) lead--;
    const first = bytes[lead] ?? 0;
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (lead >= begin && lead + length > end && lead > begin) end = lead;
    return {
      text: bytes.toString('utf8', begin, end),
      start: wanted + begin,
      next: wanted + end,
      size,
    };
  } finally {
    await file.close();
  }
}
