/** Problems that ask for an answer, from files with the columns of the published sets. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, it } from 'vitest';
import { equalAnswers } from '../../../../src-main/datasets/answers/compare.ts';
import { answers } from '../../../../src-main/datasets/sets/answers.ts';
import { type OptionValues, parseOptions } from '../../../../src-shared/options.ts';
import { temporaryFolder } from '../../../fixtures/folders.ts';

const open = (path: string, options: OptionValues = {}) =>
  answers.open(parseOptions(answers.options, { path, ...options }, 'problems.options'));
const lines = (...records: readonly object[]) => records.map((record) => JSON.stringify(record)).join('\n');

async function read(...records: readonly object[]) {
  const file = join(await temporaryFolder(), 'set.jsonl');
  await writeFile(file, lines(...records));
  return open(file).load('validation');
}

it('reads the columns of each set', async () => {
  const problems = await read(
    // HuggingFaceH4/aime_2024
    { id: 60, problem: 'A?', solution: 'Long. \\boxed{033}', answer: '033', url: 'https://example.org', year: '2024' },
    // math-ai/aime25
    { problem: 'B?', answer: '70', id: '0' },
    // openai/gsm8k
    { question: 'C?', answer: 'She has 2 * 9 = <<2*9=18>>18.\n#### 1,018' },
    // HuggingFaceH4/MATH-500
    {
      ...{ problem: 'D?', solution: 's', answer: '\\left( 3, \\frac{\\pi}{2} \\right)', subject: 'Precalculus' },
      ...{ level: 2, unique_id: 'test/precalculus/807.json' },
    },
    // AI-MO/aimo-validation-amc
    { id: 1, problem: 'E?', answer: 142.0, url: 'https://example.org' },
    // hendrycks/competition_math
    { problem: 'F?', level: 'Level 5', type: 'Algebra', solution: 'First \\boxed{1}, so $\\boxed{\\frac{1}{2}}$.' },
    // OlympiadBench
    { question_id: 7, question: 'G?', final_answer: ['2', '-3'] },
  );
  expect(problems.map(({ id, difficulty, hiddenTests }) => [id, difficulty, hiddenTests[0]?.expected])).toEqual([
    ['60', '', '033'],
    ['0', '', '70'],
    ['set-3', '', '1,018'],
    ['test/precalculus/807.json', '2', '\\left( 3, \\frac{\\pi}{2} \\right)'],
    ['1', '', '142'],
    ['set-6', 'Level 5', '\\frac{1}{2}'],
    ['7', '', '2, -3'],
  ]);
  expect(problems[6]?.hiddenTests).toEqual([{ kind: 'answer', input: '', expected: '2, -3' }]);
  expect(problems.every((p) => p.functionName === '' && p.visibleTests.length === 0)).toBe(true);
  expect(equalAnswers('33', problems[0]?.hiddenTests[0]?.expected ?? '')).toBe(true);
  expect(equalAnswers('1018', problems[2]?.hiddenTests[0]?.expected ?? '')).toBe(true);
});

it('reads Parquet files, and validates on all unless a share is left to train on', async () => {
  const file = join(await temporaryFolder(), 'test-00000-of-00001.parquet');
  const ids = Array.from({ length: 40 }, (_, i) => BigInt(i));
  const written = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: ids, type: 'INT64' },
      { name: 'problem', data: ids.map((i) => `What is ${i} + 1?`), type: 'STRING' },
      { name: 'answer', data: ids.map((i) => i + 1n), type: 'INT64' },
    ],
  });
  await writeFile(file, new Uint8Array(written));
  const all = open(file);
  expect(await all.load('validation')).toHaveLength(40);
  expect([await all.load('train'), await all.load('test')]).toEqual([[], []]);
  expect((await all.load('validation'))[39]).toMatchObject({ id: '39', hiddenTests: [{ expected: '40' }] });
  const shared = open(file, { validationShare: 0.5 });
  const [train, validation] = [await shared.load('train'), await shared.load('validation')];
  expect(train.length).toBeGreaterThan(5);
  expect(train.length + validation.length).toBe(40);
});

it.each([
  [{ answer: '1' }, /line 1: problem: is missing or empty; allowed is "problem" or "question"/],
  [{ problem: 'A?' }, /line 1: answer: is missing or empty; allowed is "answer", "final_answer"/],
  [{ problem: 'A?', answer: ' ', solution: 'It is 5.' }, /line 1: answer: is missing or empty/],
  [{ problem: 'A?', answer: { value: 1 } }, /line 1: answer: must be text, a number or a list of them/],
  [{ problem: 5, answer: '1' }, /line 1: problem: must be text/],
])('says what is wrong with %j', async (record, message) => {
  await expect(read(record)).rejects.toThrow(message);
});

it('refuses an id that is there twice', async () => {
  await expect(read({ id: 1, problem: 'A?', answer: 1 }, { id: '1', problem: 'B?', answer: 2 })).rejects.toThrow(
    /line 2: id: 1 is also at .*line 1/,
  );
});
