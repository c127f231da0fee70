/** Every published format is read as its problems: fixtures/problem-sets, packed and written by CPython and pyarrow. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasets } from '../../../../src-main/datasets/index.ts';
import { type OptionValues, parseOptions } from '../../../../src-shared/options.ts';
import { SPLITS } from '../../../../src-shared/problem.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/problem-sets');

function open(id: string, file: string, options: OptionValues = {}) {
  const kind = datasets.find((each) => each.id === id);
  if (kind === undefined) throw new Error(`no kind ${id}`);
  const path = file
    .split(',')
    .map((part) => join(fixtures, part.trim()))
    .join(',');
  return kind.open(parseOptions(kind.options, { path, ...options }, 'problems.options'));
}
const ids = async (dataset: ReturnType<typeof open>) =>
  Promise.all(SPLITS.map(async (split) => (await dataset.load(split)).map(({ id }) => id)));
const problem = async (dataset: ReturnType<typeof open>, id: string) => {
  const all = (await Promise.all(SPLITS.map((split) => dataset.load(split)))).flat();
  const found = all.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no problem ${id}`);
  return found;
};

describe('LiveCodeBench', () => {
  it('reads the files of a folder, whose private tests are packed, and validates on all of them', async () => {
    const dataset = open('livecodebench', 'livecodebench');
    expect(await ids(dataset)).toEqual([[], ['abc1_a', 'abc2_a', 'abc3_a', 'abc4_a', 'abc5_a'], []]);
    const functional = await problem(dataset, 'abc2_a');
    expect(functional).toMatchObject({ functionName: 'add', difficulty: 'easy' });
    expect(functional.visibleTests).toEqual([{ kind: 'functional', input: '0\n2', expected: '2' }]);
    expect(functional.hiddenTests.at(-1)).toEqual({ kind: 'functional', input: '3\n2', expected: '5' });
    expect((await problem(dataset, 'abc1_a')).hiddenTests).toHaveLength(3);
  });

  it('takes the files of a release, and those alone', async () => {
    const [, v2] = await ids(open('livecodebench', 'livecodebench', { release: 'v2' }));
    expect(v2).toEqual(['abc1_a', 'abc2_a', 'abc3_a', 'abc4_a']);
    await expect(open('livecodebench', 'livecodebench', { release: 'v5' }).load('test')).rejects.toThrow(
      /release v5 needs test4\.jsonl, which is not there; found test\.jsonl, test2\.jsonl, test3\.jsonl/,
    );
  });

  it.each([
    [{ from: '2023-08-31' }, [2, 3, 4, 5]],
    [{ to: '2023-08-31' }, [1, 2]],
    [{ from: '2023-08-31', to: '2024-05-30' }, [2, 3]],
    [{ from: '2024-03-01', to: '2024-03-01' }, [3]],
  ])('takes the contests of a window, both ends in it: %j', async (window, numbers) => {
    const [, found] = await ids(open('livecodebench', 'livecodebench', window));
    expect(found).toEqual(numbers.map((n) => `abc${n}_a`));
  });

  it('says of which window it has no problems, and what is no window', async () => {
    const none = open('livecodebench', 'livecodebench', { from: '2026-01-01' });
    await expect(none.load('validation')).rejects.toThrow(/livecodebench: no problems of contests from 2026-01-01$/);
    expect(() => open('livecodebench', 'livecodebench', { from: '2025-02-30' })).toThrow(
      'problems.options.from: "2025-02-30" is no date; allowed is YYYY-MM-DD',
    );
    expect(() => open('livecodebench', 'livecodebench', { from: '2025-02-02', to: '2025-02-01' })).toThrow(
      'problems.options.from: 2025-02-02 is after to 2025-02-01',
    );
  });

  it('takes as many tests as are wanted, the public ones first', async () => {
    const most = await problem(open('livecodebench', 'livecodebench', { mostTests: 3 }), 'abc1_a');
    expect([most.visibleTests.length, most.hiddenTests.length]).toEqual([1, 2]);
  });

  it('publishes the day of each contest', async () => {
    const published = await open('livecodebench', 'livecodebench').published?.('validation', 1);
    expect(published?.map(({ date }) => date)).toEqual([
      '2023-05-07',
      '2023-08-31',
      '2024-03-01',
      '2024-05-31',
      '2024-07-01',
    ]);
  });
});

describe('HumanEval', () => {
  it('asks to complete the stub, and checks by code that the program does not see', async () => {
    const dataset = open('humaneval', 'humaneval.jsonl.gz');
    const { starterCode, functionName, visibleTests, hiddenTests } = await problem(dataset, 'HumanEval/0');
    expect(functionName).toBe('double_all');
    expect(starterCode).toMatch(/^from typing import List\n[\s\S]*def double_all\(xs[\s\S]*"""\n$/);
    expect(visibleTests).toEqual([]);
    expect(hiddenTests).toHaveLength(1);
    expect(hiddenTests[0]).toMatchObject({ kind: 'asserts', expected: '' });
    expect(hiddenTests[0]?.input).toMatch(/def check\(candidate\):[\s\S]*\n\ncheck\(double_all\)\n$/);
  });

  it('publishes the canonical solution behind the stub', async () => {
    const [first] = (await open('humaneval', 'humaneval.jsonl.gz').published?.('validation', 1)) ?? [];
    expect(first?.solutions[0]?.code).toMatch(
      /^from typing[\s\S]*def double_all[\s\S]*return \[2 \* x for x in xs\]\n$/,
    );
  });

  it('reads HumanEval+ of the hub, where the check needs numpy', async () => {
    const { hiddenTests } = await problem(open('humaneval', 'humaneval-plus.parquet'), 'HumanEval/1');
    expect(hiddenTests[0]?.input).toMatch(/^try:\n {4}import numpy\n[\s\S]*\ncheck\(third\)\n$/);
  });
});

describe('MBPP', () => {
  it('has its published splits, and leaves the few-shot prompts out', async () => {
    const dataset = open('mbpp', 'mbpp.jsonl');
    expect(await ids(dataset)).toEqual([['601', '974'], ['511', '600'], ['11']]);
    expect(await dataset.leftOut?.()).toEqual(new Map([['in no split of the set', 1]]));
    expect(await ids(open('mbpp', 'mbpp.jsonl', { validateOn: 'test' }))).toEqual([
      ['601', '974'],
      ['11'],
      ['511', '600'],
    ]);
    expect((await ids(open('mbpp', 'mbpp.jsonl', { validateOn: 'all' })))[1]).toHaveLength(6);
  });

  it('shows the first assert, and finds the function that they call', async () => {
    const dataset = open('mbpp', 'mbpp.jsonl', { challengeTests: true });
    expect(await problem(dataset, '11')).toMatchObject({
      statement: 'Write a function to square a number.\nThe program must pass this test:\nassert square(3) == 9',
      functionName: 'square',
      visibleTests: [{ kind: 'asserts', input: 'assert square(3) == 9', expected: '' }],
      hiddenTests: [{ input: 'assert square(-2)==4' }, { input: 'assert square(0) == 0' }],
    });
    const names = await Promise.all(['511', '600', '601'].map(async (id) => (await problem(dataset, id)).functionName));
    expect(names).toEqual(['unique', 'halve', 'value']);
    expect((await problem(dataset, '600')).visibleTests[0]?.input).toMatch(/^import math\nassert math\.isclose/);
  });

  it('reads the sanitized records, MBPP+ and MultiPL-E', async () => {
    expect(await problem(open('mbpp', 'sanitized-mbpp.json'), '12')).toMatchObject({
      functionName: 'root',
      hiddenTests: [{ input: 'import math\nassert root(4) == 2' }],
    });
    const plus = await problem(open('mbpp', 'mbpp-plus.jsonl', { validateOn: 'all' }), '3');
    expect(plus.visibleTests).toHaveLength(1);
    expect(plus.hiddenTests).toHaveLength(2);
    expect(plus.hiddenTests[1]?.input).toContain('assertion(pairs(*inp), exp, 0)');
    const [train] = await ids(open('mbpp', 'mbpp-multipl-e.jsonl'));
    expect(train).toEqual(['mbpp_605_is_even']);
    const even = await problem(open('mbpp', 'mbpp-multipl-e.jsonl'), 'mbpp_605_is_even');
    expect(even.hiddenTests[0]?.input.match(/check\(is_even\)/g)).toHaveLength(1);
  });
});

describe('CodeContests', () => {
  it('has the splits of its files, whatever they are compressed with', async () => {
    const dataset = open('codecontests', 'codecontests');
    expect(await ids(dataset)).toEqual([['1_A', '1_B', '1_C'], ['3_A'], ['4_A']]);
    expect(await dataset.leftOut?.()).toEqual(new Map([['reads or writes a file of its own', 1]]));
    const first = await problem(dataset, '1_A');
    expect(first).toMatchObject({ functionName: '', difficulty: '800', statement: 'Print the number times 2.' });
    expect(first.visibleTests).toEqual([{ kind: 'stdin', input: '1\n', expected: '2\n' }]);
    expect(first.hiddenTests.map(({ input }) => input)).toEqual(['2\n', '3\n', '4\n', '5\n', '6\n']);
    const fewer = await problem(open('codecontests', 'codecontests', { generatedTests: false }), '1_A');
    expect(fewer.hiddenTests).toHaveLength(2);
  });

  it('publishes its solutions, Python 3 first and Python 2 never', async () => {
    const [first] = (await open('codecontests', 'codecontests').published?.('test', 9)) ?? [];
    expect(first?.solutions.map(({ language }) => language)).toEqual(['python', 'cpp']);
    expect(first?.solutions[0]?.code).toBe('print(int(input()) * 7)');
  });
});

describe('CodeContests+', () => {
  it('refuses a checker whose testlib.h is not there, by name', async () => {
    await expect(open('codecontests-plus', 'codecontests-plus').load('train')).rejects.toThrow(
      /1x\.jsonl, line 1: checker: includes testlib\.h, and problems\.options\.testlib names none/,
    );
    const wrong = open('codecontests-plus', 'codecontests-plus', { testlib: join(fixtures, 'mbpp.jsonl') });
    await expect(wrong.load('train')).rejects.toThrow('is not testlib.h: it has no registerTestlibCmd');
  });

  it('puts testlib.h in the place of its inclusion', async () => {
    const given = { testlib: join(fixtures, 'codecontests-plus/testlib.h') };
    const { hiddenTests } = await problem(open('codecontests-plus', 'codecontests-plus', given), '9_A');
    const [test] = hiddenTests;
    expect(test).toMatchObject({ kind: 'stdin', input: '5\n', comparison: { kind: 'checker', language: 'cpp' } });
    const code = test?.comparison?.kind === 'checker' ? test.comparison.code : '';
    expect(code).toContain('int main(int argc');
    expect(code).toContain('void registerTestlibCmd');
    expect(code).not.toContain('#include "testlib.h"');
  });

  it('can hold outputs against the expected ones instead', async () => {
    const plain = await problem(open('codecontests-plus', 'codecontests-plus', { checkers: 'ignore' }), '9_A');
    expect(plain.hiddenTests[0]).toEqual({ kind: 'stdin', input: '5\n', expected: '2 3\n' });
  });
});

describe('APPS and TACO', () => {
  it('read questions of both kinds, with numbers as Python writes them', async () => {
    const dataset = open('apps', 'apps', { validationShare: 0 });
    expect(await ids(dataset)).toEqual([['apps/train/0', 'apps/train/1'], [], ['apps/test/0']]);
    expect((await problem(dataset, 'apps/train/0')).hiddenTests).toEqual([
      { kind: 'stdin', input: '1\n', expected: '2\n' },
      { kind: 'stdin', input: '2', expected: '3' },
    ]);
    const called = await problem(dataset, 'apps/train/1');
    expect(called.functionName).toBe('f');
    expect(called.hiddenTests[0]).toEqual({
      kind: 'functional',
      input: '1.0\n1000000000000000000000000000000',
      expected: '[1000000000000000000000000000000]',
      accepted: ['1000000000000000000000000000000'],
    });
  });

  it('leave out what has no tests, and say so', async () => {
    expect(await open('apps', 'apps').leftOut?.()).toEqual(
      new Map([
        ['has no tests', 1],
        ['has tests that are not lists of as many inputs as outputs', 1],
      ]),
    );
  });

  it('validate on a share of train, or on the test split', async () => {
    const shared = open('apps', 'apps', { validationShare: 1 });
    expect(await ids(shared)).toEqual([[], ['apps/train/0', 'apps/train/1'], ['apps/test/0']]);
    const tested = open('apps', 'apps', { validateOn: 'test', validationShare: 1 });
    expect(await ids(tested)).toEqual([['apps/train/0', 'apps/train/1'], ['apps/test/0'], []]);
  });

  it('know days where TACO does', async () => {
    const dataset = open('taco', 'taco', { validationShare: 0 });
    expect(await ids(dataset)).toEqual([['taco/train/0', 'taco/train/1'], [], ['taco/test/0']]);
    expect((await dataset.published?.('train', 1))?.map(({ date }) => date)).toEqual(['2019-12-31', null]);
    expect((await problem(dataset, 'taco/train/0')).difficulty).toBe('medium_hard');
  });
});

describe('any set', () => {
  it('is several files, and one in its own options', async () => {
    const [, found] = await ids(open('livecodebench', 'livecodebench/test3.jsonl, livecodebench/test.jsonl'));
    expect(found).toEqual(['abc5_a', 'abc1_a', 'abc2_a']);
    await expect(ids(open('livecodebench', 'livecodebench/test.jsonl,livecodebench'))).rejects.toThrow(
      /test\.jsonl, line 1: id: abc1_a is also at .*test\.jsonl, line 1; every id must be unique/,
    );
  });

  it('says what the records have where they are of another set', async () => {
    await expect(open('livecodebench', 'humaneval.jsonl.gz').load('test')).rejects.toThrow(
      /humaneval\.jsonl\.gz, line 1: question_id: is missing and must be text or a number; there is task_id, entry_point/,
    );
    await expect(open('humaneval', 'codecontests/valid-00000-of-00001.parquet').load('test')).rejects.toThrow(
      /row 1: prompt: is missing and must be text; there is name, description/,
    );
    await expect(open('apps', 'mbpp.jsonl').load('test')).rejects.toThrow(/mbpp\.jsonl, line 1: question: is missing/);
    await expect(open('mbpp', 'mbpp-plus.jsonl').load('train')).rejects.toThrow(
      /no problems; left out: 1 \(in no split of the set\)/,
    );
  });

  it('cannot be shared out more than once', () => {
    expect(() => open('humaneval', 'humaneval.jsonl.gz', { testShare: 0.1 })).toThrow(
      'problems.options.testShare: with validationShare 1.1 of the problems; allowed is 1 at most',
    );
  });
});
