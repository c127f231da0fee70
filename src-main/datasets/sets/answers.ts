/** Problems that ask for a mathematical answer, not for a program: AIME, AMC, MATH-500, GSM8K and sets like them. A
 * record has a question under `problem` or `question`, and its answer under `answer` or `final_answer`, in GSM8K behind
 * `####`, or else as the last \boxed{} of `solution`. ../answers/compare.ts says which answers are right. */
import { basename } from 'node:path';
import { z } from 'zod';
import { finalAnswer } from '../answers/final-answer.ts';
import type { DatasetKind } from '../dataset.ts';
import { checked, fault, meaningOf } from '../parsing.ts';
import type { FileRecord } from '../records.ts';
import { type Entry, problemSet } from './problem-set.ts';

const text = z.string('must be text');
const id = z.union([text, z.number(), z.bigint()], 'must be text or a number').nullish();
const one = z.union([text, z.number(), z.bigint()], 'must be text or a number');
/** OlympiadBench has a list, all of which is asked for. */
const answer = z.union([one, z.array(one).min(1, 'must not be empty')], 'must be text, a number or a list of them');
const recordSchema = z.looseObject(
  {
    ...{ id, unique_id: id, problem_idx: id, question_id: id },
    ...{ problem: text.nullish(), question: text.nullish() },
    ...{ answer: answer.nullish(), final_answer: answer.nullish(), solution: text.nullish() },
    level: z.union([text, z.number(), z.bigint()]).nullish(),
    difficulty: z.unknown().optional(),
  },
  'must be a JSON object',
);

export const answers: DatasetKind = problemSet({
  id: 'answers',
  title: 'Answers (AIME, MATH, AMC, GSM8K)',
  help: 'Mathematical problems whose final answer, in \\boxed{}, is compared with the right one; nothing is run. Trains on none of them unless the shares leave some.',
  files:
    'For example the files of HuggingFaceH4/aime_2024, math-ai/aime25, HuggingFaceH4/MATH-500, AI-MO/aimo-validation-amc or openai/gsm8k: a question under "problem" or "question", its answer under "answer" or at the end of "solution".',
  splits: 'shares',
  shares: { validation: 1, test: 0 },
  options: {},
  reader: () => answerEntry,
});

function answerEntry({ value, at, file, number }: FileRecord): Entry {
  const raw = checked(recordSchema, value, at);
  const statement = (raw.problem ?? raw.question ?? '').trim();
  if (statement === '') throw fault(`${at}: problem`, 'is missing or empty; allowed is "problem" or "question"');
  const expected = answerOf(raw, at);
  const given = [raw.id, raw.unique_id, raw.problem_idx, raw.question_id].find((each) => each != null && each !== '');
  const name = given === undefined ? `${basename(file).replace(/\..*$/, '')}-${number}` : String(given);
  const meaning = meaningOf(statement);
  return {
    id: name,
    meaning,
    problem: () => ({
      ...{ id: name, statement, functionName: '', starterCode: '', visibleTests: [], meaning },
      difficulty: raw.level != null ? String(raw.level) : typeof raw.difficulty === 'string' ? raw.difficulty : '',
      hiddenTests: [{ kind: 'answer', input: '', expected }],
    }),
  };
}

/** @throws AssayError `usage` where the record has none. */
function answerOf(raw: z.output<typeof recordSchema>, at: string): string {
  const given = raw.answer ?? raw.final_answer;
  const list = given == null ? [] : Array.isArray(given) ? given : [given];
  const said = list.map(answerText).filter((each) => each !== '');
  if (said.length > 0) return said.join(', ');
  const solved = finalAnswer(raw.solution ?? '');
  if (solved !== null) return solved;
  throw fault(
    `${at}: answer`,
    'is missing or empty; allowed is "answer", "final_answer", or a "solution" that ends in \\boxed{} or ####',
  );
}

/** AMC's files write 142.0 for 142; GSM8K's say how before they say what. */
function answerText(value: string | number | bigint): string {
  if (typeof value !== 'string') return String(value);
  const at = value.lastIndexOf('####');
  return (at < 0 ? value : value.slice(at + 4)).trim();
}
