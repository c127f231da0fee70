/** The page of problems: its address and form, the sets that were looked at, the self-check, and the way to the sandbox. */
import { describe, expect, test, vi } from 'vitest';
import { catalogue as knownCatalogue } from '../../../src-main/catalogue.ts';
import { SelfChecks, startOf, withPart } from '../../../src-renderer/lib/problems/self-check.ts';
import { draftOf } from '../../../src-renderer/lib/problems/try.ts';
import {
  formOf,
  KIND_PATH,
  nameOf,
  type ProblemSet,
  problemsCatalogue,
  problemsSearch,
  readRecent,
  setOf,
  setOfFields,
  valuesOf,
  withRecent,
} from '../../../src-renderer/lib/problems/view.ts';
import { programOf } from '../../../src-renderer/lib/program-draft.ts';
import { edit, fieldStates } from '../../../src-renderer/lib/run-form.ts';
import { calls } from '../../../src-shared/api.ts';
import type { ProblemDetail, ProblemReport, SolutionCheck } from '../../../src-shared/problem-sets.ts';

const known = await knownCatalogue();
const form = problemsCatalogue(known);
const set: ProblemSet = {
  kind: 'livecodebench',
  options: { path: '/data/lcb/test.jsonl', release: 'v2', mostTests: 20 },
};

describe('the set', () => {
  test('goes from the address into the form, and back unchanged', () => {
    expect(setOf(known, problemsSearch.parse({ kind: set.kind, options: set.options }))).toEqual(set);
    expect(setOfFields(fieldStates(form, formOf(form, set)))).toEqual(set);
    expect(fieldStates(form, formOf(form, set)).every(({ path }) => path.startsWith('problems.'))).toBe(true);
  });

  test('is none where the address names no kind that there is', () => {
    for (const search of [{}, { kind: 'nonsense' }, { kind: 7 }, { options: { path: 'x' } }])
      expect(setOf(known, problemsSearch.parse(search))).toBeNull();
    expect(setOf(known, problemsSearch.parse({ kind: 'tinypy', options: { path: [] } }))).toEqual({
      kind: 'tinypy',
      options: {},
    });
  });

  test('loses the options of a kind that is left', () => {
    const other = edit(form, formOf(form, set), KIND_PATH, 'humaneval');
    expect(setOfFields(fieldStates(form, other))).toEqual({ kind: 'humaneval', options: {} });
  });

  test('fills the form of a run, by the full paths', () => {
    expect(valuesOf(set)).toEqual({
      'problems.kind': 'livecodebench',
      'problems.options.path': '/data/lcb/test.jsonl',
      'problems.options.release': 'v2',
      'problems.options.mostTests': 20,
    });
  });

  test('is called by its file and what was changed', () => {
    expect(nameOf(known, set)).toBe('LiveCodeBench · test.jsonl · Release v2 · Most tests 20');
    expect(nameOf(known, { kind: 'tinypy', options: {} })).toBe('TinyPy');
    expect(nameOf(known, { kind: 'gone', options: { path: 'C:\\data\\x.jsonl' } })).toBe(
      'gone · path C:\\data\\x.jsonl',
    );
  });

  test('looked at last comes first, once, and what is not a list of sets is none', () => {
    const others = Array.from({ length: 8 }, (_, i): ProblemSet => ({ kind: 'jsonl', options: { trainFile: `${i}` } }));
    const recent = others.reduce(withRecent, [set]);
    expect(recent).toHaveLength(6);
    const [newest] = recent;
    expect(newest).toEqual(others.at(-1));
    // The order of the options says nothing.
    const again = withRecent([set, ...others.slice(0, 2)], {
      kind: set.kind,
      options: Object.fromEntries(Object.entries(set.options).reverse()),
    });
    expect(again).toHaveLength(3);
    expect(readRecent(JSON.stringify(recent))).toEqual(recent);
    for (const text of [null, 'x', '{}', '[{"kind":1}]']) expect(readRecent(text)).toEqual([]);
  });
});

const solution = (
  verdict: SolutionCheck['checked'][number]['solutions'][number]['verdict'],
  detail: string | null = null,
) => ({
  language: 'python' as const,
  verdict,
  testsPassed: 0,
  tests: 1,
  detail,
});
const report = (withSolutions: number | null, problems: number): Pick<ProblemReport, 'splits'> => ({
  splits: [
    { split: 'train', problems: 9, tests: null, kinds: {}, dates: null, withSolutions: null, first: [] },
    { split: 'test', problems, tests: null, kinds: {}, dates: null, withSolutions, first: [] },
  ],
});

describe('the self-check', () => {
  test('counts a problem as passed where all that could be run of it did', () => {
    const check = withPart(startOf(5), 'test', [
      { problemId: 'a', solutions: [solution('passed'), solution('passed')] },
      { problemId: 'b', solutions: [solution('passed'), solution('wrong-answer', 'test 2: no')] },
      { problemId: 'c', solutions: [solution(null, 'C++: install g++'), solution('passed')] },
      { problemId: 'd', solutions: [solution(null, 'C++: install g++'), solution(null, 'C++: install g++')] },
      { problemId: 'e', solutions: [] },
    ]);
    expect(check).toMatchObject({ looked: 5, run: 3, passed: 2 });
    expect(check.failures).toEqual([
      { split: 'test', problemId: 'b', language: 'python', verdict: 'wrong-answer', detail: 'test 2: no' },
    ]);
    expect([...check.missing]).toEqual([['C++: install g++', 2]]);
  });

  /** Answers parts of a split of problems whose solutions all pass. */
  const sandbox = (problems: number, whenAsked: (from: number) => void = () => undefined) =>
    vi.fn(async ({ from, count }: { from: number; count: number }) => {
      whenAsked(from);
      const length = Math.min(count, problems - from);
      return {
        problems,
        checked: Array.from({ length }, (_, i) => ({ problemId: `${from + i}`, solutions: [solution('passed')] })),
      };
    });

  test('goes through every split that has solutions, and tells each part', async () => {
    const checks = new SelfChecks();
    const seen: (number | undefined)[] = [];
    checks.subscribe(() => seen.push(checks.get(set)?.looked));
    const checkSolutions = sandbox(40);
    await checks.start({ checkSolutions }, set, report(40, 40));
    expect(checks.get(set)).toMatchObject({ state: 'finished', looked: 40, problems: 40, run: 40, passed: 40 });
    expect(seen).toEqual([0, 16, 32, 40, 40]);
    expect(checkSolutions.mock.calls.map(([input]) => input)).toMatchObject(
      [0, 16, 32].map((from) => ({ ...set, split: 'test', from })),
    );
  });

  test('ends after the part under way where that is asked for, and is not begun twice', async () => {
    const checks = new SelfChecks();
    const checkSolutions = sandbox(100, (from) => from === 16 && checks.stop(set));
    const first = checks.start({ checkSolutions }, set, report(100, 100));
    await checks.start({ checkSolutions }, set, report(100, 100));
    await first;
    expect(checkSolutions).toHaveBeenCalledTimes(2);
    expect(checks.get(set)).toMatchObject({ state: 'stopped', looked: 32 });
  });

  test('keeps what was found where it fails', async () => {
    const checks = new SelfChecks();
    const error = new Error('the sandbox cannot run');
    const checkSolutions = sandbox(40, (from) => {
      if (from > 0) throw error;
    });
    await checks.start({ checkSolutions }, set, report(40, 40));
    expect(checks.get(set)).toMatchObject({ state: 'failed', looked: 16, error });
  });
});

describe('tried in the sandbox', () => {
  const test1: ProblemDetail['tests'][number] = { visible: true, kind: 'functional', input: '1', expected: '2' };
  const problem: ProblemDetail = {
    id: 'p',
    split: 'test',
    statement: 'Add one.',
    functionName: 'f',
    starterCode: 'def f(x):',
    difficulty: '',
    date: null,
    tests: [test1, { ...test1, visible: false, comparison: { kind: 'tolerance', absolute: 1e-6, relative: 0 } }],
    visibleTests: 1,
    hiddenTests: 1,
    solutions: [{ language: 'python', code: 'def f(x): return x + 1' }],
  };

  test('is its solution on its tests, as the app takes them', () => {
    const made = draftOf(problem);
    const program = 'draft' in made ? programOf(made.draft) : null;
    const input = program !== null && 'input' in program ? program.input : null;
    expect(calls.runProgram.input.parse(input)).toMatchObject({
      language: 'python',
      functionName: 'f',
      code: 'def f(x): return x + 1',
      tests: [
        { kind: 'functional', input: '1', expected: '2' },
        { comparison: { kind: 'tolerance', absolute: 1e-6, relative: 0 } },
      ],
    });
    const without = draftOf({ ...problem, solutions: [] });
    expect('draft' in without && without.draft.code).toBe('def f(x):');
  });

  test.each([
    [[], /short enough/],
    [[{ ...test1, kind: 'answer' as const }], /no program/],
    [[{ ...test1, comparison: { kind: 'checker' as const, language: 'cpp' as const } }], /checker/],
    [[{ ...test1, accepted: ['3'] }], /Several outputs/],
  ])('is not possible with tests %j', (tests, why) => {
    const made = draftOf({ ...problem, tests });
    expect('why' in made && made.why).toMatch(why);
  });
});
