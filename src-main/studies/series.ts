/** The runs of a study as predicates read them: arms of runs that differ in their seed alone, with their series. */
import { METRICS, type MetricName } from '../../src-shared/metrics.ts';
import { mean } from '../stats/describe.ts';
import { OWN } from './grid.ts';
import type { ArmSettings, Point, RunSeries, SeriesName, StudySeries } from './predicates/predicate.ts';
import type { StudyRun } from './study.ts';

export function seriesOf(runs: readonly StudyRun[]): StudySeries {
  const byKey = new Map(runs.map((run) => [run.key, run]));
  const others = runs.filter(({ on }) => on !== undefined && on !== OWN);
  const arms = [...Map.groupBy(runs, ({ arm }) => arm).values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined || first.on !== undefined) return [];
    return [{ settings: settingsOf(first, byKey), runs: members.map((run) => runSeries(run, others)) }];
  });
  const [any] = runs.filter(({ on }) => on === undefined);
  const evaluation = evaluationOf(any);
  const sets = [...new Map(others.map((run) => [run.on, evaluationOf(run)])).values()];
  const [set] = sets;
  if (set === undefined) return { arms, evaluation };
  // As many as one set would need for the error that the mean over these has: each counts alike, whatever its size.
  const problems = sets.length ** 2 / sets.reduce((sum, each) => sum + 1 / each.problems, 0);
  return { arms, evaluation, transfer: { problems, samples: set.samples } };
}

function evaluationOf(run: StudyRun | undefined) {
  return {
    problems: run?.problems ?? numberOf(run, 'evaluation.problems'),
    samples: numberOf(run, 'evaluation.samples'),
  };
}

type Configured = Pick<StudyRun, 'from' | 'config'>;

/** @param byKey The runs of the study: what `run` starts from is among them. */
export function settingsOf(run: Configured, byKey: ReadonlyMap<string, Configured>): ArmSettings {
  const parent = run.from === undefined ? undefined : byKey.get(run.from.key);
  return {
    policy: String((parent ?? run).config['policy.source']),
    reward: String(run.config['reward.kind']),
    temperature: numberOf(run, 'rollouts.temperature'),
    groupSize: numberOf(run, 'rollouts.groupSize'),
    klCoefficient: numberOf(run, 'objective.options.klCoefficient', 0),
    epochs: numberOf(run, 'optimiser.epochs'),
    dualClip: numberOf(run, 'objective.options.dualClip', 0),
    cap: numberOf(run, 'rollouts.maxNewTokens'),
    from:
      run.from === undefined || parent === undefined
        ? null
        : { reward: String(parent.config['reward.kind']), step: run.from.step },
    testTime: run.config['evaluation.testTime'] === true,
  };
}

/** Correct against wrong responses of the validation, by each certainty. */
const CERTAINTY_SERIES = {
  'certainty/self-certainty': 'eval/rank-biserial-self-certainty',
  'certainty/disparity': 'eval/rank-biserial-disparity',
  'certainty/token-entropy': 'eval/rank-biserial-token-entropy',
  'certainty/trajectory-entropy': 'eval/rank-biserial-trajectory-entropy',
} as const;

/** @param others Evaluations on other problem sets, of this run and of others. */
function runSeries(run: StudyRun, others: readonly StudyRun[]): RunSeries {
  const series: Partial<Record<SeriesName, Point[]>> = {};
  const take = (name: SeriesName, metric: MetricName) => {
    const points = run.steps.flatMap(({ step, metrics }): Point[] => {
      const value = metrics[metric];
      return value === undefined ? [] : [[step, value]];
    });
    if (points.length > 0) series[name] = points;
  };
  for (const { name } of METRICS) take(name, name);
  for (const [name, metric] of Object.entries(CERTAINTY_SERIES)) take(name as keyof typeof CERTAINTY_SERIES, metric);
  const start = accuracyOver(others.filter(({ from, seed }) => from === undefined && seed === run.seed));
  const own = others.filter(({ from }) => from?.key === run.key);
  const end = accuracyOver(own);
  if (start !== null && end !== null)
    series['transfer/avg@k'] = [
      [0, start],
      [own[0]?.from?.step ?? 0, end],
    ];
  return { seed: run.seed, series };
}

/** Mean of avg@k over evaluations, each problem set counting alike. Null where one has none. */
function accuracyOver(evaluations: readonly StudyRun[]): number | null {
  const values = evaluations.map(({ steps }) => steps[0]?.metrics['eval/avg@k']).filter((value) => value !== undefined);
  return values.length === 0 || values.length < evaluations.length ? null : mean(values);
}

function numberOf(run: Pick<StudyRun, 'config'> | undefined, path: string, otherwise = Number.NaN): number {
  const value = run?.config[path];
  return typeof value === 'number' ? value : otherwise;
}
