/** Control: the same reward for every response. Every group is flat, so only KL, entropy and weight decay can move the policy. */
import type { Reward } from './reward.ts';

export const constantReward: Reward = {
  id: 'constant',
  title: 'Constant',
  help: 'Control: every response scores 1, so advantages are all 0.',
  options: {},
  bounds: () => [0, 1],
  score: (group) => group.map(() => 1),
};
