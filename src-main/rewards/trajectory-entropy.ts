/**
 * Trajectory-level entropy: SeqMean of ln p_old(y_t) (ArcherCodeR, compute_trajectory_entropy_advantage). It is a mean
 * log-prob rather than an entropy; the name is the study's. EM-RL (arXiv 2505.15134) sums instead of averaging.
 */

import { sequenceMean } from './certainty.ts';
import type { Reward } from './reward.ts';

export const trajectoryEntropy: Reward = {
  id: 'trajectory-entropy',
  title: 'Trajectory entropy',
  help: 'Mean log-prob of the sampled tokens: likely responses score high. No tests are used.',
  options: {},
  score: (group) => group.map(({ stats }) => sequenceMean(stats.logprob.length, (t) => stats.logprob[t] as number)),
};
