/** What the main process and a worker say to each other. What arrives is parsed: it comes from another process. */
import { z } from 'zod';
import { type ErrorData, errorSchema } from '../../src-shared/errors.ts';
import type { ProgressEvent, RunEvent } from '../../src-shared/events.ts';
import { fingerprintsSchema } from '../../src-shared/fingerprints.ts';
import { stepMetricsSchema } from '../../src-shared/metrics.ts';
import { OUTCOMES, rolloutFaultSchema, testResultSchema } from '../../src-shared/rollout.ts';
import { type ProgramResult, testSchema } from '../../src-shared/verdict.ts';
import type { Program, TrainingOrder } from '../training/order.ts';

/** To the worker. Every numbered message of the worker is answered by an `ack`, once what it says is stored. */
export type ToWorker =
  | { readonly kind: 'train'; readonly order: TrainingOrder }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'ack'; readonly number: number }
  | { readonly kind: 'executed'; readonly id: number; readonly results: readonly ProgramResult[] }
  | { readonly kind: 'execute-failed'; readonly id: number; readonly error: ErrorData };

/** From the worker. It waits for the `ack` of a numbered message before it goes on, which bounds what is under way. */
export type FromWorker =
  | { readonly kind: 'event'; readonly number: number; readonly event: RunEvent }
  | { readonly kind: 'ended'; readonly number: number; readonly outcome: 'finished' | 'stopped' }
  | { readonly kind: 'failed'; readonly number: number; readonly error: ErrorData }
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'progress'; readonly event: ProgressEvent }
  | { readonly kind: 'execute'; readonly id: number; readonly programs: readonly Program[] };

const count = z.number().int().nonnegative();
const float32 = z.instanceof(Float32Array);

const rolloutRecord = z
  .object({
    split: z.enum(['train', 'eval']),
    problemId: z.string(),
    sample: count,
    prompt: z.string(),
    completion: z.string(),
    tokenIds: z.instanceof(Int32Array),
    tokenTexts: z.array(z.string()),
    finished: z.boolean(),
    temperature: z.number(),
    stats: z.object({ logprob: float32, entropy: float32, klUniform: float32, top1: float32, top2: float32 }),
    logprobAfter: float32.nullish(),
    code: z.string().nullable(),
    outcome: z.enum(OUTCOMES),
    tests: z.array(testResultSchema),
    fault: rolloutFaultSchema.nullable(),
    reward: z.number().nullable(),
    advantage: z.number().nullable(),
    parts: z.record(z.string(), z.number()).nullish(),
  })
  .refine(
    ({ tokenIds, tokenTexts, stats, logprobAfter }) =>
      [tokenTexts, logprobAfter ?? tokenIds, ...Object.values(stats)].every(({ length }) => length === tokenIds.length),
    'the arrays differ in length',
  );

const runEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('started'),
    engine: z.object({ engine: z.string(), device: z.string(), precision: z.string(), build: z.string() }),
    parameters: count,
    datasetHash: z.string(),
    fingerprints: fingerprintsSchema.nullable(),
    problems: z.object({ train: count, validation: count }),
  }),
  z.object({ kind: z.literal('step'), step: count, metrics: stepMetricsSchema, rollouts: z.array(rolloutRecord) }),
  z.object({
    kind: z.literal('checkpoint'),
    step: count,
    folder: z.string(),
    bytes: count,
    replaces: count.optional(),
  }),
  z.object({
    kind: z.literal('note'),
    step: count,
    level: z.enum(['info', 'warning', 'error']),
    message: z.string(),
  }),
]);

const program = z.object({
  code: z.string(),
  functionName: z.string(),
  tests: z.array(testSchema),
  limits: z.object({ wallMs: z.number(), memoryMb: z.number() }),
  anew: z.boolean(),
  stopAtFirstFailure: z.boolean(),
});

const fromWorker = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), number: count, event: runEvent }),
  z.object({ kind: z.literal('ended'), number: count, outcome: z.enum(['finished', 'stopped']) }),
  z.object({ kind: z.literal('failed'), number: count, error: errorSchema }),
  z.object({ kind: z.literal('paused') }),
  z.object({ kind: z.literal('resumed') }),
  z.object({
    kind: z.literal('progress'),
    event: z.object({
      kind: z.literal('progress'),
      step: count,
      phase: z.enum(['sampling', 'scoring', 'updating', 'validating', 'saving']),
      fraction: z.number(),
    }),
  }),
  z.object({ kind: z.literal('execute'), id: count, programs: z.array(program) }),
]);

/** @throws Error that says in one line what is wrong with the message. */
export function parseFromWorker(message: unknown): FromWorker {
  const parsed = fromWorker.safeParse(message);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.');
  throw new Error(`The worker sent a malformed message: ${where ? `${where}: ` : ''}${issue?.message ?? 'unknown'}`);
}
