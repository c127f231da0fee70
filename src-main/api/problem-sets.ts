/** Calls about problem sets: what is in one, and whether its solutions pass its tests. */
import { AssayError } from '../../src-shared/errors.ts';
import { type Problem, SPLITS, type Split } from '../../src-shared/problem.ts';
import type { ProblemReport, SolutionCheck } from '../../src-shared/problem-sets.ts';
import type { Published, Solution } from '../datasets/dataset.ts';
import { whyNotRun } from '../sandbox/can-run.ts';
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts';
import { mean, quantile } from '../stats/describe.ts';
import type { ApiContext, Bodies } from './context.ts';
import { type OpenSet, OpenSets } from './open-sets.ts';
import { shownProblem } from './problems.ts';

const GROUPS_SHOWN = 10;

export function problemSetCalls(
  { sandbox: shared }: Pick<ApiContext, 'sandbox'>,
  sets = new OpenSets(),
): Bodies<'inspectProblems' | 'checkSolutions'> {
  return {
    // Whoever looks again may have changed the files.
    inspectProblems: async ({ kind, options, first }) => report(sets.open(kind, options, true), first),
    checkSolutions: async ({ kind, options, split, from, count, solutions }) => {
      const set = sets.open(kind, options);
      const problems = await set.dataset.load(split);
      const published = await set.published(split, solutions);
      const chosen = problems.slice(from, from + count);
      const check = (sandbox: Sandbox) => checkThem(sandbox, chosen, published);
      return { problems: problems.length, checked: await inSandbox(shared, check) };
    },
  };
}

async function report(set: OpenSet, first: number): Promise<ProblemReport> {
  const { dataset } = set;
  const splits: ProblemReport['splits'] = [];
  const asked = new Map<string, { split: Split; id: string }[]>();
  for (const split of SPLITS) {
    const problems = await dataset.load(split);
    const published = await set.published(split, 1);
    splits.push(splitReport(split, problems, published, first));
    for (const { meaning, id } of problems) asked.set(meaning, [...(asked.get(meaning) ?? []), { split, id }]);
  }
  const groups = [...asked.values()].filter((group) => group.length > 1);
  const isLeak = (group: readonly { split: Split }[]) => new Set(group.map(({ split }) => split)).size > 1;
  const leaks = groups.filter(isLeak);
  const leftOut = (await dataset.leftOut?.()) ?? new Map<string, number>();
  return {
    kind: dataset.id,
    title: dataset.title,
    hash: await dataset.hash(),
    splits,
    leftOut: [...leftOut].map(([reason, records]) => ({ reason, records })),
    duplicates: {
      groups: groups.length,
      acrossSplits: leaks.length,
      first: [...leaks, ...groups.filter((group) => !isLeak(group))].slice(0, GROUPS_SHOWN),
    },
  };
}

function splitReport(
  split: Split,
  problems: readonly Problem[],
  published: readonly Published[] | null,
  first: number,
): ProblemReport['splits'][number] {
  const byId = new Map(published?.map((each) => [each.problemId, each]));
  const tests = problems.map(({ visibleTests, hiddenTests }) => visibleTests.length + hiddenTests.length);
  const ascending = Float64Array.from(tests).sort();
  const kinds: ProblemReport['splits'][number]['kinds'] = {};
  for (const { visibleTests, hiddenTests } of problems)
    for (const kind of new Set([...visibleTests, ...hiddenTests].map((test) => test.kind)))
      kinds[kind] = (kinds[kind] ?? 0) + 1;
  const dates = [...byId.values()].flatMap(({ date }) => (date === null ? [] : [date])).sort();
  const [earliest, latest] = [dates[0], dates.at(-1)];
  return {
    split,
    problems: problems.length,
    tests:
      tests.length === 0
        ? null
        : {
            least: quantile(ascending, 0),
            median: quantile(ascending, 0.5),
            mean: mean(tests),
            most: quantile(ascending, 1),
          },
    kinds,
    dates: earliest === undefined || latest === undefined ? null : { first: earliest, last: latest },
    withSolutions: published === null ? null : published.filter(({ solutions }) => solutions.length > 0).length,
    first: problems.slice(0, first).map((problem) => shownProblem(problem, byId.get(problem.id)?.date ?? null)),
  };
}

async function inSandbox<T>(shared: ApiContext['sandbox'], body: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  if (shared !== null) return body(await shared.open());
  const own = await openSandbox().catch((error: unknown) => {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new AssayError('sandbox', `The sandbox cannot run: ${reason}`, { cause: error });
  });
  try {
    return await body(own);
  } finally {
    await own.close();
  }
}

type Checked = SolutionCheck['checked'][number];

function checkThem(
  sandbox: Sandbox,
  problems: readonly Problem[],
  published: readonly Published[] | null,
): Promise<Checked[]> {
  const solutionsOf = new Map(published?.map(({ problemId, solutions }) => [problemId, solutions]));
  return Promise.all(
    problems.map(async (problem): Promise<Checked> => {
      const solutions = solutionsOf.get(problem.id) ?? [];
      return {
        problemId: problem.id,
        solutions: await Promise.all(solutions.map((solution) => checkOne(sandbox, problem, solution))),
      };
    }),
  );
}

async function checkOne(
  sandbox: Sandbox,
  { functionName, visibleTests, hiddenTests }: Problem,
  { language, code }: Solution,
): Promise<Checked['solutions'][number]> {
  const all = [...visibleTests, ...hiddenTests];
  const missing = whyNotRun(sandbox.languages, language, all);
  if (missing !== null) return { language, verdict: null, testsPassed: 0, tests: all.length, detail: missing };
  const { verdict, tests } = await sandbox.run({
    language,
    code,
    tests: all,
    stopAtFirstFailure: true,
    ...(functionName === '' ? {} : { functionName }),
  });
  const failed = tests.findIndex((test) => test.verdict !== 'passed');
  const { got = null, detail = null } = tests[failed] ?? {};
  const expected = all[failed]?.expected ?? '';
  const why =
    detail ?? (verdict === 'wrong-answer' ? `expected ${excerpt(expected)}, got ${excerpt(got ?? '')}` : null);
  return {
    language,
    verdict,
    testsPassed: failed < 0 ? tests.length : failed,
    tests: all.length,
    detail: failed < 0 ? null : why === null ? `test ${failed + 1}` : `test ${failed + 1}: ${why}`,
  };
}

const excerpt = (text: string) => {
  const line = JSON.stringify(text.trim());
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
};
