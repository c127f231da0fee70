/**
 * Which series of other tools are series of ours. Only those with the same definition are here; every other keeps its
 * own name. Where a tool uses a name of ours for something that is not listed, the tool's name goes before it.
 *
 * Sources: TRL 1.16 trl/trainer/grpo_trainer.py (names; Hugging Face's callbacks put `train/` before them);
 * transformers 5.23 Trainer.log; verl docs and trainer/ppo/metric_utils.py, core_algos.py; the study's own keys.
 */
import { METRICS, type MetricName } from '../../src-shared/metrics.ts';

/** The first that a run has counts. */
const SAME: readonly (readonly [ours: MetricName, theirs: readonly string[]])[] = [
  ['train/reward', ['reward', 'train/reward', 'critic/rewards/mean']],
  ['train/length', ['completions/mean_length', 'train/completions/mean_length', 'response_length/mean']],
  ['train/truncated', ['completions/clipped_ratio', 'train/completions/clipped_ratio', 'response_length/clip_ratio']],
  ['train/kl', ['kl', 'train/kl', 'actor/kl_loss']],
  ['train/old-kl', ['actor/ppo_kl']],
  ['train/token-entropy', ['entropy', 'train/entropy', 'actor/entropy', 'internal_metrics/token_entropy/mean']],
  ['train/clip-fraction', ['clip_ratio/region_mean', 'train/clip_ratio/region_mean', 'actor/pg_clipfrac']],
  ['train/flat-groups', ['frac_reward_zero_std', 'train/frac_reward_zero_std']],
  ['train/loss', ['loss', 'train/loss', 'actor/pg_loss']],
  ['train/grad-norm', ['grad_norm', 'train/grad_norm', 'actor/grad_norm']],
  ['train/learning-rate', ['learning_rate', 'train/learning_rate', 'actor/lr']],
  ['train/trajectory-entropy', ['internal_metrics/trajectory_entropy/mean']],
  ['train/disparity', ['internal_metrics/probability_disparity/mean']],
  ['train/action-reward', ['actor/action_reward']],
  ['eval/avg@k', ['val-core/livecodebench/acc/mean@4']],
  ['eval/length', ['val_response_length/mean']],
  ['eval/thinking-words', ['val_token/thinking_and_reasoning']],
  ['eval/repetition', ['val_token/repetition_ratio']],
  ['time/step', ['step_time', 'train/step_time', 'timing_s/step']],
];

const OURS: ReadonlySet<string> = new Set(METRICS.map(({ name }) => name));

/** A run's names to the ones that they get here. @param format Put before names that mean something else here. */
export function renaming(names: Iterable<string>, format: string): ReadonlyMap<string, string> {
  const theirs = new Set(names);
  const map = new Map<string, string>();
  for (const [ours, candidates] of SAME) {
    const found = candidates.find((name) => theirs.has(name));
    if (found !== undefined) map.set(found, ours);
  }
  for (const name of theirs) {
    if (map.has(name)) continue;
    let kept = name;
    while (OURS.has(kept) || (kept !== name && theirs.has(kept))) kept = `${format}/${kept}`;
    map.set(name, kept);
  }
  return map;
}
