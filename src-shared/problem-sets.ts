/** What a problem set holds, and whether its own solutions pass its own tests. */
import { z } from 'zod';
import { optionValueSchema } from './options.ts';
import { SPLITS } from './problem.ts';
import { LANGUAGES, testSchema, VERDICTS } from './verdict.ts';

const count = z.int().nonnegative();
const split = z.enum(SPLITS);
/** The set as `problems.kind` and the options of its kind; those that are left out have their defaults. */
const setSchema = z.strictObject({ kind: z.string().max(64), options: z.record(z.string(), optionValueSchema) });

const shownProblemSchema = z.object({
  id: z.string(),
  /** First line of the statement, at most 120 characters. */
  statement: z.string(),
  functionName: z.string(),
  difficulty: z.string(),
  tests: count,
  date: z.string().nullable(),
});

export const problemReportSchema = z.object({
  kind: z.string(),
  title: z.string(),
  /** As in `RunDetail.datasetHash`. */
  hash: z.string(),
  splits: z.array(
    z.object({
      split,
      problems: count,
      /** Tests a problem; null where there are no problems. */
      tests: z.object({ least: count, mean: z.number(), most: count }).nullable(),
      /** Problems with a test of the kind. */
      kinds: z.partialRecord(testSchema.shape.kind, count),
      /** First and last day, YYYY-MM-DD, of the problems that have one. */
      dates: z.object({ first: z.string(), last: z.string() }).nullable(),
      /** Problems that come with a solution; null where the kind publishes none. */
      withSolutions: count.nullable(),
      first: z.array(shownProblemSchema),
    }),
  ),
  /** Records that make no problem, by the reason. */
  leftOut: z.array(z.object({ reason: z.string(), records: count })),
  /** Problems that ask the same: how many times there are several, in how many of these they are in several splits, and
   * the first of them, those in several splits before the others. */
  duplicates: z.object({
    groups: count,
    acrossSplits: count,
    first: z.array(z.array(z.object({ split, id: z.string() }))),
  }),
});
export type ProblemReport = z.infer<typeof problemReportSchema>;

export const MOST_CHECKED = 256;

export const solutionCheckSchema = z.object({
  /** Problems of the split. */
  problems: count,
  /** Those that were asked for, in order; one without solutions has none. */
  checked: z.array(
    z.object({
      problemId: z.string(),
      solutions: z.array(
        z.object({
          language: z.enum(LANGUAGES),
          /** Null where the language cannot be run here. */
          verdict: z.enum(VERDICTS).nullable(),
          testsPassed: count,
          tests: count,
          /** Of the first test that did not pass, or why the language cannot be run. */
          detail: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type SolutionCheck = z.infer<typeof solutionCheckSchema>;

export const problemSetCalls = {
  /** Read a problem set whole and say what is in it. */
  inspectProblems: {
    input: setSchema.extend({ first: z.int().min(0).max(100).default(3) }),
    output: problemReportSchema,
  },
  /** Run the solutions that a set publishes on its own tests, of `count` problems of a split after the first `from`: in
   * the sandbox that runs use, with the limits of LiveCodeBench's grader. */
  checkSolutions: {
    input: setSchema.extend({
      split,
      from: count,
      count: z.int().min(1).max(MOST_CHECKED),
      /** Tried of each problem, at most. */
      solutions: z.int().min(1).max(100).default(1),
    }),
    output: solutionCheckSchema,
  },
} as const;
