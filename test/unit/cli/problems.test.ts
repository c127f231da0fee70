/** `assay problems` over the real catalogue and reader, and a sandbox that is made up. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { problemSetCalls } from '../../../src-main/api/problem-sets.ts';
import { catalogue } from '../../../src-main/catalogue.ts';
import { runProgram } from '../../../src-main/cli/program.ts';
import { type Bodies, fakeShell } from '../api/fake-shell.ts';
import { fakeIo } from './fixtures.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/problem-sets');

async function assay(args: readonly string[], more: Bodies = {}) {
  const io = fakeIo();
  const app = fakeShell({ catalogue, inspectProblems: problemSetCalls({ sandbox: null }).inspectProblems, ...more });
  const code = await runProgram(['problems', ...args], { io, version: '1', openApp: async () => app });
  return { code, lines: io.lines, errors: io.errors };
}

describe('assay problems', () => {
  test('says what is in a set: splits, tests, days, what is left out', async () => {
    const { code, lines } = await assay([`codecontests=${join(fixtures, 'codecontests')}`]);
    expect(code).toBe(0);
    const row = (start: string) => lines.find((line) => line.startsWith(start))?.split(/\s{2,}/);
    expect(lines[1]).toMatch(/^hash [0-9a-f]{64}$/);
    expect(row('train ')).toEqual(['train', '3', '6', 'stdin', '-', '3']);
    expect(row('test ')).toEqual(['test', '1', '6', 'stdin', '-', '1']);
    expect(lines).toContain('Left out: 1 that reads or writes a file of its own.');
    expect(lines).toContain('No problem is there twice.');
    const dated = await assay([`livecodebench=${join(fixtures, 'livecodebench')}`, '--set', 'from=2023-06-01']);
    expect(dated.lines.join('\n')).toMatch(/validation +4 +4 +functional, stdin|validation +4 +4 +stdin, functional/);
    expect(dated.lines.join('\n')).toContain('2023-08-31 to 2024-07-01');
  });

  test('says what is asked twice, and what that leaks from training', async () => {
    const { lines } = await assay([`mbpp=${join(fixtures, 'mbpp.jsonl')}`, '--first', '0']);
    expect(lines).toContain('Left out: 1 that are in no split of the set.');
    expect(lines.slice(-2)).toEqual(['Asked more than once: 1, 1 of them ACROSS SPLITS:', '  974 (train), 11 (test)']);
    const { lines: taco } = await assay([`taco=${join(fixtures, 'taco')}`, '--json']);
    expect(JSON.parse(taco[0] ?? '')).toMatchObject({
      duplicates: {
        groups: 1,
        acrossSplits: 1,
        first: [[{ id: 'taco/train/0' }, { split: 'test', id: 'taco/test/0' }]],
      },
    });
  });

  test('--check: progress, the share that passed, and the first failures by name', async () => {
    const asked: unknown[] = [];
    const solution = { language: 'python', testsPassed: 1, tests: 2 };
    const { code, lines, errors } = await assay(
      [`mbpp=${join(fixtures, 'mbpp.jsonl')}`, '--check', '--first', '0', '--solutions', '2', '--split', 'train'],
      {
        checkSolutions: (input: unknown) => {
          asked.push(input);
          const failed = { ...solution, verdict: 'wrong-answer', detail: 'test 2: AssertionError' };
          return {
            problems: 2,
            checked: [
              { problemId: '601', solutions: [{ ...solution, verdict: 'passed', detail: null }] },
              { problemId: '974', solutions: [failed, { ...solution, verdict: null, detail: 'C++: no g++' }] },
            ],
          };
        },
      },
    );
    expect(asked).toEqual([
      expect.objectContaining({ kind: 'mbpp', split: 'train', from: 0, count: 32, solutions: 2 }),
    ]);
    expect(errors).toEqual(['train: 2 of 2 problems checked']);
    expect(lines.slice(-3)).toEqual([
      '1 of 2 problems pass with their solutions (50.0 %); 0 have none that could be run.',
      '  974: python wrong-answer: test 2: AssertionError',
      '  974: python not run: C++: no g++',
    ]);
    expect(code).toBe(1);
  });

  test('--check has nothing to do where a set has no solutions', async () => {
    const { code, lines } = await assay([`mbpp=${join(fixtures, 'mbpp-multipl-e.jsonl')}`, '--check']);
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('None of the 1 problems has a solution: there is nothing to check.');
  });

  test.each([
    [['humaneval'], 'problems.options.path: is empty; a value is needed'],
    [['mbpp=x', '--set', 'limits.steps=3'], '--set limits.steps: is no option of a problem set'],
    [['mbpp=x', '--set', 'mostTests=3'], '--set mostTests: problems.options.mostTests belongs to problems'],
    [['mbpp=x', '--split', 'dev'], "option '--split <split>' argument 'dev' is invalid"],
  ])('%j is refused', async (args, message) => {
    const { code, errors } = await assay(args);
    expect(code).toBe(2);
    expect(errors[0]).toContain(message);
  });
});
