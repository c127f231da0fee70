/** Bundles that are damaged, lie or mean harm: each is refused in one line, and store and folders stay as they were. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportBundle } from '../../../src-main/bundle/export.ts';
import { BUNDLE_LIMITS } from '../../../src-main/bundle/format.ts';
import { importBundle } from '../../../src-main/bundle/import.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { expectRefusal, freshStore } from '../imports/harness.ts';
import { addRun, type Contents, patched, readContents, withTrueManifest, writeContents } from './harness.ts';

let good: Contents;
let runId: string;
let goodBytes: Buffer;

beforeAll(async () => {
  const home = await mkdtemp(join(tmpdir(), 'assay-test-'));
  const store = openStore(home, 'owner');
  runId = await addRun(store, { steps: 2, checkpoint: { home } });
  const goodPath = join(home, 'good.assay');
  await exportBundle(store, { runIds: [runId], rollouts: 'all', checkpoints: true, path: goodPath });
  store.close();
  good = await readContents(goodPath);
  goodBytes = await readFile(goodPath);
  await rm(home, { recursive: true });
});

async function refused(path: string, code: 'corrupt' | 'conflict' | 'not-found' = 'corrupt', limits = BUNDLE_LIMITS) {
  const { home, store } = await freshStore();
  // Something to damage.
  await addRun(store, { name: 'Mine', steps: 1, checkpoint: { home } });
  return expectRefusal(home, () => importBundle(store, home, path, { limits }), code);
}

async function file(bytes: Buffer | string): Promise<string> {
  const path = join(await temporaryFolder(), 'x.assay');
  await writeFile(path, bytes);
  return path;
}

/** The good bundle with some entries changed, its manifest telling the truth about them. */
async function changed(changes: Record<string, string | Buffer | null>, manifest: Record<string, unknown> = {}) {
  const contents = new Map(good);
  for (const [name, bytes] of Object.entries(changes))
    if (bytes === null) contents.delete(name);
    else contents.set(name, Buffer.from(bytes));
  return writeContents(withTrueManifest(contents, manifest));
}

const run = (name: string) => `runs/${runId}/${name}`;
const text = (name: string) => String(good.get(run(name)));
/** run.jsonl with some columns changed. */
const row = (changes: Record<string, unknown>) =>
  `${JSON.stringify({ ...JSON.parse(text('run.jsonl')), ...changes })}\n`;

test('the good one is taken', async () => {
  const { home, store } = await freshStore();
  expect((await importBundle(store, home, await changed({}))).imported).toEqual([{ runId, number: 1, name: 'Run' }]);
});

describe('the file', () => {
  test('truncated anywhere', async () => {
    for (const share of [0.1, 0.5, 0.9, 0.999]) {
      const path = await file(goodBytes);
      await truncate(path, Math.floor(goodBytes.length * share));
      expect(await refused(path)).toContain('not a whole zip file');
    }
  });
  test('of another kind, empty, missing or a folder', async () => {
    expect(await refused(await file('SQLite format 3\0'))).toContain('does not begin as a zip file does');
    expect(await refused(await file(''))).toContain('does not begin as a zip file does');
    expect(await refused(join(await temporaryFolder(), 'none.assay'), 'not-found')).toContain('cannot be read');
    expect(await refused(await temporaryFolder(), 'not-found')).toContain('cannot be read');
  });
  test('a zip that is no bundle, and one with two manifests', async () => {
    expect(await refused(await writeContents([['a.txt', Buffer.from('x')]]))).toContain('has no place in a bundle');
    expect(await refused(await writeContents([[run('run.jsonl'), Buffer.from('x')]]))).toContain('no manifest.json');
    expect(await refused(await writeContents([...good, ['manifest.json', Buffer.from('{}')]]))).toContain(
      'there twice',
    );
  });
  test('of a newer version, whatever else it holds', async () => {
    expect(await refused(await changed({}, { version: 2, more: [] }), 'conflict')).toContain(
      'bundle version 2 was written by a newer Assay; this one reads up to 1',
    );
  });
  test('a manifest that is malformed', async () => {
    expect(await refused(await changed({}, { format: 'other' }))).toContain('manifest.json: format');
    expect(await refused(await changed({}, { version: 0.5 }))).toContain('manifest.json: version');
    expect(await refused(await writeContents([['manifest.json', Buffer.from('[')]]))).toContain('is not JSON');
    expect(await refused(await writeContents([['manifest.json', Buffer.from('null')]]))).toContain('manifest.json');
  });
});

describe('names', () => {
  const inside = 'runs/aaaaaaaa/steps.jsonl';
  test.each([
    ['up and out', '../../../../../etc/pass.d'],
    ['up and out below', 'runs/../../../etc/passwd1'],
    ['absolute', '/etc/passwd.0123456789012'],
    ['backslash', 'runs\\..\\..\\..\\..\\passwd.d'],
    ['drive', 'C:/windows/system32/a.dll'],
    ['drive-relative', 'C:evil.txt.............ab'],
    ['NUL', 'runs/aaaaaaaa/steps.json\0'],
    ['a folder', 'runs/aaaaaaaa/steps.dir./'],
    ['another case', 'RUNS/aaaaaaaa/steps.jsonl'],
    ['a device', 'runs/con.aaaa/steps.jsonl'],
  ])('%s', async (_, name) => {
    const wanted = name.padEnd(inside.length, 'x').slice(0, inside.length);
    const path = await patched(await writeContents([...good, [inside, Buffer.from('x')]]), inside, wanted);
    expect(await refused(path)).toMatch(/has no place in a bundle|list of entries is malformed/);
  });
  test('the same twice', async () => {
    const twice = [run('notes.jsonl'), Buffer.from('{}\n')] as const;
    expect(await refused(await writeContents([...good, twice]))).toContain('is there twice');
  });
  test('a symbolic link', async () => {
    const path = await writeContents(good, { mode: 0o120777 });
    expect(await refused(path)).toContain('is not a plain file');
  });
  test('files in a checkpoint that have no place there', async () => {
    const odd = run('checkpoints/2/evil.sh');
    expect(await refused(await changed({ [odd]: 'x' }))).toContain('has no place in a bundle');
    expect(await refused(await changed({ [run('checkpoints/7/config.json')]: '{}' }))).toContain(
      'belongs to no checkpoint',
    );
  });
});

describe('sizes', () => {
  test('an entry that unpacks to more, or less, than it says', async () => {
    const bytes = Buffer.from(goodBytes);
    // The uncompressed sizes in the central directory (4.3.12 of APPNOTE): each plus one.
    for (let at = bytes.indexOf('PK\x01\x02'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 1))
      bytes.writeUInt32LE(bytes.readUInt32LE(at + 24) + 1, at + 24);
    await refused(await file(bytes));
  });
  test('a manifest that says other sizes or sums', async () => {
    const manifest = JSON.parse(String(good.get('manifest.json')));
    const [first, ...rest] = manifest.contents;
    const write = (contents: unknown) =>
      writeContents(new Map(good).set('manifest.json', Buffer.from(JSON.stringify({ ...manifest, contents }))));
    expect(await refused(await write([{ ...first, bytes: first.bytes + 1 }, ...rest]))).toContain('the manifest says');
    expect(await refused(await write([{ ...first, sha256: '0'.repeat(64) }, ...rest]))).toContain('is damaged');
    expect(await refused(await write(rest))).toContain('is not in the manifest');
    expect(await refused(await write([first, ...manifest.contents]))).toContain('not in the bundle once');
    expect(await refused(await write([...manifest.contents, { ...first, path: 'views.jsonl' }]))).toContain(
      'not in the bundle once',
    );
  });
  test('a zip bomb, too much and too many', async () => {
    const bomb = await changed({ [run('notes.jsonl')]: Buffer.alloc(30_000_000, 0x20) });
    expect(await refused(bomb)).toMatch(/unpacks \d+ bytes to 30000000; at most 100 times/);
    expect(await refused(await file(goodBytes), 'corrupt', { ...BUNDLE_LIMITS, totalBytes: 1000 })).toContain(
      'at most 1000 are allowed',
    );
    expect(await refused(await file(goodBytes), 'corrupt', { ...BUNDLE_LIMITS, entries: 3 })).toContain(
      'at most 3 are allowed',
    );
    expect(await refused(await file(goodBytes), 'corrupt', { ...BUNDLE_LIMITS, manifestBytes: 10 })).toContain(
      'manifest.json has',
    );
  });
  test('entries that share their packed bytes', async () => {
    // Forty files of a megabyte, each packed to a fiftieth.
    const part = Buffer.alloc(1_100_000);
    for (let i = 0; i < part.length; i += 100) part.writeUInt16LE((i * 7919) % 65_521, i);
    const names = Array.from({ length: 40 }, (_, i) => run(`checkpoints/2/part-${i}.json`));
    const bytes = await readFile(await writeContents(names.map((name) => [name, part])));
    const second = bytes.indexOf('PK\x03\x04', 4);
    const directory = bytes.indexOf('PK\x01\x02');
    const overlapping = Buffer.concat([bytes.subarray(0, second), bytes.subarray(directory)]);
    for (let at = second; at >= 0; at = overlapping.indexOf('PK\x01\x02', at + 1))
      overlapping.writeUInt32LE(0, at + 42);
    overlapping.writeUInt32LE(second, overlapping.lastIndexOf('PK\x05\x06') + 16);
    expect(await refused(await file(overlapping))).toMatch(/it unpacks \d+ bytes to 44000000; at most 100 times/);
  });
});

describe('what it holds', () => {
  test('missing parts', async () => {
    expect(await refused(await changed({ [run('run.jsonl')]: null }))).toContain('run.jsonl is missing');
    expect(await refused(await changed({ [run('steps.jsonl')]: null }))).toContain('steps.jsonl is missing');
    expect(await refused(await changed({ [run('run.jsonl')]: '' }))).toContain('must have one line');
    expect(await refused(await changed({ [run('run.jsonl')]: row({}) + row({}) }))).toContain('must have one line');
    expect(await refused(await changed({ [run('checkpoints/2/model.safetensors')]: null }))).toContain(
      'not in the bundle once',
    );
  });
  test('deep nesting, long lines, torn lines and bytes that are no text', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}\n`;
    for (const name of ['run', 'steps', 'notes', 'rollouts', 'checkpoints'])
      expect(await refused(await changed({ [run(`${name}.jsonl`)]: deep }))).toContain(`${name}.jsonl`);
    const state = `{"a":${deep.trim()}}`;
    const view = { id: 'v', kind: 'report', name: 'n', state, createdAt: 1, updatedAt: 1 };
    expect(await refused(await changed({ 'views.jsonl': `${JSON.stringify(view)}\n` }))).toContain('nested too deep');
    expect(await refused(await changed({ [run('run.jsonl')]: row({ config: deep }) }))).toMatch(/config/);
    const long = `${JSON.stringify({ step: 0, at: 1, level: 'info', message: 'x'.repeat(5000) })}\n`;
    const small = { ...BUNDLE_LIMITS, lineBytes: 4000 };
    expect(await refused(await changed({ [run('notes.jsonl')]: long }), 'corrupt', small)).toContain(
      'more than 4000 bytes',
    );
    expect(await refused(await changed({ [run('notes.jsonl')]: '{"step":0' }))).toContain(
      'ends in the middle of a line',
    );
    expect(await refused(await changed({ [run('notes.jsonl')]: Buffer.from([0xff, 0xfe, 10]) }))).toContain(
      'not UTF-8',
    );
  });
  test('numbers that are none', async () => {
    const line = (metrics: string) => `{"step":0,"at":1,"metrics":${metrics}}\n`;
    expect(await refused(await changed({ [run('steps.jsonl')]: line('{"a":NaN}') }))).toContain('is not JSON');
    expect(await refused(await changed({ [run('steps.jsonl')]: line('{"a":1e999}') }))).toContain('metrics.a');
    expect(await refused(await changed({ [run('steps.jsonl')]: line('{"a":null}') }))).toContain('metrics.a');
    expect(await refused(await changed({ [run('steps.jsonl')]: line('{"a":1}') + line('{}') }))).toContain(
      'step 0 comes after step 0',
    );
    expect(await refused(await changed({ [run('steps.jsonl')]: '{"step":-1,"at":1,"metrics":{}}\n' }))).toContain(
      'step',
    );
    const rollout = JSON.parse(text('rollouts.jsonl').split('\n')[0] ?? '');
    const broken = (changes: object) =>
      changed({ [run('rollouts.jsonl')]: `${JSON.stringify({ ...rollout, ...changes })}\n` });
    const nan = { base64: Buffer.from(Float32Array.of(Number.NaN, 1, 2).buffer).toString('base64') };
    expect(await refused(await broken({ logprob: nan }))).toContain('rollouts.jsonl: stats.logprob');
    expect(await refused(await broken({ logprob: { base64: 'AAA=' } }))).toContain('whole number of float32');
    await refused(await broken({ tests: '[{]' }));
    await refused(await broken({ step: 99 }));
    await refused(await broken({ unknown_column: 1 }));
    await refused(await broken({ 'step) VALUES (1); DROP TABLE runs; --': 1 }));
  });
  test('a run in a state that an import may not make', async () => {
    for (const status of ['queued', 'running', 'paused', 'other'])
      expect(await refused(await changed({ [run('run.jsonl')]: row({ status }) }))).toContain('run.jsonl: status');
    expect(await refused(await changed({ [run('run.jsonl')]: row({ id: '../../x' }) }))).toContain(
      'is not the id of a run',
    );
    expect(await refused(await changed({ [run('run.jsonl')]: row({ id: 'zzzzzzzz' }) }))).toContain(
      'is of run zzzzzzzz',
    );
    expect(await refused(await changed({ [run('run.jsonl')]: row({ config: '{}' }) }))).toContain(
      'a row of runs is damaged',
    );
    expect(await refused(await changed({ [run('run.jsonl')]: row({ tags: 'x' }) }))).toContain(
      'a row of runs is damaged',
    );
    expect(await refused(await changed({ [run('run.jsonl')]: row({ createdAt: 'then' }) }))).toContain('createdAt');
  });
  test('checkpoints whose files lie', async () => {
    const at = (name: string) => run(`checkpoints/2/${name}`);
    const weights = good.get(at('model.safetensors')) as Buffer;
    const lying = Buffer.from(weights);
    lying.writeBigUInt64LE(2n ** 60n);
    expect(await refused(await changed({ [at('model.safetensors')]: lying }))).toContain(
      'not safetensors or truncated',
    );
    expect(await refused(await changed({ [at('model.safetensors')]: weights.subarray(0, -4) }))).toContain('truncated');
    const header = Number(weights.readBigUInt64LE());
    const shapes = Buffer.from(weights);
    shapes.write(String(weights.subarray(8, 8 + header)).replace('"shape":[512,', '"shape":[999,'), 8);
    expect(await refused(await changed({ [at('model.safetensors')]: shapes }))).toMatch(
      /checkpoint 2 of run .* is not whole/,
    );
    expect(
      await refused(await changed({ [at('checkpoint.json')]: '{"step":1,"tokens":1,"start":null,"best":null}' })),
    ).toContain('it is of step 1');
    expect(await refused(await changed({ [at('config.json')]: '{}' }))).toContain('config.json');
    const huge = String(good.get(at('config.json'))).replace(
      /"num_hidden_layers": \d+/,
      '"num_hidden_layers": 1000000000',
    );
    expect(await refused(await changed({ [at('config.json')]: huge }))).toContain('is not whole');
  });
  test('SQL and script in names and texts stay text', async () => {
    const { home, store } = await freshStore();
    const name = `'); DROP TABLE runs; -- <script>alert(1)</script>\u001b[2J`;
    const note = `${JSON.stringify({ step: 0, at: 1, level: 'info', message: `${name}\u0007` })}\n`;
    await importBundle(store, home, await changed({ [run('run.jsonl')]: row({ name }), [run('notes.jsonl')]: note }));
    // What could steer a terminal is gone, all else is as it was.
    const shown = `'); DROP TABLE runs; -- <script>alert(1)</script> [2J`;
    expect(store.runs.get(runId).name).toBe(shown);
    expect(store.notes.ofRun(runId).map(({ message }) => message)).toEqual([`${shown} `]);
  });
});

test('a folder that is in the way is left alone', async () => {
  const { home, store } = await freshStore();
  await addRun(store, { name: 'Mine', steps: 1, checkpoint: { home } });
  mkdirSync(join(home, 'runs', runId));
  writeFileSync(join(home, 'runs', runId, 'mine.txt'), 'mine');
  const path = await file(goodBytes);
  expect(await expectRefusal(home, () => importBundle(store, home, path), 'conflict')).toContain(
    'is there already, without a run',
  );
});
