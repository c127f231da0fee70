/** CodeContests+ (Wang et al., arXiv 2506.05817; ByteDance-Seed/Code-Contests-Plus): problems of CodeContests with tests
 * made anew, in the configurations 1x to 5x, and a checker for each, in C++ on testlib. A file of one configuration is
 * read as it is. testlib.h is not part of Assay: where a checker includes it, its text takes the place of that line. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AssayError } from '../../../src-shared/errors.ts';
import type { Test } from '../../../src-shared/verdict.ts';
import type { DatasetKind } from '../dataset.ts';
import { checked, fault, meaningOf } from '../parsing.ts';
import { firstTests, pairsSchema, stdinTests } from './io-tests.ts';
import { mostTestsOption } from './options.ts';
import { problemSet } from './problem-set.ts';
import { solutionsOf, solutionsSchema } from './solutions.ts';

const text = z.string('must be text');
const recordSchema = z.looseObject(
  {
    id: z.union([text.min(1, 'must not be empty'), z.number()], 'must be text or a number'),
    title: text.nullish(),
    description: text,
    checker: text.nullish(),
    test_cases: pairsSchema.nullish(),
    correct_submissions: z.unknown().optional(),
  },
  'must be a JSON object',
);

const TESTLIB = /^[ \t]*#[ \t]*include[ \t]*["<]testlib\.h[">].*$/m;

const options = {
  checkers: {
    kind: 'choice',
    label: 'Checkers',
    default: 'run',
    choices: [
      { value: 'run', label: 'Run', help: 'The checker of a problem decides. It is C++ and needs g++ in the sandbox.' },
      {
        value: 'ignore',
        label: 'Ignore',
        help: 'Outputs are held against the expected ones: where several answers are right, right programs fail.',
      },
    ],
    help: 'How outputs are judged.',
    source: 'arXiv 2506.05817 (run)',
  },
  testlib: {
    kind: 'text',
    format: 'file',
    optional: true,
    label: 'testlib.h',
    default: '',
    help: 'File testlib.h of MikeMirzayanov/testlib, which nearly every checker includes. Needed where checkers are run.',
  },
  mostTests: mostTestsOption,
} as const;

export const codecontestsPlus: DatasetKind = problemSet({
  id: 'codecontests-plus',
  title: 'CodeContests+',
  help: 'Problems of CodeContests with better tests and a checker for each, so that every right answer passes.',
  files: 'The files of one configuration, 1x to 5x, of ByteDance-Seed/Code-Contests-Plus.',
  splits: 'shares',
  shares: { validation: 0.1, test: 0.1 },
  solutionColumns: ['correct_submissions'],
  unread: ['incorrect_submissions', 'generator', 'generator_cmd', 'validator'],
  options,
  async reader({ checkers, testlib, mostTests }) {
    const header = checkers === 'run' && testlib.trim() !== '' ? await headerAt(testlib.trim()) : null;
    return ({ value, at }) => {
      const raw = checked(recordSchema, value, at);
      const tests = stdinTests(raw.test_cases, `${at}: test_cases`);
      if (tests.length === 0) return { leftOut: 'has no tests' };
      const code = checkers === 'run' ? withHeader(raw.checker ?? '', header, at) : '';
      const judged: Test[] =
        code === ''
          ? tests
          : tests.map((test) => ({ ...test, comparison: { kind: 'checker', language: 'cpp', code } }));
      const statement = [raw.title ?? '', raw.description].filter((part) => part.trim() !== '').join('\n\n');
      const meaning = meaningOf(raw.description);
      return {
        id: String(raw.id),
        meaning,
        problem: () => ({
          id: String(raw.id),
          statement,
          functionName: '',
          starterCode: '',
          difficulty: '',
          ...firstTests([], judged, mostTests),
          meaning,
        }),
        solutions: () =>
          solutionsOf(checked(solutionsSchema.nullish(), raw.correct_submissions, `${at}: correct_submissions`)),
      };
    };
  },
});

/** A checker that needs nothing but the compiler. @throws AssayError `usage` where testlib.h is missing. */
function withHeader(checker: string, header: string | null, at: string): string {
  if (!TESTLIB.test(checker)) return checker;
  if (header === null)
    throw fault(
      `${at}: checker`,
      'includes testlib.h, and problems.options.testlib names none; allowed is its file, or problems.options.checkers ignore',
    );
  return checker.replace(TESTLIB, () => header);
}

async function headerAt(path: string): Promise<string> {
  const option = 'problems.options.testlib';
  const header = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AssayError('usage', `${option}: ${path} cannot be read (${error.code})`, { path: option, cause: error });
  });
  if (header.includes('registerTestlibCmd')) return header;
  throw new AssayError('usage', `${option}: ${path} is not testlib.h: it has no registerTestlibCmd`, { path: option });
}
