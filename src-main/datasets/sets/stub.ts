/** Problems that are a stub of a function, signature and docstring, to be completed: HumanEval, EvalPlus' HumanEval+, and
 * the form in which MultiPL-E has both HumanEval and MBPP. */
import { z } from 'zod';
import type { Problem } from '../../../src-shared/problem.ts';
import { checked, fault, meaningOf } from '../parsing.ts';
import { checkTest } from './code-tests.ts';
import type { Entry } from './problem-set.ts';

const text = z.string('must be text');
const stubSchema = z.looseObject(
  {
    task_id: text.optional(),
    name: text.optional(),
    language: z.literal(['py', 'python'], 'must be "py": Assay asks for Python').optional(),
    prompt: text,
    entry_point: text.min(1, 'must not be empty'),
    test: text.min(1, 'must not be empty').optional(),
    canonical_solution: text.optional(),
    plus_input: z.unknown().optional(),
  },
  'must be a JSON object',
);

/** @throws AssayError `usage` */
export function stubEntry(value: unknown, at: string): Omit<Entry, 'split'> {
  const raw = checked(stubSchema, value, at);
  const id = raw.task_id ?? raw.name;
  if (id === undefined || id === '') throw fault(`${at}: task_id`, 'is missing; allowed is "task_id" or "name"');
  if (raw.plus_input !== undefined)
    throw fault(
      `${at}: plus_input`,
      "has inputs without what they must give (EvalPlus' release); allowed is the hub's form, whose test has both",
    );
  const { prompt, entry_point: functionName, test, canonical_solution: body } = raw;
  if (test === undefined) throw fault(`${at}: test`, 'is missing; allowed is code that defines check(candidate)');
  if (!prompt.includes(functionName))
    throw fault(`${at}: entry_point`, `${functionName} is not in the prompt; allowed is the function to complete`);
  const meaning = meaningOf(prompt);
  return {
    id,
    meaning,
    problem: (): Problem => ({
      id,
      statement: `Complete the function ${functionName} as its docstring says. Give the whole function, with what it imports.`,
      functionName,
      starterCode: prompt,
      difficulty: '',
      visibleTests: [],
      hiddenTests: [checkTest(test, functionName)],
      meaning,
    }),
    solutions: () => (body === undefined ? [] : [{ language: 'python', code: `${prompt}${body}` }]),
  };
}

/** Whether a record is a stub to complete. */
export const isStub = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'entry_point' in value && 'prompt' in value;
