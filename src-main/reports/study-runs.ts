/** Which runs of the store stand for those of a study's plan, and what the study concludes from them. */
import { AssayError } from '../../src-shared/errors.ts';
import type { ReportStudy } from '../../src-shared/report.ts';
import { resolveConfig } from '../catalogue.ts';
import { flatConfig } from '../comparison/configuration.ts';
import { studies } from '../studies/index.ts';
import { conclude, planOf } from '../studies/run-study.ts';
import type { Conclusion, PlannedRun, Scale, Study, StudyRun } from '../studies/study.ts';
import type { LoadedRun } from './runs.ts';

/** Seeds that are looked for, from 1. */
const MOST_SEEDS = 20;

/** @throws AssayError `usage` for a study that there is not. */
export function findStudy(id: string): Study {
  const study = studies.find((each) => each.id === id);
  if (study !== undefined) return study;
  throw new AssayError('usage', `study ${id}: unknown; allowed is ${studies.map((each) => each.id).join(', ')}`);
}

/** Arms of the plan with their runs, of all seeds that are there. Null: no run of it has finished. */
export function findStudyRuns(study: Study, scale: Scale, runs: readonly LoadedRun[]): ReportStudy | null {
  const finished = runs.filter(({ detail }) => detail.status === 'finished');
  const found: Record<string, string> = {};
  const seeds: number[] = [];
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const before = Object.keys(found).length;
    for (const planned of planOf(study, scale, [seed])) {
      const parent = planned.from === undefined ? undefined : found[planned.from.key];
      if (planned.from !== undefined && parent === undefined) continue;
      const match = finished.find((run) => isRunOf(planned, parent, run));
      if (match !== undefined) found[planned.key] = match.detail.id;
    }
    if (Object.keys(found).length > before) seeds.push(seed);
  }
  return seeds.length === 0 ? null : { id: study.id, scale, seeds, runs: found };
}

/**
 * Whether a run has the planned value of every option that it recorded. An option that came later was not there to be
 * chosen, unless the plan sets it.
 */
function isRunOf(planned: PlannedRun, parent: string | undefined, { options }: LoadedRun): boolean {
  const start = planned.from === undefined ? {} : { 'policy.source': `checkpoint:${parent}-${planned.from.step}` };
  const values = { ...planned.values, ...start };
  const wanted = flatConfig({
    config: resolveConfig({ name: planned.key, preset: planned.preset, values }),
    origin: null,
  });
  return (
    [...options].every(([path, value]) => wanted.get(path) === value) &&
    Object.entries(values).every(([path, value]) => options.get(path) === value)
  );
}

/** The plan of a report's study, with the run that stands for each; runs that are gone are left out. */
export function studyRuns(of: ReportStudy, load: (id: string) => LoadedRun | null): readonly StudyRun[] {
  return planOf(findStudy(of.id), of.scale, of.seeds).flatMap((planned) => {
    const id = of.runs[planned.key];
    const run = id === undefined ? null : load(id);
    if (run === null) return [];
    const { detail, steps, options } = run;
    return [{ ...planned, runId: detail.id, number: detail.number, config: Object.fromEntries(options), steps }];
  });
}

export function studyConclusions(of: ReportStudy, load: (id: string) => LoadedRun | null): readonly Conclusion[] {
  return conclude(findStudy(of.id), studyRuns(of, load));
}
