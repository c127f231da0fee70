/** The rules that the published sets share: splits, windows of days, the program that is run, and hashes. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { hashOf } from '../../../../src-main/datasets/dataset.ts';
import { datasets, programOf } from '../../../../src-main/datasets/index.ts';
import { dateFault, inWindow } from '../../../../src-main/datasets/sets/dates.ts';
import { mbppSplit } from '../../../../src-main/datasets/sets/mbpp.ts';
import { splitByShare, splitOfFile } from '../../../../src-main/datasets/sets/split.ts';
import type { Problem } from '../../../../src-shared/problem.ts';
import { SPLITS } from '../../../../src-shared/problem.ts';

describe('splits', () => {
  it('of MBPP have the sizes that are published: 374, 90 and 500 of 974, and 10 prompts', () => {
    const all = Array.from({ length: 974 }, (_, i) => mbppSplit(i + 1));
    const sizes = [...SPLITS, null].map((split) => all.filter((each) => each === split).length);
    expect(sizes).toEqual([374, 90, 500, 10]);
  });

  it.each([
    ['data/train-00000-of-00039-e991a271dbfa9925.parquet', 'train'],
    ['valid-00000-of-00001.parquet', 'validation'],
    ['validation.jsonl', 'validation'],
    ['apps/test.jsonl', 'test'],
    ['TACO_test.json.gz', 'test'],
    ['train/data-00001.parquet', 'train'],
    ['test/train-1.jsonl', 'train'],
  ])('of a file are in its name or its folder: %s', (file, split) => {
    expect(splitOfFile(file)).toBe(split);
  });

  it('of a file that says none are asked for', () => {
    expect(() => splitOfFile('/sets/latest/problems.jsonl')).toThrow(
      '/sets/latest/problems.jsonl: its name says no split; allowed are names with train, valid',
    );
  });

  it('by share depend on what is asked alone, grow with the share, and are near it', () => {
    const share = fc.double({ min: 0, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(fc.string(), share, share, share, (meaning, validation, test, more) => {
        const split = splitByShare(meaning, { validation, test });
        expect(splitByShare(meaning, { validation, test })).toBe(split);
        if (split === 'validation') expect(splitByShare(meaning, { validation: validation + more, test })).toBe(split);
        if (split !== 'train') expect(splitByShare(meaning, { validation, test: test + more })).toBe(split);
        expect(splitByShare(meaning, { validation: 1, test: 0 })).toBe('validation');
        expect(splitByShare(meaning, { validation: 0, test: 0 })).toBe('train');
      }),
    );
    const many = Array.from({ length: 20_000 }, (_, i) => splitByShare(`problem ${i}`, { validation: 0.2, test: 0.1 }));
    // Four standard deviations of a binomial share of 20,000.
    expect(Math.abs(many.filter((split) => split === 'validation').length / 20_000 - 0.2)).toBeLessThan(0.0114);
    expect(Math.abs(many.filter((split) => split === 'test').length / 20_000 - 0.1)).toBeLessThan(0.0085);
  });
});

describe('a window of days', () => {
  const day = fc
    .date({ min: new Date('2020-01-01'), max: new Date('2027-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));

  it('holds what lies between its ends, and both of them', () => {
    fc.assert(
      fc.property(day, day, day, (date, from, to) => {
        const time = (text: string) => Date.parse(text);
        expect(inWindow(date, from, to)).toBe(time(from) <= time(date) && time(date) <= time(to));
        expect(inWindow(date, '', '')).toBe(true);
        expect(dateFault({ from, to }).length).toBe(from > to ? 1 : 0);
      }),
    );
  });

  test.each(['2025-1-1', '2025-02-29', '2025-13-01', 'today', '2025-01-01T00:00:00', '01.02.2025', ' '])(
    '%j is no day',
    (text) => expect(dateFault({ from: '', to: text })).toHaveLength(1),
  );
});

describe('the program of a stub', () => {
  const stub = {
    ...{ id: '1', statement: 's', functionName: 'f', difficulty: '', visibleTests: [], meaning: 's' },
    starterCode: 'import math\n\n\ndef g(x):\n    return x\n\n\ndef f(x: float) -> float:\n    """ Doc. """\n',
    hiddenTests: [{ kind: 'asserts', input: 'assert f(1) == 1', expected: '' }],
  } as const satisfies Problem;
  const before = 'import math\n\n\ndef g(x):\n    return x';

  test.each([
    ['the whole function', 'def f(x):\n    return g(x)', `${before}\n\ndef f(x):\n    return g(x)`],
    ['the whole stub', `${stub.starterCode}    return 1`, `${stub.starterCode}    return 1`],
    ['the body alone', '    y = x\n\n    return y', `${stub.starterCode.trimEnd()}\n    y = x\n\n    return y`],
    [
      'an indented function, which is no body',
      '    def f(x):\n        return 1',
      `${before}\n\n    def f(x):\n        return 1`,
    ],
    [
      'a class',
      'class Solution:\n  def f(self, x):\n    return 1',
      `${before}\n\nclass Solution:\n  def f(self, x):\n    return 1`,
    ],
    [
      'an import that must be first',
      'from __future__ import annotations\n\ndef f(x): pass',
      'from __future__ import annotations\n\ndef f(x): pass',
    ],
  ])('is %s, with what the stub has before it', (_, code, program) => expect(programOf(stub, code)).toBe(program));

  it('is the code alone where nothing is to be completed', () => {
    const tests = [{ kind: 'functional', input: '1', expected: '1' }] as const;
    expect(programOf({ ...stub, hiddenTests: tests }, '    return 1')).toBe('    return 1');
    expect(programOf({ ...stub, starterCode: '' }, '    return 1')).toBe('    return 1');
  });
});

it('has options with a help for each, and no kind twice', () => {
  expect(new Set(datasets.map(({ id }) => id)).size).toBe(datasets.length);
  for (const { id, options, help } of datasets) {
    expect(help, id).toMatch(/\.$/);
    for (const [name, option] of Object.entries(options)) expect(option.help, `${id}.${name}`).toMatch(/\.$/);
  }
});

it('makes hashes piece by piece that are those of the whole', async () => {
  const problem = (n: number): Problem => ({
    ...{ id: `${n}`, statement: `"${n}"`, functionName: '', starterCode: '', difficulty: '', visibleTests: [] },
    ...{ hiddenTests: [{ kind: 'stdin', input: `${n}`, expected: '☃' }], meaning: 'm' },
  });
  const sets = { train: [problem(1), problem(2), problem(3)], validation: [], test: [problem(4)] };
  const whole = createHash('sha256');
  for (const split of SPLITS) {
    const rows = sets[split].map((p) => [p.id, p.statement, '', '', '', [], [['stdin', p.id, '☃']], 'm']);
    whole.update(JSON.stringify([split, rows]));
  }
  expect(await hashOf(async (split) => sets[split])).toBe(whole.digest('hex'));
});
