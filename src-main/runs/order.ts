/** From a stored run to the order that its worker gets. */
import { parseOptions } from '../../src-shared/options.ts';
import { FAMILY_GROUPS, plainGroups, type RunConfig } from '../../src-shared/run.ts';
import { checkpointsFolder, ensureFolder } from '../store/home.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { TrainingOrder } from '../training/order.ts';
import { readMemorySettings } from './memory-settings.ts';
import { findPolicy } from './policy-source.ts';

/**
 * A stored configuration with its types back. Options that came with a newer Assay get their defaults.
 * @throws AssayError `usage` when a value is no longer allowed.
 */
export function runConfigOf({ config }: StoredRun): RunConfig {
  const groups = Object.entries(plainGroups).map(([group, options]) => [
    group,
    parseOptions(options, config[group as keyof typeof plainGroups], group),
  ]);
  const choices = FAMILY_GROUPS.map((group) => [group, config[group]]);
  return { name: config.name, preset: config.preset, ...Object.fromEntries([...groups, ...choices]) } as RunConfig;
}

/** The order of a run that starts now: from its last checkpoint, if it has one. */
export function orderOf(store: Store, home: string, run: StoredRun): TrainingOrder {
  const config = runConfigOf(run);
  const last = store.checkpoints.last(run.id);
  return {
    runId: run.id,
    config,
    memory: readMemorySettings(home, run.id),
    policyFolder: findPolicy(store, config.policy.source).folder,
    resume: last === null ? null : { step: last.step, folder: last.folder },
    checkpointsFolder: ensureFolder(home, checkpointsFolder(home, run.id)),
  };
}
