/** From a study to the configurations of its runs: the scale's values, then the reader's, then what the study needs. */
import type { FlatValues } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { checkProblems, resolveConfig } from '../catalogue.ts';
import { EVALUATION_VALUES, SCALE_VALUES } from './grid.ts';
import type { DraftRun, PlannedRun, ProblemSet, Scale, Study } from './study.ts';

/** What the reader brings. */
export interface StudyInputs {
  /** For all runs, by option path. */
  readonly values?: FlatValues;
  /** In place of the study's own. */
  readonly sets?: readonly ProblemSet[];
}

/**
 * The grid with every value that is not a default.
 * @throws AssayError `usage` for a configuration that cannot be run, or a value that the study sets itself.
 */
export function planOf(
  study: Study,
  scale: Scale,
  seeds: readonly number[],
  { values: given = {}, sets }: StudyInputs = {},
): readonly PlannedRun[] {
  if (!study.scales.includes(scale))
    throw new AssayError('usage', `scale ${scale}: study ${study.id} has ${study.scales.join(', ')}`);
  const drafts = study.plan(scale, seeds, sets ?? study.sets?.[scale] ?? []);
  refuseOwn(study, drafts, given);
  const plan = new Map<string, PlannedRun>();
  for (const draft of drafts) {
    const { from, ...run } = draft;
    const values = { ...SCALE_VALUES[scale], ...readersOf(draft, given), ...run.values };
    const start = from === undefined ? undefined : plan.get(from.key);
    if (from !== undefined && start === undefined)
      throw new Error(`Study ${study.id}: run ${run.key} starts from ${from.key}, which does not come before it`);
    resolveConfig({ name: run.key, preset: run.preset, values });
    plan.set(run.key, {
      ...run,
      values,
      ...(from === undefined ? {} : { from: { key: from.key, step: stepOf(from.step, start) } }),
    });
  }
  return [...plan.values()];
}

/**
 * What must be there before any run is started: at paper scale the reader's own policy and problems; problems that can be
 * read.
 * @throws AssayError `usage` that says what is missing
 */
export async function checkInputs(
  study: Study,
  scale: Scale,
  plan: readonly PlannedRun[],
  { values: given = {}, sets = [] }: StudyInputs,
): Promise<void> {
  const missing = [
    ...(scale === 'paper' && (given['policy.source'] ?? 'embedded') === 'embedded' ? ['policy.source'] : []),
    ...(scale === 'paper' && given['problems.kind'] === undefined ? ['problems.kind'] : []),
    ...(study.sets?.[scale].length === 0 && sets.length === 0
      ? ['problems to evaluate on (--on <problems.yaml>)']
      : []),
  ];
  if (missing.length > 0)
    throw new AssayError('usage', `scale ${scale}: study ${study.id} also needs ${missing.join(', ')}`, {
      hint: 'No policy or problems of the published sizes come with Assay: set these options to your own.',
    });
  const seen = new Set<string>();
  for (const { key, preset, values } of plan) {
    const config = resolveConfig({ name: key, preset, values });
    const { problems, limits, evaluation, reward, shaping } = config;
    const what = JSON.stringify([problems, limits.steps === 0, evaluation.testTime, reward.kind, shaping.second]);
    if (!seen.has(what)) await checkProblems(config);
    seen.add(what);
  }
}

const isEvaluation = ({ values }: DraftRun) => values['limits.steps'] === 0;

/** What the reader set, as far as it is about this run. */
function readersOf(run: DraftRun, given: FlatValues): FlatValues {
  if (!isEvaluation(run)) return given;
  // Options of the reader's problems are none of another problem set.
  const other = Object.hasOwn(run.values, 'problems.kind');
  const kept = Object.entries(given).filter(([path]) => !(other && path.startsWith('problems.')));
  return { ...EVALUATION_VALUES, ...Object.fromEntries(kept) };
}

/** A value that a study varies, or that all of its runs share by design, is not the reader's to set. */
function refuseOwn(study: Study, drafts: readonly DraftRun[], given: FlatValues): void {
  for (const path of Object.keys(given)) {
    const own = drafts.filter(({ values }) => Object.hasOwn(values, path));
    const trains = own.some((run) => !isEvaluation(run));
    if (own.length === 0 || (!trains && own.length < drafts.length)) continue;
    const hint = path === 'seeds.run' ? { hint: 'The option --seeds says how many there are.' } : {};
    throw new AssayError('usage', `${path}: study ${study.id} sets it itself`, { path, ...hint });
  }
}

function stepOf(step: number | 'last', start: PlannedRun | undefined): number {
  if (step !== 'last' || start === undefined) return Number(step);
  const { preset, key, values } = start;
  return resolveConfig({ name: key, preset, values }).limits.steps;
}
