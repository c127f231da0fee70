/** Control: Bernoulli reward, independent of the response (Spurious Rewards, arXiv 2506.10947; rate 0.5 in ArcherCodeR). */
import type { Reward } from './reward.ts';

export const randomReward: Reward = {
  id: 'random',
  title: 'Random',
  help: 'Control: 1 with a fixed probability, else 0, whatever the response.',
  options: {
    rate: {
      kind: 'number',
      label: 'Rate',
      default: 0.5,
      min: 0,
      max: 1,
      help: 'Probability of a reward of 1.',
      source: 'ArcherCodeR, RANDOM_REWARD_RATE',
    },
  },
  bounds: () => [0, 1],
  score: (group, options, random) => group.map(() => (random.next() < (options.rate as number) ? 1 : 0)),
};
