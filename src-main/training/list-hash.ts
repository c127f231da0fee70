/** The hash of lists that may be larger than memory, or than a string can be: problems with their tests. */
import { createHash } from 'node:crypto';

/** SHA-256 in hex of the JSON of the list of values, made value by value. */
export function listHash<T>(all: readonly T[], value: (one: T) => unknown): string {
  const hash = createHash('sha256').update('[');
  for (const [i, one] of all.entries()) hash.update(`${i === 0 ? '' : ','}${JSON.stringify(value(one))}`);
  return hash.update(']').digest('hex');
}
