/** What a chart is, as data: which series it shows, and how. */
import { METRICS, type Metric } from '../metrics.ts';

export interface SeriesSpec {
  readonly metric: string;
  /** In the legend of a chart with several series. */
  readonly label: string;
  /** A colour, or the number of one of the palette (from 0); absent: the run's own. */
  readonly colour?: string | number;
}

/** In the order of the page. */
export const CHART_GROUPS = [
  { id: 'accuracy', title: 'Accuracy' },
  { id: 'length', title: 'Length' },
  { id: 'certainty', title: 'Certainty and diversity' },
  { id: 'optimisation', title: 'Optimisation' },
  { id: 'signals', title: 'Signals against correctness' },
  { id: 'reward', title: 'Reward parts' },
  { id: 'verdicts', title: 'Verdicts' },
  { id: 'time', title: 'Time' },
  { id: 'system', title: 'System' },
  { id: 'other', title: 'Other' },
] as const;
export type ChartGroup = (typeof CHART_GROUPS)[number]['id'];

export interface ChartSpec {
  /** Never changes: people's layouts name it. */
  readonly id: string;
  readonly group: ChartGroup;
  readonly title: string;
  readonly help: string;
  readonly unit: Metric['unit'];
  readonly series: readonly [SeriesSpec, ...SeriesSpec[]];
  /** Standard error of the first series; drawn as a band of 1.96 of it, 95 % of a normal distribution. */
  readonly error?: string;
  /** Ends of the 95 % interval of the first series; where they are measured they go before `error`. */
  readonly interval?: { readonly low: string; readonly high: string };
  /** Known exactly, so there is no noise to smooth away. */
  readonly exact?: true;
  /** Areas one on another: as they are, or each as its share of their sum. */
  readonly stacked?: 'sum' | 'share';
  /** Where nothing was learnt or nothing is told: a faint line across. */
  readonly baseline?: number;
  /** Its place on the page of somebody who has chosen nothing. */
  readonly main?: number;
}

const infos = new Map<string, Metric>(METRICS.map((metric) => [metric.name, metric]));

/** What a metric means; one that Assay does not log itself, as of an imported run, has its name for a title. */
export const metricInfo = (name: string): Metric =>
  infos.get(name) ?? {
    name,
    title: name,
    unit: 'number',
    help: 'Logged under this name by whatever trained the run.',
    source: 'the imported run',
  };

/** Validation metrics come at validations only, all others with every step. */
export const isSparse = (name: string): boolean => name.startsWith('eval/') || name === 'time/evaluation';

/** One metric by itself. */
export function single(name: string, group: ChartGroup, more: Partial<ChartSpec> = {}): ChartSpec {
  const { title, help, unit } = metricInfo(name);
  return { id: name, group, title, help, unit, series: [{ metric: name, label: title }], ...more };
}

/** Every metric that a chart draws, the ends of its band among them. */
export const metricsOf = ({ series, error, interval }: ChartSpec): string[] => [
  ...series.map(({ metric }) => metric),
  ...(error === undefined ? [] : [error]),
  ...(interval === undefined ? [] : [interval.low, interval.high]),
];
