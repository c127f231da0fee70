/** Finds charts by words of their titles and of the names of their metrics. */
import { type ChartSpec, metricsOf, single } from '../../src-shared/charts/spec.ts';

/**
 * Charts that have all the words, in their order, then each metric that has them and shares a chart with others, by
 * itself. Null where there are no words.
 */
export function searchCharts(
  charts: readonly ChartSpec[],
  names: ReadonlySet<string>,
  search: string,
): ChartSpec[] | null {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const hasAll = (...texts: readonly string[]) => {
    const text = texts.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const found = charts.filter((chart) => hasAll(chart.title, ...metricsOf(chart)));
  const ids = new Set(charts.map(({ id }) => id));
  const alone = charts.flatMap((chart) =>
    metricsOf(chart)
      .filter((name) => names.has(name) && !ids.has(name))
      .map((name) => single(name, chart.group))
      .filter(({ title, id }) => hasAll(title, id)),
  );
  return [...found, ...alone];
}
