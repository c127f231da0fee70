/** One completion with everything known about it: token statistics, verdicts, scores, reward and advantage. */
import { z } from 'zod';
import { VERDICTS } from './verdict.ts';

export const testResultSchema = z.object({
  verdict: z.enum(VERDICTS),
  got: z.string().nullable(),
  detail: z.string().nullable(),
  wallMs: z.number(),
  /** As in the problem, head and tail, at most 4,000 characters; kept so that a rollout can be read without its data set. */
  input: z.string(),
  expected: z.string(),
});
export type RolloutTest = z.infer<typeof testResultSchema>;

/** `no-code`: the response holds no program, or no final answer where one is asked for, so nothing was judged. */
export const OUTCOMES = [...VERDICTS, 'no-code'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A failure that cost this rollout its score; its siblings go on. */
export const rolloutFaultSchema = z.object({ stage: z.enum(['generate', 'sandbox', 'reward']), message: z.string() });
export type RolloutFault = z.infer<typeof rolloutFaultSchema>;

export const rolloutSummarySchema = z.object({
  id: z.number().int(),
  runId: z.string(),
  step: z.number().int(),
  /** `train`: made updates. `eval`: a validation sample. */
  split: z.enum(['train', 'eval']),
  problemId: z.string(),
  /** Position of the rollout in its group. */
  sample: z.number().int(),
  tokens: z.number().int(),
  finished: z.boolean(),
  outcome: z.enum(OUTCOMES),
  testsPassed: z.number().int(),
  testsTotal: z.number().int(),
  /** Null where it could not be scored. */
  reward: z.number().nullable(),
  advantage: z.number().nullable(),
  meanEntropy: z.number(),
  meanLogprob: z.number(),
});
export type RolloutSummary = z.infer<typeof rolloutSummarySchema>;

/** Everything about one rollout. The arrays are [T], T = response tokens. */
export const rolloutSchema = rolloutSummarySchema.extend({
  prompt: z.string(),
  completion: z.string(),
  /** The program, or the final answer where one is asked for. */
  code: z.string().nullable(),
  tests: z.array(testResultSchema),
  fault: rolloutFaultSchema.nullable(),
  /**
   * What the reward was made of: `<part>` is a score, `<part>-weight` its weight and `<part>-term` what it added to the
   * reward, for the parts source, second, format, overlong and length; `flipped` is 1 where the score of the source was
   * turned into its opposite. Null for validation samples, and where an older Assay recorded none.
   */
  parts: z.record(z.string(), z.number()).nullable(),
  /** Text of each response token, bytes that are not UTF-8 replaced. */
  tokenTexts: z.array(z.string()),
  temperature: z.number(),
  stats: z.object({
    logprob: z.array(z.number()),
    entropy: z.array(z.number()),
    klUniform: z.array(z.number()),
    top1: z.array(z.number()),
    top2: z.array(z.number()),
    /** `logprob` under the policy that the step's updates made. Null where it was not taken. */
    logprobAfter: z.array(z.number()).nullable(),
  }),
});
export type RolloutDetail = z.infer<typeof rolloutSchema>;
