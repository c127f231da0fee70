/** Which runs of the store stand for those of a study's plan, and what the study concludes from them. */
import { flattenConfig } from '../../src-shared/flatten.ts';
import type { ReportStudy } from '../../src-shared/report.ts';
import { resolveConfig } from '../catalogue.ts';
import { findStudy } from '../studies/index.ts';
import { identity, storedIdentity } from '../studies/known-runs.ts';
import { conclude, planOf } from '../studies/run-study.ts';
import type { Conclusion, PlannedRun, Scale, Study, StudyRun } from '../studies/study.ts';
import type { LoadedRun } from './runs.ts';

/** Seeds that are looked for, from 1. */
const MOST_SEEDS = 20;

/** Arms of the plan with their runs, of all seeds that are there. Null: no run of it has finished. */
export function findStudyRuns(study: Study, scale: Scale, runs: readonly LoadedRun[]): ReportStudy | null {
  const finished = new Map<string, string>();
  for (const { detail } of runs.toSorted((a, b) => a.detail.number - b.detail.number)) {
    if (detail.status !== 'finished' || detail.origin !== null) continue;
    const known = storedIdentity(flattenConfig(detail.config));
    if (known !== null && !finished.has(known)) finished.set(known, detail.id);
  }
  const found: Record<string, string> = {};
  const seeds: number[] = [];
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const before = Object.keys(found).length;
    for (const planned of planOf(study, scale, [seed])) {
      const parent = planned.from === undefined ? undefined : found[planned.from.key];
      if (planned.from !== undefined && parent === undefined) continue;
      const runId = runOf(planned, parent, finished);
      if (runId !== null) found[planned.key] = runId;
    }
    if (Object.keys(found).length > before) seeds.push(seed);
  }
  return seeds.length === 0 ? null : { id: study.id, scale, seeds, runs: found };
}

/** The run of a planned configuration, the oldest where there are several: the one that the study itself takes. */
function runOf(planned: PlannedRun, parent: string | undefined, finished: ReadonlyMap<string, string>): string | null {
  const start = planned.from === undefined ? {} : { 'policy.source': `checkpoint:${parent}-${planned.from.step}` };
  const { key, preset, values } = planned;
  const config = resolveConfig({ name: key, preset, values: { ...values, ...start } });
  return finished.get(identity(flattenConfig(config))) ?? null;
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
