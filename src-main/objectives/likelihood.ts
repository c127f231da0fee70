/**
 * Negative log-likelihood of chosen responses, mean over their tokens: RAFT (arXiv 2304.06767), and supervised
 * fine-tuning where all updates are made from one collection. Which responses are chosen is the advantage's business.
 */
import type { ObjectiveMember } from './objective.ts';

export const likelihood: ObjectiveMember = {
  id: 'likelihood',
  title: 'Log-likelihood (RAFT, SFT)',
  help: 'Raises the likelihood of the chosen responses. With new rollouts each step this is RAFT; with one step of many updates, supervised fine-tuning on the policy’s own correct responses.',
  options: {},
  conflicts: ({ advantage }) =>
    advantage.kind === 'positives'
      ? []
      : [
          {
            path: 'advantage.kind',
            message: `${advantage.kind} is not for objective likelihood, which can only raise; allowed is positives`,
          },
        ],
  needsReference: () => false,
  isIdle: ({ advantage }) => advantage === 0,
  sequenceLoss(stats, { advantage, oldLogprob }, normalisation) {
    const length = stats.logprob.length;
    const weight = 1 / normalisation.tokens;
    const derivative = new Float32Array(length);
    let [loss, oldKl, likeliest] = [0, 0, 0];
    for (let t = 0; t < length; t++) {
      const a = typeof advantage === 'number' ? advantage : (advantage[t] as number);
      const logprob = stats.logprob[t] as number;
      loss -= a * logprob * weight;
      derivative[t] = -a * weight;
      oldKl += (oldLogprob[t] as number) - logprob;
      // Both come from one softmax, by way of a logarithm: equal but for rounding.
      if (Math.exp(logprob) >= (stats.top1[t] as number) - 1e-5) likeliest++;
    }
    return {
      loss,
      derivative: { logprob: derivative },
      tally: {
        tokens: length,
        clipped: 0,
        oldKl,
        refKl: null,
        own: { 'train/token-accuracy': [likeliest, length] },
      },
    };
  },
};
