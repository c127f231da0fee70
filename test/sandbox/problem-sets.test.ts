/** The solutions that problem sets publish pass their own tests in the real sandbox, and wrong ones do not. Of whole
 * sets where ASSAY_PROBLEM_SETS names a folder that has them: HumanEval.jsonl.gz, mbpp.jsonl. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemSetCalls } from '../../src-main/api/problem-sets.ts';
import { datasets, programOf } from '../../src-main/datasets/index.ts';
import { openSandbox } from '../../src-main/sandbox/sandbox.ts';
import type { OptionValues } from '../../src-shared/options.ts';
import { SPLITS } from '../../src-shared/problem.ts';
import { absence } from './harness.ts';

const fixtures = join(import.meta.dirname, '../fixtures/problem-sets');
const calls = problemSetCalls({ sandbox: null });

async function check(kind: string, path: string, options: OptionValues = {}) {
  const all = await Promise.all(
    SPLITS.map((split) =>
      calls.checkSolutions({ kind, options: { path, ...options }, split, from: 0, count: 256, solutions: 3 }),
    ),
  );
  return all.flatMap(({ checked }) => checked);
}
const verdicts = (checked: Awaited<ReturnType<typeof check>>) =>
  Object.fromEntries(checked.map(({ problemId, solutions }) => [problemId, solutions.map(({ verdict }) => verdict)]));

const absent = await absence('bubblewrap');
describe.skipIf(absent !== null)(`solutions${absent === null ? '' : ` (bubblewrap is absent: ${absent})`}`, () => {
  it('of every fixture pass', { timeout: 120_000 }, async () => {
    expect(verdicts(await check('humaneval', join(fixtures, 'humaneval.jsonl.gz')))).toEqual({
      'HumanEval/0': ['passed'],
      'HumanEval/1': ['passed'],
    });
    expect(verdicts(await check('humaneval', join(fixtures, 'humaneval-plus.parquet')))).toEqual({
      'HumanEval/1': ['passed'],
    });
    const mbpp = verdicts(
      await check('mbpp', join(fixtures, 'mbpp.jsonl'), { validateOn: 'all', challengeTests: true }),
    );
    expect(Object.keys(mbpp)).toEqual(['2', '11', '511', '600', '601', '974']);
    expect(new Set(Object.values(mbpp).flat())).toEqual(new Set(['passed']));
    const more = [
      ...(await check('mbpp', join(fixtures, 'sanitized-mbpp.json'))),
      ...(await check('mbpp', join(fixtures, 'mbpp-plus.jsonl'), { validateOn: 'all' })),
      ...(await check('taco', join(fixtures, 'taco'))),
    ];
    expect(verdicts(more)).toEqual({
      ...{ '12': ['passed'], '3': ['passed'] },
      ...{ 'taco/train/0': ['passed'], 'taco/train/1': ['passed'], 'taco/test/0': ['passed'] },
    });
    const apps = await check('apps', join(fixtures, 'apps'));
    expect(verdicts(apps)).toEqual({ 'apps/train/0': ['passed'], 'apps/train/1': ['passed'], 'apps/test/0': [] });
  });

  it('in other languages pass where they can be run, or say what is missing', { timeout: 120_000 }, async () => {
    for (const { solutions } of await check(
      'codecontests',
      join(fixtures, 'codecontests/test-00000-of-00001.parquet'),
    )) {
      expect(solutions.map(({ language }) => language)).toEqual(['python', 'cpp']);
      expect(solutions[0]).toMatchObject({ verdict: 'passed', testsPassed: 6, tests: 6, detail: null });
      if (solutions[1]?.verdict === null) expect(solutions[1].detail).toMatch(/^C\+\+: .*g\+\+/);
      else expect(solutions[1]?.verdict).toBe('passed');
    }
  });

  it('that a checker judges pass with any right answer', { timeout: 120_000 }, async () => {
    const path = join(fixtures, 'codecontests-plus/1x.jsonl');
    const testlib = join(fixtures, 'codecontests-plus/testlib.h');
    const [first] = await check('codecontests-plus', path, { testlib });
    const [solution] = first?.solutions ?? [];
    if (solution?.verdict === null) expect(solution.detail).toMatch(/^the checker, C\+\+: .*g\+\+/);
    else expect(solution).toMatchObject({ verdict: 'passed', testsPassed: 2 });
    const [exact] = await check('codecontests-plus', path, { checkers: 'ignore' });
    expect(exact?.solutions[0]).toMatchObject({
      verdict: 'wrong-answer',
      detail: 'test 1: expected "2 3", got "4 1"',
    });
  });

  it('of a stub pass as a whole, as a body, and not where they are wrong', async () => {
    const dataset = datasets.find(({ id }) => id === 'humaneval')?.open({ path: join(fixtures, 'humaneval.jsonl.gz') });
    const [problem] = (await dataset?.load('validation')) ?? [];
    if (problem === undefined) throw new Error('no problem');
    const sandbox = await openSandbox({ concurrency: 1 });
    const judged = async (code: string) => {
      const { functionName, hiddenTests: tests } = problem;
      return (await sandbox.run({ code: programOf(problem, code), functionName, tests })).verdict;
    };
    try {
      expect(await judged('def double_all(xs: List[int]):\n    return [int(half(4 * x)) for x in xs]')).toBe('passed');
      expect(await judged('    return [x + x for x in xs]')).toBe('passed');
      expect(await judged('    return xs')).toBe('wrong-answer');
      expect(await judged('    return [y for x in xs]')).toBe('runtime-error');
    } finally {
      await sandbox.close();
    }
  });

  const folder = process.env.ASSAY_PROBLEM_SETS ?? '';
  const sets = [
    ['humaneval', 'HumanEval.jsonl.gz', { train: 0, validation: 164, test: 0 }],
    ['mbpp', 'mbpp.jsonl', { train: 374, validation: 90, test: 500 }],
  ] as const;
  for (const [kind, name, sizes] of sets) {
    const path = join(folder, name);
    const missing = folder === '' ? ' (ASSAY_PROBLEM_SETS is not set)' : existsSync(path) ? '' : ` (no ${path})`;
    it.skipIf(missing !== '')(`of all of ${name} pass${missing}`, { timeout: 600_000 }, async () => {
      const { splits } = await calls.inspectProblems({ kind, options: { path }, first: 0 });
      expect(Object.fromEntries(splits.map(({ split, problems }) => [split, problems]))).toEqual(sizes);
      for (const split of SPLITS)
        for (let from = 0; from < sizes[split]; from += 64) {
          const part = await calls.checkSolutions({ kind, options: { path }, split, from, count: 64, solutions: 1 });
          const failed = part.checked.filter(({ solutions }) => solutions[0]?.verdict !== 'passed');
          expect(failed).toEqual([]);
        }
    });
  }
});
