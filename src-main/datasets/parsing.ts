/** Checking what a problem file says: every fault is one line that names file, line or row, and field. */
import type { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';

export function fault(at: string, message: string, cause?: unknown): AssayError {
  return new AssayError('usage', `${at}: ${message}`, cause === undefined ? {} : { cause });
}

/** @throws AssayError `usage` naming the first field at fault. */
export function checked<S extends z.ZodType>(schema: S, value: unknown, at: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  const message = issue?.message ?? 'is malformed';
  if (path === '') throw fault(at, message);
  const isMissing = typeof value === 'object' && value !== null && issue?.path.length === 1 && !(path in value);
  throw fault(`${at}: ${path}`, isMissing ? `is missing and ${message}; there is ${namesIn(value)}` : message);
}

/** The wrong file, or the wrong kind of set, shows in what its records have. */
function namesIn(value: object): string {
  const names = Object.keys(value);
  if (names.length === 0) return 'nothing';
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, ...` : names.join(', ');
}

export function parseJson(source: string, at: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    const start = source.length > 40 ? `${source.slice(0, 37)}...` : source;
    throw fault(at, `${JSON.stringify(start)} is not JSON (${(error as Error).message})`, error);
  }
}

/** The value itself, or what it holds where it is JSON written as text. */
export function embedded(value: unknown, at: string): unknown {
  return typeof value === 'string' ? parseJson(value, at) : value;
}

/** What is asked, in the form in which problems that differ only in case and white space are the same. */
export const meaningOf = (text: string): string => text.toLowerCase().split(/\s+/).join(' ').trim();
