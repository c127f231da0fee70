/**
 * The comparability guard: in which respects runs put side by side were measured in different ways. Pure; whoever shows
 * numbers of several runs beside each other shows what this says.
 */
import type { RunDetail } from '../../src-shared/api.ts';
import type { ComparabilityIssue } from '../../src-shared/comparison.ts';
import { brokenCanaries } from '../../src-shared/isolation.ts';
import { METRICS } from '../../src-shared/metrics.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import { optionOf } from './configuration.ts';

/** What is looked at of a run. `step`: the last one that it has. */
export type RunConditions = Pick<
  RunDetail,
  | 'id'
  | 'config'
  | 'step'
  | 'codeVersion'
  | 'datasetHash'
  | 'engine'
  | 'device'
  | 'precision'
  | 'isolation'
  | 'origin'
  | 'fingerprints'
>;

interface Respect extends Omit<ComparabilityIssue, 'values'> {
  /** In words; null: not recorded. */
  readonly value: (run: RunConditions, all: readonly RunConditions[]) => string | null;
}

/** Taken at the temperature of training rollouts, as src-shared/metrics.ts says of them. */
const CERTAINTY = METRICS.map(({ name }) => name).filter((name) =>
  /^train\/.*(entropy|certainty|disparity|action-reward|auroc|rank-biserial|calibration)/.test(name),
);

const short = (hash: string) => hash.slice(0, 12);

/** The values of options in words, null where one of them is not known. */
function options(run: RunConditions, words: Readonly<Record<string, (value: OptionValue) => string>>): string | null {
  const parts = Object.entries(words).map(([path, word]) => {
    const value = optionOf(run, path);
    return value === null ? null : word(value);
  });
  return parts.includes(null) ? null : parts.join(', ');
}

const RESPECTS: readonly Respect[] = [
  {
    aspect: 'reward',
    title: 'Reward',
    severity: 'differs',
    why: 'rewards of different kinds are different quantities',
    metrics: ['train/reward', 'train/reward-std', 'reward/'],
    value: (run) => options(run, { 'reward.kind': String }),
  },
  {
    aspect: 'problems',
    title: 'Validation problems',
    severity: 'differs',
    why: 'accuracies are on different problems',
    metrics: ['eval/'],
    value(run, all) {
      if (all.every(({ fingerprints }) => fingerprints !== null) && run.fingerprints !== null)
        return `${short(run.fingerprints.problems)} (${run.fingerprints.validationProblems} problems)`;
      // The hash of the whole data set: equal ones mean equal problems and tests.
      const count = optionOf(run, 'evaluation.problems');
      return run.datasetHash === null || count === null
        ? null
        : `${short(run.datasetHash)} (first ${count} problems at most)`;
    },
  },
  {
    aspect: 'tests',
    title: 'Test suite',
    severity: 'differs',
    why: 'programs have to pass different tests',
    metrics: ['eval/', 'sandbox/', 'train/accuracy'],
    value: ({ fingerprints, datasetHash }, all) =>
      all.every((run) => run.fingerprints !== null) && fingerprints !== null
        ? short(fingerprints.tests)
        : datasetHash && short(datasetHash),
  },
  {
    aspect: 'prompt',
    title: 'Prompt template',
    severity: 'differs',
    why: 'the policies are asked in different ways',
    metrics: ['eval/'],
    value: ({ fingerprints }) => fingerprints && short(fingerprints.prompt),
  },
  {
    aspect: 'decoding',
    title: 'Decoding of the validation',
    severity: 'differs',
    why: 'accuracy and certainty depend on how validation samples are drawn',
    metrics: ['eval/'],
    value: (run) =>
      options(run, {
        'evaluation.temperature': (value) => `temperature ${value}`,
        'evaluation.topP': (value) => `top-p ${value}`,
      }),
  },
  {
    aspect: 'length-cap',
    title: 'Longest response',
    severity: 'differs',
    why: 'responses are cut off at different lengths',
    metrics: ['eval/', 'train/length', 'train/truncated', 'train/action-reward', 'train/accuracy'],
    value: (run) => options(run, { 'rollouts.maxNewTokens': (value) => `${value} tokens` }),
  },
  {
    aspect: 'samples',
    title: 'Validation samples a problem',
    severity: 'caution',
    why: 'avg@k estimates the same number from more or fewer samples: one is noisier',
    metrics: ['eval/avg@k'],
    value: (run) => options(run, { 'evaluation.samples': (value) => `k = ${value}` }),
  },
  {
    aspect: 'pass-at-k',
    title: 'k of pass@k',
    severity: 'differs',
    why: 'pass@k of different k are different quantities',
    metrics: ['eval/pass@k'],
    value: (run) => options(run, { 'evaluation.samples': (value) => `k = ${value}` }),
  },
  {
    aspect: 'test-limits',
    title: 'Limits of a test',
    severity: 'differs',
    why: 'a program may pass under one limit and not under the other',
    metrics: ['eval/', 'sandbox/', 'train/accuracy'],
    value: (run) =>
      options(run, {
        'limits.testWallMs': (value) => `${value} ms`,
        'limits.testMemoryMb': (value) => `${value} MB`,
      }),
  },
  {
    aspect: 'stop-at-first-failure',
    title: 'Tests after the first failure',
    severity: 'caution',
    why: 'whether a program passes is the same, but shares of tests are not',
    metrics: ['train/reward', 'reward/'],
    value: (run) =>
      options(run, { 'limits.stopAtFirstFailure': (value) => (value === true ? 'left out' : 'all are run') }),
  },
  {
    aspect: 'sandbox',
    title: 'Sandbox',
    severity: 'caution',
    why: 'sandboxes differ in speed and in what a program finds there',
    metrics: ['eval/', 'sandbox/', 'train/accuracy'],
    value: ({ isolation }) => isolation && (isolation.split(' · ')[0] ?? isolation),
  },
  {
    aspect: 'test-time',
    title: 'Test-time training',
    severity: 'differs',
    why: 'accuracy on problems that were trained on is not accuracy on held-out ones',
    metrics: ['eval/'],
    value(run) {
      const { fingerprints } = run;
      if (optionOf(run, 'evaluation.testTime') === true) return 'trained on the validation problems';
      if (fingerprints === null || fingerprints.trainedOn === 0) return 'held out';
      const { trainedOn, validationProblems } = fingerprints;
      return trainedOn === validationProblems
        ? 'trained on the validation problems'
        : `${trainedOn} of ${validationProblems} validation problems are trained on`;
    },
  },
  {
    aspect: 'training-temperature',
    title: 'Temperature of training rollouts',
    severity: 'differs',
    why: 'certainty of training rollouts is taken at their temperature; that of the validation can be compared',
    metrics: CERTAINTY,
    value: (run) => options(run, { 'rollouts.temperature': String }),
  },
  {
    aspect: 'budget',
    title: 'Length of training',
    severity: 'caution',
    why: 'last values are of different steps; values of a common step can be had instead',
    metrics: [],
    value: ({ step }) => `${step} steps`,
  },
  {
    aspect: 'code-version',
    title: 'Version of Assay',
    severity: 'caution',
    why: 'what is measured, and how, may have changed in between',
    metrics: [],
    value: ({ codeVersion }) => codeVersion,
  },
  {
    aspect: 'engine',
    title: 'Engine',
    severity: 'caution',
    why: 'the last bits of numbers differ, so that the same seed gives another run',
    metrics: [],
    value: ({ engine, device, precision }) => engine && [engine, device, precision].filter(Boolean).join(', '),
  },
  {
    aspect: 'origin',
    title: 'Where the run was trained',
    severity: 'caution',
    why: 'metrics of other programs carry the same names and may be defined in another way',
    metrics: [],
    value: ({ origin }) => (origin === null ? 'here' : `imported (${origin.format})`),
  },
];

/** In which respects the runs are not comparable; what must not be compared first. None for a single run. */
export function comparability(runs: readonly RunConditions[]): ComparabilityIssue[] {
  if (runs.length < 2) return [];
  const issues = [
    ...RESPECTS.flatMap(({ value, ...respect }) => issueOf(respect, runs, (run) => value(run, runs))),
    ...unsafe(runs),
    ...startingPolicies(runs),
  ];
  return issues.sort((a, b) => Number(a.severity === 'caution') - Number(b.severity === 'caution'));
}

/** None where all have one value. Where nothing but a missing record is amiss, that is a caution. */
function issueOf(
  respect: Omit<ComparabilityIssue, 'values'>,
  runs: readonly RunConditions[],
  read: (run: RunConditions) => string | null,
): ComparabilityIssue[] {
  const { aspect, title, severity, why, metrics } = respect;
  const byValue = Map.groupBy(runs, read);
  if (byValue.size === 0 || (byValue.size === 1 && !byValue.has(null))) return [];
  const values = [...byValue].map(([value, members]) => ({ value, runIds: members.map(({ id }) => id) }));
  const known = values.filter(({ value }) => value !== null).length;
  return known > 1
    ? [{ aspect, title, severity, why, metrics, values }]
    : [{ aspect, title, severity: 'caution', why: `not recorded, so it may differ: ${why}`, metrics, values }];
}

/** Programs that got through count wherever they did, though all runs be alike in that. */
function unsafe(runs: readonly RunConditions[]): ComparabilityIssue[] {
  const broken = Map.groupBy(runs, ({ isolation }) => brokenCanaries(isolation));
  if (broken.size === 1 && broken.has(null)) return [];
  return [
    {
      aspect: 'unsafe-sandbox',
      title: 'Unsafe sandbox',
      severity: broken.size > 1 ? 'differs' : 'caution',
      why: 'in a sandbox that does not hold, programs may pass tests that they should not',
      metrics: [],
      values: [...broken].map(([ids, members]) => ({
        value: ids === null ? 'holds' : `does not hold: ${ids}`,
        runIds: members.map(({ id }) => id),
      })),
    },
  ];
}

/** Runs that name the same policy and got another one: a folder whose files changed, another version's embedded one. */
function startingPolicies(runs: readonly RunConditions[]): ComparabilityIssue[] {
  return [...Map.groupBy(runs, (run) => optionOf(run, 'policy.source'))].flatMap(([source, members]) =>
    source === null
      ? []
      : issueOf(
          {
            aspect: 'policy',
            title: `Policy that "${source}" stands for`,
            severity: 'caution',
            why: 'they start from different weights, tokenizer or model configuration under one name',
            metrics: [],
          },
          members.filter(({ fingerprints }) => fingerprints !== null),
          ({ fingerprints }) => fingerprints && short(fingerprints.policy),
        ),
  );
}
