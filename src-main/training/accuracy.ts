/** The series of validation accuracy: avg@k with its error and interval, and pass@k for several k. */
import type { MetricName, StepMetrics } from '../../src-shared/metrics.ts';
import { intervalOfMean, type Judged, passByProblem } from '../stats/accuracy.ts';
import { mean, passAtK, standardError } from '../stats/describe.ts';

/** @param problems Those with a judged sample. */
export function accuracyMetrics(problems: readonly Judged[]): StepMetrics {
  if (problems.length === 0) return {};
  const perProblem = problems.map(({ samples, passed }) => passed / samples);
  const error = standardError(perProblem);
  const interval = intervalOfMean(perProblem);
  const metrics: { [N in MetricName]?: number } = {
    'eval/avg@k': mean(perProblem),
    'eval/pass@k': mean(problems.map(({ samples, passed }) => passAtK(samples, passed, samples))),
  };
  if (error !== null) metrics['eval/avg@k-se'] = error;
  if (interval !== null) {
    metrics['eval/avg@k-low'] = interval.low;
    metrics['eval/avg@k-high'] = interval.high;
  }
  for (const [k, values] of passByProblem(problems)) metrics[`eval/pass@${k}`] = mean(values);
  return metrics;
}
