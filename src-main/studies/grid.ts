/** What the ready-made studies share: the arms of the published one, what each scale sets, and how an arm becomes runs. */
import type { FlatValues } from '../../src-shared/api.ts';
import type { DraftRun, ProblemSet, Scale } from './study.ts';

export const CERTAINTY = ['self-certainty', 'token-entropy', 'trajectory-entropy', 'probability-disparity'] as const;
export const CONTROLS = ['random', 'constant'] as const;
/** Of training-dynamics; studies that have them too find its runs. */
export const ARMS = ['grpo', ...CERTAINTY, ...CONTROLS] as const;

/** Name of the problem set that is the run's own, when others are beside. */
export const OWN = 'own problems';

/** Values that every run of a scale has. `tiny` is the defaults: they are made for the embedded policy. */
export const SCALE_VALUES: Readonly<Record<Scale, FlatValues>> = {
  tiny: {},
  // arXiv 2606.20881 as the public repository ArcherCodeR has it (results_analysis.md, run_swe_*.sh). The policy and the
  // problems are the reader's own: no model of that size comes with Assay.
  paper: {
    'rollouts.problemsPerStep': 64,
    'rollouts.groupSize': 16,
    'rollouts.temperature': 1,
    'rollouts.maxNewTokens': 8192,
    'optimiser.learningRate': 1e-6,
    'optimiser.warmupSteps': 10,
    'optimiser.weightDecay': 0.1,
    'optimiser.maxGradNorm': 1,
    'optimiser.minibatchProblems': 32,
    'optimiser.epochs': 1,
    'evaluation.every': 10,
    'evaluation.samples': 4,
    'evaluation.temperature': 0.8,
    // All there are: LiveCodeBench v5 has 279 in its window.
    'evaluation.problems': 1000,
    'limits.steps': 105,
    'limits.checkpointEvery': 5,
  },
};

/** On top for runs without steps: the final evaluation of ArcherCodeR's run_eval_ltp.sh. */
export const EVALUATION_VALUES: FlatValues = {
  'evaluation.samples': 8,
  'evaluation.temperature': 0.6,
  'evaluation.topP': 0.95,
};

/** Steps at which a bootstrapped run starts, and how many it has: the study's 50 and 105, and 40 more. */
export const BOOTSTRAP: Readonly<Record<Scale, { readonly starts: readonly number[]; readonly steps: number }>> = {
  tiny: { starts: [50, 100], steps: 40 },
  paper: { starts: [50, 105], steps: 40 },
};

interface Start {
  readonly arm: string;
  readonly step: number | 'last';
}

/** One run a seed of the arm `preset`. @param values That it must have. */
export function armRuns(
  seeds: readonly number[],
  arm: string,
  preset: string | null,
  values: FlatValues = {},
  from?: Start,
): DraftRun[] {
  return seeds.map((seed) => ({
    key: keyOf(arm, seed),
    arm,
    seed,
    preset,
    values: { ...values, 'seeds.run': seed },
    ...(from === undefined ? {} : { from: { key: keyOf(from.arm, seed), step: from.step } }),
  }));
}

/** One evaluation a seed and problem set, of the policy itself or of a checkpoint. @param of What is evaluated, in words. */
export function evaluations(
  seeds: readonly number[],
  of: string,
  sets: readonly ProblemSet[],
  from?: Start,
): DraftRun[] {
  return sets.flatMap(({ name, values }) =>
    armRuns(seeds, `${of} on ${name}`, null, { ...values, 'limits.steps': 0 }, from).map((run) => ({
      ...run,
      on: name,
    })),
  );
}

const keyOf = (arm: string, seed: number) => `${arm} seed ${seed}`;
