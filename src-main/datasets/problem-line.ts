/** One record of a problem file: its two dialects, LiveCodeBench's and ours, and what is said when it is wrong. */
import { z } from 'zod';
import type { Problem } from '../../src-shared/problem.ts';
import type { Test } from '../../src-shared/verdict.ts';
import { checked, embedded, fault, meaningOf, parseJson } from './parsing.ts';
import { decodePrivateTests } from './private-tests.ts';

const text = z.string('must be text');
const recordSchema = z.looseObject(
  {
    id: z.union([text, z.number()], 'must be text or a number').optional(),
    question_id: z.union([text, z.number()], 'must be text or a number').optional(),
    statement: text.optional(),
    question_content: text.optional(),
    function_name: text.nullish(),
    metadata: z.unknown().optional(),
    starter_code: text.nullish(),
    difficulty: text.nullish(),
    tests: z.unknown().optional(),
    public_test_cases: z.unknown().optional(),
    private_test_cases: z.unknown().optional(),
  },
  'must be a JSON object',
);
const metadataSchema = z.looseObject({ func_name: text.nullish() }, 'must be a JSON object');
const testSchema = z.looseObject({
  input: text,
  output: text.optional(),
  expected: text.optional(),
  testtype: z.enum(['functional', 'stdin'], 'must be "functional" or "stdin"').optional(),
});

/** `parseProblem` of a line of JSON. */
export const parseProblemLine = (line: string, at: string): Problem => parseProblem(parseJson(line, at), at);

/**
 * Read one problem. `tests` are hidden, as `private_test_cases` are; `public_test_cases` are visible.
 * @param at File and line; named in errors.
 * @throws AssayError `usage` naming file, line and field, what is wrong and what is allowed.
 */
export function parseProblem(record: unknown, at: string): Problem {
  const raw = checked(recordSchema, record, at);
  const id = raw.id ?? raw.question_id;
  if (id === undefined || id === '') throw fault(`${at}: id`, 'is missing; allowed is "id" or "question_id"');
  const statement = raw.statement ?? raw.question_content ?? '';
  if (statement.trim() === '')
    throw fault(`${at}: statement`, 'is missing or empty; allowed is "statement" or "question_content"');
  const metadata = checked(metadataSchema, embedded(raw.metadata ?? {}, `${at}: metadata`), `${at}: metadata`);
  const functionName = raw.function_name ?? metadata.func_name ?? '';

  const kind = functionName === '' ? 'stdin' : 'functional';
  const visibleTests = testsOf(raw.public_test_cases, kind, `${at}: public_test_cases`);
  const hiddenTests = [
    ...testsOf(raw.tests, kind, `${at}: tests`),
    ...testsOf(decodePrivateTests(raw.private_test_cases, at), kind, `${at}: private_test_cases`),
  ];
  if (visibleTests.length + hiddenTests.length === 0)
    throw fault(`${at}: tests`, 'has no test; at least one of {"input", "output"} is needed');
  return {
    id: String(id),
    statement,
    functionName,
    starterCode: raw.starter_code ?? '',
    difficulty: raw.difficulty ?? '',
    visibleTests,
    hiddenTests,
    meaning: meaningOf(statement),
  };
}

function testsOf(value: unknown, kind: 'functional' | 'stdin', at: string): Test[] {
  if (value === undefined || value === null) return [];
  const list = embedded(value, at);
  if (!Array.isArray(list)) throw fault(at, 'is not a list; allowed is a list of {"input", "output", "testtype"}');
  return list.map((entry, i) => {
    const here = `${at}[${i}]`;
    if (typeof entry === 'string') return assertion(entry, kind, here);
    const { input, output, expected, testtype } = checked(testSchema, entry, here);
    const wanted = output ?? expected;
    if (wanted === undefined) throw fault(`${here}.output`, 'is missing; allowed is text');
    const test: Test = { kind: testtype ?? kind, input, expected: wanted };
    if (test.kind !== kind)
      throw fault(
        `${here}.testtype`,
        kind === 'stdin' ? 'is functional, but the problem has no function_name' : 'is stdin, but a function is named',
      );
    if (test.kind === 'functional') checkFunctional(test, here);
    return test;
  });
}

/** A test that is text is Python code, which ends in an exception where the function is wrong. */
function assertion(code: string, kind: Test['kind'], at: string): Test {
  if (kind === 'stdin') throw fault(at, 'is code, but the problem has no function_name that it could call');
  return { kind: 'asserts', input: code, expected: '' };
}

/** A functional test holds JSON: a value a line going in, one coming out. */
function checkFunctional({ input, expected }: Test, at: string): void {
  for (const line of input.split('\n').filter((part) => part.trim() !== '')) parseJson(line, `${at}.input`);
  parseJson(expected, `${at}.output`);
}
