/**
 * Trajectory-level entropy: SeqMean of ln p_old(y_t) (ArcherCodeR, compute_trajectory_entropy_advantage). It is a mean
 * log-prob rather than an entropy; the name is the study's. `sum`: ln p of the whole response, as in EM-RL (arXiv
 * 2505.15134, from memory), which favours short responses.
 */
import { sequenceMean } from './certainty.ts';
import type { Reward } from './reward.ts';

export const trajectoryEntropy: Reward = {
  id: 'trajectory-entropy',
  title: 'Trajectory entropy',
  help: 'Log-prob of the sampled tokens: likely responses score high. No tests are used.',
  options: {
    reduction: {
      kind: 'choice',
      label: 'Reduction',
      default: 'mean',
      choices: [
        { value: 'mean', label: 'Mean over tokens', help: 'Length does not count.' },
        { value: 'sum', label: 'Sum over tokens', help: 'Log-prob of the whole response: short ones score high.' },
      ],
      help: 'How the log-probs of the tokens become one score.',
      source: 'the study (mean); EM-RL (sum)',
    },
  },
  score: (group, options) =>
    group.map(({ stats: { logprob } }) => {
      const mean = sequenceMean(logprob.length, (t) => logprob[t] as number);
      return typeof mean === 'number' && options.reduction === 'sum' ? mean * logprob.length : mean;
    }),
};
