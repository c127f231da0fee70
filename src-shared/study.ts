/** Studies: planned sets of runs that answer a question, and the published findings that they are held against. What the
 * calls about them take and give. */
import { z } from 'zod';
import { planEstimateSchema } from './estimate.ts';
import { optionValueSchema } from './options.ts';

const id = z.string().min(1).max(64);

/** `tiny`: the embedded policy and problems, on any machine. `paper`: the published models and sizes. */
export const SCALES = ['tiny', 'paper'] as const;
export type Scale = (typeof SCALES)[number];

/** Seeds of every arm, and how many there are unless said otherwise. */
export const STUDY_SEEDS = { most: 100, usual: 3 } as const;
export const seedsUpTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

const settings = {
  id,
  scale: z.enum(SCALES),
  /** Of every arm. */
  seeds: z
    .array(z.int().nonnegative())
    .min(1)
    .max(STUDY_SEEDS.most)
    .refine((seeds) => new Set(seeds).size === seeds.length, 'A seed is named twice'),
  /** For all runs, by option path. */
  values: z.record(z.string(), optionValueSchema),
};
/** Which study, of what size, with which seeds and values: it says which runs there are. */
export const studySettingsSchema = z.object(settings);
export type StudySettings = z.infer<typeof studySettingsSchema>;

export const FINDINGS = ['SAME', 'DIFFERENT', 'INCONCLUSIVE'] as const;
const finding = z.enum(FINDINGS);
export type FindingVerdict = z.infer<typeof finding>;

export const studyInfoSchema = z.object({
  id,
  title: z.string(),
  /** What it answers. */
  question: z.string(),
  scales: z.array(z.enum(SCALES)),
  /** Of the smallest scale: conditions, and runs of one seed of each. */
  arms: z.number().int(),
  runsPerSeed: z.number().int(),
  /** Published findings that its runs are held against. */
  findings: z.array(
    z.object({
      id: z.string(),
      statement: z.string(),
      /** The published figures, and where they are from. */
      published: z.string(),
      source: z.string(),
      /** Runs that it takes, in words. */
      arms: z.string(),
      thresholds: z.array(z.object({ name: z.string(), value: z.number(), from: z.string() })),
    }),
  ),
  /** Metrics that the findings are read from: what its figures show. */
  figures: z.array(z.string()),
});
export type StudyInfo = z.infer<typeof studyInfoSchema>;

/** `ready`: finished. `live`: queued, running or paused. `cut`: stopped or interrupted, and can go on. `failed`: is made
 * anew. `missing`: is made. */
export const STANDINGS = ['ready', 'live', 'cut', 'failed', 'missing'] as const;
export type RunStanding = (typeof STANDINGS)[number];

export const plannedRunSchema = z.object({
  /** Unique in its study. */
  key: z.string(),
  /** The condition: all runs of an arm differ in their seed alone. */
  arm: z.string(),
  seed: z.number().int(),
  /** The other run of the study that it starts from, at a step. */
  from: z.object({ key: z.string(), step: z.number().int() }).nullable(),
  /** The problem set that it only evaluates on; null: it trains. */
  on: z.string().nullable(),
  standing: z.enum(STANDINGS),
  /** The run that stands for it; null where there is none. */
  run: z
    .object({
      id,
      number: z.number().int(),
      /** Step since which it is collapsed. */
      collapsed: z.number().int().nullable(),
    })
    .nullable(),
});
export type PlannedCell = z.infer<typeof plannedRunSchema>;

export const studyPlanSchema = z.object({
  /** Each run after those that it starts from; empty where the values allow no plan. */
  runs: z.array(plannedRunSchema),
  /** Of what is still to be made; null where that is nothing, or there is no plan. */
  estimate: planEstimateSchema.nullable(),
  /** Why it would not be started; null where it would. */
  refusal: z.object({ message: z.string(), hint: z.string().nullable() }).nullable(),
});
export type StudyPlan = z.infer<typeof studyPlanSchema>;

/** `waiting`: for the study before it. `interrupted`: Assay ended meanwhile; it is offered to go on, and never does by
 * itself. */
export const STUDY_STATES = ['waiting', 'running', 'stopping', 'finished', 'stopped', 'failed', 'interrupted'] as const;
export type StudyState = (typeof STUDY_STATES)[number];

export const studyProgressSchema = z.object({
  ...settings,
  state: z.enum(STUDY_STATES),
  /** One line; set where it failed. */
  error: z.string().nullable(),
  /** While it waits, runs or stops. */
  going: z
    .object({
      /** Runs that are finished, and all of them. */
      done: z.number().int(),
      total: z.number().int(),
      /** The one that is being made. */
      run: z.object({ key: z.string(), runId: id.nullable(), fraction: z.number() }).nullable(),
      /** Of all runs, 0..1. */
      fraction: z.number(),
      /** Null where there is nothing to go by. */
      secondsLeft: z.number().nullable(),
    })
    .nullable(),
});
export type StudyProgress = z.infer<typeof studyProgressSchema>;

/** Null: nothing was measured. */
const value = z.number().nullable();
export const studyFindingSchema = z.object({
  /** As in `findings` of the study. */
  id: z.string(),
  /** Null: not yet, its arms are not complete. */
  verdict: finding.nullable(),
  why: z.string(),
  /** Arms that are not complete. */
  waitsFor: z.array(z.string()),
  /** The comparisons behind the verdict: mean over seeds with its t interval, 95 % for claims of a rise or a difference,
   * 90 % for bounds. */
  parts: z.array(
    z.object({
      of: z.string(),
      verdict: finding,
      why: z.string(),
      effect: value,
      low: value,
      high: value,
      seeds: z.number().int(),
    }),
  ),
  /** Further figures by name; those of parts are not among them. */
  numbers: z.record(z.string(), z.number()),
});
export type StudyFinding = z.infer<typeof studyFindingSchema>;

/** A number in each cell: mean over seeds with the 95 % Student-t interval, null for one seed. */
export const resultTableSchema = z.object({
  title: z.string(),
  /** What the numbers are, in words. */
  note: z.string(),
  /** `percent`: fractions, to be shown times 100. */
  unit: z.enum(['percent', 'number']),
  /** What the rows are. */
  rows: z.string(),
  columns: z.array(z.string()),
  values: z.array(
    z.object({
      row: z.string(),
      cells: z.array(z.object({ mean: z.number(), low: value, high: value, seeds: z.number().int() }).nullable()),
    }),
  ),
});

export const studyReportSchema = z.object({
  /** Finished runs, and all of the plan. */
  ready: z.number().int(),
  total: z.number().int(),
  findings: z.array(studyFindingSchema),
  /** Of the runs that are there. */
  tables: z.array(resultTableSchema),
});
export type StudyReport = z.infer<typeof studyReportSchema>;

const none = z.object({});

export const studyCalls = {
  /** The ready-made studies. */
  studies: { input: none, output: z.array(studyInfoSchema) },
  /** The grid: where each of its runs stands, what those to be made take of this machine, and what speaks against it. */
  studyPlan: { input: studySettingsSchema, output: studyPlanSchema },
  /** What the runs that are there say; of a grid that is not complete, as far as it goes. */
  studyReport: { input: studySettingsSchema, output: studyReportSchema },
  /** Have the missing runs made, one after another; behind studies that go on. What is there already is not made again.
   * @throws `usage` where something is missing or does not fit this machine, `conflict` where it goes on already. */
  startStudy: { input: studySettingsSchema, output: none },
  /** After the current step of its run, which keeps a checkpoint. @throws `conflict` where it does not go on. */
  stopStudy: { input: z.object({ id }), output: none },
  /** Studies that were ever started, the last first, each as it was started last. */
  studyProgress: { input: none, output: z.array(studyProgressSchema) },
} as const;

export const studyEvents = {
  /** A study was started, has got on or has ended. */
  study: studyProgressSchema,
} as const;
