/** A stored configuration as values by full path, the way the form, the command line and tables name them. */
import type { FlatValues, StoredConfig } from './api.ts';
import type { OptionValue } from './options.ts';

/** Resolved values of a stored run, by full path. */
export function flattenConfig(config: StoredConfig): FlatValues {
  const flat: Record<string, OptionValue> = {};
  for (const [group, content] of Object.entries(config)) {
    if (content === null || typeof content !== 'object') continue;
    if ('options' in content && typeof content.options === 'object') {
      flat[`${group}.kind`] = String(content.kind);
      for (const [key, value] of Object.entries(content.options)) flat[`${group}.options.${key}`] = value;
    } else for (const [key, value] of Object.entries(content)) flat[`${group}.${key}`] = value as OptionValue;
  }
  return flat;
}
