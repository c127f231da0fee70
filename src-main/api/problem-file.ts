/** The tests of a program as a file: ours, `{functionName?, tests, limits?}`, or one line of a problem file. */
import { z } from 'zod';
import { programLimitsSchema, programTestsSchema } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { parseProblemLine } from '../datasets/problem-line.ts';

const problemFileSchema = z.strictObject({
  functionName: z.string().optional(),
  tests: programTestsSchema,
  limits: programLimitsSchema.optional(),
});
export type ProblemFile = z.infer<typeof problemFileSchema>;

/** A problem says what is asked; a file of ours has tests alone. */
const PROBLEM_FIELDS = ['statement', 'question_content', 'function_name', 'public_test_cases', 'private_test_cases'];

/**
 * @param file Its name; named in errors.
 * @throws AssayError `usage` with the path of the value at fault, the value and what is allowed.
 */
export function parseProblemFile(text: string, file: string): ProblemFile {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length > 1 && lines.every(isObject))
    throw new AssayError('usage', `${file}: has ${lines.length} problems; allowed is one`);
  const value = json(text.replace(/^\uFEFF/, ''), file);
  if (typeof value === 'object' && value !== null && PROBLEM_FIELDS.some((field) => field in value)) {
    const { functionName, visibleTests, hiddenTests } = parseProblemLine(text, file);
    const tests = [...visibleTests, ...hiddenTests];
    return checked({ tests, ...(functionName === '' ? {} : { functionName }) }, file);
  }
  return checked(value, file);
}

function checked(value: unknown, file: string): ProblemFile {
  const parsed = problemFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  const at = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const name = path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('');
  const where = name === '' ? file : `${file}: ${name}`;
  throw new AssayError('usage', `${where}: ${shown(at)} is not allowed: ${issue?.message ?? 'malformed'}`, {
    path: name,
  });
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null;
  } catch {
    return false; // Part of a value that goes over many lines.
  }
}

function json(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AssayError('usage', `${file}: is not JSON (${(error as Error).message})`, { cause: error });
  }
}
