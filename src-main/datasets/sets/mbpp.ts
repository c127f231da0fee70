/** MBPP (Austin et al., arXiv 2108.07732; google-research/mbpp): short tasks with three asserts each. Read are the
 * original records, the sanitized ones, MBPP+ in the hub's form (evalplus/mbppplus), and MultiPL-E's stubs. The published
 * splits are ranges of task_id: 1-10 few-shot prompts, 11-510 test, 511-600 validation, 601-974 train. */
import { z } from 'zod';
import type { Problem, Split } from '../../../src-shared/problem.ts';
import type { DatasetKind } from '../dataset.ts';
import { checked, fault, meaningOf } from '../parsing.ts';
import { codeTest } from './code-tests.ts';
import { type Entry, problemSet } from './problem-set.ts';
import { isStub, stubEntry } from './stub.ts';

const text = z.string('must be text');
const taskSchema = z.looseObject(
  {
    task_id: z.union([z.int(), text], 'must be a whole number'),
    /** Original. */
    text: text.optional(),
    /** Sanitized and MBPP+. */
    prompt: text.optional(),
    code: text.optional(),
    test_list: z.array(text, 'must be a list of texts').min(1, 'must have an assert'),
    test_setup_code: text.nullish(),
    challenge_test_list: z.array(text, 'must be a list of texts').nullish(),
    test_imports: z.array(text, 'must be a list of texts').nullish(),
    /** MBPP+: code that calls the function on many inputs. */
    test: text.nullish(),
    plus_input: z.unknown().optional(),
  },
  'must be a JSON object',
);

const options = {
  challengeTests: {
    kind: 'boolean',
    label: 'Challenge tests',
    default: false,
    help: 'Counts the challenge tests of the original records as well. Published results are without them.',
    source: 'google-research/mbpp (off)',
    advanced: true,
  },
} as const;

export const mbpp: DatasetKind = problemSet({
  id: 'mbpp',
  title: 'MBPP',
  help: 'Short Python tasks in words, each with three asserts, of which the prompt shows the first: 374 to train, 90 to validate, 500 to test. Also sanitized MBPP, MBPP+, and MultiPL-E’s form; the file says which it is.',
  files:
    'mbpp.jsonl or sanitized-mbpp.json of google-research, the files of google-research-datasets/mbpp or evalplus/mbppplus, or MultiPL-E’s.',
  splits: 'published',
  options,
  reader:
    ({ challengeTests }) =>
    ({ value, at }) =>
      isStub(value) ? multiplE(value, at) : taskEntry(value, at, challengeTests),
});

/** The published split of a task; null for those that are few-shot prompts. */
export function mbppSplit(taskId: number): Split | null {
  if (taskId <= 10) return null;
  if (taskId <= 510) return 'test';
  return taskId <= 600 ? 'validation' : 'train';
}

function multiplE(value: unknown, at: string): Entry {
  const entry = stubEntry(value, at);
  const number = /^mbpp_(\d+)_/i.exec(entry.id)?.[1];
  if (number === undefined)
    throw fault(`${at}: name`, `${entry.id} has no task number; allowed is mbpp_<number>_<function>`);
  return { ...entry, split: mbppSplit(Number(number)) };
}

function taskEntry(value: unknown, at: string, challengeTests: boolean): Entry {
  const raw = checked(taskSchema, value, at);
  const taskId = Number(String(raw.task_id).replace(/^mbpp\//i, ''));
  if (!Number.isInteger(taskId) || taskId < 1)
    throw fault(`${at}: task_id`, `${JSON.stringify(raw.task_id)} is not allowed; it must be a whole number from 1`);
  const asked = (raw.text ?? raw.prompt ?? '').trim();
  if (asked === '') throw fault(`${at}: text`, 'is missing or empty; allowed is "text" or "prompt"');
  if (raw.plus_input !== undefined)
    throw fault(
      `${at}: plus_input`,
      "has inputs without what they must give (EvalPlus' release); allowed is the hub's form, whose test has both",
    );
  const id = String(raw.task_id);
  const meaning = meaningOf(asked);
  return {
    id,
    meaning,
    split: mbppSplit(taskId),
    problem: (): Problem => {
      const [shown = '', ...hidden] = [...raw.test_list, ...(challengeTests ? (raw.challenge_test_list ?? []) : [])];
      const setup = [...(raw.test_imports ?? []), raw.test_setup_code ?? ''].filter((line) => line.trim() !== '');
      const test = (code: string) => codeTest([...setup, code].join('\n'));
      return {
        id,
        statement: `${asked}\nThe program must pass this test:\n${shown}`,
        functionName: functionOf([shown, ...hidden], raw.code, at),
        starterCode: '',
        difficulty: '',
        visibleTests: [test(shown)],
        hiddenTests: [...hidden.map(test), ...(raw.test ? [test(raw.test)] : [])],
        meaning,
      };
    },
    solutions: () => (raw.code === undefined ? [] : [{ language: 'python', code: raw.code }]),
  };
}

/** What asserts call around the function: none of these is what is asked for. */
const AROUND = new Set(
  'assert not and or in is len set list tuple dict sorted str int float bool abs round sum min max all any isinstance repr type map zip range reversed isclose allclose frozenset deepcopy'.split(
    ' ',
  ),
);

/** The function that the asserts call: the one of the solution, where it is there. */
function functionOf(asserts: readonly string[], code: string | undefined, at: string): string {
  const called = asserts.flatMap((each) => [...each.matchAll(/([A-Za-z_]\w*)\s*\(/g)].map(([, name = '']) => name));
  const defined = new Set([...(code ?? '').matchAll(/^(?:def|class)\s+(\w+)/gm)].map(([, name = '']) => name));
  const found = called.find((name) => defined.has(name)) ?? called.find((name) => !AROUND.has(name));
  if (found === undefined) throw fault(`${at}: test_list[0]`, `${JSON.stringify(asserts[0])} calls no function`);
  return found;
}
