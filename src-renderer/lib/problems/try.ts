/** A problem as a program of the playground: a solution or the starter code, and the tests that are known whole. */
import { PROGRAM_BOUNDS } from '../../../src-shared/api.ts';
import type { ProblemDetail } from '../../../src-shared/problem-sets.ts';
import { COMPARISONS, type Draft, type DraftTest, newTest } from '../program-draft.ts';

type Shown = ProblemDetail['tests'][number];

/** As runs have them by default, in the words of the form. */
const LIMITS = { wallMs: '6000', memoryMb: '1024' } as const;

/** The draft, or why there can be none. */
export function draftOf({
  tests,
  functionName,
  starterCode,
  solutions,
}: ProblemDetail): { draft: Draft } | { why: string } {
  const [first] = tests;
  if (first === undefined) return { why: 'No test is short enough to be shown.' };
  const { kind } = first;
  if (kind === 'answer') return { why: 'It asks for an answer, and no program is run.' };
  if (tests.some(({ comparison }) => comparison?.kind === 'checker'))
    return { why: 'Its outputs are judged by a checker, which only runs and the self-check run.' };
  if (tests.some(({ accepted }) => accepted !== undefined && accepted.length > 0))
    return { why: 'Several outputs are right, and the sandbox page knows one for each test.' };
  const [solution] = solutions;
  return {
    draft: {
      language: solution?.language ?? 'python',
      kind,
      functionName,
      code: solution?.code ?? starterCode,
      tests: tests
        .filter((test) => test.kind === kind)
        .slice(0, PROGRAM_BOUNDS.tests)
        .map(draftTest),
      ...LIMITS,
      stopAtFirstFailure: false,
    },
  };
}

function draftTest({ input, expected, comparison }: Shown): DraftTest {
  const kind = COMPARISONS.find((each) => each === comparison?.kind) ?? 'exact';
  const test = newTest(input, expected, kind);
  return comparison?.kind === 'tolerance'
    ? { ...test, absolute: String(comparison.absolute), relative: String(comparison.relative) }
    : test;
}
