/**
 * What an `.assay` bundle is: a zip file with a manifest that names everything else in it by size and SHA-256, and below
 * `runs/<id>/` what the store has of a run, one JSON object a line. Paths have these forms and no other, so that none
 * can lead out of a folder.
 */
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import type { Row } from '../store/transfer.ts';

export const FORMAT_VERSION = 1;
export const MANIFEST_PATH = 'manifest.json';
export const VIEWS_PATH = 'views.jsonl';

/** What a bundle may be at most; one that exceeds any is refused before anything is unpacked. */
export interface BundleLimits {
  /** Of everything unpacked. */
  readonly totalBytes: number;
  readonly entries: number;
  /** Unpacked to packed, of entries above `ratioFloorBytes` and of the whole. */
  readonly ratio: number;
  readonly ratioFloorBytes: number;
  readonly manifestBytes: number;
  /** Of one line, that is, one run, step, note or rollout. */
  readonly lineBytes: number;
}
export const BUNDLE_LIMITS: BundleLimits = {
  totalBytes: 64 * 2 ** 30,
  entries: 50_000,
  ratio: 100,
  ratioFloorBytes: 2 ** 20,
  manifestBytes: 2 ** 24,
  lineBytes: 2 ** 25,
};

/** As `RunsTable.freshId` makes them: also names of folders on every system. */
export const runIdSchema = z.string().regex(/^[a-z][a-z0-9]{7}$/, 'is not the id of a run');
const checkpointIdSchema = z.string().regex(/^[a-z][a-z0-9]{7}-\d{1,9}$/, 'is not the id of a checkpoint');

const RUN_FILES = ['run', 'steps', 'notes', 'rollouts', 'checkpoints'] as const;
export type RunFile = (typeof RUN_FILES)[number];
export const runPath = (runId: string, file: RunFile): string => `runs/${runId}/${file}.jsonl`;
export const checkpointPath = (runId: string, step: number, file: string): string =>
  `runs/${runId}/checkpoints/${step}/${file}`;

/** Names of files that a checkpoint folder may hold. */
export const CHECKPOINT_FILE = /^[a-z0-9][a-z0-9_-]{0,60}(?:\.index)?\.(?:json|safetensors|jinja|txt)$/;
const RUN_PATH = new RegExp(
  `^runs/([a-z][a-z0-9]{7})/(?:(${RUN_FILES.join('|')})\\.jsonl|checkpoints/(0|[1-9]\\d{0,8})/(${CHECKPOINT_FILE.source.slice(1, -1)}))$`,
);

export type BundlePath =
  | { readonly kind: 'manifest' | 'views' }
  | { readonly kind: RunFile; readonly runId: string }
  | { readonly kind: 'checkpoint-file'; readonly runId: string; readonly step: number; readonly file: string };

/** What a path in a bundle stands for; null where no bundle has such a path. */
export function parsePath(path: string): BundlePath | null {
  if (path === MANIFEST_PATH) return { kind: 'manifest' };
  if (path === VIEWS_PATH) return { kind: 'views' };
  const [, runId, name, step, file] = RUN_PATH.exec(path) ?? [];
  if (runId === undefined) return null;
  const known = RUN_FILES.find((each) => each === name);
  if (known !== undefined) return { kind: known, runId };
  return { kind: 'checkpoint-file', runId, step: Number(step), file: file ?? '' };
}

const size = z.number().int().nonnegative();
export const manifestSchema = z.strictObject({
  format: z.literal('assay-bundle'),
  version: z.number().int().positive(),
  /** Of the Assay that wrote it. */
  app: z.string().max(100),
  /** Milliseconds since 1970. */
  created: z.number(),
  contents: z.array(
    z.strictObject({ path: z.string().max(300), bytes: size, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;

const wireCell = z.union([z.null(), z.number(), z.string(), z.strictObject({ base64: z.base64() })]);
/** A row of the store; bytes in base64. */
export const rowLine = z.record(z.string().max(60), wireCell);

export function rowToLine(row: Row): z.infer<typeof rowLine> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
    ]),
  );
}

export function rowFromLine(line: z.infer<typeof rowLine>): Row {
  return Object.fromEntries(
    Object.entries(line).map(([column, value]) => [
      column,
      typeof value === 'object' && value !== null ? new Uint8Array(Buffer.from(value.base64, 'base64')) : value,
    ]),
  );
}

/** The last millisecond of JavaScript's calendar (ECMA-262 21.4.1.1): what is later cannot be shown as a date. */
export const LATEST_TIME = 8.64e15;
const time = z.number().min(0).max(LATEST_TIME);

const step = z.number().int().nonnegative();
export const stepLine = z.strictObject({
  step,
  at: time,
  metrics: z.record(z.string().min(1).max(200), z.number()),
});
export const noteLine = z.strictObject({
  step,
  at: time,
  level: z.enum(['info', 'warning', 'error']),
  message: z.string().max(100_000),
});
export const checkpointLine = z.strictObject({
  step: step.max(999_999_999),
  parentId: checkpointIdSchema.nullable(),
  createdAt: time,
  files: z.array(z.string().regex(CHECKPOINT_FILE)).min(1).max(1000),
});
export type CheckpointLine = z.infer<typeof checkpointLine>;

/** The parts of a run's row that must be what they are whatever the schema of the table says. */
export const runRowSchema = z.looseObject({
  id: runIdSchema,
  name: z.string().max(200),
  status: z.enum(['finished', 'failed', 'stopped', 'interrupted']),
  createdAt: time,
  startedAt: time.nullish(),
  endedAt: time.nullish(),
  config: z.string().max(2 ** 20),
  parentCheckpointId: checkpointIdSchema.nullish(),
  controlOf: runIdSchema.nullish(),
});
export const viewRowSchema = z.looseObject({
  id: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\w-]+$/),
  kind: z.string().max(64),
  name: z.string().max(200),
  state: z.string().max(2 ** 22),
  createdAt: time,
  updatedAt: time,
});

/** A bundle that is not taken, in one line. */
export function refusal(file: string, reason: string, cause?: unknown): AssayError {
  return new AssayError('corrupt', `${file}: ${reason.replace(/\s+/g, ' ').trim()}. Nothing was imported`, {
    ...(cause === undefined ? {} : { cause }),
  });
}
