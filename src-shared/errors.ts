/** What crosses a boundary when something fails: a code for programs, one line for people, and the way out. */
import { z } from 'zod';

export const ERROR_CODES = [
  /** The caller asked for something malformed or out of range. */
  'usage',
  /** The run, checkpoint, rollout or file does not exist. */
  'not-found',
  /** It exists, but not in a state that allows the call. */
  'conflict',
  /** Another process owns the data folder, or it cannot be written. */
  'locked',
  'disk-full',
  /** A file of ours or of the user is damaged. */
  'corrupt',
  /** No engine can run, or the chosen one failed. */
  'engine',
  /** The device has too little memory for what a run asks of it; the run can go on with less. */
  'out-of-memory',
  'sandbox',
  /** Another machine cannot be reached, or does not do what it should. */
  'network',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export const errorSchema = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  hint: z.string().optional(),
  /** The option at fault, for example `rollouts.groupSize`. */
  path: z.string().optional(),
});
export type ErrorData = z.infer<typeof errorSchema>;

/** An expected failure. The message is one line and names the thing, its value and what is allowed. */
export class AssayError extends Error {
  override readonly name = 'AssayError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, more: { hint?: string; path?: string; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.path = more.path;
  }
}

/** An error as plain data. Whatever is not an `AssayError` is our own mistake: code `internal`. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof AssayError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.path === undefined ? {} : { path: error.path }),
    };
  }
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
  if (code === 'ENOSPC' || code === 'SQLITE_FULL')
    return { code: 'disk-full', message: `The disk is full: ${message}`, hint: 'Free some space and try again.' };
  return { code: 'internal', message };
}

export function fromErrorData(data: ErrorData): AssayError {
  return new AssayError(data.code, data.message, {
    ...(data.hint === undefined ? {} : { hint: data.hint }),
    ...(data.path === undefined ? {} : { path: data.path }),
  });
}
