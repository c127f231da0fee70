/** Calls about single problems of a set: a list to find them in, one to be read, and what a policy is asked. */
import { AssayError } from '../../src-shared/errors.ts';
import { type Problem, SPLITS, type Split } from '../../src-shared/problem.ts';
import { PROBLEM_BOUNDS, type ProblemDetail, type ShownProblem } from '../../src-shared/problem-sets.ts';
import type { Test } from '../../src-shared/verdict.ts';
import { meaningOf } from '../datasets/parsing.ts';
import { openPolicy } from '../model/policy-files.ts';
import { promptWriter } from '../model/prompt.ts';
import { type Tokenizer, tokenizerOf } from '../model/tokenizer.ts';
import { findPolicy } from '../runs/policy-source.ts';
import type { ApiContext, Bodies } from './context.ts';
import { type OpenSet, OpenSets } from './open-sets.ts';

const STATEMENT_CHARS = 120;
const KEEP_MS = 60_000;

export function problemCalls(
  { store }: Pick<ApiContext, 'store'>,
  sets = new OpenSets(),
): Bodies<'listProblems' | 'problem' | 'problemPrompt'> {
  const opened = remembering(openPolicyText);
  return {
    listProblems: async ({ kind, options, split, query, from, count }) => {
      const set = sets.open(kind, options);
      const found = await find(set, split === null ? SPLITS : [split], query);
      const dates = new Map<Split, ReadonlyMap<string, string | null>>();
      const problems = [];
      for (const { problem, split: own } of found.slice(from, from + count)) {
        const known = dates.get(own) ?? (await datesOf(set, own));
        dates.set(own, known);
        problems.push({ ...shownProblem(problem, known.get(problem.id) ?? null), split: own });
      }
      return { found: found.length, problems };
    },
    problem: async ({ kind, options, split, id }) => {
      const set = sets.open(kind, options);
      return detailOf(set, split, await problemIn(set, split, id));
    },
    problemPrompt: async ({ kind, options, split, id, source, prompt, thinking }) => {
      const problem = await problemIn(sets.open(kind, options), split, id);
      try {
        const { tokenizer, context } = await opened(findPolicy(store, source).folder);
        const text = promptWriter(tokenizer, { prompt, thinking })(problem);
        return { text, tokens: tokenizer.encode(text).length, context };
      } catch (error) {
        if (error instanceof AssayError && error.path !== undefined) throw error;
        const message = error instanceof Error ? error.message : String(error);
        throw new AssayError('usage', `policy.source: ${message}`, { path: 'policy.source', cause: error });
      }
    },
  };
}

/** A problem as one line of a list. @param date YYYY-MM-DD */
export function shownProblem(problem: Problem, date: string | null): ShownProblem {
  const { id, functionName, difficulty, visibleTests, hiddenTests } = problem;
  const tests = visibleTests.length + hiddenTests.length;
  return { id, statement: headline(problem), functionName, difficulty, tests, date };
}

/** What is asked in a few words: of a stub to complete, those of its docstring. */
function headline({ statement, starterCode, meaning }: Problem): string {
  const isStub = starterCode !== '' && meaning === meaningOf(starterCode);
  const docstring = isStub ? /("""|''')([\s\S]*?)\1/.exec(starterCode)?.[2]?.trim() : undefined;
  const words = docstring || statement.trim();
  return words
    .slice(0, 4 * STATEMENT_CHARS)
    .replace(/\s+/g, ' ')
    .slice(0, STATEMENT_CHARS);
}

interface Found {
  readonly split: Split;
  readonly problem: Problem;
}

async function find({ dataset }: OpenSet, splits: readonly Split[], query: string): Promise<Found[]> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: Found[] = [];
  for (const split of splits)
    for (const problem of await dataset.load(split)) {
      const { id, statement, starterCode, functionName, difficulty } = problem;
      const text =
        words.length === 0 ? '' : [id, statement, starterCode, functionName, difficulty].join('\n').toLowerCase();
      if (words.every((word) => text.includes(word))) found.push({ split, problem });
    }
  return found;
}

async function datesOf(set: OpenSet, split: Split): Promise<ReadonlyMap<string, string | null>> {
  return new Map((await set.published(split, 1))?.map(({ problemId, date }) => [problemId, date]));
}

async function problemIn({ dataset }: OpenSet, split: Split, id: string): Promise<Problem> {
  const problem = (await dataset.load(split)).find((each) => each.id === id);
  if (problem !== undefined) return problem;
  throw new AssayError('not-found', `${id}: there is no such problem in the ${split} split of ${dataset.title}`);
}

async function detailOf(set: OpenSet, split: Split, problem: Problem): Promise<ProblemDetail> {
  const { id, statement, functionName, starterCode, difficulty, visibleTests, hiddenTests } = problem;
  const published = (await set.published(split, PROBLEM_BOUNDS.solutions))?.find(({ problemId }) => problemId === id);
  return {
    id,
    split,
    statement: cut(statement),
    functionName,
    starterCode: cut(starterCode),
    difficulty,
    date: published?.date ?? null,
    tests: shownTests([
      ...visibleTests.map((test) => ({ test, visible: true })),
      ...hiddenTests.map((test) => ({ test, visible: false })),
    ]),
    visibleTests: visibleTests.length,
    hiddenTests: hiddenTests.length,
    solutions: (published?.solutions ?? []).map(({ language, code }) => ({ language, code: cut(code) })),
  };
}

const cut = (text: string) =>
  text.length <= PROBLEM_BOUNDS.textChars ? text : `${text.slice(0, PROBLEM_BOUNDS.textChars)}\n…`;

/** Whole ones only: half an input is another input. */
function shownTests(tests: readonly { readonly test: Test; readonly visible: boolean }[]): ProblemDetail['tests'] {
  const shown: ProblemDetail['tests'] = [];
  let room: number = PROBLEM_BOUNDS.testChars;
  for (const { test, visible } of tests) {
    const { kind, input, expected, accepted, comparison } = test;
    const characters = [input, expected, ...(accepted ?? [])].reduce((sum, text) => sum + text.length, 0);
    if (characters > room) continue;
    if (shown.length === PROBLEM_BOUNDS.tests) break;
    room -= characters;
    shown.push({
      visible,
      kind,
      input,
      expected,
      ...(accepted === undefined ? {} : { accepted }),
      ...(comparison === undefined
        ? {}
        : {
            comparison: comparison.kind === 'checker' ? { kind: 'checker', language: comparison.language } : comparison,
          }),
    });
  }
  return shown;
}

interface PolicyText {
  readonly tokenizer: Tokenizer;
  readonly context: number;
}

async function openPolicyText(folder: string): Promise<PolicyText> {
  const { config, companions } = await openPolicy(folder);
  return { tokenizer: tokenizerOf(companions, folder), context: config.maxPositions };
}

/** The last answer, for a minute: large vocabularies take a second to read. */
function remembering<T>(body: (key: string) => Promise<T>): (key: string) => Promise<T> {
  let last: { readonly key: string; readonly value: Promise<T>; readonly until: number } | null = null;
  return (key) => {
    if (last !== null && last.key === key && last.until > Date.now()) return last.value;
    const value = body(key);
    const own = { key, value, until: Date.now() + KEEP_MS };
    last = own;
    // Whoever asks next tries again.
    value.catch(() => {
      if (last === own) last = null;
    });
    return value;
  };
}
