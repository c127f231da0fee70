/** GRPO and its relatives: one loss (policy-gradient.ts), each with its own defaults. */
import type { ObjectiveMember } from './objective.ts';
import { policyGradient } from './policy-gradient.ts';

export const grpo = policyGradient({
  id: 'grpo',
  title: 'GRPO',
  help: 'Policy gradient with group-relative advantages and clipped ratios.',
  defaults: {},
});

/** arXiv 2503.20783. Needs advantages without a scale too. */
export const drGrpo = policyGradient({
  id: 'dr-grpo',
  title: 'Dr. GRPO',
  help: 'GRPO without its bias to length: sums over tokens are divided by a constant. Goes with an advantage that only subtracts the mean.',
  defaults: {
    aggregation: { default: 'seq-mean-token-sum-norm', source: 'Dr. GRPO, arXiv 2503.20783; TRL dr_grpo' },
  },
});

/** arXiv 2503.14476; values as in its verl recipe and in TRL. */
export const dapo = policyGradient({
  id: 'dapo',
  title: 'DAPO',
  help: 'GRPO with a higher upper clip and every token counting the same. Its dynamic sampling is rollouts.samplingRounds.',
  defaults: {
    clipHigh: { default: 0.28, source: 'DAPO, arXiv 2503.14476' },
    aggregation: { default: 'token-mean', source: 'DAPO, arXiv 2503.14476; TRL dapo' },
  },
});

/** TRL's bnpo. Its local batch is what a device holds at a time; here it is the group (own choice). */
export const bnpo = policyGradient({
  id: 'bnpo',
  title: 'BNPO (token averages of a local batch)',
  help: 'GRPO averaged over the tokens of a local batch, then over local batches; the local batch is a group.',
  defaults: {
    aggregation: { default: 'group-token-mean', source: 'TRL bnpo; the group as the local batch is an own choice' },
  },
});

/** arXiv 2507.18071; TRL's recommended clip. No dual clip, as in verl's gspo. */
export const gspo = policyGradient({
  id: 'gspo',
  title: 'GSPO',
  help: 'GRPO with one ratio for the whole response. Its clip is narrow, for a mean moves far less than its tokens do.',
  defaults: {
    ratio: { default: 'sequence', source: 'GSPO, arXiv 2507.18071' },
    clipLow: { default: 3e-4, source: 'GSPO, arXiv 2507.18071; TRL' },
    clipHigh: { default: 4e-4, source: 'GSPO, arXiv 2507.18071; TRL' },
    dualClip: { default: 0, source: 'verl gspo has none' },
  },
});

/** MiniMax-M1, arXiv 2506.13585; cap 5 as TRL recommends, which is clipHigh 4 here, and no lower bound. */
export const cispo = policyGradient({
  id: 'cispo',
  title: 'CISPO',
  help: 'REINFORCE with a clipped importance weight: no token loses its gradient.',
  defaults: {
    clipOf: { default: 'weight', source: 'CISPO, arXiv 2506.13585' },
    clipLow: { default: 1, source: 'CISPO, arXiv 2506.13585: no lower bound' },
    clipHigh: { default: 4, source: 'TRL: weights up to 5' },
    dualClip: { default: 0, source: 'CISPO has none' },
    aggregation: { default: 'token-mean', source: 'CISPO, arXiv 2506.13585; TRL cispo' },
  },
});

/** arXiv 2501.03262; the loss is PPO's. Goes with the advantage of the same name. */
export const reinforcePlusPlus = policyGradient({
  id: 'reinforce++',
  title: 'REINFORCE++',
  help: 'PPO’s clipped loss without a critic, the divergence taken off the reward of each token. Goes with advantages over the whole step.',
  defaults: {
    klPlacement: { default: 'reward', source: 'REINFORCE++, arXiv 2501.03262' },
    klEstimator: { default: 'k1', source: 'REINFORCE++, arXiv 2501.03262' },
    aggregation: { default: 'token-mean', source: 'verl' },
  },
});

/** arXiv 2504.11343: min(ratio, clip(ratio)) of the correct responses. */
export const raftPlusPlus = policyGradient({
  id: 'raft++',
  title: 'RAFT++',
  help: 'Likelihood of correct responses, with importance sampling and clipping.',
  advantage: 'positives',
  defaults: {
    dualClip: { default: 0, source: 'there are no negatives' },
    aggregation: { default: 'token-mean', source: 'RAFT++, arXiv 2504.11343, in verl' },
  },
});

export const policyGradients: readonly ObjectiveMember[] = [
  grpo,
  drGrpo,
  dapo,
  bnpo,
  gspo,
  cispo,
  reinforcePlusPlus,
  raftPlusPlus,
];
