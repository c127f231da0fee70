/** Has the runs of a study made, one after another, through the Api. What is there already is not made again, and one that
 * was cut off goes on. The command line and the window have their studies made by this alone. */
import type { Api, Checkpoint, RunSummary } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { RunStanding } from '../../src-shared/study.ts';
import { checkPlanFits } from '../estimate/plan.ts';
import { conclude } from './findings.ts';
import { configOf, KnownRuns, startingFrom } from './known-runs.ts';
import { checkInputs, planOf, type StudyInputs } from './plan.ts';
import { checkpointAt, readRun, standingsOf } from './standings.ts';
import type { Conclusion, PlannedRun, Scale, Study, StudyRun } from './study.ts';
import type { ResultTable } from './tables.ts';

export { conclude } from './findings.ts';
export { planOf } from './plan.ts';

export interface StudyOptions extends StudyInputs {
  readonly scale: Scale;
  readonly seeds: readonly number[];
  /** Ends the study after the current step of its run, which keeps a checkpoint. */
  readonly signal?: AbortSignal;
  /** Told once, before anything is started. */
  readonly onSurvey?: (survey: Survey) => void;
  readonly onProgress?: (progress: StudyProgress) => void;
}

export interface StudyProgress {
  /** Runs of the grid that were gone through, and all of them. */
  readonly done: number;
  readonly total: number;
  readonly run: PlannedRun;
  /** The run that stands for it; null until it is launched. */
  readonly runId: string | null;
  /** Share of this run that is done. */
  readonly fraction: number;
}

export interface StudyReport {
  readonly study: string;
  readonly scale: Scale;
  readonly seeds: readonly number[];
  readonly runs: readonly StudyRun[];
  readonly conclusions: readonly Conclusion[];
  readonly tables: readonly ResultTable[];
}

/** What is there of a plan, and what is to be made. */
export interface Survey {
  readonly plan: readonly (PlannedRun & { readonly standing: RunStanding })[];
}

/** A run of the plan and the one that stands for it, finished. */
interface MadeRun {
  readonly planned: PlannedRun;
  readonly config: RunConfig;
  readonly run: RunSummary;
}

/** Has a study made and reads it. @throws AssayError as `makeRuns`. */
export async function runStudy(api: Api, study: Study, options: StudyOptions): Promise<StudyReport> {
  const { scale, seeds } = options;
  const runs: StudyRun[] = [];
  for (const { planned, config, run } of await makeRuns(api, new KnownRuns(api), study, options))
    runs.push(await readRun(api, planned, config, run));
  const tables = (await study.tables?.(runs, api)) ?? [];
  return { study: study.id, scale, seeds, runs, conclusions: conclude(study, runs), tables };
}

/** @throws AssayError where something is missing or the runs to make do not fit this machine, a run of the grid fails, or the study is stopped; what is finished stays. */
export async function makeRuns(
  api: Api,
  known: KnownRuns,
  study: Study,
  options: StudyOptions,
): Promise<readonly MadeRun[]> {
  const survey = await surveyOf(api, study, options, known);
  const { plan } = survey;
  options.onSurvey?.(survey);
  await checkPlanFits(api, toMake(survey));
  const runs = new Map<string, MadeRun>();
  for (const planned of plan) {
    if (options.signal?.aborted) throw new AssayError('conflict', `Study ${study.id} was stopped`);
    const report = (runId: string | null, fraction: number) =>
      options.onProgress?.({ done: runs.size, total: plan.length, run: planned, runId, fraction });
    report(null, 0);
    runs.set(planned.key, await made(api, known, study, planned, runs, options.signal, report));
  }
  return [...runs.values()];
}

/** The runs of a plan that are not there yet, in whole or in part. */
export const toMake = <R extends { readonly standing: RunStanding }>({
  plan,
}: {
  readonly plan: readonly R[];
}): readonly R[] => plan.filter(({ standing }) => standing !== 'ready' && standing !== 'live');

/** What a study would do. @throws AssayError `usage` as `makeRuns` would. */
export async function surveyOf(
  api: Api,
  study: Study,
  options: StudyOptions,
  known: KnownRuns = new KnownRuns(api),
): Promise<Survey> {
  const plan = planOf(study, options.scale, options.seeds, options);
  await checkInputs(study, options.scale, plan, options);
  const placed = await standingsOf(api, known, plan);
  return { plan: placed.map(({ run: _, ...planned }) => planned) };
}

async function made(
  api: Api,
  known: KnownRuns,
  study: Study,
  planned: PlannedRun,
  before: ReadonlyMap<string, MadeRun>,
  signal: AbortSignal | undefined,
  report: (runId: string | null, fraction: number) => void,
): Promise<MadeRun> {
  const start = planned.from === undefined ? null : await parentCheckpoint(api, before, planned.from);
  const config = configOf(planned, start);
  const found = await (await known.look())(config);
  const there = found?.standing === 'failed' ? null : found;
  if (there?.standing === 'ready') return { planned, config, run: there.run };
  if (there?.standing === 'cut') await api.resumeRun({ runId: there.run.id });
  const runId = there?.run.id ?? (await launched(api, study, planned, start));
  return { planned, config, run: await ended(api, runId, signal, (fraction) => report(runId, fraction)) };
}

async function launched(
  api: Api,
  study: Study,
  { key, preset, values }: PlannedRun,
  start: Checkpoint | null,
): Promise<string> {
  const name = `${study.id} ${key}`;
  return (await api.launchRun({ name, preset, values: startingFrom(values, start), study: study.id })).runId;
}

async function parentCheckpoint(
  api: Api,
  before: ReadonlyMap<string, MadeRun>,
  { key, step }: { readonly key: string; readonly step: number },
): Promise<Checkpoint> {
  const parent = before.get(key);
  if (parent === undefined) throw new Error(`Run ${key} is not there yet`);
  const found = await checkpointAt(api, parent.run.id, step);
  if (found === undefined)
    throw new AssayError('not-found', `Run #${parent.run.number} has no checkpoint of step ${step} to start from`);
  return found;
}

async function ended(
  api: Api,
  runId: string,
  signal: AbortSignal | undefined,
  report: (fraction: number) => void,
): Promise<RunSummary> {
  const over = Promise.withResolvers<void>();
  let evaluates = false;
  const look = ({ id, status, step, steps }: RunSummary) => {
    if (id !== runId) return;
    if (steps > 0) report(step / steps);
    if (!['queued', 'running', 'paused'].includes(status)) over.resolve();
  };
  const listening = [
    api.on('run', look),
    // An evaluation has no steps to count.
    api.on('progress', ({ runId: of, fraction }) => {
      if (of === runId && evaluates) report(fraction);
    }),
  ];
  const stop = () => void api.stopRun({ runId }).catch(over.reject);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const run = await api.run({ runId });
    evaluates = run.steps === 0;
    look(run);
    if (signal?.aborted) stop();
    await over.promise;
  } finally {
    for (const stopListening of listening) stopListening();
    signal?.removeEventListener('abort', stop);
  }
  const run = await api.run({ runId });
  if (run.status !== 'finished') {
    const why = run.error === null ? '' : `: ${run.error}`;
    const at = run.steps === 0 ? '' : ` at step ${run.step}`;
    throw new AssayError('conflict', `Run #${run.number} of the study was ${run.status}${at}${why}`, {
      hint: 'The same study goes on from here when it is started again.',
    });
  }
  return run;
}
