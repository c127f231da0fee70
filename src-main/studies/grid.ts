/** What the ready-made studies share: the arms of the published one, and how an arm becomes runs. */
import type { FlatValues } from '../../src-shared/api.ts';
import type { PlannedRun, Scale } from './study.ts';

export const CERTAINTY = ['self-certainty', 'token-entropy', 'trajectory-entropy', 'probability-disparity'] as const;
export const CONTROLS = ['random', 'constant'] as const;

/** Values that every run of a scale has. `tiny` is the defaults: they are made for the embedded policy. */
const SCALE_VALUES: Readonly<Record<Scale, FlatValues>> = {
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
    'limits.steps': 105,
    'limits.checkpointEvery': 5,
  },
};

/** Steps at which a bootstrapped run starts, and how many it has: the study's 50 and 105, and 40 more. */
export const BOOTSTRAP: Readonly<Record<Scale, { readonly starts: readonly number[]; readonly steps: number }>> = {
  tiny: { starts: [50, 100], steps: 40 },
  paper: { starts: [50, 105], steps: 40 },
};

/** One run a seed of the arm `preset`, with `values` on top of the scale's. */
export function armRuns(
  scale: Scale,
  seeds: readonly number[],
  arm: string,
  preset: string,
  values: FlatValues = {},
  from?: { readonly arm: string; readonly step: number },
): PlannedRun[] {
  return seeds.map((seed) => ({
    key: keyOf(arm, seed),
    arm,
    seed,
    preset,
    values: { ...SCALE_VALUES[scale], ...values, 'seeds.run': seed },
    ...(from === undefined ? {} : { from: { key: keyOf(from.arm, seed), step: from.step } }),
  }));
}

const keyOf = (arm: string, seed: number) => `${arm} seed ${seed}`;
