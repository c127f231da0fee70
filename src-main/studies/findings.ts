/** Published findings held against runs: of a complete grid, and of one that is not, as far as it goes. */
import { flattenConfig } from '../../src-shared/flatten.ts';
import { OWN } from './grid.ts';
import { configOf } from './known-runs.ts';
import { predicates } from './predicates/index.ts';
import type { Finding, Predicate } from './predicates/predicate.ts';
import { seriesOf, settingsOf } from './series.ts';
import type { PlacedRun } from './standings.ts';
import type { Conclusion, Study, StudyRun } from './study.ts';

/** Of a study, in the order of their ids. */
export const predicatesOf = ({ predicates: ids }: Study): readonly Predicate[] =>
  predicates.filter(({ id }) => ids.includes(id));

/** Each finding of the study, held against the runs. */
export function conclude(study: Study, runs: readonly StudyRun[]): readonly Conclusion[] {
  const series = seriesOf(runs);
  return predicatesOf(study).map((predicate) => ({ predicate, finding: predicate.evaluate(series) }));
}

export interface PartialConclusion {
  readonly predicate: Predicate;
  /** Null: not yet. */
  readonly finding: Finding | null;
  /** Arms that it takes and that are not complete. */
  readonly waitsFor: readonly string[];
}

/**
 * The same of a grid that is not complete: a finding waits for every arm that it takes, and then never changes but with
 * more seeds.
 * @param runs Those of the plan that are finished.
 */
export function concludeSoFar(
  study: Study,
  plan: readonly PlacedRun[],
  runs: readonly StudyRun[],
): readonly PartialConclusion[] {
  const open = openArms(plan);
  const complete = seriesOf(runs.filter(({ arm }) => !open.has(arm)));
  const settings = plannedSettings(plan);
  return predicatesOf(study).map((predicate) => {
    const taken = new Set([...settings].filter(([, each]) => predicate.takes({ settings: each })).map(([arm]) => arm));
    const transfers = predicate.needs.includes('transfer/avg@k');
    const waitsFor = [...open].filter(
      ([arm, { of }]) =>
        // Where it takes no arm of the study, all of them have to show that.
        taken.size === 0 || taken.has(arm) || (transfers && of !== undefined && (of === null || taken.has(of))),
    );
    const arms = waitsFor.map(([arm]) => arm);
    return { predicate, finding: arms.length === 0 ? predicate.evaluate(complete) : null, waitsFor: arms };
  });
}

/** Arms with a run that is not finished. `of`: the arm that it evaluates; null for the policy itself. */
function openArms(plan: readonly PlacedRun[]): ReadonlyMap<string, { readonly of: string | null | undefined }> {
  const armOf = new Map(plan.map(({ key, arm }) => [key, arm]));
  return new Map(
    plan
      .filter(({ standing }) => standing !== 'ready')
      .map(({ arm, on, from }) => {
        const evaluated = from === undefined ? null : armOf.get(from.key);
        return [arm, { of: on === undefined || on === OWN ? undefined : evaluated }];
      }),
  );
}

/** Of the arms that train, by name, whether they have run or not. */
function plannedSettings(plan: readonly PlacedRun[]) {
  const drafts = new Map(
    plan.map((planned) => [planned.key, { ...planned, config: flattenConfig(configOf(planned, null)) }]),
  );
  return new Map(
    [...drafts.values()]
      .filter(({ on }) => on === undefined)
      .map((draft) => [draft.arm, settingsOf(draft, drafts)] as const),
  );
}
