/** Options that all policy-gradient objectives share; a member differs from another in their defaults. */
import { defaultsOf, type OptionValues, type ValuesOf } from '../../src-shared/options.ts';

const options = {
  clipLow: {
    kind: 'number',
    label: 'Clip low',
    default: 0.2,
    min: 0,
    max: 1,
    help: 'Ratios below 1 - this are clipped.',
    source: 'the study',
  },
  clipHigh: {
    kind: 'number',
    label: 'Clip high',
    default: 0.2,
    min: 0,
    max: 100,
    help: 'Ratios above 1 + this are clipped. DAPO raises it to 0.28.',
    source: 'the study',
  },
  dualClip: {
    kind: 'number',
    label: 'Dual clip',
    default: 3,
    min: 0,
    max: 1000,
    advanced: true,
    help: 'Upper bound c of the ratio where the advantage is negative; must exceed 1, 0 turns it off.',
    source: 'verl; the study uses 10 with 3 epochs',
  },
  klCoefficient: {
    kind: 'number',
    label: 'KL coefficient',
    default: 0,
    min: 0,
    max: 100,
    help: 'Weight of the divergence from the reference policy, which is the one that the run started from; 0 keeps no reference policy.',
    source: 'the study; ablates 0 and 0.005',
  },
  entropyCoefficient: {
    kind: 'number',
    label: 'Entropy bonus',
    default: 0,
    min: -10,
    max: 10,
    advanced: true,
    help: 'Weight of the mean token entropy, subtracted from the loss.',
    source: 'the study',
  },
  aggregation: {
    kind: 'choice',
    label: 'Averaging',
    default: 'seq-mean-token-mean',
    choices: [
      {
        value: 'seq-mean-token-mean',
        label: 'Sequences, then tokens',
        help: 'Mean over responses of the mean over tokens (GRPO).',
      },
      { value: 'token-mean', label: 'All tokens', help: 'Mean over all tokens of the minibatch (DAPO).' },
      {
        value: 'group-token-mean',
        label: 'Tokens of a group',
        help: 'Mean over problems of the mean over all tokens of their responses (BNPO).',
      },
      { value: 'seq-mean-token-sum', label: 'Sequence sums', help: 'Mean over responses of the sum over tokens.' },
      {
        value: 'seq-mean-token-sum-norm',
        label: 'Fixed length',
        help: 'Sum over tokens / (responses x longest response) (Dr. GRPO).',
      },
    ],
    help: 'How token losses become one number.',
    source: 'what the study’s token-mean amounts to with its micro-batches of one response',
  },
  ratio: {
    kind: 'choice',
    label: 'Ratio',
    default: 'token',
    choices: [
      { value: 'token', label: 'Of each token', help: 'pi / pi_old of the token (PPO, GRPO).' },
      {
        value: 'sequence',
        label: 'Of the response',
        help: 'exp of the mean of ln pi - ln pi_old over the response, one for all its tokens (GSPO).',
      },
    ],
    advanced: true,
    help: 'What is compared with the policy that sampled, and clipped.',
    source: 'verl; GSPO, arXiv 2507.18071',
  },
  clipOf: {
    kind: 'choice',
    label: 'Clip of',
    default: 'gradient',
    choices: [
      { value: 'gradient', label: 'The surrogate', help: 'A clipped token carries no gradient (PPO).' },
      { value: 'weight', label: 'The weight', help: 'The ratio is a constant, clipped weight of ln pi (CISPO).' },
    ],
    advanced: true,
    help: 'What clipping does to a token whose ratio is out of bounds.',
    source: 'verl; CISPO, arXiv 2506.13585',
  },
  klEstimator: {
    kind: 'choice',
    label: 'KL estimator',
    default: 'k3',
    choices: [
      { value: 'k1', label: 'k1', help: 'ln pi - ln ref. In the loss its gradient is 0 on average.' },
      { value: 'k2', label: 'k2', help: '(ln pi - ln ref)^2 / 2.' },
      { value: 'k3', label: 'k3', help: 'exp(d) - d - 1 with d = ln ref - ln pi; never negative.' },
    ],
    advanced: true,
    help: 'How the divergence is estimated from one token. Only with a KL coefficient.',
    source: 'the study (k3 in the loss)',
  },
  klPlacement: {
    kind: 'choice',
    label: 'KL in',
    default: 'loss',
    choices: [
      { value: 'loss', label: 'The loss', help: 'Added to the loss of each token (GRPO).' },
      {
        value: 'reward',
        label: 'The reward',
        help: 'Taken off the reward before advantages are made (PPO, REINFORCE++).',
      },
    ],
    advanced: true,
    help: 'Where the divergence counts. In the reward, rollouts are scored under the reference policy first; the recorded reward stays as it was.',
    source: 'the study (loss)',
  },
  referenceEvery: {
    kind: 'number',
    label: 'Renew reference every',
    default: 0,
    min: 0,
    max: 1_000_000,
    integer: true,
    unit: 'steps',
    advanced: true,
    help: 'The reference policy becomes the policy as it is after every so many steps; 0 never. Must be a multiple of the checkpoint interval, so that a resumed run finds the same reference.',
    source: 'the study keeps the first; Aletheia renews each 100 steps',
  },
  importanceCap: {
    kind: 'number',
    label: 'Importance cap',
    default: 0,
    min: 0,
    max: 1000,
    advanced: true,
    help: 'Truncated importance sampling: token losses are weighted by min(pi_old / pi_sampler, this), with pi_old scored anew before the updates. For samplers that differ from the engine’s own scores; at least 1, 0 turns it off.',
    source: 'verl and TRL (token_truncate); Aletheia caps at 2',
  },
  maskTruncated: {
    kind: 'boolean',
    label: 'Leave out truncated responses',
    default: false,
    advanced: true,
    help: 'Responses that ran into the length limit are not trained on and count in no average; their rewards still count in the advantages of their group.',
    source: 'DAPO (overlong filtering); off in the study',
  },
  positiveWeight: {
    kind: 'number',
    label: 'Weight of positives',
    default: 1,
    min: 0,
    max: 100,
    advanced: true,
    help: 'Factor of advantages above 0. 0 trains on negatives alone, 0.1 is W-REINFORCE.',
    source: 'arXiv 2506.01347; its 0.1 is from memory',
  },
  negativeWeight: {
    kind: 'number',
    label: 'Weight of negatives',
    default: 1,
    min: 0,
    max: 100,
    advanced: true,
    help: 'Factor of advantages below 0. 0 trains on positives alone.',
    source: 'arXiv 2506.01347',
  },
  topEntropyShare: {
    kind: 'number',
    label: 'Share of tokens by entropy',
    default: 1,
    min: 0.001,
    max: 1,
    advanced: true,
    help: 'Only the tokens of the minibatch with the highest entropy as sampled, this share of them, get the policy’s gradient; averages and KL stay over all. 1 takes all.',
    source: 'arXiv 2506.01939 (0.2), as TRL has it',
  },
} as const;

/** The options' shape, without the literal types of one member's defaults. */
export type PolicyOptions = typeof options;
export type PolicyValues = ValuesOf<PolicyOptions>;

/** A change of one option's default, with where the value comes from. */
export type PolicyDefaults = {
  readonly [K in keyof PolicyOptions]?: { readonly default: PolicyValues[K]; readonly source: string };
};

export function policyOptions(changes: PolicyDefaults): PolicyOptions {
  const changed = Object.entries(options).map(([key, option]) => [
    key,
    { ...option, ...changes[key as keyof PolicyOptions] },
  ]);
  return Object.fromEntries(changed) as PolicyOptions;
}

const defaults = defaultsOf(options);

/** What a configuration says; what it was made too early to say is off. */
export function policyValues(given: OptionValues): PolicyValues {
  return { ...defaults, ...given };
}
