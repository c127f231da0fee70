/** Starting points of the form and of `assay run <preset>`: differences from the defaults, by option path. */
import type { FlatValues } from '../src-shared/api.ts';

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly values: FlatValues;
}

const rlif = (id: string, title: string, help: string): Preset => ({ id, title, help, values: { 'reward.kind': id } });

/** All share every setting but the reward, so that runs of two presets differ in nothing else. */
export const presets: readonly Preset[] = [
  {
    id: 'grpo',
    title: 'GRPO (unit tests)',
    help: 'RLVR: the reward is 1 when the program passes every test in the sandbox.',
    values: { 'reward.kind': 'unit-tests' },
  },
  rlif('self-certainty', 'Self-certainty', 'RLIF: rewards next-token distributions far from uniform.'),
  rlif('token-entropy', 'Token entropy', 'RLIF: rewards low next-token entropy.'),
  rlif('trajectory-entropy', 'Trajectory entropy', 'RLIF: rewards responses that the policy finds likely.'),
  rlif('probability-disparity', 'Probability disparity', 'RLIF: rewards a wide gap between the two likeliest tokens.'),
  rlif('random', 'Random reward', 'Control: a coin flip decides the reward.'),
  rlif('constant', 'Constant reward', 'Control: every response gets the same reward.'),
];
