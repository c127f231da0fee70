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
