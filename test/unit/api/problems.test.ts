/** Calls about single problems, over the published formats in fixtures/problem-sets and the embedded policy. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OpenSets } from '../../../src-main/api/open-sets.ts';
import { problemSetCalls } from '../../../src-main/api/problem-sets.ts';
import { problemCalls } from '../../../src-main/api/problems.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { calls } from '../../../src-shared/api.ts';
import { PROBLEM_BOUNDS } from '../../../src-shared/problem-sets.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/problem-sets');

/** The calls as the app answers them: input and output pass their schemas. */
async function open() {
  const store = openStore(await temporaryFolder(), 'owner');
  const sets = new OpenSets();
  const bodies = { ...problemCalls({ store }, sets), ...problemSetCalls({ sandbox: null }, sets) };
  const list = async (input: unknown) =>
    calls.listProblems.output.parse(await bodies.listProblems(calls.listProblems.input.parse(input)));
  const one = async (input: unknown) =>
    calls.problem.output.parse(await bodies.problem(calls.problem.input.parse(input)));
  const prompt = async (input: unknown) =>
    calls.problemPrompt.output.parse(await bodies.problemPrompt(calls.problemPrompt.input.parse(input)));
  const inspect = async (input: unknown) =>
    calls.inspectProblems.output.parse(await bodies.inspectProblems(calls.inspectProblems.input.parse(input)));
  return { list, one, prompt, inspect, close: () => store.close() };
}
const humaneval = { kind: 'humaneval', options: { path: join(fixtures, 'humaneval.jsonl.gz') } };
const mbpp = { kind: 'mbpp', options: { path: join(fixtures, 'mbpp.jsonl') } };

describe('a list of problems', () => {
  test('comes in parts, over all splits in their order or in one of them', async () => {
    const { list } = await open();
    const all = await list({ ...mbpp, from: 0, count: 500 });
    expect(all.problems.map(({ split, id }) => [split, id])).toEqual([
      ['train', '601'],
      ['train', '974'],
      ['validation', '511'],
      ['validation', '600'],
      ['test', '11'],
    ]);
    expect(await list({ ...mbpp, from: 1, count: 2 })).toEqual({ found: 5, problems: all.problems.slice(1, 3) });
    expect(await list({ ...mbpp, split: 'test', from: 0, count: 9 })).toEqual({
      found: 1,
      problems: all.problems.slice(4),
    });
    expect((await list({ ...mbpp, from: 99, count: 1 })).problems).toEqual([]);
  });

  test('holds every word that is sought, in any case, in statement, code or id', async () => {
    const { list } = await open();
    const ids = async (query: string) =>
      (await list({ ...humaneval, query, from: 0, count: 9 })).problems.map(({ id }) => id);
    expect(await ids('')).toEqual(['HumanEval/0', 'HumanEval/1']);
    expect(await ids('EACH double')).toEqual(['HumanEval/0']);
    expect(await ids('humaneval/1')).toEqual(['HumanEval/1']);
    expect(await ids('double nothing')).toEqual([]);
  });

  test('says of a stub what its docstring says, and of contests their day', async () => {
    const { list } = await open();
    const [first] = (await list({ ...humaneval, from: 0, count: 1 })).problems;
    expect(first?.statement).toBe('Double each of them. >>> double_all([1, 2]) [2, 4]');
    const contests = { kind: 'livecodebench', options: { path: join(fixtures, 'livecodebench') } };
    const dated = (await list({ ...contests, from: 0, count: 9 })).problems;
    expect(dated.map(({ date }) => date)).toContain('2023-08-31');
    expect(dated.find(({ id }) => id === 'abc2_a')).toMatchObject({ difficulty: 'easy', functionName: 'add' });
  });
});

describe('a problem', () => {
  test('has what it asks, its tests and its solution', async () => {
    const { one } = await open();
    const problem = await one({ ...humaneval, split: 'validation', id: 'HumanEval/0' });
    expect(problem).toMatchObject({ functionName: 'double_all', visibleTests: 0, hiddenTests: 1 });
    expect(problem.starterCode).toMatch(/^from typing import List/);
    expect(problem.tests).toMatchObject([{ visible: false, kind: 'asserts' }]);
    expect(problem.solutions).toMatchObject([{ language: 'python' }]);
    expect(problem.solutions[0]?.code.startsWith(problem.starterCode)).toBe(true);
    const withVisible = await one({ ...mbpp, split: 'test', id: '11' });
    expect(withVisible.tests.map(({ visible }) => visible)).toEqual([true, false]);
    await expect(one({ ...humaneval, split: 'test', id: 'HumanEval/0' })).rejects.toMatchObject({
      code: 'not-found',
      message: /^HumanEval\/0: there is no such problem in the test split/,
    });
  });

  test("is shown without its checker's code", async () => {
    const { list, one } = await open();
    const options = {
      path: join(fixtures, 'codecontests-plus/1x.jsonl'),
      testlib: join(fixtures, 'codecontests-plus/testlib.h'),
    };
    const set = { kind: 'codecontests-plus', options };
    const { problems } = await list({ ...set, from: 0, count: 500 });
    const details = await Promise.all(problems.map(({ split, id }) => one({ ...set, split, id })));
    const comparisons = details.flatMap(({ tests }) => tests.map(({ comparison }) => comparison));
    expect(comparisons).toContainEqual({ kind: 'checker', language: 'cpp' });
  });

  test('leaves out tests that are too long, and says how many there are', async () => {
    const { one } = await open();
    const path = join(await temporaryFolder(), 'long.jsonl');
    const test = (output: string) => ({ input: '1', output: JSON.stringify(output) });
    const tests = [test('a'), test('b'.repeat(PROBLEM_BOUNDS.testChars)), test('c')];
    const record = { id: 1, statement: 'x'.repeat(PROBLEM_BOUNDS.textChars + 9), function_name: 'f', tests };
    await writeFile(path, JSON.stringify(record));
    const problem = await one({ kind: 'jsonl', options: { validationFile: path }, split: 'validation', id: '1' });
    expect(problem.tests.map(({ expected }) => expected)).toEqual(['"a"', '"c"']);
    expect(problem.hiddenTests).toBe(3);
    expect(problem.statement).toHaveLength(PROBLEM_BOUNDS.textChars + 2);
  });
});

describe('a prompt', () => {
  test('is what the policy gets, with the number of its tokens', async () => {
    const { prompt } = await open();
    const where = { ...mbpp, split: 'test', id: '11', source: 'embedded' };
    const own = await prompt(where);
    expect(own.text).toBe(
      'Write a function to square a number.\nThe program must pass this test:\nassert square(3) == 9\n',
    );
    expect(own.tokens).toBeGreaterThan(5);
    expect(own.tokens).toBeLessThan(own.context);
    const plain = await prompt({ ...where, prompt: 'plain' });
    expect(plain.text).toMatch(/^You are an expert Python programmer[\s\S]*### Question:\nWrite a function to square/);
    expect(plain.tokens).toBeGreaterThan(own.tokens);
  });

  test('of a policy that cannot be used is refused by name', async () => {
    const { prompt } = await open();
    const where = { ...mbpp, split: 'test', id: '11' };
    await expect(prompt({ ...where, source: '/no/such/policy' })).rejects.toMatchObject({
      path: 'policy.source',
      message: /^policy\.source: \/no\/such\/policy: there is no such file or folder/,
    });
    await expect(prompt({ ...where, source: 'checkpoint:none' })).rejects.toMatchObject({ path: 'policy.source' });
  });
});

test('a set is read again when it is inspected again, and not before', async () => {
  const { list, inspect } = await open();
  const path = join(await temporaryFolder(), 'set.jsonl');
  const lines = (await readFile(join(fixtures, 'mbpp.jsonl'), 'utf8')).trim().split('\n');
  const set = { kind: 'mbpp', options: { path, validateOn: 'all' } };
  const found = async () => (await list({ ...set, from: 0, count: 1 })).found;
  await writeFile(path, lines.slice(0, 2).join('\n'));
  const first = await inspect(set);
  expect(first.splits.map(({ problems }) => problems)).toEqual([0, 2, 0]);
  // One test, and two.
  expect(first.splits[1]?.tests).toEqual({ least: 1, median: 1.5, mean: 1.5, most: 2 });
  await writeFile(path, lines.slice(0, 4).join('\n'));
  expect(await found()).toBe(2);
  const again = await inspect(set);
  expect(again.splits[1]).toMatchObject({ problems: 4, tests: { least: 1, median: 1, mean: 1.25, most: 2 } });
  expect(await found()).toBe(4);
});
