/** Files of records: every format gives the same records, and what is broken or too large is refused in one line. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteFile } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { filesOf, recordsOf } from '../../../src-main/datasets/records.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/problem-sets');

async function read(file: string, without: readonly string[] = []): Promise<{ value: unknown; at: string }[]> {
  const found: { value: unknown; at: string }[] = [];
  for await (const { value, at } of recordsOf(file, without)) found.push({ value, at });
  return found;
}
const values = async (file: string) => (await read(file)).map(({ value }) => value);

describe('a file of records', () => {
  it('gives the same whichever way it is written', async () => {
    const folder = await temporaryFolder();
    const record = fc.record({ id: fc.integer(), text: fc.string({ unit: 'grapheme' }), flag: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 8 }), async (records) => {
        const lines = records.map((each) => JSON.stringify(each)).join('\n');
        await writeFile(join(folder, 'a.jsonl'), `\uFEFF${lines}\n\n`);
        await writeFile(join(folder, 'a.jsonl.gz'), gzipSync(lines));
        await writeFile(join(folder, 'a.json'), JSON.stringify(records, null, 1));
        parquetWriteFile({
          filename: join(folder, 'a.parquet'),
          columnData: [
            { name: 'id', data: records.map(({ id }) => id), type: 'INT32' },
            { name: 'text', data: records.map(({ text }) => text), type: 'STRING' },
            { name: 'flag', data: records.map(({ flag }) => flag), type: 'BOOLEAN' },
          ],
          rowGroupSize: 3,
        });
        for (const name of ['a.jsonl', 'a.jsonl.gz', 'a.json', 'a.parquet'])
          expect(await values(join(folder, name)), name).toEqual(records);
      }),
      { numRuns: 30 },
    );
  });

  it('gives lines that lie across the pieces in which a file is read', async () => {
    const folder = await temporaryFolder();
    const records = Array.from({ length: 40 }, (_, i) => ({ i, text: 'ü'.repeat(7_001 * (i % 5)) }));
    await writeFile(join(folder, 'long.jsonl'), records.map((each) => JSON.stringify(each)).join('\r\n'));
    expect(await values(join(folder, 'long.jsonl'))).toEqual(records);
  });

  it('numbers lines and rows from 1', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.jsonl'), '\n{"a":1}\n\n{"a":2}');
    expect((await read(join(folder, 'a.jsonl'))).map(({ at }) => at.slice(folder.length + 1))).toEqual([
      'a.jsonl, line 2',
      'a.jsonl, line 4',
    ]);
    const rows = await read(join(fixtures, 'codecontests/train-00000-of-00002.parquet'));
    expect(rows.map(({ at }) => at.slice(-5))).toEqual(['row 1', 'row 2', 'row 3']);
  });

  it('reads Parquet of pyarrow in every compression, nested lists and whole numbers as they are', async () => {
    const names = ['train-00000-of-00002', 'train-00001-of-00002', 'valid-00000-of-00001', 'test-00000-of-00001'];
    for (const name of names) {
      const [{ value } = { value: null }] = await read(join(fixtures, `codecontests/${name}.parquet`), ['solutions']);
      expect(value, name).toMatchObject({
        public_tests: { input: ['1\n'] },
        incorrect_solutions: { language: [3], solution: ['print(0)'] },
        difficulty: 7,
      });
      expect(value).not.toHaveProperty('solutions');
    }
  });
});

describe('a path', () => {
  it('is a file, several, or a folder in the order of names, where tables come before what describes them', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'data/.cache'), { recursive: true });
    for (const name of ['data/x10.jsonl', 'data/x9.parquet', 'info.json', 'README.md', 'data/.cache/x1.jsonl'])
      await writeFile(join(folder, name), '');
    const inFolder = ['data/x9.parquet', 'data/x10.jsonl'].map((name) => join(folder, name));
    expect(await filesOf(folder)).toEqual(inFolder);
    expect(await filesOf(` ${join(folder, 'info.json')} , ${folder}`)).toEqual([
      join(folder, 'info.json'),
      ...inFolder,
    ]);
    await expect(filesOf(join(folder, 'none'))).rejects.toThrow(/none: there is no such file; .*\.parquet is needed$/);
    await mkdir(join(folder, 'empty'));
    await expect(filesOf(join(folder, 'empty'))).rejects.toThrow(/empty: has no problem files; allowed are/);
  });
});

describe('what is broken is refused in one line:', () => {
  const refused = async (name: string, bytes: string | Uint8Array, message: RegExp) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, name), bytes);
    const error = await values(join(folder, name)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AssayError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
  };

  it('a Parquet file cut anywhere', async () => {
    const whole = await readFile(join(fixtures, 'humaneval-plus.parquet'));
    for (const share of [0, 0.001, 0.3, 0.9, 0.999])
      await refused(
        'cut.parquet',
        whole.subarray(0, Math.floor(share * whole.length)),
        /cut\.parquet: is not a whole Parquet/,
      );
  });

  it('a Parquet file with any one byte changed, unless it reads well', async () => {
    const folder = await temporaryFolder();
    const whole = await readFile(join(fixtures, 'taco/test-00000-of-00001.parquet'));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(whole);
        changed.writeUInt8(changed.readUInt8(at) ^ flip, at);
        await writeFile(join(folder, 'x.parquet'), changed);
        const error = await values(join(folder, 'x.parquet')).then(
          () => null,
          (caught: unknown) => caught,
        );
        if (error !== null) expect(error).toBeInstanceOf(AssayError);
      }),
      { numRuns: 150 },
    );
  });

  it.each(['GZIP', 'ZSTD', 'BROTLI'] as const)('a %s page that unfolds to more than it says', async (codec) => {
    const folder = await temporaryFolder();
    const pack = { GZIP: gzipSync, ZSTD: zstdCompressSync, BROTLI: brotliCompressSync }[codec];
    const zeros = Buffer.alloc(64 << 20);
    const bomb = (page: Uint8Array) => pack(page.length > 64 ? Buffer.concat([page, zeros]) : page);
    const data = [{ name: 'a', data: ['x'.repeat(1000)], type: 'STRING' as const }];
    for (const [name, compress] of [
      ['good', pack],
      ['bomb', bomb],
    ] as const)
      parquetWriteFile({ filename: join(folder, name), columnData: data, codec, compressors: { [codec]: compress } });
    await copyFile(join(folder, 'good'), join(folder, 'good.parquet'));
    expect(await values(join(folder, 'good.parquet'))).toHaveLength(1);
    await refused(
      'bomb.parquet',
      await readFile(join(folder, 'bomb')),
      /bomb\.parquet: is not a whole Parquet file \(/,
    );
  });

  it('a Parquet file whose pages say that they have more values than there are', async () => {
    const folder = await temporaryFolder();
    const rows = 2 ** 20;
    const columnData = [{ name: 'a', data: new Int32Array(rows), type: 'INT32' as const }];
    parquetWriteFile({ filename: join(folder, 'good.parquet'), columnData, pageSize: 2 ** 30, rowGroupSize: rows });
    const whole = await readFile(join(folder, 'good.parquet'));
    // Thrift's zigzag varint of 2^20 becomes, in as many bytes, that of 2^27 - 1: where the first page's header is.
    const [said, lie] = [Buffer.from([0x80, 0x80, 0x80, 0x01]), Buffer.from([0xfe, 0xff, 0xff, 0x7f])];
    const header = whole.subarray(0, 64);
    expect(header.includes(said)).toBe(true);
    for (let at = header.indexOf(said); at >= 0; at = header.indexOf(said)) lie.copy(header, at);
    await refused('lie.parquet', whole, /lie\.parquet: .*column a has a page of more values than there are/);
  });

  it('a gzip bomb, a cut gzip file, and what is none', async () => {
    const spaces = Buffer.alloc(80 << 20, ' ');
    await refused('bomb.jsonl.gz', gzipSync(spaces), /bomb\.jsonl\.gz: unfolds to more than 200 times its \d+ bytes/);
    const whole = gzipSync('{"a":1}\n'.repeat(1000));
    await refused(
      'cut.jsonl.gz',
      whole.subarray(0, whole.length - 20),
      /cut\.jsonl\.gz: cannot be read \(unexpected end of file\)/,
    );
    await refused(
      'raw.jsonl.gz',
      deflateRawSync('x', { level: constants.Z_BEST_SPEED }),
      /cannot be read \(incorrect header/,
    );
  });

  it('lines that are no JSON, no UTF-8, or no list where one is meant', async () => {
    await refused('a.jsonl', '{"a":1}\n{"a":', /a\.jsonl, line 2: "\{\\"a\\":" is not JSON/);
    await refused('a.jsonl', Buffer.from([0x7b, 0xff, 0xfe]), /a\.jsonl, line 1: is not UTF-8 text/);
    await refused('a.json', '{"a":1}', /a\.json: is no list; allowed is a list of objects/);
  });

  it('a Parquet file under another name', async () => {
    const folder = await temporaryFolder();
    await copyFile(join(fixtures, 'humaneval-plus.parquet'), join(folder, 'a.jsonl'));
    await expect(values(join(folder, 'a.jsonl'))).rejects.toThrow(
      /a\.jsonl, line \d+: is not (UTF-8|JSON)|is not JSON/,
    );
  });
});
