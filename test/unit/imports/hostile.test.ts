/** Logs that are damaged, lie or are something else: refused in one line, with the store as it was. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { describe, expect, test } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../src-main/imports/binary.ts';
import { importRuns } from '../../../src-main/imports/index.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import type { ImportFormat } from '../../../src-shared/transfer.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { expectRefusal, fixture, freshStore, picture } from './harness.ts';

const EVENTS = 'events.out.tfevents.1700000000.host.0';
const events = readFileSync(fixture('tensorboard', 'grpo', EVENTS));
const log = readFileSync(fixture('wandb', 'run-fixture1.wandb'));

async function refused(
  name: string,
  bytes: Uint8Array | string,
  code: AssayError['code'] = 'corrupt',
  format?: ImportFormat,
) {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  const { home, store } = await freshStore();
  return expectRefusal(home, () => importRuns(store, home, path, format), code);
}

/** A TFRecord with true checksums around any bytes. */
function record(data: Uint8Array, length = BigInt(data.length)): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(length);
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc32c(data));
  return Buffer.concat([head, data, tail]);
}

const version = record(message((pbf) => pbf.writeStringField(3, 'brain.Event:2')));
function message(body: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  body(pbf);
  return pbf.finish();
}
const scalar = (step: number, tag: string, value: number) =>
  message((pbf) => {
    pbf.writeVarintField(2, step);
    pbf.writeBytesField(
      5,
      message((summary) =>
        summary.writeBytesField(
          1,
          message((item) => {
            item.writeStringField(1, tag);
            item.writeFloatField(2, value);
          }),
        ),
      ),
    );
  });

test('CRC-32C of the vectors of RFC 3720, appendix B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

describe('TensorBoard', () => {
  test('truncated, flipped, lying and malformed', async () => {
    expect(await refused(EVENTS, events.subarray(0, -3))).toContain('ends in the middle of the record');
    expect(await refused(EVENTS, events.subarray(0, 5))).toContain('ends in the middle of a record');
    const flipped = Buffer.from(events);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    expect(await refused(EVENTS, flipped)).toContain('the checksum of a record does not match');
    const length = Buffer.from(events);
    length[0] = 0xff;
    expect(await refused(EVENTS, length)).toContain('the checksum of a record length does not match');
    expect(await refused(EVENTS, record(new Uint8Array(8), 2n ** 62n))).toContain(
      'says that it has 4611686018427387904 bytes',
    );
    expect(await refused(EVENTS, '')).toContain('it is empty');
    expect(await refused(EVENTS, record(scalar(1, 'a', 1)))).toContain('does not say that this is an event file');
    // A summary that says that it is longer than the record: read without care, an endless loop.
    const endless = Uint8Array.from([0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    expect(await refused(EVENTS, Buffer.concat([version, record(endless)]))).toContain('a malformed record');
  });
  test('steps that are none, names too long, too many names', async () => {
    const file = (...all: Uint8Array[]) => Buffer.concat([version, ...all.map((data) => record(data))]);
    expect(await refused(EVENTS, file(scalar(-1, 'a', 1)))).toContain('-1 is not a step');
    expect(await refused(EVENTS, file(scalar(1, 'x'.repeat(201), 1)))).toContain('a metric name has 201 characters');
    const names = Array.from({ length: 5001 }, (_, i) => scalar(1, `m${i}`, i));
    expect(await refused(EVENTS, file(...names))).toContain('more than 5000 metrics');
  });
  test('a damaged run of a folder is refused, the others come', async () => {
    const folder = await temporaryFolder();
    for (const name of ['good', 'bad']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'good', EVENTS), Buffer.concat([version, record(scalar(3, 'reward', 0.5))]));
    await writeFile(join(folder, 'bad', EVENTS), events.subarray(0, 100));
    const { home, store } = await freshStore();
    const report = await importRuns(store, home, folder);
    expect(report.imported.map(({ name }) => name)).toEqual(['good']);
    expect(report.refused).toEqual([{ name: 'bad', reason: expect.stringContaining('ends in the middle') }]);
    expect(store.steps.after(report.imported[0]?.runId ?? '', -1)).toEqual([
      { step: 3, metrics: { 'train/reward': 0.5 } },
    ]);
  });
});

describe('Weights & Biases', () => {
  test('truncated, flipped, of another version, out of order', async () => {
    const name = 'run-x.wandb';
    expect(await refused(name, log.subarray(0, -2))).toContain('ends in the middle of a record');
    expect(await refused(name, log.subarray(0, 3))).toContain('does not begin as a log of Weights & Biases');
    const flipped = Buffer.from(log);
    flipped[30] = (flipped[30] ?? 0) ^ 1;
    expect(await refused(name, flipped)).toContain('the checksum of a record does not match');
    const newer = Buffer.from(log);
    newer[6] = 9;
    expect(await refused(name, newer)).toContain('its version 9 is unknown');
    const piece = (kind: number, data: Uint8Array) => {
      const head = Buffer.alloc(7);
      head.writeUInt32LE(crc32(data, crc32(Uint8Array.of(kind))));
      head.writeUInt16LE(data.length, 4);
      head[6] = kind;
      return Buffer.concat([head, data]);
    };
    const start = log.subarray(0, 7);
    expect(await refused(name, Buffer.concat([start, piece(3, Buffer.from('x'))]))).toContain('out of order');
    expect(await refused(name, Buffer.concat([start, piece(2, Buffer.from('x'))]))).toContain('ends in the middle');
    expect(await refused(name, Buffer.concat([start, piece(1, Buffer.from([0x12, 0x7f, 1]))]))).toContain(
      'malformed record',
    );
    const lying = Buffer.concat([start, piece(1, Buffer.from('x'))]);
    lying.writeUInt16LE(60_000, 11);
    expect(await refused(name, lying)).toContain('leads out of its block');
  });
  test('exports without steps, of bad rows, of aliases that multiply', async () => {
    expect(await refused('history.csv', 'a,b\n1,2\n')).toContain('a row has no step');
    expect(await refused('history.csv', '_step,a\n1,2,3\n')).toContain('history.csv: Invalid Record Length');
    expect(await refused('history.csv', '_step,a\n1.5,2\n')).toContain('1.5 is not a step');
    expect(await refused('history.csv', '_step,a\n1,text\n')).toContain('holds no metric');
    expect(await refused('history.jsonl', '{"_step":1\n')).toContain('history.jsonl: line 1 is not JSON');
    expect(await refused('history.jsonl', `{"_step":1,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`)).toContain(
      'holds no metric',
    );
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'history.csv'), '_step,a\n1,2\n');
    const laughs = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${Array(10)
          .fill(i === 0 ? 'lol' : `*a${i - 1}`)
          .join(',')}]`,
    );
    await writeFile(join(folder, 'config.yaml'), `${laughs.join('\n')}\n`);
    const { home, store } = await freshStore();
    expect(await expectRefusal(home, () => importRuns(store, home, folder))).toContain('config.yaml');
  });
});

describe('Trackio', () => {
  async function database(sql: string): Promise<string> {
    const path = join(await temporaryFolder(), 'x.db');
    const sqlite = new Sqlite(path);
    sqlite.exec(sql);
    sqlite.close();
    return path;
  }
  const table = 'CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step, metrics);';
  const refuse = async (sql: string, code: AssayError['code'] = 'corrupt') => {
    const { home, store } = await freshStore();
    const path = await database(sql);
    return expectRefusal(home, () => importRuns(store, home, path), code);
  };
  test('SQLite of something else, a view in place of the table, damaged rows', async () => {
    expect(await refuse('CREATE TABLE other (a);', 'usage')).toContain('nothing that can be imported');
    expect(
      await refuse(
        "CREATE VIEW metrics AS SELECT 1 AS run_name, 1 AS step, '' AS timestamp, '{}' AS metrics;",
        'usage',
      ),
    ).toContain('nothing');
    expect(await refuse(`${table} INSERT INTO metrics VALUES (1, 't', 'r', 'many', '{}');`)).toContain(
      'a row is malformed: step',
    );
    expect(await refuse(`${table} INSERT INTO metrics VALUES (1, 't', 'r', 1, '{');`)).toContain(
      'step 1 of r is not JSON',
    );
    expect(await refuse(`${table} INSERT INTO metrics VALUES (1, 't', 'r', 1, '[1]');`)).toContain(
      'is not a JSON object',
    );
    expect(await refuse(`${table} INSERT INTO metrics VALUES (1, 't', 'r', -4, '{"a":1}');`)).toContain(
      '-4 is not a step',
    );
    expect(await refuse(table)).toContain('it holds no run');
    const { home, store } = await freshStore();
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    const path = await database(
      `${table} INSERT INTO metrics VALUES (1, 't', '''); DROP TABLE runs; --', 1, '${deep.replace('{', '{"b":2,')}');`,
    );
    const { imported } = await importRuns(store, home, path);
    expect(imported[0]?.name).toBe("'); DROP TABLE runs; --");
    expect(store.steps.after(imported[0]?.runId ?? '', -1)).toEqual([{ step: 1, metrics: { b: 2 } }]);
  });
  test('a file that is damaged behind its first bytes', async () => {
    const bytes = Buffer.from(readFileSync(fixture('trackio.db')));
    bytes.fill(0xff, 100, 5000);
    await refused('x.db', bytes, 'corrupt', 'trackio');
    await refused('x.db', bytes.subarray(0, 700), 'corrupt', 'trackio');
  });
  test('nothing is written to the file or beside it', async () => {
    const path = await database(`${table} INSERT INTO metrics VALUES (1, 't', 'r', 1, '{"a":1}');`);
    const before = readFileSync(path);
    const { home, store } = await freshStore();
    await importRuns(store, home, path);
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('trainer_state.json', () => {
  test('no JSON, no log, steps that are none', async () => {
    const name = 'trainer_state.json';
    expect(await refused(name, '{')).toContain('is not JSON');
    expect(await refused(name, '[]')).toContain('is not a JSON object');
    expect(await refused(name, '{"global_step":1}')).toContain('log_history');
    expect(await refused(name, '{"global_step":1,"log_history":[{"step":0.5,"a":1}]}')).toContain('0.5 is not a step');
    expect(await refused(name, '{"global_step":1,"log_history":[{"step":1e300,"a":1}]}')).toContain('is not a step');
    expect(await refused(name, `{"global_step":1,"log_history":${'['.repeat(300_000)}`)).toContain('is not JSON');
  });
  test('NaN as Python writes it is a gap; a name with NaN in it is a name', async () => {
    const path = join(await temporaryFolder(), 'trainer_state.json');
    await writeFile(
      path,
      '{"global_step":2,"log_history":[{"step":1,"loss":NaN,"NaN rate":-Infinity,"kl":0.5},{"step":1000000000,"a NaN":2}]}',
    );
    const { home, store } = await freshStore();
    const { imported, notes } = await importRuns(store, home, path);
    expect(store.steps.after(imported[0]?.runId ?? '', -1)).toEqual([
      { step: 1, metrics: { 'train/kl': 0.5 } },
      { step: 1e9, metrics: { 'a NaN': 2 } },
    ]);
    expect(notes[0]).toContain('values that are not finite are gaps: 2');
  });
});

test('what is nothing is said to be nothing', async () => {
  const { home, store } = await freshStore();
  expect(await refused('x.bin', 'hello', 'usage')).toContain(
    'nothing that can be imported; allowed is an .assay bundle',
  );
  expect(await expectRefusal(home, () => importRuns(store, home, '/no/such/file'), 'not-found')).toContain(
    'cannot be read',
  );
  expect(await refused('x.wandb', 'hello', 'corrupt', 'wandb')).toContain('does not begin as a log');
});

test('random damage to any log is refused or read, never anything else', { timeout: 120_000 }, async () => {
  const { home, store } = await freshStore();
  const folder = await temporaryFolder();
  const sources = [
    [EVENTS, events],
    ['run-x.wandb', log],
    ['x.db', readFileSync(fixture('trackio.db'))],
    ['trainer_state.json', readFileSync(fixture('trainer_state.json'))],
    ['history.csv', readFileSync(fixture('wandb-export', 'history.csv'))],
    ['history.jsonl', readFileSync(fixture('wandb-export', 'history.jsonl'))],
  ] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sources),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ minLength: 1, maxLength: 12 })), {
        minLength: 1,
        maxLength: 3,
      }),
      async ([name, good], damages) => {
        const bytes = Buffer.from(good);
        for (const [share, put] of damages)
          bytes.set(put.subarray(0, bytes.length), Math.floor(share * Math.max(0, bytes.length - put.length)));
        const path = join(folder, name);
        await writeFile(path, bytes);
        const before = picture(home);
        try {
          for (const { runId } of (await importRuns(store, home, path)).imported) store.purgeRun(runId);
        } catch (error) {
          expect(error).toBeInstanceOf(AssayError);
          expect((error as AssayError).message).not.toContain('\n');
          expect(picture(home)).toEqual(before);
        }
      },
    ),
    { numRuns: 150 },
  );
});
