/** Rows of a Parquet file, one row group in memory at a time, with bounds on what it may unfold to. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type RowGroup,
  snappyUncompress,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { AssayError } from '../../src-shared/errors.ts';
import { fault } from './parsing.ts';

const MOST_PAGE_BYTES = 512 * 2 ** 20;
/** Of one row group, by the columns that are read. */
const MOST_GROUP_BYTES = 2 ** 30;
const MOST_GROUP_VALUES = 50_000_000;

/** Node's own, each held to the size that the page announces. */
const compressors: Compressors = {
  SNAPPY: (input, size) => {
    const output = new Uint8Array(bounded(size));
    snappyUncompress(input, output);
    return output;
  },
  GZIP: (input, size) => gunzipSync(input, { maxOutputLength: Math.max(1, bounded(size)) }),
  BROTLI: (input, size) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, bounded(size)) }),
  ZSTD: (input, size) => {
    if (typeof zstdDecompressSync !== 'function')
      throw new Error(`is packed with ZSTD, which Node ${process.versions.node} lacks; it needs Node 22.15 or newer`);
    return zstdDecompressSync(input, { maxOutputLength: Math.max(1, bounded(size)) });
  },
};

function bounded(size: number): number {
  if (size > MOST_PAGE_BYTES)
    throw new Error(`has a page of ${size >> 20} MiB; allowed are ${MOST_PAGE_BYTES >> 20} MiB`);
  return size;
}

/**
 * Every row as an object: 64-bit integers as numbers where those hold them, else as text; times as ISO 8601 text.
 * @param without Columns that are not read.
 * @throws AssayError `usage` naming the file: truncated, packed in an unknown way, or too large.
 */
export async function* parquetRows(path: string, without: readonly string[]): AsyncGenerator<Record<string, unknown>> {
  const file = await asyncBufferFromFile(path);
  const guarded = async <T>(body: () => Promise<T>): Promise<T> => {
    try {
      return await body();
    } catch (error) {
      if (error instanceof AssayError) throw error;
      throw fault(path, `is not a whole Parquet file (${(error as Error).message.split('\n')[0]})`, error);
    }
  };
  const metadata = await guarded(() => parquetMetadataAsync(file));
  const wanted = await guarded(async () => columnsOf(metadata, without));
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    checkSize(group, wanted, path);
    await guarded(() => checkPages(file, group, wanted));
    const rows = await guarded(() =>
      parquetReadObjects({ file, metadata, columns: wanted, compressors, rowStart, rowEnd }),
    );
    if (rows.length !== rowEnd - rowStart)
      throw fault(path, `has ${rows.length} of the ${rowEnd - rowStart} rows that its row group announces`);
    for (const row of rows) yield plain(row) as Record<string, unknown>;
    rowStart = rowEnd;
  }
}

function columnsOf(metadata: FileMetaData, without: readonly string[]): string[] {
  const all = parquetSchema(metadata).children.map(({ element }) => element.name);
  return all.filter((name) => !without.includes(name));
}

function checkSize(group: RowGroup, wanted: readonly string[], path: string): void {
  const read = group.columns.flatMap(({ meta_data }) =>
    meta_data !== undefined && wanted.includes(meta_data.path_in_schema[0] ?? '') ? [meta_data] : [],
  );
  const bytes = read.reduce((sum, { total_uncompressed_size }) => sum + Number(total_uncompressed_size), 0);
  const values = Math.max(Number(group.num_rows), ...read.map(({ num_values }) => Number(num_values)));
  if (bytes > MOST_GROUP_BYTES)
    throw fault(
      path,
      `has a row group of ${Math.round(bytes / 2 ** 20)} MiB; allowed are ${MOST_GROUP_BYTES >> 20} MiB`,
    );
  if (values > MOST_GROUP_VALUES)
    throw fault(path, `has a row group of ${values} values; allowed are ${MOST_GROUP_VALUES}`);
}

/** Pages say how many values they have, and a few bytes can stand for billions: all of a column may have no more than its
 * row group says. */
async function checkPages(file: AsyncBuffer, group: RowGroup, wanted: readonly string[]): Promise<void> {
  for (const { meta_data } of group.columns) {
    if (meta_data === undefined || !wanted.includes(meta_data.path_in_schema[0] ?? '')) continue;
    const start = Number(meta_data.dictionary_page_offset ?? meta_data.data_page_offset);
    const bytes = await file.slice(start, start + Number(meta_data.total_compressed_size));
    const reader = { view: new DataView(bytes), offset: 0 };
    let left = Number(meta_data.num_values);
    while (reader.offset < bytes.byteLength) {
      const { compressed_page_size, data_page_header, data_page_header_v2, dictionary_page_header } =
        parquetHeader(reader);
      const values = data_page_header?.num_values ?? data_page_header_v2?.num_values ?? 0;
      left -= values;
      const inDictionary = dictionary_page_header?.num_values ?? 0;
      if (!(values >= 0 && left >= 0 && inDictionary >= 0 && inDictionary <= MOST_GROUP_VALUES))
        throw new Error(`column ${meta_data.path_in_schema.join('.')} has a page of more values than there are`);
      if (!(compressed_page_size >= 0)) throw new Error('a page has no size');
      reader.offset += compressed_page_size;
    }
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as Iterable<unknown>, plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
