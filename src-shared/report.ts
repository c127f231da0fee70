/**
 * A report, twice: as asked for (which runs, which blocks) and as resolved against the store, where every number
 * carries the runs, the hashes of their configurations, the metric, the step and the estimator that it came from.
 */
import { z } from 'zod';
import { metricSchema } from './metrics.ts';

const runId = z.string().min(1).max(64);
const label = z.string().min(1).max(200);
const line = z.string().max(500);

/** Of an imported run it may have any name. */
const metric = z.string().min(1).max(200);

/** Runs that are the same but for their seeds; the unit of every comparison. */
export const conditionSchema = z.object({ label, runs: z.array(runId).min(1).max(200) });
export type Condition = z.infer<typeof conditionSchema>;

/** The study whose verdicts a report shows: which run stands for which of its plan. */
export const reportStudySchema = z.object({
  id: z.string().max(64),
  scale: z.enum(['tiny', 'paper']),
  seeds: z.array(z.number().int().nonnegative()).min(1).max(100),
  /** Key in the plan to run. */
  runs: z.record(z.string().max(200), runId),
});
export type ReportStudy = z.infer<typeof reportStudySchema>;

/** What to show. Blocks are about all conditions of the report. */
export const blockSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('heading'), text: line }),
  /** By a person, in Markdown. Numbers in it are theirs: nothing checks them. */
  z.object({ kind: z.literal('text'), markdown: z.string().max(100_000) }),
  /** What was found, in sentences. */
  z.object({ kind: z.literal('summary') }),
  /** One metric over the steps: a line a condition, with its 95 % band. */
  z.object({ kind: z.literal('chart'), metric }),
  /** One metric at the start and at the end, held against the reference; of an accuracy its highest too. */
  z.object({ kind: z.literal('comparison'), metric }),
  /** The study's findings beside the published ones. */
  z.object({ kind: z.literal('verdicts') }),
  /** Options in which the conditions differ. */
  z.object({ kind: z.literal('differences') }),
  z.object({ kind: z.literal('samples'), rollouts: z.array(z.number().int()).min(1).max(50) }),
  /** What each run started from. */
  z.object({ kind: z.literal('lineage') }),
  /** What identifies each run. */
  z.object({ kind: z.literal('facts') }),
]);
export type Block = z.infer<typeof blockSchema>;
export type BlockKind = Block['kind'];

export const reportSchema = z.object({
  title: label,
  author: z.string().max(200).nullable(),
  /** Milliseconds since 1970. */
  created: z.number(),
  conditions: z.array(conditionSchema).min(1).max(60),
  /** Label of the condition that the others are held against; null: none. */
  reference: label.nullable(),
  study: reportStudySchema.nullable(),
  blocks: z.array(blockSchema).max(200),
});
export type Report = z.infer<typeof reportSchema>;

/** What a report can be made of with one click. */
export const reportOfSchema = z.union([
  z.strictObject({ run: runId }),
  /** Runs whose configurations are equal but for the seed are one condition. */
  z.strictObject({ runs: z.array(runId).min(1).max(200), reference: runId.optional() }),
  z.strictObject({ comparison: z.array(conditionSchema).min(1).max(60), reference: label.nullable().optional() }),
  z.strictObject({ study: z.string().max(64), scale: z.enum(['tiny', 'paper']).optional() }),
]);
export type ReportOf = z.infer<typeof reportOfSchema>;

const sourceRunSchema = z.object({
  id: runId,
  number: z.number().int(),
  seed: z.number().nullable(),
  /** Of the configuration with which it ran. */
  configHash: z.string(),
});
/** Runs that numbers come from, named once: `S3`. */
export const sourceSchema = z.object({ id: z.string(), label: z.string(), runs: z.array(sourceRunSchema) });
export type Source = z.infer<typeof sourceSchema>;

/** `points`: a difference of fractions. `text`: not a number, as an option's value. */
const unitSchema = z.enum([...metricSchema.shape.unit.options, 'points', 'step', 'text']);
export type ValueUnit = z.infer<typeof unitSchema>;

const provenance = {
  /** Unique in the report, and the same whenever the same report is resolved. */
  id: z.string(),
  /** Ids of `sources`. */
  sources: z.array(z.string()),
  /** Name of the metric, or what else was read. */
  metric: z.string(),
  estimator: z.string(),
};
const number = z.number().nullable();

export const valueSchema = z.object({
  ...provenance,
  /** Null where there is none. */
  value: z.union([z.number(), z.string(), z.null()]),
  low: number,
  high: number,
  unit: unitSchema,
  /** Which step or steps. */
  at: z.string(),
});
export type Value = z.infer<typeof valueSchema>;

/** Running text with numbers in it. */
const textSchema = z.array(z.union([z.string(), valueSchema]));
export type Text = z.infer<typeof textSchema>;

export const seriesSchema = z.object({
  ...provenance,
  label: z.string(),
  /** From 1: colour, dash and marker. */
  look: z.number().int().positive(),
  steps: z.array(z.number()),
  values: z.array(z.number()),
  low: z.array(number),
  high: z.array(number),
  /** Runs that each value is the mean of. */
  n: z.array(z.number()),
});
export type Series = z.infer<typeof seriesSchema>;

/** A block as writers see it: few forms, whatever was asked for. */
export const resolvedBlockSchema = z.discriminatedUnion('form', [
  z.object({ form: z.literal('heading'), text: z.string() }),
  z.object({ form: z.literal('markdown'), markdown: z.string() }),
  z.object({ form: z.literal('paragraphs'), paragraphs: z.array(textSchema) }),
  z.object({
    form: z.literal('table'),
    id: z.string(),
    caption: z.string(),
    /** `wide`: sentences, which may break. */
    columns: z.array(z.object({ title: z.string(), kind: z.enum(['text', 'number', 'wide']) })),
    rows: z.array(z.array(textSchema)),
  }),
  z.object({
    form: z.literal('figure'),
    id: z.string(),
    title: z.string(),
    caption: z.string(),
    unit: metricSchema.shape.unit,
    /** Of the y axis; bands beyond it are cut. */
    range: z.tuple([z.number(), z.number()]),
    /** Whether bands are drawn; their numbers are there all the same. */
    bands: z.boolean(),
    series: z.array(seriesSchema),
  }),
  z.object({
    form: z.literal('samples'),
    id: z.string(),
    items: z.array(z.object({ title: textSchema, facts: textSchema, prompt: z.string(), completion: z.string() })),
  }),
]);
export type ResolvedBlock = z.infer<typeof resolvedBlockSchema>;
export type Table = Extract<ResolvedBlock, { form: 'table' }>;
export type Figure = Extract<ResolvedBlock, { form: 'figure' }>;
export type Samples = Extract<ResolvedBlock, { form: 'samples' }>;

export const resolvedReportSchema = z.object({
  /** Of this format; it rises when an older program could not read it. */
  version: z.literal(1),
  /** The Assay that resolved it. */
  program: z.string(),
  report: reportSchema,
  sources: z.array(sourceSchema),
  blocks: z.array(resolvedBlockSchema),
});
export type ResolvedReport = z.infer<typeof resolvedReportSchema>;

export const REPORT_FORMATS = ['html', 'pdf', 'md', 'tex', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** A file that crosses a boundary. Names are relative, with `/` between folders. */
export const reportFileSchema = z.object({ name: z.string().max(300), type: z.string().max(100), base64: z.string() });
export type ReportFile = z.infer<typeof reportFileSchema>;

export const CHECK_STATUSES = ['same', 'differs', 'run missing', 'configuration changed'] as const;
export const checkSchema = z.object({
  /** Id of the value or series, or the file and line of what is shown. */
  id: z.string(),
  /** What it is, in words. */
  what: z.string(),
  status: z.enum(CHECK_STATUSES),
  /** Why, where it is not the same. */
  why: z.string().nullable(),
  /** Numbers that it stands for. */
  count: z.number().int(),
});
export type Check = z.infer<typeof checkSchema>;

export const verificationSchema = z.object({
  title: z.string(),
  checks: z.array(checkSchema),
  /** Files that were held against the numbers, and those that could not be, each with the reason. */
  read: z.array(z.string()),
  unread: z.array(z.object({ name: z.string(), why: z.string() })),
  /** Nothing differs. */
  holds: z.boolean(),
});
export type Verification = z.infer<typeof verificationSchema>;

const MOST_FILES = 500;

export const reportCalls = {
  /** A report with one click. Nothing is stored. */
  reportOf: { input: reportOfSchema, output: reportSchema },
  /** A report with all its numbers, as the store gives them now. */
  resolveReport: { input: z.object({ report: reportSchema }), output: resolvedReportSchema },
  /** Resolve and write. @param packed several files as one .zip. PDF needs a browser on the machine, or the desktop app. */
  exportReport: {
    input: z.object({ report: reportSchema, format: z.enum(REPORT_FORMATS), packed: z.boolean().default(false) }),
    output: z.object({ files: z.array(reportFileSchema) }),
  },
  /** Hold written reports, a page or the files of a folder, against the store. */
  verifyReport: { input: z.object({ files: z.array(reportFileSchema).max(MOST_FILES) }), output: verificationSchema },
} as const;
