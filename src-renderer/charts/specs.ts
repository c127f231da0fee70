/** The charts of a run: what each shows and how. Adding a chart is one entry here. */
import { METRICS, type Metric, type MetricName } from '../../src-shared/metrics.ts';
import { OUTCOME_COLOURS } from '../lib/palette.ts';

export interface SeriesSpec {
  readonly metric: MetricName;
  /** In the legend of a chart with several series. */
  readonly label: string;
  /** Absent: the run's own colour. */
  readonly colour?: string;
}

export interface ChartSpec {
  readonly title: string;
  readonly help: string;
  readonly unit: Metric['unit'];
  readonly series: readonly [SeriesSpec, ...SeriesSpec[]];
  /** Standard error of the first series; drawn as a band of 1.96 of it, 95 % of a normal distribution. */
  readonly error?: MetricName;
  /** Measured only at validations: points are marked, and nothing is smoothed. */
  readonly sparse: boolean;
  /** Known exactly, so there is no noise to smooth away. */
  readonly exact?: true;
  /** Shares that add up to 1, as areas one on another. */
  readonly stacked: boolean;
  /** Shown at once; the others under "More charts". */
  readonly main: boolean;
}

export function metricInfo(name: MetricName): Metric {
  const found = METRICS.find((m) => m.name === name);
  if (found === undefined) throw new Error(`${name} is not a metric; src-shared/metrics.ts lists them`);
  return found;
}

/** Validation metrics come at validations only, all others with every step. */
export const isSparse = (name: MetricName): boolean => name.startsWith('eval/') || name === 'time/evaluation';

function single(name: MetricName, main: boolean, more: Partial<ChartSpec> = {}): ChartSpec {
  const { title, help, unit } = metricInfo(name);
  return {
    title,
    help,
    unit,
    series: [{ metric: name, label: title }],
    sparse: isSparse(name),
    stacked: false,
    main,
    ...more,
  };
}

const several = (
  title: string,
  help: string,
  unit: Metric['unit'],
  stacked: boolean,
  series: ChartSpec['series'],
): ChartSpec => ({
  title,
  help,
  unit,
  series,
  sparse: false,
  stacked,
  main: false,
});

export const CHARTS: readonly ChartSpec[] = [
  single('eval/avg@k', true, { error: 'eval/avg@k-se' }),
  single('train/length', true),
  single('train/reward', true),
  single('train/token-entropy', true),
  single('train/self-certainty', true),
  single('train/disparity', true),
  single('train/trajectory-entropy', true),
  single('eval/thinking-words', true),
  single('train/kl', false),
  single('train/clip-fraction', false),
  single('train/grad-norm', false),
  single('train/learning-rate', false, { exact: true }),
  several('Verdicts', 'Share of training rollouts by verdict.', 'fraction', true, [
    { metric: 'sandbox/passed', label: 'passed', colour: OUTCOME_COLOURS.passed },
    { metric: 'sandbox/wrong-answer', label: 'wrong answer', colour: OUTCOME_COLOURS['wrong-answer'] },
    { metric: 'sandbox/runtime-error', label: 'runtime error', colour: OUTCOME_COLOURS['runtime-error'] },
    { metric: 'sandbox/compile-error', label: 'compile error', colour: OUTCOME_COLOURS['compile-error'] },
    { metric: 'sandbox/limits', label: 'limit', colour: OUTCOME_COLOURS['time-limit'] },
    { metric: 'sandbox/no-code', label: 'no code', colour: OUTCOME_COLOURS['no-code'] },
    { metric: 'sandbox/sandbox-error', label: 'sandbox error', colour: OUTCOME_COLOURS['sandbox-error'] },
  ]),
  several('Time per phase', 'Wall-clock time of the phases of a step.', 'seconds', false, [
    { metric: 'time/rollouts', label: 'sampling', colour: '#3f90da' },
    { metric: 'time/rewards', label: 'scoring', colour: '#ffa90e' },
    { metric: 'time/updates', label: 'updating', colour: '#e76300' },
    { metric: 'time/evaluation', label: 'validating', colour: '#94a4a2' },
  ]),
  single('train/loss', false),
  single('train/reward-std', false),
  single('train/flat-groups', false),
  single('train/truncated', false),
  single('train/accuracy', false),
  single('eval/pass@k', false),
  single('eval/repetition', false),
  single('eval/length', false),
];
