/** CodeContests (Li et al., arXiv 2203.07814; deepmind/code_contests): programs that read standard input, with public,
 * private and generated tests. Departure: an output is held against the expected one as LiveCodeBench's grader does;
 * AlphaCode's own compares words, and numbers with a tolerance. Limits are the run's, not the problem's. */
import { z } from 'zod';
import type { DatasetKind } from '../dataset.ts';
import { checked, meaningOf } from '../parsing.ts';
import { firstTests, pairsSchema, stdinTests } from './io-tests.ts';
import { mostTestsOption } from './options.ts';
import { problemSet } from './problem-set.ts';
import { solutionsOf, solutionsSchema } from './solutions.ts';
import { splitOfFile } from './split.ts';

const text = z.string('must be text');
const recordSchema = z.looseObject(
  {
    name: text.min(1, 'must not be empty'),
    description: text,
    public_tests: pairsSchema.nullish(),
    private_tests: pairsSchema.nullish(),
    generated_tests: pairsSchema.nullish(),
    cf_rating: z.number().nullish(),
    input_file: text.nullish(),
    output_file: text.nullish(),
    solutions: z.unknown().optional(),
  },
  'must be a JSON object',
);

const options = {
  generatedTests: {
    kind: 'boolean',
    label: 'Generated tests',
    default: true,
    help: 'Counts the tests that were made by mutating inputs, beside the published ones.',
    source: 'arXiv 2203.07814',
  },
  mostTests: mostTestsOption,
} as const;

export const codecontests: DatasetKind = problemSet({
  id: 'codecontests',
  title: 'CodeContests',
  help: 'Problems of programming contests with many tests each: 13,328 to train, 117 to validate, 165 to test. The name of a file says its split.',
  files: 'The files of deepmind/code_contests, named train-, valid- and test-.',
  splits: 'published',
  solutionColumns: ['solutions'],
  unread: ['incorrect_solutions', 'untranslated_description'],
  options,
  reader:
    ({ generatedTests, mostTests }) =>
    ({ value, file, at }) => {
      const raw = checked(recordSchema, value, at);
      const split = splitOfFile(file);
      if (raw.input_file || raw.output_file) return { leftOut: 'reads or writes a file of its own' };
      const tests = {
        public: stdinTests(raw.public_tests, `${at}: public_tests`),
        private: stdinTests(raw.private_tests, `${at}: private_tests`),
        generated: generatedTests ? stdinTests(raw.generated_tests, `${at}: generated_tests`) : [],
      };
      const hidden = [...tests.private, ...tests.generated];
      if (tests.public.length + hidden.length === 0) return { leftOut: 'has no tests' };
      const meaning = meaningOf(raw.description);
      return {
        id: raw.name,
        meaning,
        split,
        problem: () => ({
          id: raw.name,
          statement: raw.description,
          functionName: '',
          starterCode: '',
          difficulty: raw.cf_rating ? String(raw.cf_rating) : '',
          ...firstTests(tests.public, hidden, mostTests),
          meaning,
        }),
        solutions: () => solutionsOf(checked(solutionsSchema.nullish(), raw.solutions, `${at}: solutions`)),
      };
    },
});
