/** Which runs belong together, what a group is called, and in which options groups differ. */
import type { ComparedGroup, Comparison, Grouping } from '../../src-shared/comparison.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import { ancestryOf } from '../lineage/ancestry.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { differingPaths, type FlatConfig, flatConfig, keyOf, SEED, SOURCE, seedOf } from './configuration.ts';

export interface ComparedRun {
  readonly run: StoredRun;
  /** Where it starts from a checkpoint, `policy.source` says how that was trained instead of naming it. */
  readonly config: FlatConfig;
  /** Runs with the same one count once: the seed, or the run's id where it has none. */
  readonly unit: number | string;
}

export interface RunGroup extends ComparedGroup {
  readonly members: readonly ComparedRun[];
}

/** How many options a label names. */
const LABEL_PARTS = 4;

export function comparedRun(store: Store, run: StoredRun): ComparedRun {
  return { run, config: configOf(store, run), unit: seedOf(run) ?? run.id };
}

/** Seeds of one bootstrapped configuration start from checkpoints of their own, so the checkpoint's id must not count. */
function configOf(store: Store, run: StoredRun): FlatConfig {
  let config: FlatConfig = new Map();
  let from: string | null = null;
  for (const stage of ancestryOf(store, run).stages) {
    const own = new Map(flatConfig(stage.run));
    if (from !== null) own.set(SOURCE, from);
    config = own;
    from = `${own.get('reward.kind')} step ${stage.until} (${keyOf(withoutSeed(own))})`;
  }
  return config;
}

const withoutSeed = (config: FlatConfig): FlatConfig => new Map([...config].filter(([path]) => path !== SEED));

/** Groups in the order of their first run. @throws AssayError `usage` (path `grouping.paths`) where no run has a path. */
export function groupRuns(runs: readonly ComparedRun[], grouping: Grouping): RunGroup[] {
  if (grouping.by === 'paths')
    for (const path of grouping.paths)
      if (!runs.some(({ config }) => config.has(path)))
        throw new AssayError('usage', `grouping.paths: ${path}: none of these runs has such an option`, {
          path: 'grouping.paths',
        });
  const groups = [...Map.groupBy(runs, (run) => groupKey(run, grouping))];
  const labels = labelsOf(
    groups.map(([, members]) => members),
    grouping,
  );
  return groups.map(([key, members], i) => ({
    key,
    label: labels[i] ?? key,
    runIds: members.map(({ run }) => run.id),
    seeds: [...new Set(members.flatMap(({ run }) => seedOf(run) ?? []))].sort((a, b) => a - b),
    members,
  }));
}

function groupKey({ run, config }: ComparedRun, grouping: Grouping): string {
  switch (grouping.by) {
    case 'config':
      return keyOf(withoutSeed(config));
    case 'paths':
      return keyOf(new Map([...config].filter(([path]) => grouping.paths.includes(path))));
    case 'tag':
      return [...run.tags].sort().join(', ') || 'no tag';
    case 'none':
      return run.id;
    default:
      return grouping satisfies never;
  }
}

function labelsOf(groups: readonly (readonly ComparedRun[])[], grouping: Grouping): string[] {
  const firsts = groups.map(([first]) => first as ComparedRun);
  if (grouping.by === 'none') return firsts.map(({ run }) => `#${run.number} ${run.name}`);
  if (grouping.by === 'tag') return firsts.map((run) => groupKey(run, grouping));
  const configs = firsts.map(({ config }) => config);
  const paths = grouping.by === 'paths' ? grouping.paths : differingPaths(configs).filter((path) => path !== SEED);
  if (paths.length === 0)
    return firsts.map(({ run, config }) => sharedName(groups) ?? String(config.get('reward.kind') ?? run.name));
  // Options of a member say nothing new beside the member's name.
  const chosen = paths.filter(
    (path) => !(path.includes('.options.') && paths.includes(path.replace(/\.options\..*/, '.kind'))),
  );
  const short = configs.map((config) => label(config, chosen));
  const unique = (labels: readonly string[]) => new Set(labels).size === labels.length;
  if (unique(short)) return short;
  const full = configs.map((config) => label(config, paths, Number.POSITIVE_INFINITY));
  return unique(full) ? full : full.map((text, i) => `${text} (${firsts[i]?.run.id})`);
}

function sharedName(groups: readonly (readonly ComparedRun[])[]): string | null {
  const names = new Set(groups.flat().map(({ run }) => run.name));
  return names.size === 1 ? ([...names][0] ?? null) : null;
}

/** `self-certainty, groupSize 16, from embedded`. */
function label(config: FlatConfig, paths: readonly string[], most = LABEL_PARTS): string {
  const parts = paths.map((path) => {
    const value = config.get(path);
    // The key tells like checkpoints apart; it is for machines.
    if (path === SOURCE) return `from ${String(value).replace(/ \([0-9a-f]{12}\)$/, '')}`;
    if (path.endsWith('.kind')) return String(value);
    return `${path.slice(path.lastIndexOf('.') + 1)} ${value === undefined ? 'none' : value}`;
  });
  return parts.length > most ? `${parts.slice(0, most).join(', ')}, ...` : parts.join(', ');
}

/** Options in which any two of the runs differ, with the values of each group. The seed is no difference. */
export function differencesOf(groups: readonly RunGroup[]): Comparison['differences'] {
  const configs = groups.flatMap(({ members }) => members.map(({ config }) => config));
  return differingPaths(configs)
    .filter((path) => path !== SEED)
    .map((path) => ({
      path,
      values: Object.fromEntries(
        groups.map(({ key, members }): [string, (OptionValue | null)[]] => [
          key,
          [...new Set(members.map(({ config }) => config.get(path) ?? null))],
        ]),
      ),
    }));
}
