/** JSON from outside, checked before it is believed. */
import type { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';

/** @param source Where the text is from. @throws AssayError `corrupt` in one line: source, field, value and what is allowed. */
export function parseJson<S extends z.ZodType>(schema: S, text: string, source: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AssayError('corrupt', `${source}: not JSON (${oneLine((error as Error).message)})`, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AssayError('corrupt', `${source}: ${firstIssue(parsed.error, json)}`);
}

/** `field: value: what is wrong`. */
export function firstIssue(error: z.ZodError, json: unknown): string {
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], json);
  const shown = path.length > 0 && typeof value !== 'object' && value !== undefined ? `${JSON.stringify(value)}: ` : '';
  return oneLine(`${path.join('.') || 'file'}: ${shown.slice(0, 80)}${issue?.message ?? 'malformed'}`);
}

const oneLine = (text: string) => text.replaceAll(/\p{C}+/gu, ' ');
