/** The runs that are there, found by their configuration: a study's runs are made once, whoever started them. */
import type { Api, Checkpoint, FlatValues, RunSummary } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { flattenConfig } from '../../src-shared/flatten.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { RunStanding } from '../../src-shared/study.ts';
import { resolveConfig } from '../catalogue.ts';
import type { PlannedRun } from './study.ts';

/** In the order in which one is taken before another. */
const TAKEN = ['ready', 'live', 'cut', 'failed'] as const satisfies readonly RunStanding[];
export type Standing = (typeof TAKEN)[number];

export interface KnownRun {
  readonly run: RunSummary;
  readonly standing: Standing;
}

/** The run of a configuration that is furthest, of several the oldest: what started from it is found again. Null where
 * there is none. */
export type Finder = (config: RunConfig) => Promise<KnownRun | null>;

export class KnownRuns {
  readonly #api: Api;
  /** A configuration never changes, but for the steps of a run that is resumed with more. */
  readonly #identities = new Map<string, string | null>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** Finds among the runs as they stand now. */
  async look(): Promise<Finder> {
    const runs = (await this.#api.runs({})).filter(isOurs);
    await this.#identify(runs);
    const byIdentity = Map.groupBy(runs, (run) => this.#identities.get(keyOf(run)));
    return async (config) => {
      const found: KnownRun[] = [];
      for (const run of byIdentity.get(identity(flattenConfig(config))) ?? [])
        found.push({ run, standing: await this.#standingOf(run) });
      found.sort((a, b) => b.run.step - a.run.step || a.run.number - b.run.number);
      return TAKEN.flatMap((wanted) => found.filter(({ standing }) => standing === wanted))[0] ?? null;
    };
  }

  /** The options of all runs come at once: a run at a time takes long where there are many. */
  async #identify(runs: readonly RunSummary[]): Promise<void> {
    const unknown = runs.filter((run) => !this.#identities.has(keyOf(run)));
    if (unknown.length === 0) return;
    const { runIds, options } = await this.#api.runOptions({});
    const rows = new Map(runIds.map((runId, row) => [runId, row]));
    for (const run of unknown) {
      const row = rows.get(run.id);
      // Deleted meanwhile.
      if (row === undefined) continue;
      const values: Record<string, OptionValue> = {};
      for (const { path, values: all, of } of options) {
        const value = all[of === null ? 0 : (of[row] ?? -1)];
        if (value !== undefined) values[path] = value;
      }
      this.#identities.set(keyOf(run), storedIdentity(values));
    }
  }

  async #standingOf({ id, status, step, steps }: RunSummary): Promise<Standing> {
    if (status === 'finished') return 'ready';
    if (status === 'running' || status === 'queued' || status === 'paused') return 'live';
    if (status === 'failed') return 'failed';
    // What has trained and kept no checkpoint would lose its steps by going on: it is made anew beside, as what failed.
    const goesOn = steps === 0 || step === 0 || (await this.#api.checkpoints({ runId: id })).length > 0;
    return goesOn ? 'cut' : 'failed';
  }
}

/** What another program made is not of a study; what another Assay made is, where it need not be gone on with. */
const isOurs = ({ origin, status }: RunSummary) =>
  origin === null || (origin.format === 'assay' && status === 'finished');

const keyOf = ({ id, steps }: RunSummary) => `${id} ${steps}`;

/** The configuration of a planned run. @param checkpoint That it starts from, where it starts from one. */
export function configOf({ key, preset, values }: PlannedRun, checkpoint: Checkpoint | null): RunConfig {
  return resolveConfig({ name: key, preset, values: startingFrom(values, checkpoint) });
}

export const startingFrom = (values: FlatValues, checkpoint: Checkpoint | null): FlatValues =>
  checkpoint === null ? values : { ...values, 'policy.source': `checkpoint:${checkpoint.id}` };

/** Without name and preset, which change nothing. */
export const identity = (values: FlatValues): string =>
  JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Options that came with a newer Assay get their defaults; null for a configuration that there is no more. */
export function storedIdentity(values: FlatValues): string | null {
  try {
    return identity(flattenConfig(resolveConfig({ preset: null, values })));
  } catch (error) {
    if (error instanceof AssayError) return null;
    throw error;
  }
}
