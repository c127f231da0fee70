import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig, checkProblems, resolveConfig } from '../../../src-main/catalogue.ts';
import { jsonl } from '../../../src-main/datasets/jsonl.ts';
import { parseProblemLine } from '../../../src-main/datasets/problem-line.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import { parseOptions } from '../../../src-shared/options.ts';
import { SPLITS } from '../../../src-shared/problem.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jsonl-'));
});
afterAll(() => rm(folder, { recursive: true }));

const short = (id: number) => ({
  id,
  statement: `Return ${id}.`,
  function_name: 'f',
  tests: [{ input: '1\n"a"', output: String(id) }],
});
async function file(name: string, lines: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}
const open = (values: Record<string, unknown>) => jsonl.open(parseOptions(jsonl.options, values, 'problems.options'));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** json.dumps of the tests, pickled by CPython 3 at protocol 4: PROTO 4, FRAME, BINUNICODE, MEMOIZE, STOP. */
function packed(tests: unknown): string {
  const text = Buffer.from(JSON.stringify(tests));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  const body = Buffer.concat([Buffer.from('X'), size, text, Buffer.from([0x94]), Buffer.from('.')]);
  const frame = Buffer.alloc(9);
  frame[0] = 0x95;
  frame.writeBigUInt64LE(BigInt(body.length), 1);
  return deflateSync(Buffer.concat([Buffer.from([0x80, 4]), frame, body])).toString('base64');
}

describe('a line', () => {
  it('may be LiveCodeBench’s, with packed private tests', () => {
    const line = JSON.stringify({
      question_id: 'abc_1',
      question_content: 'Sum  two\nnumbers.',
      starter_code: 'class Solution:\n',
      difficulty: 'easy',
      metadata: '{"func_name": "add"}',
      public_test_cases: '[{"input": "1\\n2", "output": "3", "testtype": "functional"}]',
      private_test_cases: packed([{ input: '2\n2', output: '4', testtype: 'functional' }]),
    });
    expect(parseProblemLine(line, 'x, line 1')).toEqual({
      id: 'abc_1',
      statement: 'Sum  two\nnumbers.',
      functionName: 'add',
      starterCode: 'class Solution:\n',
      difficulty: 'easy',
      visibleTests: [{ kind: 'functional', input: '1\n2', expected: '3' }],
      hiddenTests: [{ kind: 'functional', input: '2\n2', expected: '4' }],
      meaning: 'sum two numbers.',
    });
  });

  it('reads private tests packed by CPython itself', () => {
    // base64(zlib.compress(pickle.dumps('[{"input": "1", "output": "1", "testtype": "stdin"}]'))), CPython 3.11
    const private_test_cases = 'eJxrYJlqwQABPSbR1UqZeQWlJUpWCkqGSjoKSvmlJcjcktTikpLKglSQQHFJSmaeUm3sFD0AOe4SqQ==';
    const line = JSON.stringify({ id: 1, statement: 'Echo.', private_test_cases });
    expect(parseProblemLine(line, 'x').hiddenTests).toEqual([{ kind: 'stdin', input: '1', expected: '1' }]);
  });

  it('refuses a pickle that holds more than a string', () => {
    // pickle.dumps(print): protocol 4 with STACK_GLOBAL.
    const evil = Buffer.concat([
      Buffer.from([0x80, 4, 0x8c, 8]),
      Buffer.from('builtins'),
      Buffer.from([0x8c, 5]),
      Buffer.from('print'),
      Buffer.from([0x93, 0x2e]),
    ]);
    const private_test_cases = deflateSync(evil).toString('base64');
    const line = JSON.stringify({ id: 1, statement: 's', private_test_cases });
    expect(() => parseProblemLine(line, 'x, line 1')).toThrow(
      /private_test_cases: the pickle holds more than a string/,
    );
  });

  it.each([
    ['{"id": 1', /line 7: .* is not JSON/],
    ['[]', /line 7: must be a JSON object/],
    [{ statement: 's' }, /line 7: id: is missing; allowed is "id" or "question_id"/],
    [{ id: 1 }, /line 7: statement: is missing/],
    [{ id: 1, statement: 4 }, /line 7: statement: must be text/],
    [{ id: 1, statement: 's' }, /line 7: tests: has no test/],
    [{ id: 1, statement: 's', tests: {} }, /line 7: tests: is not a list/],
    [{ id: 1, statement: 's', tests: '[' }, /line 7: tests: "\[" is not JSON/],
    [{ id: 1, statement: 's', tests: [{ input: '1' }] }, /line 7: tests\[0\]\.output: is missing/],
    [{ id: 1, statement: 's', tests: [{ input: 1, output: '' }] }, /line 7: tests\[0\]: input: must be text/],
    [
      { id: 1, statement: 's', tests: [{ input: '', output: '', testtype: 'file' }] },
      /tests\[0\]: testtype: must be "functional" or "stdin"/,
    ],
    [
      { id: 1, statement: 's', tests: [{ input: '', output: '', testtype: 'functional' }] },
      /tests\[0\]\.testtype: is functional, but the problem has no function_name/,
    ],
    [
      { id: 1, statement: 's', function_name: 'f', tests: [{ input: 'oops', output: '1' }] },
      /tests\[0\]\.input: "oops" is not JSON/,
    ],
    [{ id: 1, statement: 's', private_test_cases: 'AAAA' }, /private_test_cases: .*; allowed is a JSON list/],
  ])('%j is refused in words', (line, message) => {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    expect(() => parseProblemLine(text, 'my.jsonl, line 7')).toThrow(message);
  });
});

it('a test that is text is code that calls the function', () => {
  const record = { id: 1, statement: 's', function_name: 'f', tests: ['assert f(1) == 1'] };
  expect(parseProblemLine(JSON.stringify(record), 'x').hiddenTests).toEqual([
    { kind: 'asserts', input: 'assert f(1) == 1', expected: '' },
  ]);
  expect(() => parseProblemLine(JSON.stringify({ ...record, function_name: null }), 'x, line 1')).toThrow(
    'x, line 1: tests[0]: is code, but the problem has no function_name that it could call',
  );
});

describe('files', () => {
  it('one a split are taken as they are, in order', async () => {
    const dataset = open({
      trainFile: await file('a.jsonl', ['', ...range(0, 4).map(short), '']),
      validationFile: await file('b.jsonl', [short(1)]),
      testFile: await file('c.jsonl', [short(9)]),
    });
    const ids = await Promise.all(SPLITS.map(async (split) => (await dataset.load(split)).map((p) => p.id)));
    expect(ids).toEqual([['0', '1', '2', '3'], ['1'], ['9']]);
  });

  it('one alone is dealt out by what is asked: whole, disjoint, in about the given shares', async () => {
    const lines = range(0, 1000).map(short);
    const again = { ...short(3), id: 'again', statement: 'return   3.' };
    const dataset = open({ trainFile: await file('d.jsonl', [...lines, again]) });
    const splits = await Promise.all(SPLITS.map((split) => dataset.load(split)));
    expect(splits.flat().length).toBe(1001);
    expect(new Set(splits.flat().map((p) => p.id)).size).toBe(1001);
    for (const held of splits.slice(1)) {
      expect(held.length).toBeGreaterThan(60);
      expect(held.length).toBeLessThan(140);
    }
    const home = splits.findIndex((split) => split.some((p) => p.id === '3'));
    expect(splits[home]?.some((p) => p.id === 'again')).toBe(true);
  });

  it('change the hash with any test, and not with the file’s name', async () => {
    const hash = async (name: string, lines: readonly unknown[]) => open({ trainFile: await file(name, lines) }).hash();
    const base = await hash('e.jsonl', [short(1), short(2)]);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(await hash('f.jsonl', [short(1), short(2)])).toBe(base);
    const other = { ...short(2), tests: [{ input: '2', output: '2' }] };
    expect(await hash('g.jsonl', [short(1), other])).not.toBe(base);
  });

  it('that are missing, empty, or hold an id twice are refused by name', async () => {
    await expect(open({ trainFile: join(folder, 'none') }).load('train')).rejects.toThrow(
      /none: there is no such file/,
    );
    await expect(open({ trainFile: await file('h.jsonl', [' ']) }).load('train')).rejects.toThrow(/no problems/);
    const twice = await file('i.jsonl', [short(1), '', short(1)]);
    await expect(open({ trainFile: twice }).load('train')).rejects.toThrow(/i\.jsonl, line 3: id: 1 is also on line 1/);
  });

  it('needs no training file where nothing is trained: an evaluation, or test-time training', async () => {
    const validationFile = await file('only.jsonl', range(0, 3).map(short));
    const dataset = open({ validationFile });
    expect((await dataset.load('train')).length).toBe(0);
    expect((await dataset.load('validation')).length).toBe(3);
    const check = (values: FlatValues) =>
      checkConfig({ preset: null, values: { 'problems.kind': 'jsonl', ...values } }).map((e) => e.message);
    const alone = { 'problems.options.validationFile': validationFile };
    expect(check({ ...alone, 'limits.steps': 0 })).toEqual([]);
    expect(check({ ...alone, 'evaluation.testTime': true })).toEqual([]);
    expect(check(alone)).toEqual(['problems.options.trainFile: is empty; a value is needed']);
    expect(check({ 'limits.steps': 0 })).toEqual([
      'problems.options.trainFile: is empty, and so is validationFile; one of them is needed',
    ]);
    const config = (values: FlatValues) =>
      resolveConfig({ preset: null, values: { 'problems.kind': 'jsonl', ...alone, ...values } });
    await expect(checkProblems(config({ 'limits.steps': 0 }))).resolves.toBeUndefined();
    const empty = { 'problems.options.trainFile': validationFile, 'problems.options.validationFile': '' };
    const shares = { 'problems.options.validationShare': 0, 'problems.options.testShare': 0 };
    await expect(checkProblems(config({ ...empty, ...shares }))).rejects.toThrow('no validation problems');
    await expect(checkProblems(config({ ...empty, ...shares, 'evaluation.every': 0 }))).resolves.toBeUndefined();
  });

  it('may be JSON, Parquet or under gzip, with columns of other names', async () => {
    const theirs = range(0, 3).map((id) => ({
      name: `p${id}`,
      question: `Return ${id}.`,
      fn: 'f',
      cases: short(id).tests,
    }));
    const columns = 'id=name, statement=question,function_name = fn,tests=cases';
    const plain = open({ trainFile: await file('own.jsonl', theirs), columns, validationShare: 0, testShare: 0 });
    const path = join(folder, 'own.json.gz');
    await writeFile(path, gzipSync(JSON.stringify(theirs)));
    const packed = open({ trainFile: path, columns, validationShare: 0, testShare: 0 });
    expect((await plain.load('train')).map(({ id }) => id)).toEqual(['p0', 'p1', 'p2']);
    expect(await packed.hash()).toBe(await plain.hash());
    const lacking = open({ trainFile: await file('lack.jsonl', [short(1)]), columns: 'id=name' });
    await expect(lacking.load('train')).rejects.toThrow(
      /lack\.jsonl, line 1: name: is missing; it has id, statement, function_name, tests/,
    );
    expect(() => open({ trainFile: path, columns: 'key=name' })).toThrow(
      'problems.options.columns: key is unknown; allowed is id, statement',
    );
    expect(() => open({ trainFile: path, columns: 'name' })).toThrow('"name" is not ours=theirs');
  });

  it('are one set where there are several, with ids that are unique over all', async () => {
    const [a, b] = [await file('one.jsonl', [short(1)]), await file('two.jsonl', [short(2)])];
    const both = open({ trainFile: `${a}, ${b}`, validationShare: 0, testShare: 0 });
    expect((await both.load('train')).map(({ id }) => id)).toEqual(['1', '2']);
    const twice = open({ trainFile: `${a},${a}` });
    await expect(twice.load('train')).rejects.toThrow(/one\.jsonl, line 1: id: 1 is also on .*one\.jsonl, line 1/);
  });

  it('publish the solutions that they have', async () => {
    const solutions = ['def f(*a): return 1', { language: 'cpp', code: 'int main() {}' }];
    const second = { ...short(2), solutions: 'def f(*a): return 2', contest_date: '2025-01-04T00:00:00' };
    const lines = [{ ...short(1), solutions }, second, short(3)];
    const dataset = open({ trainFile: await file('solved.jsonl', lines), validationShare: 0, testShare: 0 });
    const published = (await dataset.published?.('train', 2)) ?? [];
    expect(published.map((each) => each.solutions.map(({ language }) => language))).toEqual([
      ['python', 'cpp'],
      ['python'],
      [],
    ]);
    expect(published.map(({ date }) => date)).toEqual([null, '2025-01-04', null]);
    const wrong = open({ trainFile: await file('wrong.jsonl', [{ ...short(1), solutions: [4] }]) });
    await expect(wrong.published?.('train', 1)).rejects.toThrow(
      /wrong\.jsonl, line 1: solutions: must be code, or a list/,
    );
  });
});
