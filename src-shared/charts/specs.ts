/** The charts that a run has: those made for its series, and one for each series that none of them shows. */
import { METRICS } from '../metrics.ts';
import { FAMILY_CHARTS } from './families.ts';
import { CHART_GROUPS, type ChartGroup, type ChartSpec, metricsOf, single } from './spec.ts';

const known: ReadonlySet<string> = new Set(METRICS.map(({ name }) => name));

const GROUP_OF_PREFIX: Readonly<Record<string, ChartGroup>> = {
  reward: 'reward',
  sandbox: 'verdicts',
  time: 'time',
  system: 'system',
};

/**
 * The charts of a run that has these series, in the order of the page: those that are made for them, then one for each
 * series that none of them shows. A chart of several series has those that are there.
 */
export function chartsOf(names: ReadonlySet<string>): ChartSpec[] {
  const made = FAMILY_CHARTS.flatMap((chart): ChartSpec[] => {
    const [first, ...rest] = chart.series.filter(({ metric }) => names.has(metric));
    return first === undefined ? [] : [{ ...chart, series: [first, ...rest] }];
  });
  const shown = new Set(made.flatMap(metricsOf));
  const left = [...names].filter((name) => !shown.has(name)).sort();
  const groups = left.map((name) =>
    single(name, known.has(name) ? (GROUP_OF_PREFIX[name.split('/')[0] ?? ''] ?? 'other') : 'other'),
  );
  return CHART_GROUPS.flatMap(({ id }) => [...made, ...groups].filter(({ group }) => group === id));
}
