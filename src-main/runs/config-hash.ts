/** The fingerprint of a configuration: what reports name beside a number, and how a study knows a run again. */
import { createHash } from 'node:crypto';
import type { StoredConfig } from '../../src-shared/api.ts';

const DIGITS = 12;
/** A list of runs asks for all of them again and again. */
const hashes = new WeakMap<StoredConfig, string>();

/**
 * First 12 hex digits of the SHA-256 over every option's path and value, as stored. Name and preset change nothing in a
 * run, so they do not count; nor does a group without options, which is how an older Assay's missing group reads.
 */
export function configHash(config: StoredConfig): string {
  const known = hashes.get(config);
  if (known !== undefined) return known;
  const values: [string, unknown][] = [];
  const visit = (path: string, value: unknown) => {
    if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) visit(`${path}.${name}`, inner);
    else values.push([path, value]);
  };
  for (const [group, value] of Object.entries(config)) if (group !== 'name' && group !== 'preset') visit(group, value);
  values.sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, DIGITS);
  hashes.set(config, hash);
  return hash;
}
