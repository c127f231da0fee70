/**
 * Probability disparity. `top-two`: SeqMean of p(1) - p(2), the study's variant (ArcherCodeR). `sampled`: SeqMean of
 * p(y_t) - p(2), as in ConfidentLLM (RLSF, arXiv 2507.21931), which can be negative. Departure from RLSF: the mean is
 * over the whole response, not over the answer span.
 */

import { sequenceMean } from './certainty.ts';
import type { Reward } from './reward.ts';

export const probabilityDisparity: Reward = {
  id: 'probability-disparity',
  title: 'Probability disparity',
  help: 'Mean gap between the two most likely next tokens. No tests are used.',
  options: {
    variant: {
      kind: 'choice',
      label: 'Variant',
      default: 'top-two',
      choices: [
        { value: 'top-two', label: 'Top two', help: 'Largest minus second largest probability.' },
        {
          value: 'sampled',
          label: 'Sampled token',
          help: 'Probability of the sampled token minus the second largest.',
        },
      ],
      help: 'Which probability the second largest is taken from.',
      source: 'the study (top two); RLSF (sampled token)',
    },
  },
  score: (group, options) =>
    group.map(({ stats }) =>
      sequenceMean(stats.top1.length, (t) => {
        const first = options.variant === 'sampled' ? Math.exp(stats.logprob[t] as number) : (stats.top1[t] as number);
        return first - (stats.top2[t] as number);
      }),
    ),
};
