/** Has the runs of a study made, one after another, through the Api. What is there already is not made again: a run is
 * known by its whole configuration, whoever started it; one that was cut off goes on. */
import type { Api, RunSummary } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import { resolveConfig } from '../catalogue.ts';
import { predicates } from './predicates/index.ts';
import { seriesOf } from './series.ts';
import type { Conclusion, PlannedRun, Scale, Study, StudyRun } from './study.ts';

export interface StudyOptions {
  readonly scale: Scale;
  readonly seeds: readonly number[];
  /** Ends the study after the current step of its run, which keeps a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StudyProgress) => void;
}

export interface StudyProgress {
  /** Runs of the grid that are finished, and all of them. */
  readonly done: number;
  readonly total: number;
  readonly run: PlannedRun;
  /** Share of this run that is done. */
  readonly fraction: number;
}

export interface StudyReport {
  readonly study: string;
  readonly scale: Scale;
  readonly seeds: readonly number[];
  readonly runs: readonly StudyRun[];
  readonly conclusions: readonly Conclusion[];
}

/** @throws AssayError where a run of the grid fails, or the study is stopped; what is finished stays. */
export async function runStudy(api: Api, study: Study, options: StudyOptions): Promise<StudyReport> {
  const { scale, seeds } = options;
  const plan = planOf(study, scale, seeds);
  const runs = new Map<string, StudyRun>();
  for (const planned of plan) {
    const report = (fraction: number) =>
      options.onProgress?.({ done: runs.size, total: plan.length, run: planned, fraction });
    report(0);
    runs.set(planned.key, await made(api, study, planned, runs, options.signal, report));
  }
  return { study: study.id, scale, seeds, runs: [...runs.values()], conclusions: conclude(study, [...runs.values()]) };
}

/** Each finding of the study, held against the runs. */
export function conclude({ predicates: ids }: Study, runs: readonly StudyRun[]): readonly Conclusion[] {
  const series = seriesOf(runs);
  return predicates
    .filter(({ id }) => ids.includes(id))
    .map((predicate) => ({ predicate, finding: predicate.evaluate(series) }));
}

/** The grid, checked: a configuration that cannot be run fails here, before anything is started. */
export function planOf(study: Study, scale: Scale, seeds: readonly number[]): readonly PlannedRun[] {
  if (!study.scales.includes(scale))
    throw new AssayError('usage', `scale ${scale}: study ${study.id} has ${study.scales.join(', ')}`);
  const plan = study.plan(scale, seeds);
  const seen = new Set<string>();
  for (const { key, preset, values, from } of plan) {
    if (from !== undefined && !seen.has(from.key))
      throw new Error(`Study ${study.id}: run ${key} starts from ${from.key}, which does not come before it`);
    seen.add(key);
    resolveConfig({ name: key, preset, values });
  }
  return plan;
}

async function made(
  api: Api,
  study: Study,
  planned: PlannedRun,
  before: ReadonlyMap<string, StudyRun>,
  signal: AbortSignal | undefined,
  report: (fraction: number) => void,
): Promise<StudyRun> {
  const values =
    planned.from === undefined
      ? planned.values
      : { ...planned.values, 'policy.source': `checkpoint:${await checkpointOf(api, before, planned.from)}` };
  const name = `${study.id} ${planned.key}`;
  const config = resolveConfig({ name, preset: planned.preset, values });
  const runId = await started(api, identity(config), async () => {
    const launched = await api.launchRun({ name, preset: planned.preset, values, study: study.id });
    return launched.runId;
  });
  const run = await ended(api, runId, signal, report);
  const steps = await api.metrics({ runId, afterStep: -1 });
  return { ...planned, runId, number: run.number, config: flat(config), steps };
}

async function checkpointOf(
  api: Api,
  before: ReadonlyMap<string, StudyRun>,
  { key, step }: { readonly key: string; readonly step: number },
): Promise<string> {
  const parent = before.get(key);
  if (parent === undefined) throw new Error(`Run ${key} is not there yet`);
  const checkpoints = await api.checkpoints({ runId: parent.runId });
  const found = checkpoints.find((checkpoint) => checkpoint.step === step);
  if (found === undefined)
    throw new AssayError('not-found', `Run #${parent.number} has no checkpoint of step ${step} to start from`);
  return found.id;
}

/** The run of this configuration: one that is there, or a new one. */
async function started(api: Api, wanted: string, launch: () => Promise<string>): Promise<string> {
  const same: RunSummary[] = [];
  for (const run of await api.runs({})) {
    const { config } = await api.run({ runId: run.id });
    if (identity(config) === wanted) same.push(run);
  }
  const of = (...statuses: RunSummary['status'][]) => same.find(({ status }) => statuses.includes(status));
  const ready = of('finished') ?? of('running', 'queued', 'paused');
  if (ready !== undefined) return ready.id;
  const cut = of('stopped', 'interrupted');
  if (cut === undefined || (await api.checkpoints({ runId: cut.id })).length === 0) return launch();
  await api.resumeRun({ runId: cut.id });
  return cut.id;
}

async function ended(
  api: Api,
  runId: string,
  signal: AbortSignal | undefined,
  report: (fraction: number) => void,
): Promise<RunSummary> {
  const over = Promise.withResolvers<void>();
  const look = ({ id, status, step, steps }: RunSummary) => {
    if (id !== runId) return;
    report(step / Math.max(1, steps));
    if (!['queued', 'running', 'paused'].includes(status)) over.resolve();
  };
  const stopListening = api.on('run', look);
  const stop = () => void api.stopRun({ runId }).catch(over.reject);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    look(await api.run({ runId }));
    if (signal?.aborted) stop();
    await over.promise;
  } finally {
    stopListening();
    signal?.removeEventListener('abort', stop);
  }
  const run = await api.run({ runId });
  if (run.status !== 'finished') {
    const why = run.error === null ? '' : `: ${run.error}`;
    throw new AssayError('conflict', `Run #${run.number} of the study was ${run.status} at step ${run.step}${why}`, {
      hint: 'The same command goes on from here.',
    });
  }
  return run;
}

/** A configuration as text, without what changes nothing: its name and where its values came from. */
function identity(config: object): string {
  return JSON.stringify(Object.entries(flat(config)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function flat(config: object): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = {};
  const visit = (path: string, value: unknown) => {
    if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) visit(path === '' ? name : `${path}.${name}`, inner);
    else if (path !== 'name' && path !== 'preset') values[path] = value as OptionValue;
  };
  visit('', config);
  return values;
}
