/** Token-level entropy: minus SeqMean of H_t = -sum_v p ln p (ArcherCodeR; RENT, arXiv 2505.22660, is the same idea). */

import { sequenceMean } from './certainty.ts';
import type { Reward } from './reward.ts';

export const tokenEntropy: Reward = {
  id: 'token-entropy',
  title: 'Token entropy',
  help: 'Minus the mean entropy of the next-token distribution: confident tokens score high. No tests are used.',
  options: {},
  score: (group) => group.map(({ stats }) => sequenceMean(stats.entropy.length, (t) => -(stats.entropy[t] as number))),
};
