/** Starting points of the form and of `assay run <preset>`: differences from the defaults, by option path. */
import type { FlatValues } from '../src-shared/api.ts';
import type { OptionValue } from '../src-shared/options.ts';

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** One sentence: the question that it answers. */
  readonly when: string;
  /** Heading that it is found under. */
  readonly group: string;
  readonly values: FlatValues;
  /** Where each value comes from, by its path: paper, code base, or own choice. */
  readonly sources?: Readonly<Record<string, string>>;
}

type Ungrouped = Omit<Preset, 'group'>;
const inGroup = (group: string, members: readonly Ungrouped[]): Preset[] => members.map((p) => ({ ...p, group }));

const ofReward = (id: string, title: string, help: string, when: string): Ungrouped => ({
  id,
  title,
  help,
  when,
  values: { 'reward.kind': id },
});

/** All share every setting but the reward, so that runs of two presets differ in nothing else. */
export const rewardPresets: readonly Preset[] = [
  ...inGroup('Rewards', [
    {
      id: 'grpo',
      title: 'GRPO (unit tests)',
      help: 'RLVR: the reward is 1 when the program passes every test in the sandbox.',
      when: 'What training reaches when it is told what is right: the mark for all others.',
      values: { 'reward.kind': 'unit-tests' },
    },
    ofReward(
      'self-certainty',
      'Self-certainty',
      'RLIF: rewards next-token distributions far from uniform.',
      'Whether being sure of whole distributions can stand in for tests, as in Intuitor.',
    ),
    ofReward(
      'token-entropy',
      'Token entropy',
      'RLIF: rewards low next-token entropy.',
      'Whether sharper next tokens help, as in RENT and EM; the commonest certainty signal.',
    ),
    ofReward(
      'trajectory-entropy',
      'Trajectory entropy',
      'RLIF: rewards responses that the policy finds likely.',
      'Whether the likelihood of the whole response helps; watch the length, which it can pay to change.',
    ),
    ofReward(
      'probability-disparity',
      'Probability disparity',
      'RLIF: rewards a wide gap between the two likeliest tokens.',
      'Whether the margin of the first token over the second helps, with nothing of the tail.',
    ),
  ]),
  ...inGroup('Controls', [
    ofReward(
      'random',
      'Random reward',
      'Control: a coin flip decides the reward.',
      'Beside any certainty reward: what it gains over a coin is what the signal adds.',
    ),
    ofReward(
      'constant',
      'Constant reward',
      'Control: every response gets the same reward.',
      'To see the drift of a run that has nothing to learn from.',
    ),
  ]),
];

/** A value and where it comes from. */
type Sourced = readonly [value: OptionValue, source: string];
type SourcedValues = Readonly<Record<string, Sourced>>;

function sourced(id: string, title: string, help: string, when: string, values: SourcedValues): Ungrouped {
  const each = <T>(pick: (value: Sourced) => T) =>
    Object.fromEntries(Object.entries(values).map(([path, value]) => [path, pick(value)]));
  return { id, title, help, when, values: each(([value]) => value), sources: each(([, source]) => source) };
}

const STUDY = 'the study, arXiv 2606.20881, as the scripts of ArcherCodeR have it';
const SCALE =
  'Learning rate, response length and validation problems stay those of the embedded policy (the study: 1e-6, 8k or 16k tokens, LiveCodeBench).';

const studyRecipe: SourcedValues = {
  'advantage.kind': ['group-relative', STUDY],
  'advantage.options.scale': ['std', STUDY],
  'objective.kind': ['grpo', STUDY],
  'objective.options.clipLow': [0.2, STUDY],
  'objective.options.clipHigh': [0.2, STUDY],
  'objective.options.dualClip': [3, `${STUDY}; 10 with 3 epochs`],
  'objective.options.klCoefficient': [0, `${STUDY}; ablates 0.005`],
  'objective.options.entropyCoefficient': [0, STUDY],
  'objective.options.aggregation': [
    'seq-mean-token-mean',
    'inferred: verl’s token-mean with one response a micro-batch',
  ],
  'rollouts.problemsPerStep': [64, STUDY],
  'rollouts.groupSize': [16, `${STUDY}; ablates 8 and 12`],
  'rollouts.temperature': [1, `${STUDY}; ablates 0.8 and 1.2`],
  'rollouts.topP': [1, STUDY],
  'optimiser.minibatchProblems': [32, STUDY],
  'optimiser.epochs': [1, `${STUDY}; ablates 3`],
  'optimiser.warmupSteps': [10, STUDY],
  'optimiser.weightDecay': [0.1, STUDY],
  'optimiser.maxGradNorm': [1, STUDY],
  'evaluation.every': [10, STUDY],
  'evaluation.samples': [4, STUDY],
  'evaluation.temperature': [0.8, STUDY],
  'limits.steps': [105, `${STUDY}; about 105`],
};

const asInStudy = (reward: string, title: string, when: string): Ungrouped =>
  sourced(
    `${reward === 'unit-tests' ? 'grpo' : reward}-study`,
    `${title}, as in the study`,
    `64 problems of 16 responses and 2 updates a step, 105 steps: four times the rollouts of the default. ${SCALE}`,
    when,
    { 'reward.kind': [reward, STUDY], ...studyRecipe },
  );

const OFTEN: Sourced = [8, 'own choice: four updates a step, so that ratios leave 1'];

/** Other objectives and advantages, at the scale of the embedded policy. */
const methodPresets: readonly Ungrouped[] = [
  sourced(
    'dr-grpo',
    'Dr. GRPO',
    'GRPO without its biases to length and to the spread of a group.',
    'When responses grow without getting better, or easy and hard problems weigh too much.',
    {
      'objective.kind': ['dr-grpo', 'arXiv 2503.20783'],
      'advantage.options.scale': ['none', 'arXiv 2503.20783'],
    },
  ),
  sourced(
    'dapo',
    'DAPO',
    'Higher upper clip, token averages, dynamic sampling and soft overlong penalty. The published run has 512 problems of 16 responses, 16 updates a step and 20,480 tokens; sizes here are those of the embedded policy.',
    'When entropy falls early, many groups agree, or responses run into the cap.',
    {
      'objective.kind': ['dapo', 'arXiv 2503.14476'],
      'objective.options.klCoefficient': [0, 'arXiv 2503.14476'],
      'rollouts.samplingRounds': [4, 'own choice for the time of a step; verl’s recipe draws 10 times at most'],
      'shaping.overlongWeight': [1, 'arXiv 2503.14476'],
      'shaping.overlongWindow': [19, 'a fifth of the longest response, as 4096 of 20480 in arXiv 2503.14476'],
      'optimiser.minibatchProblems': OFTEN,
    },
  ),
  sourced(
    'bnpo',
    'BNPO',
    'GRPO averaged over the tokens of each group.',
    'To see what the average over tokens alone changes.',
    {
      'objective.kind': ['bnpo', 'TRL bnpo'],
    },
  ),
  sourced(
    'gspo',
    'GSPO',
    'One ratio a response, clipped narrowly, and four updates a step.',
    'When ratios of single tokens are noisy: long responses, several updates a step.',
    {
      'objective.kind': ['gspo', 'arXiv 2507.18071'],
      'optimiser.minibatchProblems': [8, 'arXiv 2507.18071, as TRL has it: four minibatches'],
    },
  ),
  sourced(
    'cispo',
    'CISPO',
    'Clipped importance weights instead of clipped gradients.',
    'When rare but decisive tokens should keep their gradient after the first update.',
    {
      'objective.kind': ['cispo', 'arXiv 2506.13585'],
      'optimiser.minibatchProblems': OFTEN,
    },
  ),
  sourced(
    'rloo',
    'RLOO',
    'REINFORCE of whole responses with the mean of the others as the baseline.',
    'The plain, unbiased baseline, without the division by a spread.',
    {
      'advantage.kind': ['leave-one-out', 'arXiv 2402.14740'],
      'objective.kind': ['grpo', 'verl and TRL: PPO’s clipped loss'],
      'objective.options.dualClip': [0, 'TRL rloo_trainer.py has none'],
      'objective.options.aggregation': ['seq-mean-token-sum', 'arXiv 2402.14740: the log-prob of the whole response'],
      'objective.options.klCoefficient': [0.05, 'TRL rloo_config.py'],
      'objective.options.klEstimator': ['k1', 'arXiv 2402.14740'],
      'objective.options.klPlacement': ['reward', 'arXiv 2402.14740; TRL rloo_trainer.py'],
    },
  ),
  sourced(
    'reinforce++',
    'REINFORCE++',
    'PPO without a critic: advantages over the whole step, divergence in the reward.',
    'When groups are small, or one response a problem must do.',
    {
      'advantage.kind': ['reinforce++', 'arXiv 2501.03262'],
      'objective.kind': ['reinforce++', 'arXiv 2501.03262'],
      'objective.options.klCoefficient': [0.001, 'own choice'],
      'optimiser.minibatchProblems': OFTEN,
    },
  ),
  sourced(
    'raft',
    'RAFT',
    'Raises the likelihood of correct responses; learns nothing from wrong ones.',
    'Whether negatives are needed at all: the simplest that learns from tests.',
    {
      'advantage.kind': ['positives', 'arXiv 2304.06767'],
      'objective.kind': ['likelihood', 'arXiv 2304.06767'],
    },
  ),
  sourced(
    'raft++',
    'RAFT++',
    'RAFT with importance sampling and clipping, and four updates a step.',
    'RAFT with more updates from each collection.',
    {
      'advantage.kind': ['positives', 'arXiv 2504.11343'],
      'objective.kind': ['raft++', 'arXiv 2504.11343'],
      'optimiser.minibatchProblems': OFTEN,
    },
  ),
];

const ALETHEIA = 'Aletheia';
const ALETHEIA_SCALE =
  'The paper trains verifiers of programs of 1.5 to 14 B parameters for 781 updates; here the task, response length, learning rate (in the paper’s proportions) and number of updates are those of the embedded policy.';

const aletheiaCommon: SourcedValues = {
  'reward.kind': ['unit-tests', 'own choice: the paper rewards the right verdict with 1'],
  'evaluation.temperature': [0.6, ALETHEIA],
  'evaluation.topP': [0.95, ALETHEIA],
};
const aletheiaOnline: SourcedValues = {
  ...aletheiaCommon,
  'rollouts.problemsPerStep': [64, ALETHEIA],
  'rollouts.groupSize': [16, ALETHEIA],
  'rollouts.temperature': [1, ALETHEIA],
  'optimiser.minibatchProblems': [64, `${ALETHEIA}: one update a step`],
  'optimiser.warmupSteps': [10, `${ALETHEIA}: 5 % of the steps`],
  'limits.steps': [200, `own choice; ${ALETHEIA} makes 781 updates`],
};
const aletheiaGrpo: SourcedValues = {
  ...aletheiaOnline,
  'shaping.formatWeight': [1, `${ALETHEIA}: -1 for a format violation`],
  'shaping.overlongWeight': [1, ALETHEIA],
  'shaping.overlongWindow': [24, 'own choice; the paper does not state it'],
  'advantage.kind': ['group-relative', ALETHEIA],
  'advantage.options.scale': ['std', ALETHEIA],
  'objective.kind': ['dapo', ALETHEIA],
  'objective.options.clipLow': [0.2, ALETHEIA],
  'objective.options.clipHigh': [0.28, ALETHEIA],
  'objective.options.dualClip': [0, 'TRL has none by default'],
  'objective.options.importanceCap': [2, ALETHEIA],
  'objective.options.klCoefficient': [0.001, ALETHEIA],
  'objective.options.klEstimator': ['k3', 'TRL'],
  'objective.options.referenceEvery': [100, ALETHEIA],
};
/** One collection, from which all updates are made; the default warm-up would hold its only step at a tenth of the rate. */
const aletheiaOffline: SourcedValues = {
  ...aletheiaCommon,
  'rollouts.problemsPerStep': [512, 'own choice: one collection, as the data are made once'],
  'rollouts.groupSize': [16, 'own choice; the paper takes 100 samples a prompt'],
  'optimiser.minibatchProblems': [8, 'own choice; the paper’s batch is 64 examples'],
  'optimiser.warmupSteps': [0, 'own choice: all updates are in one step; the paper warms up over 5 %'],
  'limits.steps': [1, 'own choice: one collection'],
};

const aletheiaPresets: readonly Ungrouped[] = [
  sourced(
    'aletheia-grpo',
    'GRPO, as in Aletheia',
    `DAPO’s loss with truncated importance sampling and a reference policy renewed each 100 steps. ${ALETHEIA_SCALE}`,
    'The online method of the paper, with its penalties of format and length.',
    aletheiaGrpo,
  ),
  sourced(
    'aletheia-bo-grpo',
    'Batch-online GRPO, as in Aletheia',
    `Four updates from each collection of 256 problems, with ratios of whole responses. ${ALETHEIA_SCALE}`,
    'When sampling is dear, and several updates from each collection must do.',
    {
      ...aletheiaGrpo,
      'rollouts.problemsPerStep': [256, ALETHEIA],
      'optimiser.minibatchProblems': [64, `${ALETHEIA}: four updates a step`],
      'optimiser.warmupSteps': [3, `${ALETHEIA}: 5 % of the steps`],
      'objective.options.ratio': ['sequence', ALETHEIA],
      'objective.options.clipLow': [0.0003, ALETHEIA],
      'objective.options.clipHigh': [0.0004, ALETHEIA],
      'objective.options.referenceEvery': [25, `${ALETHEIA}: each 100 updates`],
      'limits.steps': [50, `own choice: as many updates as aletheia-grpo; ${ALETHEIA} makes 781`],
    },
  ),
  sourced(
    'aletheia-raft',
    'RAFT, as in Aletheia',
    `Likelihood of at most five correct responses a problem, drawn anew after each update. ${ALETHEIA_SCALE}`,
    'How far positives alone go when they are drawn on policy.',
    {
      ...aletheiaOnline,
      'advantage.kind': ['positives', ALETHEIA],
      'advantage.options.maxPerGroup': [5, `${ALETHEIA}, RAFT-max5`],
      'objective.kind': ['likelihood', ALETHEIA],
      'optimiser.learningRate': [2e-4, `${ALETHEIA}: twice that of GRPO`],
    },
  ),
  sourced(
    'aletheia-dpo',
    'DPO, as in Aletheia',
    `Pairs of right and wrong responses of the starting policy, collected once. ${ALETHEIA_SCALE} The paper’s wrong responses come from several policies, these from one. Validation comes before and after the only step.`,
    'Learning from pairs made once, without sampling during training.',
    {
      ...aletheiaOffline,
      'advantage.kind': ['pairs', ALETHEIA],
      'advantage.options.maxPerGroup': [1, 'own choice'],
      'objective.kind': ['dpo', ALETHEIA],
      'objective.options.beta': [0.1, ALETHEIA],
      'optimiser.learningRate': [5e-5, `${ALETHEIA}: half that of GRPO`],
    },
  ),
  sourced(
    'aletheia-sft',
    'SFT, as in Aletheia',
    `Likelihood of correct responses of the starting policy, collected once. ${ALETHEIA_SCALE} Validation comes before and after the only step.`,
    'The offline floor: imitation of its own correct responses.',
    {
      ...aletheiaOffline,
      'advantage.kind': ['positives', `${ALETHEIA}: the chosen responses of its DPO data`],
      'advantage.options.maxPerGroup': [1, 'own choice: those of aletheia-dpo'],
      'objective.kind': ['likelihood', ALETHEIA],
      'optimiser.learningRate': [5e-5, 'own choice: that of aletheia-dpo; the paper does not state it'],
    },
  ),
];

export const presets: readonly Preset[] = [
  ...rewardPresets,
  ...inGroup('Objectives', methodPresets),
  ...inGroup('As in the study', [
    asInStudy('unit-tests', 'GRPO', 'The reference of the study, at its sizes.'),
    asInStudy('self-certainty', 'Self-certainty', 'To hold its curve against the one of the study.'),
    asInStudy('token-entropy', 'Token entropy', 'To hold its curve against the one of the study.'),
    asInStudy('trajectory-entropy', 'Trajectory entropy', 'To hold its curve against the one of the study.'),
    asInStudy('probability-disparity', 'Probability disparity', 'To hold its curve against the one of the study.'),
    asInStudy('random', 'Random reward', 'The control of the study, at its sizes.'),
  ]),
  ...inGroup('As in Aletheia', aletheiaPresets),
];
