/** A run as lists and pages show it. */
import type { RunDetail, RunSummary } from '../../src-shared/api.ts';
import { downsample, type Point } from '../../src-shared/charts/series.ts';
import type { OptionValues } from '../../src-shared/options.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Reached } from '../store/steps.ts';
import type { Store } from '../store/store.ts';
import { collapseOf } from './collapse-watch.ts';
import { configHash } from './config-hash.ts';

/** How many steps, and how many validations, an estimate looks back. */
const RECENT_STEPS = 20;
const RECENT_VALIDATIONS = 3;

/** Points of a sparkline, the first, last, lowest and highest kept. */
const SPARK_POINTS = 32;

export function summaryOf(store: Store, run: StoredRun): RunSummary {
  return summarise(store, run, {
    step: store.steps.last(run.id),
    accuracy: store.steps.series(run.id, 'eval/avg@k'),
  });
}

/** Of many runs with few queries. */
export function summariesOf(store: Store, runs: readonly StoredRun[]): RunSummary[] {
  const reached = store.steps.reached('eval/avg@k');
  // Inserted since, by another process: nothing measured yet.
  const none: Reached = { step: null, series: [] };
  return runs.map((run) => {
    const { step, series } = reached.get(run.id) ?? none;
    return summarise(store, run, { step, accuracy: series });
  });
}

function summarise(
  store: Store,
  run: StoredRun,
  { step: lastStep, accuracy }: { readonly step: number | null; readonly accuracy: readonly Point[] },
): RunSummary {
  const { id, number, name, status, config, createdAt, startedAt, endedAt, engine, error, parentCheckpointId } = run;
  const { controlOf, study, tags, origin } = run;
  const step = lastStep ?? 0;
  return {
    id,
    number,
    name,
    status,
    preset: config.preset,
    reward: config.reward.kind,
    seed: typeof config.seeds.run === 'number' ? config.seeds.run : null,
    step,
    steps: numberAt(config.limits, 'steps'),
    createdAt,
    startedAt,
    endedAt,
    secondsLeft: status === 'running' ? secondsLeft(store, run, step) : null,
    engine,
    accuracy: [...downsample(accuracy, SPARK_POINTS)],
    error,
    parentCheckpointId,
    controlOf,
    testTime: config.evaluation.testTime === true,
    study,
    tags,
    origin,
    configHash: configHash(config),
  };
}

export function detailOf(store: Store, run: StoredRun): RunDetail {
  const { config, codeVersion, datasetHash, device, precision, parameters, isolation, fingerprints } = run;
  const found = { config, codeVersion, datasetHash, device, precision, parameters, isolation, fingerprints };
  return { ...summaryOf(store, run), ...found, collapse: collapseOf(store, run.id) };
}

/** Steps left times their recent mean, and validations left times theirs. Null before the first step. */
function secondsLeft(store: Store, { id, config }: StoredRun, step: number): number | null {
  const perStep = store.steps.recentMean(id, 'time/step', RECENT_STEPS);
  if (perStep === null) return null;
  const perValidation = store.steps.recentMean(id, 'time/evaluation', RECENT_VALIDATIONS) ?? 0;
  const steps = numberAt(config.limits, 'steps');
  return (
    (steps - step) * perStep + validationsBetween(step, steps, numberAt(config.evaluation, 'every')) * perValidation
  );
}

/** Validations after `step` up to and with the last one, at `steps`. */
function validationsBetween(step: number, steps: number, every: number): number {
  if (every === 0 || step >= steps) return 0;
  return Math.floor(steps / every) - Math.floor(step / every) + (steps % every === 0 ? 0 : 1);
}

/** NaN where an older Assay did not have the option: every caller shows or compares it, none divides by it. */
function numberAt(values: OptionValues, key: string): number {
  return Number(values[key] ?? Number.NaN);
}
