/** Runs that leave this Assay and runs that come into it: what the calls take and give. */
import { z } from 'zod';

export const IMPORT_FORMATS = ['assay', 'tensorboard', 'wandb', 'wandb-export', 'trackio', 'trainer-state'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

export const EXPORT_FORMATS = ['assay', 'parquet', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Which rollouts go along. `samples`: the first rollout of the first eight problems of every step and split. */
export const ROLLOUT_CHOICES = ['none', 'samples', 'all'] as const;
export type RolloutChoice = (typeof ROLLOUT_CHOICES)[number];

const path = z.string().min(1).max(4096);

export const importRequestSchema = z.strictObject({
  /** A file or folder on the machine of the app. */
  path,
  /** Absent: found by looking. */
  format: z.enum(IMPORT_FORMATS).optional(),
});

export const importReportSchema = z.object({
  format: z.enum(IMPORT_FORMATS),
  imported: z.array(z.object({ runId: z.string(), number: z.number().int(), name: z.string() })),
  /** What was not taken because it is here already. */
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })),
  /** What could not be read; the others were imported all the same. A bundle is taken whole or not at all. */
  refused: z.array(z.object({ name: z.string(), reason: z.string() })),
  /** What was left out of imported runs, in one line each. */
  notes: z.array(z.string()),
});
export type ImportReport = z.infer<typeof importReportSchema>;

export const exportRequestSchema = z.strictObject({
  runIds: z.array(z.string().min(1).max(64)).min(1).max(1000),
  format: z.enum(EXPORT_FORMATS),
  /** File to write, which must not exist; by default one in the folder `exports` of the data folder. */
  path: path.optional(),
  /** Of a bundle. */
  rollouts: z.enum(ROLLOUT_CHOICES).default('samples'),
  /** Of a bundle. */
  checkpoints: z.boolean().default(false),
});

export const exportReportSchema = z.object({ files: z.array(z.object({ path: z.string(), bytes: z.number() })) });
export type ExportReport = z.infer<typeof exportReportSchema>;

export const transferCalls = {
  /** Take runs in: a bundle of Assay, or what another tool has logged. A bundle comes whole or not at all. */
  importRuns: { input: importRequestSchema, output: importReportSchema },
  /** Write runs to a file: a bundle, or tables for other programs. */
  exportRuns: { input: exportRequestSchema, output: exportReportSchema },
} as const;
