/** Columns that hold more than a number or a text: JSON, flags and arrays. */
import { z } from 'zod';

/** JSON text that parses to `schema`. */
export function jsonColumn<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: `not JSON (${(error as Error).message})` });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

/** Texts that a remembering column keeps with what they parse to; the oldest goes first. */
const REMEMBERED = 20_000;

/** A column that is read again and again and seldom changes: equal texts are parsed once, and give the same object. */
export function remembered<T extends z.ZodType<unknown, string>>(column: T) {
  const known = new Map<string, z.output<T>>();
  return z.string().transform((text, context): z.output<T> => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const parsed = column.safeParse(text);
    if (!parsed.success) {
      for (const { message, path } of parsed.error.issues)
        context.addIssue({ code: 'custom', message, path: [...path] });
      return z.NEVER;
    }
    known.set(text, parsed.data);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value ?? '');
    return parsed.data;
  });
}

export const flagColumn = z.number().transform((value) => value !== 0);

/** Bytes of a typed array; little endian, as every machine that Electron is built for. */
export function toBlob(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** [T] */
export const float32Column = z
  .instanceof(Uint8Array)
  .refine((bytes) => bytes.byteLength % 4 === 0, 'not a whole number of float32 values')
  // The bytes may start at any offset; a Float32Array needs a multiple of four.
  .transform((bytes) => Array.from(new Float32Array(bytes.slice().buffer)));
