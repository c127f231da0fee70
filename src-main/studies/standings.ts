/** Where each run of a plan stands: the run in the store that stands for it, and what was measured of it. */
import type { Api, Checkpoint, RunSummary } from '../../src-shared/api.ts';
import { flattenConfig } from '../../src-shared/flatten.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { RunStanding } from '../../src-shared/study.ts';
import { configOf, type KnownRuns } from './known-runs.ts';
import type { PlannedRun, StudyRun } from './study.ts';

export interface PlacedRun extends PlannedRun {
  readonly standing: RunStanding;
  readonly run: RunSummary | null;
}

/** @param plan Each run after the one that it starts from. */
export async function standingsOf(
  api: Api,
  known: KnownRuns,
  plan: readonly PlannedRun[],
): Promise<readonly PlacedRun[]> {
  const find = await known.look();
  const placed = new Map<string, PlacedRun>();
  for (const planned of plan) {
    const parent = planned.from === undefined ? undefined : placed.get(planned.from.key);
    const start =
      parent?.standing === 'ready' && parent.run !== null
        ? await checkpointAt(api, parent.run.id, planned.from?.step)
        : undefined;
    // What starts from a run that is not there cannot be there.
    const orphan = planned.from !== undefined && start === undefined;
    const there = orphan ? null : await find(configOf(planned, start ?? null));
    placed.set(planned.key, { ...planned, standing: there?.standing ?? 'missing', run: there?.run ?? null });
  }
  return [...placed.values()];
}

export const checkpointAt = async (
  api: Api,
  runId: string,
  step: number | undefined,
): Promise<Checkpoint | undefined> => (await api.checkpoints({ runId })).find((checkpoint) => checkpoint.step === step);

/** What was measured of a run that stands for a planned one. @param config Of the planned one. */
export async function readRun(
  api: Api,
  planned: PlannedRun,
  config: RunConfig,
  { id: runId, number }: RunSummary,
): Promise<StudyRun> {
  const { key, arm, seed, preset, values, from, on } = planned;
  const steps = await api.metrics({ runId, afterStep: -1 });
  const problems = await validatedProblems(api, runId, config.evaluation.samples);
  return {
    ...{ key, arm, seed, preset, values, runId, number, config: flattenConfig(config), steps },
    ...(from === undefined ? {} : { from }),
    ...(on === undefined ? {} : { on }),
    ...(problems === null ? {} : { problems }),
  };
}

/** How many problems the first validation had: fewer than asked for where the problem set is smaller. */
async function validatedProblems(api: Api, runId: string, samples: number): Promise<number | null> {
  const first = (await api.rolloutSteps({ runId })).find(({ split }) => split === 'eval');
  return first === undefined ? null : Math.round(first.count / samples);
}
