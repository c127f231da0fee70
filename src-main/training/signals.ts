/** Certainty against correctness, for every run whatever its reward: shadow scores, which no gradient sees. */
import type { MetricName, StepMetrics } from '../../src-shared/metrics.ts';
import { certaintyReport } from '../diagnostics/certainty.ts';
import type { CertainRollout } from './scoring.ts';

/** The series that are compared, by the names that they are logged under. */
const SIGNALS = [
  ['self-certainty', 'selfCertainty'],
  ['token-entropy', 'tokenEntropy'],
  ['trajectory-entropy', 'trajectoryEntropy'],
  ['disparity', 'disparity'],
] as const;

/**
 * All rollouts of the step are pooled, whatever their problem. Responses that the sandbox could not judge, or that are
 * empty, are left out; so are comparisons where all responses are correct, or none.
 */
export function signalMetrics(
  split: 'train' | 'eval',
  rollouts: readonly Pick<CertainRollout, 'certainty' | 'outcome'>[],
): StepMetrics {
  const judged = rollouts.filter((r) => r.outcome !== 'sandbox-error' && r.certainty.logprob.length > 0);
  if (judged.length === 0) return {};
  const { separation, calibration } = certaintyReport(
    judged.map(({ certainty, outcome }) => ({ stats: certainty, passed: outcome === 'passed' })),
  );
  const metrics: { [N in MetricName]?: number } = {
    [`${split}/calibration-probability` as const]: calibration.probability.expectedError,
    [`${split}/calibration-disparity` as const]: calibration.disparity.expectedError,
  };
  for (const [name, key] of SIGNALS) {
    const ranks = separation[key];
    if (ranks === null) continue;
    metrics[`${split}/auroc-${name}`] = ranks.auroc;
    metrics[`${split}/rank-biserial-${name}`] = ranks.rankBiserial;
    metrics[`${split}/z-effect-${name}`] = ranks.zOverRootN;
  }
  return metrics;
}
