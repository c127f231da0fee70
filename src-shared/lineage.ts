/** Where runs come from and what starts from them: calls `lineage`, `chain` and `bootstrapRun`, and those that delete and
 * export checkpoints. */
import { z } from 'zod';
import { comparabilityIssueSchema } from './comparison.ts';
import { optionValueSchema } from './options.ts';
import { RUN_STATUSES } from './run.ts';

const id = z.string().min(1).max(64);
const step = z.number().int().nonnegative();

/** A run as the node at which it starts. */
export const lineageRunSchema = z.object({
  runId: id,
  number: z.number().int(),
  name: z.string(),
  status: z.enum(RUN_STATUSES),
  reward: z.string(),
  seed: z.number().nullable(),
  study: z.string().nullable(),
  /** Last step that it has, and the step at which it is to end. */
  step,
  steps: step,
  /** Checkpoint that it starts from; null: `source`. */
  from: id.nullable(),
  /** `policy.source` as configured: `embedded`, `checkpoint:<id>` or a folder. */
  source: z.string(),
  /** It starts from a checkpoint that is no longer known, so that what came before it is not either. */
  missing: z.boolean(),
  controlOf: id.nullable(),
  /** In the bin. */
  deleted: z.boolean(),
  /** Trained before this run, since the root: steps, and response tokens (null where a run did not log them). */
  stepsBefore: step,
  tokensBefore: z.number().nullable(),
});

export const lineageCheckpointSchema = z.object({
  id,
  runId: id,
  step,
  /** Trained since the root, along the chain. */
  totalSteps: step,
  totalTokens: z.number().nullable(),
  /** Last validation at or before this step: avg@k with its standard error over problems. */
  accuracy: z.number().nullable(),
  standardError: z.number().nullable(),
  bytes: z.number(),
  createdAt: z.number(),
  /** Its folder and manifest are on disk. */
  exists: z.boolean(),
  /** Why it cannot be deleted now; null where it can. */
  kept: z.string().nullable(),
});

export const lineageSchema = z.object({
  runs: z.array(lineageRunSchema),
  checkpoints: z.array(lineageCheckpointSchema),
  /** `training`: from the start of a run, or its checkpoint, to its next one. `start`: from a checkpoint to a run that
   * starts from it. `control`: from a run to its matched control. */
  edges: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('training'),
        from: z.object({ runId: id }).or(z.object({ checkpointId: id })),
        to: z.object({ checkpointId: id }),
      }),
      z.object({
        kind: z.literal('start'),
        from: z.object({ checkpointId: id }),
        to: z.object({ runId: id }),
      }),
      z.object({ kind: z.literal('control'), from: z.object({ runId: id }), to: z.object({ runId: id }) }),
    ]),
  ),
});
export type Lineage = z.infer<typeof lineageSchema>;

export const chainInputSchema = z.strictObject({
  runId: id,
  metric: z.string().min(1).max(80).default('eval/avg@k'),
  x: z.enum(['step', 'tokens']).default('step'),
});

/** One run of a chain as a piece of its curve, as columns, one entry a point. */
const chainStageSchema = z.object({
  runId: id,
  number: z.number().int(),
  name: z.string(),
  reward: z.string(),
  /** Step of this run whose checkpoint the next stage starts from; null for the last. Points end there. */
  until: step.nullable(),
  /** Steps or tokens trained before this stage, since the root. */
  offset: z.number(),
  /** Since the root: `offset` plus what this stage has trained. Two stages meet at one x, with two measurements of the
   * same policy. */
  x: z.array(z.number()),
  step: z.array(step),
  value: z.array(z.number()),
  /** 95 % interval of one validation, from its standard error; null for other metrics than eval/avg@k. */
  low: z.array(z.number().nullable()),
  high: z.array(z.number().nullable()),
});

const chainSchema = z.object({
  /** Root first. */
  stages: z.array(chainStageSchema),
  /** The chain begins with a checkpoint that is no longer known: `offset` counts from there. */
  missing: z.boolean(),
});

export const chainOfRunSchema = z.object({
  chain: chainSchema,
  /** Chains of its matched controls, drawn by the same rules. To hold them against the last stage with equal budgets,
   * take `x - offset` of both. */
  controls: z.array(z.object({ runId: id, chain: chainSchema })),
  /** Between the run and its controls. */
  issues: z.array(comparabilityIssueSchema),
});
export type ChainOfRun = z.infer<typeof chainOfRunSchema>;

const seed = z.number().int().min(0).max(2_147_483_647);

export const bootstrapInputSchema = z.strictObject({
  checkpointId: id,
  preset: z.string().nullable().default('grpo'),
  /** By option path, over the preset. `policy.source` is not among them: it is the checkpoint. */
  values: z.record(z.string(), optionValueSchema).default({}),
  /** Of the runs; the seed is added where there are several, and `control` to the controls. */
  name: z.string().max(80).optional(),
  /** Beside each run one of the same configuration, budget and seed, from the policy that the checkpoint's run, or the
   * first one before it, began with. */
  control: z.boolean().default(true),
  /** A run for each; by default one, with `seeds.run` of the values. */
  seeds: z.array(seed).min(1).max(20).optional(),
});

export const bootstrapOutputSchema = z.object({
  /** In the order of the seeds; queued, each run before its control. */
  runs: z.array(z.object({ seed, runId: id, controlId: id.nullable() })),
});

export const lineageCalls = {
  /** Runs and checkpoints as a graph: all of them, or those connected to one run. Runs in the bin are in it, marked. */
  lineage: { input: z.strictObject({ runId: id.optional() }), output: lineageSchema },
  /** One metric along a run's chain since the first run, ready to draw, beside its matched controls. */
  chain: { input: chainInputSchema, output: chainOfRunSchema },
  /** Launch runs from a checkpoint, each with its matched control unless that is left out. All of it is checked before
   * anything is launched. */
  bootstrapRun: { input: bootstrapInputSchema, output: bootstrapOutputSchema },
  /** Delete a checkpoint, row and files. `conflict`, with the reason, while something depends on it (see `kept` of
   * `lineage`). Published as a change of its run. */
  deleteCheckpoint: { input: z.strictObject({ checkpointId: id }), output: z.object({}) },
  /** Copy a checkpoint as a policy folder that other programs open: weights, configuration and tokenizer. */
  exportCheckpoint: {
    input: z.strictObject({
      checkpointId: id,
      /** Absolute path; made where it is missing, and refused where it holds anything. */
      folder: z.string().min(1).max(4096),
    }),
    output: z.object({ folder: z.string(), files: z.array(z.string()), bytes: z.number() }),
  },
} as const;
