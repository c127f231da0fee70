/** Files of records, whatever they are written in: JSON Lines, JSON or Parquet, plain or under gzip, one file, several,
 * or a folder of them. Records are read one after another, so that memory does not grow with the file. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AssayError } from '../../src-shared/errors.ts';
import { parquetRows } from './parquet.ts';
import { fault, parseJson } from './parsing.ts';

export interface FileRecord {
  readonly value: unknown;
  readonly file: string;
  /** Its line, record or row; from 1. */
  readonly number: number;
  /** File and number in words, for errors. */
  readonly at: string;
}

/** A line, or a whole .json file, is one string in memory. */
const MOST_LINE_BYTES = 256 * 2 ** 20;
/** What gzip may unfold to: programs and their tests shrink to a fifth, seldom to a twentieth. */
const MOST_RATIO = 200;
const FREE_BYTES = 64 * 2 ** 20;
const MOST_FILES = 10_000;

const FORMATS = ['.jsonl', '.json', '.parquet'] as const;
const formatOf = (file: string) => FORMATS.find((format) => file.toLowerCase().replace(/\.gz$/, '').endsWith(format));

const byName = new Intl.Collator('en', { numeric: true });

/**
 * The files that a path stands for: itself, several with commas between, or those of a folder and the folders in it, in
 * the order of their names.
 * @throws AssayError `not-found`
 */
export async function filesOf(path: string): Promise<string[]> {
  const parts = path.split(',').map((part) => part.trim());
  const files: string[] = [];
  for (const part of parts.filter((each) => each !== '')) {
    const found = await look(part);
    if (!found.isDirectory()) files.push(part);
    else files.push(...(await filesIn(part)));
  }
  return files;
}

async function look(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new AssayError('not-found', `${path}: ${why}; a file or folder with ${FORMATS.join(', ')} is needed`, {
      cause: error,
    });
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const all = (await readdir(folder, { recursive: true }))
    .filter((name) => !name.split(/[\\/]/).some((part) => part.startsWith('.')))
    .filter((name) => formatOf(name) !== undefined)
    .sort(byName.compare);
  // Beside tables, .json files describe them.
  const tables = all.filter((name) => formatOf(name) !== '.json');
  const names = tables.length > 0 ? tables : all;
  if (names.length === 0)
    throw new AssayError('not-found', `${folder}: has no problem files; allowed are ${FORMATS.join(', ')}`);
  if (names.length > MOST_FILES)
    throw new AssayError('usage', `${folder}: has ${names.length} files; allowed are ${MOST_FILES}`);
  return names.map((name) => join(folder, name));
}

/**
 * Every record of a file, in order.
 * @param without Columns of a Parquet file that are not read.
 * @throws AssayError `usage` or `not-found` naming the file, and the line or row at fault.
 */
export async function* recordsOf(file: string, without: readonly string[] = []): AsyncGenerator<FileRecord> {
  await look(file);
  const format = formatOf(basename(file));
  let number = 0;
  if (format === '.parquet') {
    for await (const value of parquetRows(file, without)) {
      number++;
      yield { value, file, number, at: `${file}, row ${number}` };
    }
  } else if (format === '.json') {
    const values = parseJson(await wholeText(file), file);
    if (!Array.isArray(values)) throw fault(file, 'is no list; allowed is a list of objects, or one object a line');
    for (const value of values) {
      number++;
      yield { value, file, number, at: `${file}, record ${number}` };
    }
  } else {
    // Whatever its name: what is no JSON Lines file is refused at its first line.
    for await (const { line, number } of linesOf(file)) {
      if (line.trim() === '') continue;
      const at = `${file}, line ${number}`;
      yield { value: parseJson(line, at), file, number, at };
    }
  }
}

async function wholeText(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bytesOf(file)) {
    bytes += chunk.length;
    if (bytes > MOST_LINE_BYTES)
      throw fault(file, `is larger than ${MOST_LINE_BYTES >> 20} MiB; allowed beyond it is one object a line (.jsonl)`);
    chunks.push(chunk);
  }
  return textOf(chunks, file);
}

/** Those that are not empty, with their numbers from 1. */
async function* linesOf(file: string): AsyncGenerator<{ line: string; number: number }> {
  let pieces: Buffer[] = [];
  let held = 0;
  let number = 1;
  for await (const chunk of bytesOf(file)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (held + end > start)
        yield { line: textOf([...pieces, chunk.subarray(start, end)], `${file}, line ${number}`), number };
      if (held > 0) [pieces, held] = [[], 0];
      start = end + 1;
      number++;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
    held += chunk.length - start;
    if (held > MOST_LINE_BYTES)
      throw fault(`${file}, line ${number}`, `is longer than ${MOST_LINE_BYTES >> 20} MiB, the longest allowed`);
  }
  if (held > 0) yield { line: textOf(pieces, `${file}, line ${number}`), number };
}

/** Its bytes, unfolded where it is under gzip. */
async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  const isPacked = /\.gz$/i.test(file);
  const { size } = await look(file);
  const most = Math.max(FREE_BYTES, MOST_RATIO * size);
  let bytes = 0;
  try {
    // The error of either stream ends the loop below.
    const source = createReadStream(file);
    for await (const chunk of isPacked ? pipeline(source, createGunzip(), () => undefined) : source) {
      bytes += chunk.length;
      if (isPacked && bytes > most)
        throw fault(file, `unfolds to more than ${MOST_RATIO} times its ${size} bytes, the most allowed`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof AssayError) throw error;
    throw fault(file, `cannot be read (${(error as Error).message})`, error);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(pieces: readonly Buffer[], at: string): string {
  const [first] = pieces;
  const bytes = first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw fault(at, 'is not UTF-8 text; allowed is JSON Lines, JSON or Parquet by its name', error);
  }
}
