/** Calls that look across rollouts: one problem over the steps of a run, and what well-paid failures have in common. */
import { z } from 'zod';
import { OUTCOMES, rolloutSummarySchema } from './rollout.ts';

const runId = z.string().min(1).max(64);
const step = z.number().int().nonnegative();
const split = z.enum(['train', 'eval']);

export const problemHistorySchema = z.array(
  z.object({
    step,
    /** Response tokens, mean over the group. */
    meanTokens: z.number(),
    /** The group, in its order. */
    rollouts: z.array(rolloutSummarySchema.pick({ id: true, sample: true, outcome: true, reward: true, tokens: true })),
  }),
);
export type ProblemHistory = z.infer<typeof problemHistorySchema>;

/** Most steps that failures are looked for in at once. */
export const MOST_PATTERN_STEPS = 20;

/** What a rollout can have or not. `of` in a count is the rollouts of which it can be said. */
export const FAILURE_FEATURES = [
  { id: 'truncated', title: 'Cut off at the length limit', help: 'The response did not end by itself.' },
  {
    id: 'short',
    title: 'Shorter than the median correct one',
    help: 'Fewer tokens than the median of the correct rollouts.',
  },
  {
    id: 'long',
    title: 'Longer than nine tenths of the correct',
    help: 'More tokens than the 90 % quantile of the correct rollouts.',
  },
  {
    id: 'no-reasoning',
    title: 'No reasoning',
    help: 'Nothing but white space between <think> and </think>, or no <think>.',
  },
  {
    id: 'no-code',
    title: 'No code block',
    help: 'The response holds no program, or no final answer where one is asked for.',
  },
  {
    id: 'repeats',
    title: 'Repeats itself',
    help: 'Some 20 words in a row occur again (of responses with more than 20 words).',
  },
  {
    id: 'constant',
    title: 'Gives the same answer to every test',
    help: 'Of programs that answered two or more tests with different expected answers.',
  },
  {
    id: 'same-program',
    title: 'Same program as a sibling',
    help: 'Another rollout of its group holds the same text of a program (of rollouts with a program).',
  },
  {
    id: 'same-behaviour',
    title: 'Same answers as a sibling',
    help: 'Another rollout of its group gives the same answers to all tests (of programs that answered all of them).',
  },
  {
    id: 'other-problem',
    title: 'Same program for another problem',
    help: 'A rollout of another problem holds the same text of a program (of rollouts with a program).',
  },
] as const;
export type FailureFeature = (typeof FAILURE_FEATURES)[number]['id'];

const cohort = z.object({
  rollouts: z.number().int(),
  problems: z.number().int(),
  /** Null without a rollout. */
  medianTokens: z.number().nullable(),
  /** Of the rollouts that have a reward; null where none has. */
  meanReward: z.number().nullable(),
});
const count = z.object({ count: z.number().int(), of: z.number().int() });

export const failurePatternsSchema = z.object({
  /** The steps that were looked at, rising. */
  steps: z.array(step),
  /**
   * How the failures were chosen: `highest`: in each step the quarter with the highest rewards, ties included;
   * `all-equal`: the rewards of failures do not differ, so all of them; `unscored`: they have no reward, so all of them.
   */
  selection: z.enum(['highest', 'all-equal', 'unscored']),
  /** Lowest reward among the chosen; null where they have none. */
  threshold: z.number().nullable(),
  /** Rollouts that the sandbox could not judge are in none. */
  cohorts: z.object({ chosen: cohort, others: cohort, correct: cohort }),
  /** Those of which something can be said of a chosen rollout, in the order of FAILURE_FEATURES. */
  features: z.array(
    z.object({
      id: z.enum(FAILURE_FEATURES.map(({ id }) => id)),
      chosen: count,
      others: count,
      correct: count,
    }),
  ),
  /** Runs of words and signs in the responses that are at least 10 points commoner in the chosen than in the correct. */
  phrases: z.array(
    z.object({
      text: z.string(),
      chosen: z.number().int(),
      others: z.number().int(),
      correct: z.number().int(),
      /** Problems of the chosen rollouts that have it. */
      problems: z.number().int(),
    }),
  ),
  /** The chosen with the highest rewards, highest first. */
  examples: z.array(
    rolloutSummarySchema
      .pick({ id: true, step: true, problemId: true, sample: true, reward: true, tokens: true })
      .extend({ outcome: z.enum(OUTCOMES) }),
  ),
});
export type FailurePatterns = z.infer<typeof failurePatternsSchema>;

export const rolloutCalls = {
  /** One problem over the steps of a run; empty where the split has no rollout of it. */
  problemHistory: { input: z.object({ runId, problemId: z.string().max(2000), split }), output: problemHistorySchema },
  /** What failures with the highest rewards have in common, against the correct rollouts of the same steps: the last
   * `steps` that have rollouts, up to and including `step`. */
  failurePatterns: {
    input: z.object({ runId, step, split, steps: z.number().int().min(1).max(MOST_PATTERN_STEPS).default(1) }),
    output: failurePatternsSchema,
  },
} as const;
