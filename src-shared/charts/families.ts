/** The charts that are made for the series that Assay logs. Adding one is one entry here. */
import { PASS_AT } from '../accuracy.ts';
import type { MetricName } from '../metrics.ts';
import { OUTCOME_COLOURS } from './palette.ts';
import { type ChartGroup, type ChartSpec, type SeriesSpec, single } from './spec.ts';

type Line = readonly [metric: MetricName, label: string, colour?: string];

interface Several {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly unit: ChartSpec['unit'];
  readonly lines: readonly [Line, ...Line[]];
}

const lineOf = ([metric, label, colour]: Line, i: number): SeriesSpec => ({ metric, label, colour: colour ?? i });

const several = (group: ChartGroup, { lines, ...chart }: Several, more: Partial<ChartSpec> = {}): ChartSpec => {
  const [first, ...rest] = lines;
  return { group, ...chart, series: [lineOf(first, 0), ...rest.map((line, i) => lineOf(line, i + 1))], ...more };
};

const one = (name: MetricName, group: ChartGroup, more: Partial<ChartSpec> = {}) => single(name, group, more);

const SPLITS = [
  { split: 'train', on: 'training', title: 'training' },
  { split: 'eval', on: 'validation', title: 'validation' },
] as const;

/** One line for each signal of certainty. */
const signals = <P extends 'auroc' | 'rank-biserial' | 'z-effect'>(split: 'train' | 'eval', statistic: P) =>
  [
    [`${split}/${statistic}-self-certainty`, 'self-certainty'],
    [`${split}/${statistic}-token-entropy`, 'token entropy'],
    [`${split}/${statistic}-trajectory-entropy`, 'trajectory entropy'],
    [`${split}/${statistic}-disparity`, 'disparity'],
  ] as const;

const verdicts = (split: 'sandbox' | 'eval') =>
  [
    [`${split}/passed`, 'passed', OUTCOME_COLOURS.passed],
    [`${split}/wrong-answer`, 'wrong answer', OUTCOME_COLOURS['wrong-answer']],
    [`${split}/runtime-error`, 'runtime error', OUTCOME_COLOURS['runtime-error']],
    [`${split}/compile-error`, 'compile error', OUTCOME_COLOURS['compile-error']],
    [`${split}/limits`, 'limit', OUTCOME_COLOURS['time-limit']],
    [`${split}/no-code`, 'no code', OUTCOME_COLOURS['no-code']],
    [`${split}/sandbox-error`, 'sandbox error', OUTCOME_COLOURS['sandbox-error']],
  ] as const;

const PHASES = [
  ['time/rollouts', 'sampling'],
  ['time/rewards', 'scoring'],
  ['time/updates', 'updating'],
  ['time/evaluation', 'validating'],
] as const;

const [firstPass, ...morePasses] = PASS_AT.map((k): Line => [`eval/pass@${k}`, `k = ${k}`]);

const ACCURACY: readonly ChartSpec[] = [
  one('eval/avg@k', 'accuracy', {
    main: 1,
    error: 'eval/avg@k-se',
    interval: { low: 'eval/avg@k-low', high: 'eval/avg@k-high' },
  }),
  ...(firstPass === undefined
    ? []
    : [
        several('accuracy', {
          id: 'pass-at',
          title: 'Validation pass@k',
          help: 'Chance that one of k samples passes, unbiased, mean over problems with that many samples.',
          unit: 'fraction',
          lines: [firstPass, ...morePasses],
        }),
      ]),
  one('eval/pass@k', 'accuracy'),
  one('eval/pass-ratio', 'accuracy', { baseline: 1 }),
  several('accuracy', {
    id: 'support',
    title: 'Support',
    help: 'Validation problems solved by at least one sample before the first step, now, or both (The Invisible Leash, arXiv 2507.14843).',
    unit: 'fraction',
    lines: [
      ['eval/support-kept', 'kept'],
      ['eval/support-lost', 'lost'],
      ['eval/support-gained', 'gained'],
    ],
  }),
  one('train/accuracy', 'accuracy'),
];

const LENGTH: readonly ChartSpec[] = [
  one('train/length', 'length', { main: 2 }),
  one('eval/length', 'length'),
  ...SPLITS.map(({ split, on, title }) =>
    several('length', {
      id: `${split}-length-spread`,
      title: `Response length, spread (${title})`,
      help: `Quantiles of the lengths of ${on} responses: 10 %, 50 %, 90 % and the longest.`,
      unit: 'tokens',
      lines: [
        [`${split}/length-p10`, '10 %'],
        [`${split}/length-p50`, 'median'],
        [`${split}/length-p90`, '90 %'],
        [`${split}/length-max`, 'longest'],
      ],
    }),
  ),
  several('length', {
    id: 'truncated',
    title: 'Truncated responses',
    help: 'Responses that ran into the length limit.',
    unit: 'fraction',
    lines: [
      ['train/truncated', 'training'],
      ['eval/truncated', 'validation'],
    ],
  }),
  one('eval/thinking-words', 'length', { main: 8 }),
  one('train/thinking-words', 'length'),
  several('length', {
    id: 'reasoning',
    title: 'Responses with reasoning',
    help: 'Responses with text inside <think>...</think>.',
    unit: 'fraction',
    lines: [
      ['train/reasoning', 'training'],
      ['eval/reasoning', 'validation'],
    ],
  }),
  one('eval/repetition', 'length'),
];

const CERTAINTY: readonly ChartSpec[] = [
  one('train/token-entropy', 'certainty', { main: 4 }),
  one('train/self-certainty', 'certainty', { main: 5 }),
  one('train/disparity', 'certainty', { main: 6 }),
  one('train/trajectory-entropy', 'certainty', { main: 7 }),
  one('eval/token-entropy', 'certainty'),
  one('eval/self-certainty', 'certainty'),
  one('eval/disparity', 'certainty'),
  one('eval/trajectory-entropy', 'certainty'),
  one('train/action-reward', 'certainty'),
  ...SPLITS.map(({ split, title }) =>
    several('certainty', {
      id: `${split}-distinct`,
      title: `Distinct programs and behaviours (${title})`,
      help: 'Different program texts, and different outputs on the inputs that the prompt shows, as a share of the programs of a problem.',
      unit: 'fraction',
      lines: [
        [`${split}/distinct-programs`, 'programs'],
        [`${split}/distinct-outputs`, 'behaviours'],
      ],
    }),
  ),
  several('certainty', {
    id: 'output-entropy',
    title: 'Entropy of behaviours',
    help: 'Mean over problems of the entropy of how programs are spread over behaviours; 0 where all do the same.',
    unit: 'nats',
    lines: [
      ['train/output-entropy', 'training'],
      ['eval/output-entropy', 'validation'],
    ],
  }),
];

const OPTIMISATION: readonly ChartSpec[] = [
  one('train/loss', 'optimisation'),
  one('train/grad-norm', 'optimisation'),
  one('train/kl', 'optimisation'),
  one('train/old-kl', 'optimisation'),
  one('train/clip-fraction', 'optimisation'),
  several('optimisation', {
    id: 'clips',
    title: 'Clipped tokens by side',
    help: 'Share of tokens whose ratio was clipped below, above, or by the dual clip.',
    unit: 'fraction',
    lines: [
      ['train/clip-low', 'low'],
      ['train/clip-high', 'high'],
      ['train/clip-dual', 'dual'],
    ],
  }),
  one('train/learning-rate', 'optimisation', { exact: true }),
  several('optimisation', {
    id: 'groups',
    title: 'Groups',
    help: 'Share of groups with a signal, without one, all solved, and never solved.',
    unit: 'fraction',
    lines: [
      ['train/informative-groups', 'with signal'],
      ['train/flat-groups', 'without'],
      ['train/solved-groups', 'all solved'],
      ['train/unsolved-groups', 'never solved'],
    ],
  }),
  one('train/dropped-groups', 'optimisation'),
  one('train/tokens', 'optimisation', { exact: true }),
  one('train/token-accuracy', 'optimisation'),
  one('train/preference-accuracy', 'optimisation', { baseline: 0.5 }),
  several('optimisation', {
    id: 'preference-rewards',
    title: 'Implicit rewards',
    help: 'What the preference objective rewards: of the chosen, of the rejected, and their difference.',
    unit: 'number',
    lines: [
      ['train/chosen-reward', 'chosen'],
      ['train/rejected-reward', 'rejected'],
      ['train/reward-margin', 'margin'],
    ],
  }),
  several('optimisation', {
    id: 'preference-logprobs',
    title: 'Log-probability of pairs',
    help: 'Of the chosen and of the rejected responses.',
    unit: 'nats',
    lines: [
      ['train/chosen-logprob', 'chosen'],
      ['train/rejected-logprob', 'rejected'],
    ],
  }),
];

const SIGNALS: readonly ChartSpec[] = [
  ...SPLITS.map(({ split, on, title }) =>
    several(
      'signals',
      {
        id: `${split}-auroc`,
        title: `AUROC of certainty (${title})`,
        help: `Chance that a correct one of two ${on} responses has the higher value; 0.5 where the signal is blind. Entropies go with being right below 0.5, the others above.`,
        unit: 'fraction',
        lines: signals(split, 'auroc'),
      },
      { baseline: 0.5 },
    ),
  ),
  ...SPLITS.map(({ split, title }) =>
    several(
      'signals',
      {
        id: `${split}-rank-biserial`,
        title: `Rank-biserial r of certainty (${title})`,
        help: '2U / (n1 n2) - 1, correct against incorrect, -1 to 1; 0 where the signal is blind.',
        unit: 'number',
        lines: signals(split, 'rank-biserial'),
      },
      { baseline: 0 },
    ),
  ),
  ...SPLITS.map(({ split, title }) =>
    several('signals', {
      id: `${split}-z-effect`,
      title: `|Z| / root N of certainty (${title})`,
      help: 'Size of the effect without its sign, as plot_certainty_distribution.py of ArcherCodeR has it.',
      unit: 'number',
      lines: signals(split, 'z-effect'),
    }),
  ),
  ...SPLITS.map(({ split, title }) =>
    several('signals', {
      id: `${split}-calibration`,
      title: `Calibration error (${title})`,
      help: 'Expected calibration error in ten equal bins (Guo et al. 2017): mean distance between confidence and the share that is correct.',
      unit: 'fraction',
      lines: [
        [`${split}/calibration-probability`, 'token probability'],
        [`${split}/calibration-disparity`, 'disparity'],
      ],
    }),
  ),
  several(
    'signals',
    {
      id: 'reward-accuracy',
      title: 'Reward against accuracy',
      help: 'Correlation of reward and passing: Pearson and Spearman over all rollouts, and Pearson of the means of groups.',
      unit: 'number',
      lines: [
        ['train/reward-accuracy', 'Pearson'],
        ['train/reward-accuracy-rank', 'Spearman'],
        ['train/reward-accuracy-across', 'across groups'],
      ],
    },
    { baseline: 0 },
  ),
  one('train/reward-accuracy-within', 'signals', { baseline: 0.5 }),
  several('signals', {
    id: 'reward-by-fate',
    title: 'Reward of correct and wrong rollouts',
    help: 'Mean reward of the rollouts that pass every test, and of the others.',
    unit: 'number',
    lines: [
      ['train/reward-correct', 'correct'],
      ['train/reward-wrong', 'wrong'],
    ],
  }),
];

const REWARD: readonly ChartSpec[] = [
  one('train/reward', 'reward', { main: 3 }),
  one('train/reward-std', 'reward'),
  one('reward/source', 'reward'),
  one('reward/second', 'reward'),
  several('reward', {
    id: 'penalties',
    title: 'Penalties',
    help: 'Mean of each penalty before its weight: no code block, too long, too short.',
    unit: 'number',
    lines: [
      ['reward/format', 'format'],
      ['reward/overlong', 'overlong'],
      ['reward/length', 'short'],
    ],
  }),
  one('reward/flipped', 'reward'),
];

const VERDICTS: readonly ChartSpec[] = [
  several(
    'verdicts',
    {
      id: 'verdicts',
      title: 'Verdicts (training)',
      help: 'Share of training rollouts by verdict.',
      unit: 'fraction',
      lines: verdicts('sandbox'),
    },
    { stacked: 'sum' },
  ),
  several(
    'verdicts',
    {
      id: 'eval-verdicts',
      title: 'Verdicts (validation)',
      help: 'Share of validation samples by verdict.',
      unit: 'fraction',
      lines: verdicts('eval'),
    },
    { stacked: 'sum' },
  ),
];

const TIME: readonly ChartSpec[] = [
  one('time/step', 'time'),
  several('time', {
    id: 'phases',
    title: 'Time per phase',
    help: 'Wall-clock time of the phases of a step.',
    unit: 'seconds',
    lines: PHASES,
  }),
  several(
    'time',
    {
      id: 'phase-shares',
      title: 'Share of time per phase',
      help: 'Of sampling, the sandbox with the rewards, and the updates in the wall-clock time of a step.',
      unit: 'fraction',
      lines: [PHASES[0], PHASES[1], PHASES[2]],
    },
    { stacked: 'share' },
  ),
];

const SYSTEM: readonly ChartSpec[] = [
  one('system/cpu', 'system'),
  one('system/memory', 'system'),
  one('system/sandbox-tests', 'system'),
  one('system/gpu', 'system'),
  one('system/gpu-memory', 'system'),
];

export const FAMILY_CHARTS: readonly ChartSpec[] = [
  ...ACCURACY,
  ...LENGTH,
  ...CERTAINTY,
  ...OPTIMISATION,
  ...SIGNALS,
  ...REWARD,
  ...VERDICTS,
  ...TIME,
  ...SYSTEM,
];
