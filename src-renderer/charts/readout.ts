/** What a chart says in words: the values at the crosshair or, without one, the last ones. */
import { nearestBucket } from '../../src-shared/charts/buckets.ts';
import { type ChartSpec, isSparse } from '../../src-shared/charts/spec.ts';
import { formatCount, formatMetric, formatPercentWithError, unitSuffix } from '../../src-shared/format.ts';
import type { RunMetrics } from '../lib/run-metrics.ts';

/**
 * One value in the head, several in the legend. Where many steps share a point, their mean.
 * @param step pointed at; null: none
 * @param named say the step here; otherwise only where it is not the one pointed at
 */
export function readoutOf(
  spec: ChartSpec,
  metrics: RunMetrics,
  step: number | null,
  named: boolean,
): { head: string; values: string[] } {
  const [first] = spec.series;
  const suffix = unitSuffix(spec.unit);
  const unit = suffix === '' ? '' : ` ${suffix}`;
  const at = (name: string) => {
    if (step !== null) return nearestBucket(metrics.buckets(name, [step, step]), step);
    const last = metrics.latest(name);
    return last === undefined ? undefined : { first: last.step, last: last.step, mean: last.value, n: 1 };
  };
  const bucket = at(first.metric);
  const where =
    step !== null && bucket !== undefined && (named || isSparse(first.metric) || bucket.n > 1)
      ? [
          bucket.n > 1
            ? `${formatCount(bucket.first)}–${formatCount(bucket.last)}`
            : `step ${formatCount(bucket.first)}`,
        ]
      : [];
  if (spec.series.length > 1) {
    const means = spec.series.map(({ metric }) => at(metric)?.mean);
    const sum = spec.stacked === 'share' ? means.reduce<number>((total, mean) => total + (mean ?? 0), 0) : 1;
    const values = means.map((mean) => formatMetric(spec.unit, mean === undefined ? undefined : mean / sum));
    return { head: where.join(''), values: values.map((value) => `${value}${unit}`) };
  }
  if (bucket === undefined) return { head: '', values: [] };
  const error = spec.error === undefined || bucket.n > 1 ? undefined : metrics.at(spec.error, bucket.first);
  const value = error === undefined ? formatMetric(spec.unit, bucket.mean) : formatPercentWithError(bucket.mean, error);
  return { head: [...where, `${value}${unit}`].join('   '), values: [] };
}
