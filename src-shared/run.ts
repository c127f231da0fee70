/** A run's configuration and life cycle. The plain groups are declared here; families (problems, reward, advantage,
 * objective) add the options of the chosen member under `<group>.options`. */
import { z } from 'zod';
import { type OptionValues, optionValueSchema, type ValuesOf } from './options.ts';
import { policyOptions } from './policy.ts';
import { shapingOptions } from './shaping.ts';

export const rolloutOptions = {
  problemsPerStep: {
    kind: 'number',
    label: 'Problems per step',
    default: 32,
    min: 1,
    max: 4096,
    integer: true,
    help: 'Training problems drawn for each step. Every one is answered by a whole group.',
    source: 'own choice for the embedded policy; the study used 64',
  },
  groupSize: {
    kind: 'number',
    label: 'Group size',
    default: 8,
    min: 1,
    max: 256,
    integer: true,
    help: 'Rollouts per problem (N). Most advantages compare a rollout with its group, and need 2; REINFORCE++ without a baseline of the group, and training on correct responses only, take 1.',
    source: 'own choice; the study used 16 and ablates 8, 12, 16',
  },
  samplingRounds: {
    kind: 'number',
    label: 'Dynamic sampling',
    default: 0,
    min: 0,
    max: 100,
    integer: true,
    unit: 'rounds',
    help: 'With 0 every group counts. Else groups whose rewards are all equal are left out, and further problems are drawn, in so many rounds at most, until the step has its number of groups; with 1 nothing is drawn in their place.',
    source: 'the study (off); DAPO, arXiv 2503.14476, whose verl recipe draws 10 times at most',
    advanced: true,
  },
  temperature: {
    kind: 'number',
    label: 'Temperature',
    default: 1,
    min: 0.05,
    max: 5,
    help: 'Sampling temperature of training rollouts. All certainty statistics are taken at this temperature.',
    source: 'the study; ablates 0.8, 1.0, 1.2',
  },
  topP: {
    kind: 'number',
    label: 'Top-p',
    default: 1,
    min: 0.01,
    max: 1,
    help: 'Nucleus mass kept when sampling.',
    source: 'the study',
    advanced: true,
  },
  topK: {
    kind: 'number',
    label: 'Top-k',
    default: 0,
    min: 0,
    max: 100_000,
    integer: true,
    help: 'Most likely tokens kept when sampling; 0 keeps all.',
    advanced: true,
  },
  maxNewTokens: {
    kind: 'number',
    label: 'Longest response',
    default: 96,
    min: 1,
    max: 32_768,
    integer: true,
    unit: 'tokens',
    help: 'A response that reaches this length is cut off and counted as truncated.',
  },
} as const;

export const optimiserOptions = {
  learningRate: {
    kind: 'number',
    label: 'Learning rate',
    default: 1e-4,
    min: 0,
    max: 1,
    help: 'Peak AdamW learning rate, constant after warm-up.',
    source: 'own choice for the embedded policy; the study used 1e-6 for 1.5-7 B parameters',
  },
  warmupSteps: {
    kind: 'number',
    label: 'Warm-up',
    default: 10,
    min: 0,
    max: 100_000,
    integer: true,
    unit: 'steps',
    help: 'Steps over which the learning rate rises linearly from 0.',
    source: 'the study',
  },
  weightDecay: {
    kind: 'number',
    label: 'Weight decay',
    default: 0.1,
    min: 0,
    max: 10,
    help: 'Decoupled decay of matrices; norms and biases are not decayed.',
    source: 'the study',
    advanced: true,
  },
  beta1: {
    kind: 'number',
    label: 'Beta 1',
    default: 0.9,
    min: 0,
    max: 0.9999,
    help: 'Decay of the first moment.',
    source: 'AdamW',
    advanced: true,
  },
  beta2: {
    kind: 'number',
    label: 'Beta 2',
    default: 0.999,
    min: 0,
    max: 0.99999,
    help: 'Decay of the second moment.',
    source: 'AdamW',
    advanced: true,
  },
  epsilon: {
    kind: 'number',
    label: 'Epsilon',
    default: 1e-8,
    min: 1e-12,
    max: 0.1,
    help: 'Added to the root of the second moment.',
    source: 'AdamW',
    advanced: true,
  },
  maxGradNorm: {
    kind: 'number',
    label: 'Gradient clip',
    default: 1,
    min: 0,
    max: 1e6,
    help: 'Largest global gradient norm; 0 turns clipping off.',
    source: 'the study',
    advanced: true,
  },
  minibatchProblems: {
    kind: 'number',
    label: 'Problems per update',
    default: 32,
    min: 1,
    max: 4096,
    integer: true,
    help: 'Problems whose rollouts make one optimiser update. Fewer than the problems per step means several updates a step.',
    source: 'own choice; the study used 32 of 64',
  },
  epochs: {
    kind: 'number',
    label: 'Epochs',
    default: 1,
    min: 1,
    max: 16,
    integer: true,
    help: 'Passes over the rollouts of a step.',
    source: 'the study; ablates 1 and 3',
  },
} as const;

export const evaluationOptions = {
  every: {
    kind: 'number',
    label: 'Every',
    default: 10,
    min: 0,
    max: 100_000,
    integer: true,
    unit: 'steps',
    help: 'Validation interval; also before the first and after the last step. 0 turns validation off. An evaluation (no steps) has its one validation whatever the interval.',
    source: 'the study',
  },
  problems: {
    kind: 'number',
    label: 'Problems',
    default: 256,
    min: 1,
    max: 100_000,
    integer: true,
    help: 'Validation problems used, from the start of the split.',
  },
  samples: {
    kind: 'number',
    label: 'Samples',
    default: 4,
    min: 1,
    max: 256,
    integer: true,
    help: 'Samples per problem: k of avg@k and pass@k.',
    source: 'the study',
  },
  temperature: {
    kind: 'number',
    label: 'Temperature',
    default: 0.8,
    min: 0.05,
    max: 5,
    help: 'Sampling temperature of validation.',
    source: 'the study',
  },
  topP: {
    kind: 'number',
    label: 'Top-p',
    default: 1,
    min: 0.01,
    max: 1,
    help: 'Nucleus mass of validation.',
    advanced: true,
  },
  testTime: {
    kind: 'boolean',
    label: 'Train on these problems',
    default: false,
    help: 'Test-time training: the validation problems are the training problems too, so that nothing is held out and every accuracy of the run is on what it was trained on. Meant for rewards that need no tests, as certainty or majority vote; the run is marked wherever it is shown.',
    source: 'the study (Figures 5 and 12); TTRL, arXiv 2504.16084',
    advanced: true,
  },
} as const;

export const limitOptions = {
  steps: {
    kind: 'number',
    label: 'Steps',
    default: 100,
    min: 0,
    max: 1_000_000,
    integer: true,
    help: 'Training steps. A finished run can be resumed with more. 0 is an evaluation: the policy is validated once and not trained, no training problems are needed, and no checkpoint is written.',
    source: 'own choice; the study ran about 105',
  },
  checkpointEvery: {
    kind: 'number',
    label: 'Checkpoint every',
    default: 25,
    min: 0,
    max: 1_000_000,
    integer: true,
    unit: 'steps',
    help: 'Checkpoint interval; one is always written at the end. 0: only at the end.',
  },
  keepBest: {
    kind: 'boolean',
    label: 'Keep the best',
    default: false,
    help: 'Writes a checkpoint also whenever validation accuracy is higher than ever before, in place of the one that was written so last. One that another run started from stays, and so does the best before a collapse.',
    source: 'own choice',
    advanced: true,
  },
  onCollapse: {
    kind: 'choice',
    label: 'At collapse',
    default: 'note',
    choices: [
      { value: 'note', label: 'Note it', help: 'The run goes on; its onset is marked in the charts and the log.' },
      { value: 'pause', label: 'Pause', help: 'The run waits after the step, to be looked at.' },
      { value: 'stop', label: 'Stop', help: 'The run ends after the step, with a checkpoint.' },
    ],
    help: 'What happens when the collapse watch finds that responses shorten to half, run to the cap, or the reward rises while held-out accuracy falls.',
    advanced: true,
  },
  testWallMs: {
    kind: 'number',
    label: 'Time per test',
    default: 2000,
    min: 50,
    max: 600_000,
    integer: true,
    unit: 'ms',
    help: 'Wall-clock limit of one test in the sandbox.',
  },
  testMemoryMb: {
    kind: 'number',
    label: 'Memory per test',
    default: 256,
    min: 64,
    max: 65_536,
    integer: true,
    unit: 'MB',
    help: 'Memory limit of one test in the sandbox.',
  },
  stopAtFirstFailure: {
    kind: 'boolean',
    label: 'Stop at first failure',
    default: false,
    help: 'Leaves out the tests of a program after the first that it does not pass: less work, the same verdict, fewer tests to read. Rewards that count tests need all of them.',
    source: 'LiveCodeBench stops there; own choice to run all',
    advanced: true,
  },
  judgeAnew: {
    kind: 'boolean',
    label: 'Judge every program anew',
    default: false,
    help: 'Verdicts that are known (the same program, tests, limits and sandbox) are given again without running the program. With this every program is run, as when measuring the sandbox itself. Verdicts that a busy machine can change are never kept.',
    advanced: true,
  },
  unsafeSandbox: {
    kind: 'boolean',
    label: 'Run in an unsafe sandbox',
    default: false,
    help: 'Before a run, programs with known verdicts show whether the sandbox holds; where one gets through, the run fails. With this it goes on, marked as unsafe: programs of the policy may then pass tests that they should not, so that rewards are wrong, and may read, change or overload this machine.',
    advanced: true,
  },
} as const;

export const seedOptions = {
  run: {
    kind: 'number',
    label: 'Seed',
    default: 1,
    min: 0,
    max: 2_147_483_647,
    integer: true,
    help: 'The same configuration, seed and engine repeat bit for bit.',
  },
} as const;

/** The groups without a family, in the order of the form. */
export const plainGroups = {
  policy: policyOptions,
  shaping: shapingOptions,
  rollouts: rolloutOptions,
  optimiser: optimiserOptions,
  evaluation: evaluationOptions,
  limits: limitOptions,
  seeds: seedOptions,
} as const;
export type PlainGroup = keyof typeof plainGroups;

/** The chosen member of a family and its options. */
export const choiceSchema = z.object({ kind: z.string(), options: z.record(z.string(), optionValueSchema) });
export interface Choice {
  readonly kind: string;
  readonly options: OptionValues;
}
export const FAMILY_GROUPS = ['problems', 'reward', 'advantage', 'objective'] as const;
export type FamilyGroup = (typeof FAMILY_GROUPS)[number];

/** The full, resolved configuration of a run: nothing is left to a default. */
export type RunConfig = {
  readonly name: string;
  /** Preset that the form or the command line started from; null when none. */
  readonly preset: string | null;
} & { readonly [G in FamilyGroup]: Choice } & { readonly [G in PlainGroup]: ValuesOf<(typeof plainGroups)[G]> };

export const RUN_STATUSES = ['queued', 'running', 'paused', 'finished', 'failed', 'stopped', 'interrupted'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Which status may follow which. A finished, stopped, failed or interrupted run goes on only by `resumeRun`, through the queue. */
export const STATUS_MOVES: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  queued: ['running', 'stopped', 'failed', 'interrupted'],
  running: ['paused', 'finished', 'failed', 'stopped', 'interrupted'],
  paused: ['running', 'failed', 'stopped', 'interrupted'],
  finished: ['queued'],
  failed: ['queued'],
  stopped: ['queued'],
  interrupted: ['queued'],
};
