/** What a problem set holds, problem by problem, and whether its own solutions pass its own tests. */
import { z } from 'zod';
import { optionValueSchema } from './options.ts';
import { policyOptions } from './policy.ts';
import { SPLITS } from './problem.ts';
import { comparisonSchema, LANGUAGES, testSchema, VERDICTS } from './verdict.ts';

const count = z.int().nonnegative();
const split = z.enum(SPLITS);
/** The set as `problems.kind` and the options of its kind; those that are left out have their defaults. */
const setSchema = z.strictObject({ kind: z.string().max(64), options: z.record(z.string(), optionValueSchema) });

export const shownProblemSchema = z.object({
  id: z.string(),
  /** How the statement starts, or the docstring where that says what is asked; one line of at most 120 characters. */
  statement: z.string(),
  functionName: z.string(),
  difficulty: z.string(),
  tests: count,
  /** YYYY-MM-DD */
  date: z.string().nullable(),
});
export type ShownProblem = z.infer<typeof shownProblemSchema>;

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
      tests: z.object({ least: count, median: z.number(), mean: z.number(), most: count }).nullable(),
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

/** Where a problem is: ids are unique in a split only. */
const whereSchema = setSchema.extend({ split, id: z.string().max(1000) });

/** What crosses to a window at a time: problems of a list; tests of a problem and characters of all of them together;
 * characters of its statement, its code and each solution, which are cut there; solutions. */
export const PROBLEM_BOUNDS = {
  listed: 500,
  tests: 100,
  testChars: 256 << 10,
  textChars: 128 << 10,
  solutions: 3,
} as const;

const [exact, tolerance, unordered, checker] = comparisonSchema.options;
/** A checker without its code, which may be long. */
const shownComparison = z.discriminatedUnion('kind', [exact, tolerance, unordered, checker.omit({ code: true })]);

export const problemDetailSchema = z.object({
  id: z.string(),
  split,
  statement: z.string(),
  functionName: z.string(),
  starterCode: z.string(),
  difficulty: z.string(),
  date: z.string().nullable(),
  /** The visible ones first; those of them that the bounds leave room for. */
  tests: z.array(testSchema.extend({ visible: z.boolean(), comparison: shownComparison.optional() })),
  /** All that there are. */
  visibleTests: count,
  hiddenTests: count,
  solutions: z.array(z.object({ language: z.enum(LANGUAGES), code: z.string() })),
});
export type ProblemDetail = z.infer<typeof problemDetailSchema>;

const { prompt, thinking } = policyOptions;
const oneOf = <V extends string>(choices: readonly { readonly value: V }[]) =>
  z.enum(choices.map(({ value }) => value));

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
  /** Problems in the order of the splits, `count` after the first `from` of those found. */
  listProblems: {
    input: setSchema.extend({
      split: split.nullable().default(null),
      /** Words that all stand in the id, the statement, the code it starts from or the difficulty, in any case. */
      query: z.string().max(200).default(''),
      from: count,
      count: z.int().min(1).max(PROBLEM_BOUNDS.listed),
    }),
    output: z.object({ found: count, problems: z.array(shownProblemSchema.extend({ split })) }),
  },
  /** One problem, to be read. @throws AssayError `not-found`. */
  problem: { input: whereSchema, output: problemDetailSchema },
  /** What a policy would be asked, with options of group `policy`. @throws AssayError `not-found`; `usage` for a policy
   * that cannot be used, with path `policy.source`. */
  problemPrompt: {
    input: whereSchema.extend({
      source: z.string().min(1).max(4096),
      prompt: oneOf(prompt.choices).default(prompt.default),
      thinking: oneOf(thinking.choices).default(thinking.default),
    }),
    output: z.object({
      text: z.string(),
      tokens: count,
      /** Prompt and response together have room for so many tokens. */
      context: count,
    }),
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
