/** APPS (Hendrycks et al., arXiv 2105.09938; codeparrot/apps) and TACO (Li et al., arXiv 2312.14852; BAAI/TACO), which
 * has its records with more fields: questions with `input_output`, JSON of inputs and outputs, and of fn_name where a
 * function is called. There an answer is right as well where it equals the first element of an expected list, as in the
 * grader of APPS. Records without tests are left out. */
import { z } from 'zod';
import type { Problem, Split } from '../../../src-shared/problem.ts';
import type { Test } from '../../../src-shared/verdict.ts';
import { parsePythonJson, toPythonJson } from '../../sandbox/python-json.ts';
import type { PyValue } from '../../sandbox/values.ts';
import type { DatasetKind } from '../dataset.ts';
import { checked, embedded, meaningOf } from '../parsing.ts';
import type { FileRecord } from '../records.ts';
import { firstTests } from './io-tests.ts';
import { mostTestsOption } from './options.ts';
import { type Entry, type LeftOut, problemSet } from './problem-set.ts';
import { splitOfFile } from './split.ts';

const text = z.string('must be text');
const recordSchema = z.looseObject(
  {
    id: z.union([text, z.number()], 'must be text or a number').optional(),
    problem_id: z.union([text, z.number()], 'must be text or a number').optional(),
    question: text,
    starter_code: text.nullish(),
    difficulty: text.nullish(),
    input_output: text.nullish(),
    /** TACO; seldom known. */
    date: text.nullish(),
    solutions: z.unknown().optional(),
  },
  'must be a JSON object',
);
const solutionsSchema = z.array(text, 'must be a list of texts').nullish();

const options = { mostTests: mostTestsOption } as const;

export const apps: DatasetKind = problemSet({
  id: 'apps',
  title: 'APPS',
  help: 'Questions from introductory to competition, 5,000 to train and 5,000 to test; those without tests are left out. The name of a file says its split.',
  files: 'train.jsonl and test.jsonl of codeparrot/apps.',
  splits: 'train-test',
  solutionColumns: ['solutions'],
  options,
  reader: ({ mostTests }) => entryReader('apps', mostTests),
});

export const taco: DatasetKind = problemSet({
  id: 'taco',
  title: 'TACO',
  help: 'Questions of contests from easy to very hard, 25,443 to train and 1,000 to test. The name of a file says its split.',
  files: 'The files of BAAI/TACO as Parquet or JSON Lines, named train- and test-.',
  splits: 'train-test',
  solutionColumns: ['solutions'],
  options,
  reader: ({ mostTests }) => entryReader('taco', mostTests),
});

function entryReader(set: string, mostTests: number): (record: FileRecord) => Entry | LeftOut {
  const read: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  return ({ value, file, at }) => {
    const raw = checked(recordSchema, value, at);
    const split = splitOfFile(file);
    // Ids are unique within a split at most, and TACO has none.
    const id = `${set}/${split}/${raw.problem_id ?? raw.id ?? read[split]}`;
    read[split]++;
    if (raw.question.trim() === '') return { leftOut: 'has no question' };
    const tests = testsOf(raw.input_output ?? '');
    if ('leftOut' in tests) return tests;
    const meaning = meaningOf(raw.question);
    return {
      id,
      meaning,
      split,
      ...(/^\d{4}-\d{2}-\d{2}/.test(raw.date ?? '') ? { date: (raw.date ?? '').slice(0, 10) } : {}),
      problem: (): Problem => ({
        id,
        statement: raw.question,
        functionName: tests.functionName,
        starterCode: raw.starter_code ?? '',
        difficulty: (raw.difficulty ?? '').toLowerCase(),
        ...firstTests([], tests.list, mostTests),
        meaning,
      }),
      solutions: () => {
        if (raw.solutions === '' || raw.solutions === undefined) return [];
        const codes = checked(solutionsSchema, embedded(raw.solutions, `${at}: solutions`), `${at}: solutions`) ?? [];
        return codes.map((code) => ({ language: 'python', code }));
      },
    };
  };
}

/** Python's JSON: numbers keep what they are, 1.0 and 10**30 among them. What is no list of tests is the set's fault. */
function testsOf(source: string): { functionName: string; list: Test[] } | LeftOut {
  if (source.trim() === '') return { leftOut: 'has no tests' };
  const value = parsed(source);
  const field = (name: string) =>
    typeof value === 'object' && value?.kind === 'dict' ? value.entries.find(([key]) => key === name)?.[1] : undefined;
  const [inputs, outputs, name = null] = [listOf(field('inputs')), listOf(field('outputs')), field('fn_name')];
  if (inputs === null || outputs === null || inputs.length !== outputs.length)
    return { leftOut: 'has tests that are not lists of as many inputs as outputs' };
  if (inputs.length === 0) return { leftOut: 'has no tests' };
  const functionName = typeof name === 'string' ? name : '';
  const list = inputs.map((input, i) => testOf(functionName, input, outputs[i] as PyValue));
  return list.some((test) => test === null)
    ? { leftOut: 'has a test that its kind of program cannot be given' }
    : { functionName, list: list.filter((test) => test !== null) };
}

function parsed(source: string): PyValue {
  try {
    return parsePythonJson(source);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const listOf = (value: PyValue | undefined): readonly PyValue[] | null =>
  typeof value === 'object' && value?.kind === 'list' ? value.items : null;

function testOf(functionName: string, input: PyValue, output: PyValue): Test | null {
  if (functionName === '') {
    const [given, expected] = [lines(input), lines(output)];
    return given === null || expected === null ? null : { kind: 'stdin', input: given, expected };
  }
  const values = listOf(input)?.map(toPythonJson);
  const expected = toPythonJson(output);
  if (values === undefined || expected === null || values.some((each) => each === null)) return null;
  const [first] = listOf(output) ?? [];
  const inner = first === undefined ? null : toPythonJson(first);
  const accepted = inner === null ? {} : { accepted: [inner] };
  return { kind: 'functional', input: values.join('\n'), expected, ...accepted };
}

/** Text, or a list of its lines. */
function lines(value: PyValue): string | null {
  if (typeof value === 'string') return value;
  const items = listOf(value);
  return items?.every((item) => typeof item === 'string') ? items.join('\n') : null;
}
