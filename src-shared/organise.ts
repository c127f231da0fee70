/**
 * Calls that bring order into many runs: values and options of all of them at once, tags and names, the queue, and the
 * bin. A run in the bin is not listed; it stays whole until it is purged.
 */
import { z } from 'zod';
import { optionValueSchema } from './options.ts';

const id = z.string().min(1).max(64);
const runIds = z.array(id).min(1).max(100_000);
const none = z.object({});

export const TAG_CHARS = 40;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what has no place in a tag
const UNFIT = /["\u0000-\u001f]/;
/** A word or a few; quotes would end it in a query. */
export const tagSchema = z
  .string()
  .trim()
  .min(1)
  .max(TAG_CHARS)
  .refine((tag) => !UNFIT.test(tag), 'A tag has no quotation marks and no line breaks');

/** One metric of one run. */
export const runValueSchema = z.object({
  runId: id,
  metric: z.string(),
  /** At the newest step that has it. */
  last: z.number(),
  lowest: z.number(),
  highest: z.number(),
});
export type RunValue = z.infer<typeof runValueSchema>;

/** Options of many runs, one entry an option: each value once, and which run has which. */
export const runOptionsSchema = z.object({
  runIds: z.array(id),
  options: z.array(
    z.object({
      /** As `rollouts.groupSize`. */
      path: z.string(),
      values: z.array(optionValueSchema),
      /** Index into `values` for each run; -1 where it has no such option. Null: all have the first. */
      of: z.array(z.number().int()).nullable(),
    }),
  ),
});
export type RunOptions = z.infer<typeof runOptionsSchema>;

export const binnedRunSchema = z.object({
  id,
  number: z.number().int(),
  name: z.string(),
  /** Milliseconds since 1970. */
  deletedAt: z.number(),
  /** Purged by itself from then on. */
  purgeAt: z.number(),
  /** Number of the run that started from one of its checkpoints, for which it stays; null: it may go. */
  keptFor: z.number().int().nullable(),
});
export type BinnedRun = z.infer<typeof binnedRunSchema>;

export const organiseCalls = {
  /** Last, lowest and highest value of metrics; a run that has none of a metric has no entry for it. */
  runValues: {
    input: z.object({ runIds: z.array(id).max(100_000), metrics: z.array(z.string().max(200)).max(32) }),
    output: z.array(runValueSchema),
  },
  /** The options of all listed runs. */
  runOptions: { input: none, output: runOptionsSchema },
  renameRun: { input: z.object({ runId: id, name: z.string().trim().min(1).max(120) }), output: none },
  /** Take tags off and put tags on; a tag that is there already, or not there, is no error. */
  tagRuns: {
    input: z.object({ runIds, add: z.array(tagSchema).max(32), remove: z.array(z.string()).max(32) }),
    output: none,
  },
  /** Into the bin: all or, where one of them is queued, running or paused, none. */
  deleteRuns: { input: z.object({ runIds }), output: none },
  /** Out of the bin. */
  restoreRuns: { input: z.object({ runIds }), output: none },
  /** What is in the bin, newest deletion first. */
  bin: { input: none, output: z.array(binnedRunSchema) },
  /** Rows and files of what is in the bin, gone for good. A run stays whose checkpoint a remaining run started from. */
  emptyBin: { input: none, output: z.object({ purged: z.number().int(), kept: z.number().int() }) },
  /** Runs that wait, the next one first. */
  queue: { input: none, output: z.array(id) },
  /** @param place 0: the next to start; beyond the end: the last. */
  moveInQueue: { input: z.object({ runId: id, place: z.number().int().nonnegative() }), output: none },
} as const;

export const organiseEvents = {
  /** The queue, whole, after every change. */
  queue: z.array(id),
  /** Runs went into the bin. That they came back is an event `run`. */
  runsDeleted: z.object({ runIds: z.array(id) }),
} as const;
