/** Calls about problem sets: what is in one, and whether its solutions pass its tests. */
import { AssayError } from '../../src-shared/errors.ts';
import { type OptionValues, parseOptions } from '../../src-shared/options.ts';
import { type Problem, SPLITS, type Split } from '../../src-shared/problem.ts';
import type { ProblemReport, SolutionCheck } from '../../src-shared/problem-sets.ts';
import type { Dataset, Published, Solution } from '../datasets/dataset.ts';
import { datasets } from '../datasets/index.ts';
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts';
import type { ApiContext, Bodies } from './context.ts';

const STATEMENT_CHARS = 120;
const GROUPS_SHOWN = 10;

export function problemSetCalls({
  sandbox: shared,
}: Pick<ApiContext, 'sandbox'>): Bodies<'inspectProblems' | 'checkSolutions'> {
  const open = remembering();
  // Solutions are small, and reading them anew for each part of a check is not.
  let last: { readonly key: string; readonly published: Promise<readonly Published[] | null> } | null = null;
  return {
    inspectProblems: async ({ kind, options, first }) => report(open(kind, options), first),
    checkSolutions: async ({ kind, options, split, from, count, solutions }) => {
      const dataset = open(kind, options);
      const problems = await dataset.load(split);
      const key = JSON.stringify([kind, options, split, solutions]);
      if (last?.key !== key || from === 0) last = { key, published: publishedIn(dataset, split, solutions) };
      const published = await last.published;
      const chosen = problems.slice(from, from + count);
      const check = (sandbox: Sandbox) => checkThem(sandbox, chosen, published);
      return { problems: problems.length, checked: await inSandbox(shared, check) };
    },
  };
}

/** Opens the set that was opened last once only, as long as memory allows: its solutions are asked for bit by bit. */
function remembering(): (kind: string, options: OptionValues) => Dataset {
  let last: { readonly key: string; readonly dataset: WeakRef<Dataset> } | null = null;
  return (id, given) => {
    const kind = datasets.find((each) => each.id === id);
    if (kind === undefined)
      throw new AssayError(
        'usage',
        `problems.kind: ${id} is unknown; allowed is ${datasets.map((each) => each.id).join(', ')}`,
        { path: 'problems.kind' },
      );
    const options = parseOptions(kind.options, given, 'problems.options');
    const key = JSON.stringify([id, options]);
    const known = last?.key === key ? last.dataset.deref() : undefined;
    const dataset = known ?? kind.open(options);
    last = { key, dataset: new WeakRef(dataset) };
    return dataset;
  };
}

async function publishedIn(dataset: Dataset, split: Split, solutions: number): Promise<readonly Published[] | null> {
  return (await dataset.published?.(split, solutions)) ?? null;
}

async function report(dataset: Dataset, first: number): Promise<ProblemReport> {
  const splits: ProblemReport['splits'] = [];
  const asked = new Map<string, { split: Split; id: string }[]>();
  for (const split of SPLITS) {
    const problems = await dataset.load(split);
    const published = await publishedIn(dataset, split, 1);
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
            least: tests.reduce((a, b) => Math.min(a, b)),
            mean: tests.reduce((a, b) => a + b, 0) / tests.length,
            most: tests.reduce((a, b) => Math.max(a, b)),
          },
    kinds,
    dates: earliest === undefined || latest === undefined ? null : { first: earliest, last: latest },
    withSolutions: published === null ? null : published.filter(({ solutions }) => solutions.length > 0).length,
    first: problems.slice(0, first).map(({ id, statement, functionName, difficulty }, i) => ({
      id,
      statement: (statement.trim().split('\n')[0] ?? '').slice(0, STATEMENT_CHARS),
      functionName,
      difficulty,
      tests: tests[i] ?? 0,
      date: byId.get(id)?.date ?? null,
    })),
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
  const missing = whatIsMissing(sandbox, language, all);
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

/** Why a program, or the checkers of its tests, cannot be run here; null where they can. */
function whatIsMissing({ languages }: Sandbox, language: Solution['language'], tests: Problem['hiddenTests']) {
  const find = (wanted: string) => languages.find((each) => each.language === wanted);
  const own = find(language);
  if (own === undefined || own.version === null) return `${own?.title ?? language}: ${own?.missing ?? 'is not known'}`;
  const kind = tests.find((test) => !own.kinds.includes(test.kind))?.kind;
  if (kind !== undefined) return `${own.title}: programs have no ${kind} tests here`;
  for (const { comparison } of tests) {
    if (comparison?.kind !== 'checker') continue;
    const checker = find(comparison.language);
    if (checker === undefined || checker.version === null)
      return `the checker, ${checker?.title ?? comparison.language}: ${checker?.missing ?? 'is not known'}`;
  }
  return null;
}

const excerpt = (text: string) => {
  const line = JSON.stringify(text.trim());
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
};
