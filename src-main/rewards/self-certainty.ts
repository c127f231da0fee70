/**
 * Self-certainty: SeqMean of KL(U || p) = logsumexp(z) - mean_v z - ln V (Intuitor, torch_functional.py; ArcherCodeR).
 * Departure: their code leaves the constant ln V in; it cancels in every group-relative advantage.
 */

import { sequenceMean } from './certainty.ts';
import type { Reward } from './reward.ts';

export const selfCertainty: Reward = {
  id: 'self-certainty',
  title: 'Self-certainty',
  help: 'Mean over tokens of the divergence of the next-token distribution from uniform. No tests are used.',
  options: {},
  score: (group) => group.map(({ stats }) => sequenceMean(stats.klUniform.length, (t) => stats.klUniform[t] as number)),
};
