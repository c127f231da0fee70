/** What runs of this machine have taken so far: their pace, and how long their responses were. */
import type { OptionValues } from '../../src-shared/options.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

/** Means over the newest steps of one run; seconds a step or validation. */
export interface PastRun {
  readonly rollouts: number;
  readonly epochs: number;
  readonly samples: number;
  /** Tokens of a response; null where it was never trained. */
  readonly length: number | null;
  readonly sampling: number;
  readonly rewards: number;
  readonly updates: number;
  readonly evaluation: number | null;
}

const LOOKED_AT = 5;
const RECENT_STEPS = 50;
const RECENT_VALIDATIONS = 5;
/** Of the first steps, the warm-up of whatever is compiled late is too large a part. */
const FEWEST_STEPS = 3;

/** The newest runs that were trained here, the same policy in the same way on the same engine. */
export function pastRuns(store: Store, engine: string, parameters: number, { policy }: RunConfig): PastRun[] {
  const same = (run: StoredRun) =>
    run.origin === null &&
    run.engine === engine &&
    run.parameters === parameters &&
    run.config.policy.adapter === policy.adapter &&
    run.config.policy.recompute === policy.recompute;
  return take(store, same).flatMap((run) => paceOf(store, run) ?? []);
}

/** Seconds of the sandbox a rollout, in the newest runs of whatever policy; null where there were none. */
export function sandboxPace(store: Store): number | null {
  const runs = take(store, ({ origin, engine }) => origin === null && engine !== null);
  const paces = runs.flatMap((run) => paceOf(store, run) ?? []).filter(({ rollouts }) => rollouts > 0);
  if (paces.length === 0) return null;
  return paces.reduce((sum, { rewards, rollouts }) => sum + rewards / rollouts, 0) / paces.length;
}

function take(store: Store, wanted: (run: StoredRun) => boolean): StoredRun[] {
  const found: StoredRun[] = [];
  for (const run of store.runs.all()) {
    if (!wanted(run) || (store.steps.last(run.id) ?? 0) < FEWEST_STEPS) continue;
    found.push(run);
    if (found.length === LOOKED_AT) break;
  }
  return found;
}

function paceOf(store: Store, { id, config }: StoredRun): PastRun | null {
  const recent = (name: Parameters<typeof store.steps.recentMean>[1], count = RECENT_STEPS) =>
    store.steps.recentMean(id, name, count);
  const [sampling, updates] = [recent('time/rollouts'), recent('time/updates')];
  if (sampling === null || updates === null) return null;
  return {
    rollouts: at(config.rollouts, 'problemsPerStep') * at(config.rollouts, 'groupSize'),
    epochs: at(config.optimiser, 'epochs'),
    samples: at(config.evaluation, 'problems') * at(config.evaluation, 'samples'),
    length: recent('train/length'),
    sampling,
    rewards: recent('time/rewards') ?? 0,
    updates,
    evaluation: recent('time/evaluation', RECENT_VALIDATIONS),
  };
}

function at(values: OptionValues, name: string): number {
  const value = values[name];
  return typeof value === 'number' && value > 0 ? value : 1;
}
