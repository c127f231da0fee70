/** The runs of a study as predicates read them: arms of runs that differ in their seed alone, with their series. */
import { METRICS, type MetricName } from '../../src-shared/metrics.ts';
import type { ArmSettings, Point, RunSeries, SeriesName, StudySeries } from './predicates/predicate.ts';
import type { StudyRun } from './study.ts';

export function seriesOf(runs: readonly StudyRun[]): StudySeries {
  const byKey = new Map(runs.map((run) => [run.key, run]));
  const arms = [...Map.groupBy(runs, ({ arm }) => arm).values()].flatMap((members) => {
    const [first] = members;
    return first === undefined ? [] : [{ settings: settingsOf(first, byKey), runs: members.map(runSeries) }];
  });
  const [any] = runs;
  const evaluation = { problems: numberOf(any, 'evaluation.problems'), samples: numberOf(any, 'evaluation.samples') };
  return { arms, evaluation };
}

function settingsOf(run: StudyRun, byKey: ReadonlyMap<string, StudyRun>): ArmSettings {
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
    testTime: run.testTime === true,
  };
}

/** Correct against wrong responses of the validation, by each certainty. */
const CERTAINTY_SERIES = {
  'certainty/self-certainty': 'eval/rank-biserial-self-certainty',
  'certainty/disparity': 'eval/rank-biserial-disparity',
  'certainty/token-entropy': 'eval/rank-biserial-token-entropy',
  'certainty/trajectory-entropy': 'eval/rank-biserial-trajectory-entropy',
} as const;

function runSeries(run: StudyRun): RunSeries {
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
  return { seed: run.seed, series };
}

function numberOf(run: StudyRun | undefined, path: string, otherwise = Number.NaN): number {
  const value = run?.config[path];
  return typeof value === 'number' ? value : otherwise;
}
