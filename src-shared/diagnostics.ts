/** The series that say how a policy changes beside its accuracy: lengths, diversity, verdicts, support, where the signal
 * is, whether the reward goes with accuracy, and what single objectives measure of themselves. */

const SPLITS = [
  { split: 'train', of: 'training rollouts', title: 'training' },
  { split: 'eval', of: 'validation samples', title: 'validation' },
] as const;

const VERDICTS = [
  { verdict: 'passed', title: 'Passed', of: 'that pass every test' },
  { verdict: 'no-code', title: 'No code', of: 'without a code block' },
  { verdict: 'wrong-answer', title: 'Wrong answer', of: 'with a wrong answer' },
  { verdict: 'runtime-error', title: 'Runtime error', of: 'that fail at run time' },
  { verdict: 'compile-error', title: 'Compile error', of: 'that do not compile' },
  { verdict: 'limits', title: 'Limit exceeded', of: 'stopped by the time, memory or output limit' },
  { verdict: 'sandbox-error', title: 'Sandbox error', of: 'that the sandbox could not judge' },
] as const;

const QUANTILES = [
  { name: 'p10', title: 'shortest tenth', help: 'The 10 % quantile' },
  { name: 'p50', title: 'median', help: 'The median' },
  { name: 'p90', title: 'longest tenth', help: 'The 90 % quantile' },
  { name: 'max', title: 'longest', help: 'The maximum' },
] as const;

const SIGNATURE =
  'Two programs do the same where they put out the same on the inputs that the prompt shows; programs that fail on one of them are left out, and so are problems with fewer than two programs that do not.';

const CHANGES = [
  { change: 'kept', title: 'Support kept', of: 'solved by at least one sample then and now' },
  { change: 'lost', title: 'Support lost', of: 'solved by at least one sample then, and by none now' },
  { change: 'gained', title: 'Support gained', of: 'solved by no sample then, and by at least one now' },
] as const;

const TRL_DPO = 'TRL dpo_trainer.py';

export const DIAGNOSTIC_METRICS = [
  ...SPLITS.flatMap(({ split, of, title }) => [
    ...QUANTILES.map(
      (quantile) =>
        ({
          name: `${split}/length-${quantile.name}`,
          title: `Response length, ${quantile.title} (${title})`,
          unit: 'tokens',
          help: `${quantile.help} of the lengths of ${of}, truncated included; linear between order statistics.`,
          source: 'own choice',
        }) as const,
    ),
    {
      name: `${split}/distinct-programs`,
      title: `Distinct programs (${title})`,
      unit: 'fraction',
      help: `Mean over problems of different program texts / ${of} with a program. Problems with fewer than two programs are left out.`,
      source: 'own choice',
    } as const,
    {
      name: `${split}/distinct-outputs`,
      title: `Distinct behaviours (${title})`,
      unit: 'fraction',
      help: `Mean over problems of different behaviours / programs of ${of}. ${SIGNATURE}`,
      source: 'own choice',
    } as const,
    {
      name: `${split}/output-entropy`,
      title: `Entropy of behaviours (${title})`,
      unit: 'nats',
      help: `Mean over problems of the entropy of how programs of ${of} are spread over behaviours; 0 where all do the same. ${SIGNATURE}`,
      source: 'answer entropy of The Invisible Leash, arXiv 2507.14843, over execution signatures',
    } as const,
  ]),
  {
    name: 'eval/pass-ratio',
    title: 'pass@k / pass@1',
    unit: 'number',
    help: 'Validation pass@k over pass@1, k the fewest judged samples of a problem: 1 where all samples of a problem have the same fate, k where each problem is solved by one of k. A gap where nothing passed.',
    source: 'the study, with k = 8',
  },
  ...CHANGES.map(
    ({ change, title, of }) =>
      ({
        name: `eval/support-${change}`,
        title,
        unit: 'fraction',
        help: `Validation problems ${of}, then being the validation before the first step. Only problems judged both times; depends on the samples a problem. A gap in a run without that validation.`,
        source: 'The Invisible Leash, arXiv 2507.14843',
      }) as const,
  ),
  ...VERDICTS.map(
    ({ verdict, title, of }) =>
      ({
        name: `eval/${verdict}`,
        title: `${title} (validation)`,
        unit: 'fraction',
        help: `Validation samples ${of}.`,
        source: 'own choice',
      }) as const,
  ),
  {
    name: 'train/informative-groups',
    title: 'Groups with signal',
    unit: 'fraction',
    help: 'Groups whose rewards are not all equal: only these move the policy. 1 less train/flat-groups.',
    source: '1 - frac_reward_zero_std of TRL',
  },
  {
    name: 'train/solved-groups',
    title: 'Groups all solved',
    unit: 'fraction',
    help: 'Groups in which every judged rollout passes every test, whatever the reward. Groups with fewer than two judged rollouts are left out.',
    source: 'own choice',
  },
  {
    name: 'train/unsolved-groups',
    title: 'Groups never solved',
    unit: 'fraction',
    help: 'Groups in which no judged rollout passes every test, whatever the reward. Groups with fewer than two judged rollouts are left out.',
    source: 'own choice',
  },
  {
    name: 'train/reward-accuracy',
    title: 'Reward against accuracy',
    unit: 'number',
    help: 'Pearson correlation of reward and passing (1 or 0) over all rollouts. A gap where one of them does not vary.',
    source: 'own choice',
  },
  {
    name: 'train/reward-accuracy-rank',
    title: 'Reward against accuracy, by rank',
    unit: 'number',
    help: 'Spearman correlation of reward and passing (1 or 0) over all rollouts. A gap where one of them does not vary.',
    source: 'own choice',
  },
  {
    name: 'train/reward-accuracy-within',
    title: 'Reward against accuracy within groups',
    unit: 'fraction',
    help: 'Chance that a correct rollout has a higher reward than a wrong one of its own group, ties half: 0.5 where the reward is blind. This is what group-relative advantages see. A gap where no group has both.',
    source: 'own choice',
  },
  {
    name: 'train/reward-accuracy-across',
    title: 'Reward against accuracy across groups',
    unit: 'number',
    help: 'Pearson correlation of the mean reward and the accuracy of each group: whether easy problems score higher. A gap where one of them does not vary.',
    source: 'own choice',
  },
  {
    name: 'train/reward-correct',
    title: 'Reward of correct rollouts',
    unit: 'number',
    help: 'Mean reward of the rollouts that pass every test. A gap where there are none.',
    source: 'own choice',
  },
  {
    name: 'train/reward-wrong',
    title: 'Reward of wrong rollouts',
    unit: 'number',
    help: 'Mean reward of the judged rollouts that do not pass every test. A gap where there are none.',
    source: 'own choice',
  },
  {
    name: 'train/clip-low',
    title: 'Tokens clipped from below',
    unit: 'fraction',
    help: 'Share of tokens whose ratio was held at its lower bound. A gap for objectives without ratios.',
    source: 'clip_ratio/low_mean of TRL',
  },
  {
    name: 'train/clip-high',
    title: 'Tokens clipped from above',
    unit: 'fraction',
    help: 'Share of tokens whose ratio was held at its upper bound. A gap for objectives without ratios.',
    source: 'clip_ratio/high_mean of TRL',
  },
  {
    name: 'train/clip-dual',
    title: 'Tokens clipped twice',
    unit: 'fraction',
    help: 'Share of tokens with a negative advantage whose loss was held at the dual clip. A gap for objectives without ratios.',
    source: 'actor/pg_clipfrac_lower of verl',
  },
  {
    name: 'train/token-accuracy',
    title: 'Token accuracy',
    unit: 'fraction',
    help: 'Share of the tokens trained on that are the likeliest next token, before each update. Log-likelihood only.',
    source: 'mean_token_accuracy of TRL sft_trainer.py',
  },
  {
    name: 'train/chosen-reward',
    title: 'Reward of chosen responses',
    unit: 'number',
    help: 'Mean over pairs of beta times the sum of ln pi - ln pi_ref of the chosen response, before each update. DPO only.',
    source: `rewards/chosen of ${TRL_DPO}`,
  },
  {
    name: 'train/rejected-reward',
    title: 'Reward of rejected responses',
    unit: 'number',
    help: 'Mean over pairs of beta times the sum of ln pi - ln pi_ref of the rejected response, before each update. DPO only.',
    source: `rewards/rejected of ${TRL_DPO}`,
  },
  {
    name: 'train/reward-margin',
    title: 'Reward margin',
    unit: 'number',
    help: 'Mean over pairs of the chosen response’s reward less the rejected one’s. DPO only.',
    source: `rewards/margins of ${TRL_DPO}`,
  },
  {
    name: 'train/preference-accuracy',
    title: 'Preference accuracy',
    unit: 'fraction',
    help: 'Share of pairs whose chosen response has the higher reward; 0 at the first update, where all rewards are 0. DPO only.',
    source: `rewards/accuracies of ${TRL_DPO}`,
  },
  {
    name: 'train/chosen-logprob',
    title: 'Log-prob of chosen responses',
    unit: 'nats',
    help: 'Mean over pairs of the sum of ln pi of the chosen response, before each update. Both may fall while the margin grows. DPO only.',
    source: `logps/chosen of ${TRL_DPO}`,
  },
  {
    name: 'train/rejected-logprob',
    title: 'Log-prob of rejected responses',
    unit: 'nats',
    help: 'Mean over pairs of the sum of ln pi of the rejected response, before each update. DPO only.',
    source: `logps/rejected of ${TRL_DPO}`,
  },
] as const;
