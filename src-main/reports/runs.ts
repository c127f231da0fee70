/** The runs of a report as they stand in the store: what blocks read their numbers from. */
import type { Checkpoint, RunDetail } from '../../src-shared/api.ts';
import type { Point } from '../../src-shared/charts/series.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import type { Condition, Report } from '../../src-shared/report.ts';
import type { RolloutDetail, RolloutSummary } from '../../src-shared/rollout.ts';
import { flatConfig } from '../comparison/configuration.ts';
import type { StoredStep } from '../store/steps.ts';

/** What a report reads of the store. Null: there is none. */
export interface ReportSource {
  /** Newest first. */
  runIds(): readonly string[];
  run(id: string): RunDetail | null;
  /** In order. */
  steps(runId: string): readonly StoredStep[];
  checkpoint(id: string): Checkpoint | null;
  rollout(id: number): RolloutDetail | null;
  /** Runs that are equal but for their seed as conditions, in the order of their first. */
  group(runIds: readonly string[]): Condition[];
  /** Validation samples of a step, in order. */
  samples(runId: string, step: number): readonly Pick<RolloutSummary, 'id' | 'problemId' | 'outcome'>[];
}

export interface LoadedRun {
  readonly detail: RunDetail;
  readonly steps: readonly StoredStep[];
  /** In order of step. */
  series(metric: string): readonly Point[];
  /** Every option's value by its path, name and preset left out. */
  readonly options: ReadonlyMap<string, OptionValue>;
}

export interface LoadedCondition {
  readonly label: string;
  /** From 1, in the order of the report: its colour, dash and marker everywhere. */
  readonly look: number;
  readonly runs: readonly LoadedRun[];
}

export function loadRun(source: ReportSource, id: string): LoadedRun | null {
  const detail = source.run(id);
  if (detail === null) return null;
  const steps = source.steps(id);
  return {
    detail,
    steps,
    series: (metric) =>
      steps.flatMap(({ step, metrics }) => {
        const value = metrics[metric];
        return value === undefined ? [] : [{ step, value }];
      }),
    options: flatConfig(detail),
  };
}

/** Runs that are gone are left out, and so are conditions without any. */
export function loadConditions(
  { conditions }: Report,
  load: (id: string) => LoadedRun | null,
): readonly LoadedCondition[] {
  return conditions
    .map(({ label, runs }, i) => ({
      label,
      look: i + 1,
      runs: runs.map(load).filter((run) => run !== null),
    }))
    .filter(({ runs }) => runs.length > 0);
}

/** Of each run its first, last or highest value of a metric. A run without any gives null. */
export const firstOf = (run: LoadedRun, metric: string): Point | null => run.series(metric)[0] ?? null;
export const lastOf = (run: LoadedRun, metric: string): Point | null => run.series(metric).at(-1) ?? null;
export const highestOf = (run: LoadedRun, metric: string): Point | null =>
  run.series(metric).reduce<Point | null>((best, at) => (best === null || at.value > best.value ? at : best), null);

/** Number of an option of a run; null where an older Assay did not have it. */
export function numberOption(run: LoadedRun, path: string): number | null {
  const value = run.options.get(path);
  return typeof value === 'number' ? value : null;
}
