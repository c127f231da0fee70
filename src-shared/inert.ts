/** Options that a run, as it is configured, does not use: one list of reasons, for the form and for whoever asks. */
import type { FlatValues } from './api.ts';

interface Rule {
  /** Paths, or groups where they end with a dot. */
  readonly of: readonly string[];
  readonly applies: (values: FlatValues) => boolean;
  readonly why: string;
}

const is = (path: string, value: unknown) => (values: FlatValues) => values[path] === value;
const isEvaluation = is('limits.steps', 0);

const rules: readonly Rule[] = [
  {
    of: [
      'reward.',
      'advantage.',
      'objective.',
      'optimiser.',
      ...['rewardWeight', 'second', 'secondWeight', 'formatWeight', 'overlongWeight', 'overlongWindow'].map(
        (key) => `shaping.${key}`,
      ),
      ...['lengthWeight', 'minLength', 'flipProbability', 'combine'].map((key) => `shaping.${key}`),
      ...['problemsPerStep', 'groupSize', 'samplingRounds', 'temperature', 'topP', 'topK'].map(
        (key) => `rollouts.${key}`,
      ),
      'policy.recompute',
      'evaluation.every',
      'evaluation.testTime',
      'limits.checkpointEvery',
      'limits.keepBest',
      'limits.onCollapse',
    ],
    applies: isEvaluation,
    why: 'an evaluation does not train',
  },
  {
    of: ['policy.rank', 'policy.alpha', 'policy.targets', 'policy.frozenPrecision'],
    applies: is('policy.adapter', 'none'),
    why: 'there is no adapter',
  },
  {
    of: ['evaluation.problems', 'evaluation.samples', 'evaluation.temperature', 'evaluation.topP', 'limits.keepBest'],
    applies: (values) => values['evaluation.every'] === 0 && !isEvaluation(values),
    why: 'validation is off',
  },
  { of: ['shaping.secondWeight'], applies: is('shaping.second', 'none'), why: 'there is no second reward' },
  { of: ['shaping.overlongWindow'], applies: is('shaping.overlongWeight', 0), why: 'its penalty has no weight' },
  { of: ['shaping.minLength'], applies: is('shaping.lengthWeight', 0), why: 'its penalty has no weight' },
  {
    of: ['objective.options.klEstimator', 'objective.options.klPlacement', 'objective.options.referenceEvery'],
    applies: is('objective.options.klCoefficient', 0),
    why: 'the KL coefficient is 0',
  },
  {
    of: ['problems.options.validationShare'],
    applies: (values) => (values['problems.options.validationFile'] ?? '') !== '',
    why: 'there is a validation file',
  },
  {
    of: ['problems.options.testShare'],
    applies: (values) => (values['problems.options.testFile'] ?? '') !== '',
    why: 'there is a test file',
  },
];

/** Why the option at `path` has no effect; null where it has one. @param values Resolved, by full path. */
export function whyInert(values: FlatValues, path: string): string | null {
  const matches = (of: string) => (of.endsWith('.') ? path.startsWith(of) : path === of);
  return rules.find((rule) => rule.of.some(matches) && rule.applies(values))?.why ?? null;
}
