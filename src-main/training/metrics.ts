/** The series of one step, from its rollouts. What each means stands in src-shared/metrics.ts. */
import type { StepMetrics } from '../../src-shared/metrics.ts';
import { hasReasoning, repetitionRatio, thinkingWords } from '../diagnostics/text.ts';
import { actionReward, tokenMeans } from '../diagnostics/tokens.ts';
import { type GroupReward, PARTS } from '../rewards/index.ts';
import { mean, sampleStd } from '../stats/describe.ts';
import { accuracyMetrics } from './accuracy.ts';
import type { Rollout } from './rollouts.ts';

const share = <T>(items: readonly T[], test: (item: T) => boolean) =>
  items.length === 0 ? 0 : items.filter(test).length / items.length;

/** Certainty over all tokens of the rollouts, as series of a split. */
function certainty<S extends 'train' | 'eval'>(split: S, rollouts: readonly Rollout[]) {
  const means = tokenMeans(rollouts.map(({ stats }) => stats));
  return {
    [`${split}/token-entropy`]: means.tokenEntropy,
    [`${split}/trajectory-entropy`]: means.trajectoryEntropy,
    [`${split}/self-certainty`]: means.selfCertainty,
    [`${split}/disparity`]: means.disparity,
  };
}

/** Training rollouts: lengths, certainty, verdicts. @param maxNewTokens pads the action reward, as in the study. */
export function rolloutMetrics(rollouts: readonly Rollout[], maxNewTokens: number): StepMetrics {
  const lengths = rollouts.map((r) => r.tokens.length);
  const verdicts = (...outcomes: Rollout['outcome'][]) => share(rollouts, (r) => outcomes.includes(r.outcome));
  return {
    'train/accuracy': verdicts('passed'),
    'train/length': mean(lengths),
    'train/truncated': share(rollouts, (r) => !r.finished),
    'train/reasoning': share(rollouts, (r) => hasReasoning(r.completion)),
    'train/thinking-words': mean(rollouts.map((r) => thinkingWords(r.completion))),
    ...certainty('train', rollouts),
    'train/action-reward': actionReward(
      rollouts.map(({ stats }) => stats),
      maxNewTokens,
    ),
    'sandbox/passed': verdicts('passed'),
    'sandbox/no-code': verdicts('no-code'),
    'sandbox/wrong-answer': verdicts('wrong-answer'),
    'sandbox/runtime-error': verdicts('runtime-error'),
    'sandbox/compile-error': verdicts('compile-error'),
    'sandbox/limits': verdicts('time-limit', 'memory-limit', 'output-limit'),
    'sandbox/sandbox-error': verdicts('sandbox-error'),
  };
}

/** Means of what rewards are made of; a part that is off, or has no score at all, is a gap. */
export function rewardPartMetrics(groups: readonly Pick<GroupReward, 'parts' | 'flipped'>[]): StepMetrics {
  const means = PARTS.flatMap((part) => {
    const scores = groups.flatMap(({ parts }) => parts[part] ?? []).filter((s) => s !== null);
    return scores.length === 0 ? [] : [[`reward/${part}`, mean(scores)]];
  });
  const flips = groups.flatMap(({ flipped }) => flipped).filter((f) => f !== null);
  return {
    ...Object.fromEntries(means),
    ...(flips.length === 0 ? {} : { 'reward/flipped': share(flips, (f) => f) }),
  };
}

/**
 * Rewards of all groups; null where a rollout was not scored.
 * @param least Fewest scored rollouts of a group that the advantage can learn from.
 */
export function rewardMetrics(groups: readonly (readonly (number | null)[])[], least: number): StepMetrics {
  const scored = groups.map((group) => group.filter((r) => r !== null)).filter((group) => group.length >= least);
  const dropped = { 'train/dropped-groups': groups.length - scored.length };
  if (scored.length === 0) return dropped;
  const reward = { ...dropped, 'train/reward': mean(scored.flat()) };
  // One rollout has no spread.
  const several = scored.filter((group) => group.length >= 2);
  if (several.length === 0) return reward;
  return {
    ...reward,
    'train/reward-std': mean(several.map((group) => sampleStd(group) ?? 0)),
    'train/flat-groups': share(several, (group) => group.every((r) => r === group[0])),
  };
}

/**
 * Validation samples, one group a problem. A sample that the sandbox could not judge is left out of its problem's
 * mean; a problem without any judged sample is left out altogether.
 */
export function evaluationMetrics(groups: readonly (readonly Rollout[])[]): StepMetrics {
  const judged = groups.map((g) => g.filter((r) => r.outcome !== 'sandbox-error')).filter((g) => g.length > 0);
  const all = groups.flat();
  return {
    ...accuracyMetrics(
      judged.map((g) => ({ samples: g.length, passed: g.filter((r) => r.outcome === 'passed').length })),
    ),
    'eval/length': mean(all.map((r) => r.tokens.length)),
    'eval/thinking-words': mean(all.map((r) => thinkingWords(r.completion))),
    'eval/repetition': mean(all.map((r) => repetitionRatio(r.completion))),
    'eval/reasoning': share(all, (r) => hasReasoning(r.completion)),
    'eval/truncated': share(all, (r) => !r.finished),
    ...certainty('eval', all),
  };
}
