/** Configurations as flat lists of options, so that they can be compared: which runs are alike but for their seed, and
 * in what others differ. */
import { createHash } from 'node:crypto';
import type { RunDetail } from '../../src-shared/api.ts';
import type { Options, OptionValue } from '../../src-shared/options.ts';
import { FAMILY_GROUPS, type FamilyGroup, plainGroups } from '../../src-shared/run.ts';
import { advantages } from '../advantages/index.ts';
import { datasets } from '../datasets/index.ts';
import { objectives } from '../objectives/index.ts';
import { rewards } from '../rewards/index.ts';

export type FlatConfig = ReadonlyMap<string, OptionValue>;
type Configured = Pick<RunDetail, 'config' | 'origin'>;

export const SEED = 'seeds.run';
export const SOURCE = 'policy.source';

const families: Readonly<Record<FamilyGroup, readonly { readonly id: string; readonly options: Options }[]>> = {
  problems: datasets,
  reward: rewards,
  advantage: advantages,
  objective: objectives,
};

/** Every option by its path, families first; name and preset, which change nothing, left out. Options that came with a
 * newer Assay have their defaults, for that is what they are made to default to. A run of another tool has what it came
 * with, or, where that is nothing, its name: runs of which nothing is known are not one configuration. */
export function flatConfig({ config, origin }: Configured): FlatConfig {
  const values = new Map<string, OptionValue>();
  const isForeign = origin !== null && origin.format !== 'assay';
  const put = (path: string, options: Options, given: Readonly<Record<string, OptionValue>>) => {
    if (!isForeign) for (const [key, option] of Object.entries(options)) values.set(`${path}.${key}`, option.default);
    for (const [key, value] of Object.entries(given)) values.set(`${path}.${key}`, value);
  };
  for (const group of FAMILY_GROUPS) {
    const { kind, options } = config[group];
    values.set(`${group}.kind`, kind);
    put(`${group}.options`, families[group].find(({ id }) => id === kind)?.options ?? {}, options);
  }
  for (const [group, options] of Object.entries(plainGroups))
    put(group, options, config[group as keyof typeof plainGroups]);
  if (!isForeign) return values;
  const theirs = Object.entries(config.other ?? {}).filter(([key]) => !/(?:^|\.)seed$/.test(key));
  for (const [key, value] of theirs) values.set(`other.${key}`, value);
  if (theirs.length === 0) values.set('name', config.name);
  return values;
}

/** One option of a run; null where it is not known. */
export const optionOf = (run: Configured, path: string): OptionValue | null => flatConfig(run).get(path) ?? null;

/** Null where a run has none, as an imported one may. */
export function seedOf(run: Configured): number | null {
  const seed = optionOf(run, SEED);
  return typeof seed === 'number' && Number.isFinite(seed) ? seed : null;
}

/** First 12 hex digits of the SHA-256 of these options, whatever their order. */
export function keyOf(values: FlatConfig): string {
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12);
}

/** Paths at which not all have one value, in the order in which they first occur. */
export function differingPaths(configs: readonly FlatConfig[]): string[] {
  const paths = new Set(configs.flatMap((config) => [...config.keys()]));
  return [...paths].filter((path) => new Set(configs.map((config) => config.get(path))).size > 1);
}
