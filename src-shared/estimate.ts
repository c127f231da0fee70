/** What a run is expected to take of this machine: memory by part, time, disk, and what would take less. */
import { z } from 'zod';

const bytes = z.number().nonnegative();
const seconds = z.number().nonnegative();

export const ESTIMATE_PHASES = ['loading', 'sampling', 'scoring', 'updating', 'saving'] as const;
export type EstimatePhase = (typeof ESTIMATE_PHASES)[number];

/** What memory is taken for: by the process, by its sandbox, by the engine. */
export const MEMORY_PARTS = {
  process: 'Process and its libraries',
  problems: 'Problems',
  rollouts: 'Rollouts of a step',
  sandbox: 'Programs in the sandbox',
  weights: 'Weights',
  adapter: 'Adapter',
  reference: 'Reference policy',
  gradient: 'Gradient',
  moments: 'Optimizer moments',
  activations: 'Activations of an update',
  head: 'Logits and their gradients',
  cache: 'Keys and values',
  work: 'Work space',
  reserve: 'Kept for the next step',
  copies: 'Copies for a checkpoint',
} as const;
export type MemoryPart = keyof typeof MEMORY_PARTS;

export const memoryPartSchema = z.object({
  id: z.enum(Object.keys(MEMORY_PARTS) as [MemoryPart, ...MemoryPart[]]),
  title: z.string(),
  /** The most that it gets to, at whatever time. */
  bytes,
  /** When most is held in all. */
  peakBytes: bytes,
});

export const timeSchema = z.object({
  perStep: seconds,
  total: seconds,
  /** Within which the total is expected. */
  low: seconds,
  high: seconds,
  /** Where the figures come from, in words. */
  ground: z.string(),
});

export const diskSchema = z.object({
  bytes,
  checkpointBytes: bytes,
  checkpoints: z.number().int().nonnegative(),
  /** Of what the database gets: rollouts above all. */
  databaseBytes: bytes,
  freeBytes: bytes,
  fits: z.boolean(),
  ground: z.string(),
});

/** One change that would help, and by how much. */
export const adviceSchema = z.object({
  path: z.string(),
  value: z.union([z.number(), z.string(), z.boolean()]),
  /** One sentence: what to change, and what it saves or costs. */
  text: z.string(),
  /** Less memory at the peak, and less disk, than without it. */
  savesMemory: z.number(),
  savesDisk: z.number(),
});
export type Advice = z.infer<typeof adviceSchema>;

export const estimateSchema = z.object({
  /** That would be used. */
  engine: z.string(),
  memory: z.array(memoryPartSchema),
  peakBytes: bytes,
  peakPhase: z.enum(ESTIMATE_PHASES),
  /** Free now, and all that this machine has. */
  availableBytes: bytes,
  machineBytes: bytes,
  fits: z.boolean(),
  /** The engine computes on a device of its own, whose memory is not known here: figures are rough. */
  rough: z.boolean(),
  /** Null where there is nothing to go by, or not yet. */
  seconds: timeSchema.nullable(),
  /** How fast the engine is, is being measured: ask again. */
  measuring: z.boolean(),
  disk: diskSchema,
  advice: z.array(adviceSchema),
  /** Why the launch would be refused, and the option to change; null where it would not. */
  refusal: z.object({ path: z.string(), message: z.string() }).nullable(),
});
export type Estimate = z.infer<typeof estimateSchema>;
export type TimeEstimate = z.infer<typeof timeSchema>;
export type DiskEstimate = z.infer<typeof diskSchema>;

/** What a list of runs takes, one after another. */
export const planEstimateSchema = z.object({
  runs: z.number().int().positive(),
  /** The run with the highest peak, by its place in the list, and its estimate. */
  largest: z.object({ index: z.number().int().nonnegative(), estimate: estimateSchema }),
  /** Null where there is nothing to go by for one of them. */
  seconds: timeSchema.pick({ total: true, low: true, high: true, ground: true }).nullable(),
  disk: diskSchema.pick({ bytes: true, freeBytes: true, fits: true }),
  /** Why it should not be started; null where nothing speaks against it. */
  refusal: z.object({ path: z.string(), message: z.string() }).nullable(),
});
export type PlanEstimate = z.infer<typeof planEstimateSchema>;
