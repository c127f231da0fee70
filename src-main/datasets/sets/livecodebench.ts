/** LiveCodeBench (Jain et al., arXiv 2403.07974; livecodebench/code_generation_lite): problems of contests with the day
 * of the contest. A release is what was published until then: release v<n> is the files test.jsonl, test2.jsonl to
 * test<n>.jsonl. Tests of problems outside the window of dates are never unpacked. */
import { basename } from 'node:path';
import { z } from 'zod';
import type { DatasetKind } from '../dataset.ts';
import { checked, fault, meaningOf } from '../parsing.ts';
import { parseProblem } from '../problem-line.ts';
import { dateFault, dateOptions, inWindow } from './dates.ts';
import { firstTests } from './io-tests.ts';
import { mostTestsOption } from './options.ts';
import { problemSet } from './problem-set.ts';

const RELEASES = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'] as const;

const text = z.string('must be text');
const headSchema = z.looseObject(
  {
    question_id: z.union([text.min(1, 'must not be empty'), z.number()], 'must be text or a number'),
    question_content: text.min(1, 'must not be empty'),
    contest_date: text.regex(/^\d{4}-\d{2}-\d{2}/, 'must be a date, YYYY-MM-DD'),
  },
  'must be a JSON object',
);

const options = {
  release: {
    kind: 'choice',
    label: 'Release',
    default: 'all',
    choices: [
      { value: 'all', label: 'All files', help: 'Whatever files there are.' },
      ...RELEASES.map((release, i) => ({
        value: release,
        label: `Release ${release}`,
        help: i === 0 ? 'test.jsonl.' : `test.jsonl to test${i + 1}.jsonl; all of them must be there.`,
      })),
    ],
    help: 'Which of the files are read. A release has the problems of those before it.',
    source: 'livecodebench/code_generation_lite',
  },
  ...dateOptions('the contest'),
  mostTests: mostTestsOption,
} as const;

export const livecodebench: DatasetKind = problemSet({
  id: 'livecodebench',
  title: 'LiveCodeBench',
  help: 'Problems of programming contests with the day they were held, so that only those count which a policy cannot have been trained on. Programs read standard input, or complete a method.',
  files: 'The folder of livecodebench/code_generation_lite, or some of its files test.jsonl, test2.jsonl, ...',
  splits: 'shares',
  shares: { validation: 1, test: 0 },
  options,
  faults: dateFault,
  choose: (files, { release }, path) => (release === 'all' ? files : filesOfRelease(files, release, path)),
  reader:
    ({ from, to, mostTests }) =>
    ({ value, at }) => {
      const { question_id, question_content, contest_date } = checked(headSchema, value, at);
      const date = contest_date.slice(0, 10);
      if (!inWindow(date, from, to)) return null;
      return {
        id: String(question_id),
        meaning: meaningOf(question_content),
        date,
        problem: () => {
          const problem = parseProblem(value, at);
          return { ...problem, ...firstTests(problem.visibleTests, problem.hiddenTests, mostTests) };
        },
      };
    },
  whyEmpty: ({ from, to }) => (from === '' && to === '' ? '' : ` of contests ${windowInWords(from, to)}`),
});

const windowInWords = (from: string, to: string) =>
  [...(from === '' ? [] : [`from ${from}`]), ...(to === '' ? [] : [`to ${to}`])].join(' ');

/** @throws AssayError `usage` where a file of the release is missing. */
export function filesOfRelease(files: readonly string[], release: string, path: string): string[] {
  const last = Number(release.slice(1));
  return Array.from({ length: last }, (_, i) => {
    const name = `test${i === 0 ? '' : i + 1}.jsonl`;
    const found = files.find((file) => basename(file).replace(/\.gz$/i, '') === name);
    if (found === undefined)
      throw fault(
        path,
        `release ${release} needs ${name}, which is not there; found ${files.map((f) => basename(f)).join(', ')}`,
      );
    return found;
  });
}
