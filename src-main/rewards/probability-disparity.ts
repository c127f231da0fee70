/**
 * Probability disparity. `top-two`: SeqMean of p(1) - p(2), the study's variant (ArcherCodeR). `sampled`: SeqMean of
 * p(y_t) - p(2), as in ConfidentLLM (RLSF, arXiv 2507.21931), which can be negative. The study's mean is over the whole
 * response, RLSF's over the tokens of the final answer; that the answer is what follows the last </think>, and the end
 * of sequence no part of it, is an own choice.
 */
import { sequenceMean } from './certainty.ts';
import type { Reward, Scorable } from './reward.ts';

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
    span: {
      kind: 'choice',
      label: 'Tokens',
      default: 'response',
      choices: [
        { value: 'response', label: 'Whole response' },
        { value: 'code', label: 'Code block', help: 'The program between its fences. Without one there is no score.' },
        { value: 'answer', label: 'Final answer', help: 'What follows the reasoning. Without any there is no score.' },
      ],
      help: 'Tokens that the mean is over.',
      source: 'the study (whole response); RLSF (final answer)',
    },
  },
  bounds: ({ variant }) => (variant === 'sampled' ? [-1, 1] : [0, 1]),
  score: (group, { variant, span }) =>
    group.map((rollout) => {
      const range = rangeOf(rollout, span);
      if (range === null)
        return { unscored: span === 'code' ? 'the response has no code block' : 'the response has no final answer' };
      const { logprob, top1, top2 } = rollout.stats;
      const gap = (t: number) => {
        const first = variant === 'sampled' ? Math.exp(logprob[t] as number) : (top1[t] as number);
        return first - (top2[t] as number);
      };
      return sequenceMean(range[1], gap, range[0]);
    }),
};

function rangeOf(rollout: Scorable, span: unknown): readonly [number, number] | null {
  return span === 'code' || span === 'answer' ? rollout.tokensOf(span) : [0, rollout.stats.top1.length];
}
