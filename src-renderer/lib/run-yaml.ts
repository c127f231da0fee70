/** A configuration as YAML, grouped as in the form, readable and comparable line by line. */
import { stringify } from 'yaml';
import type { FlatValues } from '../../src-shared/api.ts';
import type { OptionValue } from '../../src-shared/options.ts';

type Tree = { [key: string]: OptionValue | null | Tree };

/** `reward.options.credit` becomes `reward: { options: { credit } }`; the order of the paths is kept. */
export function nest(values: FlatValues): Tree {
  const tree: Tree = {};
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('.');
    let node = tree;
    for (const key of keys.slice(0, -1)) {
      const next = Object.hasOwn(node, key) ? node[key] : undefined;
      const child: Tree = next !== null && typeof next === 'object' ? next : {};
      Object.defineProperty(node, key, { value: child, enumerable: true, configurable: true, writable: true });
      node = child;
    }
    Object.defineProperty(node, keys.at(-1) as string, { value, enumerable: true, configurable: true, writable: true });
  }
  return tree;
}

/** As the command line reads it. @param name Empty: left out, as it follows from the preset. */
export function toYaml(name: string, preset: string | null, values: FlatValues): string {
  const head = { ...(name === '' ? {} : { name }), ...(preset === null ? {} : { preset }) };
  return stringify({ ...head, ...nest(values) }, { lineWidth: 0 });
}
