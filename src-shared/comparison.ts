/** Runs side by side: what the calls `compare`, `compareFinal` and `matchedCompletions` take and give. */
import { z } from 'zod';
import { optionValueSchema } from './options.ts';
import { rolloutSummarySchema } from './rollout.ts';

const id = z.string().min(1).max(64);
const step = z.number().int().nonnegative();
const interval = z.object({ low: z.number(), high: z.number() });

/** Runs that can be put side by side at once. */
export const COMPARED_RUNS = { least: 2, most: 50 } as const;
const metricNames = z.array(z.string().min(1).max(80)).min(1).max(40);

/** Metrics of which a higher (`up`) or lower (`down`) value is the better one; of all others neither is. */
export const DIRECTIONS: Readonly<Record<string, 'up' | 'down'>> = {
  'eval/avg@k': 'up',
  'eval/pass@k': 'up',
  'train/accuracy': 'up',
  'train/reward': 'up',
  'sandbox/passed': 'up',
  'eval/truncated': 'down',
  'eval/repetition': 'down',
  'train/truncated': 'down',
};

/** How runs become groups. */
export const groupingSchema = z.discriminatedUnion('by', [
  /** Runs whose whole configuration is equal, but for seed and name. Where they start from a checkpoint, what counts is
   * how that one was trained, seed left out: so bootstrapped runs of several seeds are one group. */
  z.object({ by: z.literal('config') }),
  /** Runs that agree at these option paths, whatever else differs: `reward.kind`, `rollouts.temperature`. */
  z.object({ by: z.literal('paths'), paths: z.array(z.string().min(1).max(120)).min(1).max(20) }),
  /** Runs with the same tags. */
  z.object({ by: z.literal('tag') }),
  /** Every run by itself. */
  z.object({ by: z.literal('none') }),
]);
export type Grouping = z.infer<typeof groupingSchema>;

/** What the others are held against: one run by itself, or a group by its key. */
export const referenceSchema = z.union([
  z.strictObject({ runId: id }),
  z.strictObject({ group: z.string().min(1).max(200) }),
]);
export type Reference = z.infer<typeof referenceSchema>;

const selection = {
  /** Order counts: groups stand in the order of their first run. A run named twice counts once. */
  runIds: z.array(id).min(COMPARED_RUNS.least).max(COMPARED_RUNS.most),
  grouping: groupingSchema.default({ by: 'config' }),
  metrics: metricNames.default(['eval/avg@k']),
};

export const groupSchema = z.object({
  /** The same for the same runs and grouping, from call to call. */
  key: z.string(),
  /** What tells it from the other groups, or the name of its runs where nothing does. */
  label: z.string(),
  runIds: z.array(id),
  /** Different seeds, ascending. Runs of a group with the same seed count once, as their mean. */
  seeds: z.array(z.number()),
});
export type ComparedGroup = z.infer<typeof groupSchema>;

export const SEVERITIES = ['differs', 'caution'] as const;
/** One respect in which runs are not comparable. */
export const comparabilityIssueSchema = z.object({
  aspect: z.enum([
    'problems',
    'tests',
    'prompt',
    'decoding',
    'length-cap',
    'samples',
    'pass-at-k',
    'test-limits',
    'stop-at-first-failure',
    'sandbox',
    'unsafe-sandbox',
    'test-time',
    'training-temperature',
    'reward',
    'policy',
    'budget',
    'code-version',
    'engine',
    'origin',
  ]),
  title: z.string(),
  /** `differs`: the metrics concerned must not be compared. `caution`: they may, knowing this. */
  severity: z.enum(SEVERITIES),
  /** What follows from it, in one line. */
  why: z.string(),
  /** Names of metrics that it concerns, or families as `eval/`; empty: all. */
  metrics: z.array(z.string()),
  /** Which value which runs have; null: not recorded. */
  values: z.array(z.object({ value: z.string().nullable(), runIds: z.array(id) })),
});
export type ComparabilityIssue = z.infer<typeof comparabilityIssueSchema>;

/** Whether an issue is about a metric: by its name, by its family, or because it is about all. */
export const concerns = ({ metrics }: Pick<ComparabilityIssue, 'metrics'>, metric: string): boolean =>
  metrics.length === 0 || metrics.some((each) => (each.endsWith('/') ? metric.startsWith(each) : metric === each));

export const compareInputSchema = z.strictObject({
  ...selection,
  /** `step`: training steps. `tokens`: response tokens trained on so far. `time`: seconds of work so far, pauses left out. */
  x: z.enum(['step', 'tokens', 'time']).default('step'),
  /** Curves with more points have neighbours averaged into one. */
  maxPoints: z.number().int().min(10).max(10_000).default(500),
  /** Also the curve of every run by itself. */
  lines: z.boolean().default(false),
});

/** Of one number a seed. */
const statisticSchema = z.object({
  /** Mean over seeds. */
  mean: z.number(),
  /** 95 % Student-t interval over seeds; null with one. */
  interval: interval.nullable(),
  /** In the order of the group's seeds; null where the seed has none. */
  perSeed: z.array(z.number().nullable()),
});
export type Statistic = z.infer<typeof statisticSchema>;

const lineSchema = z.object({ x: z.array(z.number()), step: z.array(step), value: z.array(z.number()) });

/** A curve as columns, one entry a point, x rising. */
export const curveSchema = z.object({
  x: z.array(z.number()),
  step: z.array(z.number()),
  /** Over the seeds that have reached the point, values between two validations on the straight line between. */
  mean: z.array(z.number()),
  /** 95 % band; null where one seed is left and gives none. */
  low: z.array(z.number().nullable()),
  high: z.array(z.number().nullable()),
  /** Seeds behind the point. */
  n: z.array(z.number().int()),
  /** `seeds`: Student-t interval of the mean over seeds. `validation`: there is one seed, and the band is that of its
   * validation's standard error, which says nothing about other seeds. `none`: one seed, no band. */
  band: z.enum(['seeds', 'validation', 'none']),
  /** Points of training that one point of the curve is the mean of; 1: all are shown. */
  averaged: z.number(),
});
export type Curve = z.infer<typeof curveSchema>;

export const comparisonSchema = z.object({
  groups: z.array(groupSchema),
  /** Option paths whose values differ, in the order of the form, with the values of each group by its key. A value is
   * null where a group's runs do not have the option; several stand where the runs of a group differ in it. */
  differences: z.array(
    z.object({ path: z.string(), values: z.record(z.string(), z.array(optionValueSchema.nullable())) }),
  ),
  issues: z.array(comparabilityIssueSchema),
  metrics: z.array(
    z.object({
      metric: z.string(),
      direction: z.enum(['up', 'down']).nullable(),
      /** Steps that `area` is over: those that all runs have; null where there are none. */
      areaSteps: z.object({ from: step, to: step }).nullable(),
      /** By the key of the group; a group without any value is left out. */
      byGroup: z.record(
        z.string(),
        z.object({
          curve: curveSchema,
          /** The last value of each run. */
          final: statisticSchema,
          /** The best value of each run by `direction`: biased, the more the noisier the metric. Null without a direction. */
          best: statisticSchema.nullable(),
          /** Mean height of the curve over `areaSteps` (trapezoids). */
          area: statisticSchema.nullable(),
          /** By run id; empty unless asked for. */
          lines: z.record(z.string(), lineSchema),
        }),
      ),
    }),
  ),
});
export type Comparison = z.infer<typeof comparisonSchema>;

export const compareFinalInputSchema = z.strictObject({
  ...selection,
  /** Default: the first group. */
  reference: referenceSchema.optional(),
  /** Values that are compared: each run's last, those of the last step that all runs have, or of this step. */
  at: z.union([z.enum(['last', 'common']), step]).default('last'),
  /** By metric: a difference within +- this counts as none, in the unit of the metric. Accuracies have one by default:
   * the larger of 0.015 and two standard errors of the noisiest value compared. */
  margins: z.record(z.string(), z.number().positive()).default({}),
});

/** One metric of one group against the reference. */
export const effectSchema = z.object({
  metric: z.string(),
  /** Key of the group. */
  group: z.string(),
  /** Means over seeds. */
  value: z.number(),
  reference: z.number(),
  /** Steps at which the values were measured, of the group's and the reference's runs. */
  steps: z.object({ group: z.array(step), reference: z.array(step) }),
  /** Group minus reference. */
  effect: z.number(),
  /** 95 %. Null where nothing gives one: one seed and no stored validation samples. */
  interval: interval.nullable(),
  /** Where `interval` comes from. `hierarchical bootstrap`: over seeds and problems (src-main/stats/bootstrap.ts).
   * `bootstrap over problems`: one seed, so that a run's own randomness is not in it. `t over seeds`: pairs, or Welch. */
  intervalOf: z.enum(['hierarchical bootstrap', 'bootstrap over problems', 't over seeds']).nullable(),
  /** The t interval over seeds, where `interval` is a bootstrap: the honest one for fewer than five seeds. */
  seedInterval: interval.nullable(),
  /** `seed`: same seeds, differences within each. `none`: independent seeds. */
  pairedBy: z.enum(['seed', 'none']),
  /** Seeds, or pairs of them, behind the effect: of the smaller side where they are independent. */
  seeds: z.number().int(),
  /** Two-sided. Null where it cannot be had, as with one seed; the p of a test over problems says nothing about seeds. */
  test: z
    .object({
      method: z.string(),
      p: z.number(),
      /** After Holm's correction over all tests of the table. */
      pHolm: z.number(),
    })
    .nullable(),
  /** Hedges' g: the effect in standard deviations over seeds, corrected for few of them. */
  effectSize: z.number().nullable(),
  /** SAME: within +-margin, by two one-sided tests at 5 % (TOST). DIFFERENT: beyond it, by the 95 % interval. Null: no
   * margin is known, so that SAME cannot be said. */
  margin: z.number().nullable(),
  verdict: z.enum(['SAME', 'DIFFERENT', 'INCONCLUSIVE']),
  /** One line: what decided. */
  why: z.string(),
  /** With so many seeds only differences of at least this could be seen (power 0.8 at 0.05). Null with one. */
  detectable: z.number().nullable(),
});
export type Effect = z.infer<typeof effectSchema>;

export const finalComparisonSchema = z.object({
  groups: z.array(groupSchema),
  /** As given, or the first group. */
  reference: groupSchema,
  /** By metric in the order asked for, then by group. A pair without a common value is left out. */
  effects: z.array(effectSchema),
  issues: z.array(comparabilityIssueSchema),
});
export type FinalComparison = z.infer<typeof finalComparisonSchema>;

export const matchedInputSchema = z.strictObject({
  runIds: z.array(id).min(COMPARED_RUNS.least).max(8),
  /** The validation nearest to this step that all runs have; by default the last one. */
  step: step.optional(),
  /** Give the rollouts of this problem too. */
  problemId: z.string().max(500).optional(),
});

export const matchedCompletionsSchema = z.object({
  /** Where each run was looked at. One and the same step where all runs share a validation, else each run's own nearest. */
  steps: z.array(z.object({ runId: id, step })),
  common: z.boolean(),
  /** Problems that all of the runs have, in the order of the first run, with the samples of each run. */
  problems: z.array(
    z.object({
      problemId: z.string(),
      /** In the order of `steps`. Samples that the sandbox could not judge are not among `samples`. */
      outcomes: z.array(z.object({ passed: z.number().int(), samples: z.number().int() })),
    }),
  ),
  /** Of `problemId`, in the order of `steps`; null where none was asked for. Token statistics: call `rollout`. */
  completions: z
    .array(
      z.object({
        runId: id,
        rollouts: z.array(
          rolloutSummarySchema.extend({ prompt: z.string(), completion: z.string(), code: z.string().nullable() }),
        ),
      }),
    )
    .nullable(),
});
export type MatchedCompletions = z.infer<typeof matchedCompletionsSchema>;

export const comparisonCalls = {
  /** Runs side by side, in groups: curves with bands over seeds, what differs in their configurations, what is not
   * comparable. Quick: nothing is resampled. */
  compare: { input: compareInputSchema, output: comparisonSchema },
  /** Every group against the reference: effect, interval, test, verdict. Takes a second or so for a large table. */
  compareFinal: { input: compareFinalInputSchema, output: finalComparisonSchema },
  /** The same validation problems at the same step in several runs; with `problemId`, its completions too. */
  matchedCompletions: { input: matchedInputSchema, output: matchedCompletionsSchema },
} as const;
