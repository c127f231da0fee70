/** One setting at a time, under GRPO and two certainty rewards, with the random reward beside (the study's Figures 13 to
 * 30 and 37 to 44). */
import type { FlatValues } from '../../src-shared/api.ts';
import { armRuns } from './grid.ts';
import type { Study } from './study.ts';

const REWARDS = ['grpo', 'self-certainty', 'token-entropy', 'random'] as const;

function ablation(
  id: string,
  title: string,
  question: string,
  path: string,
  values: readonly number[],
  predicates: readonly string[],
  only: (reward: string, value: number) => FlatValues = () => ({}),
): Study {
  return {
    ...{ id, title, question, predicates },
    scales: ['tiny', 'paper'],
    plan: (_scale, seeds) =>
      REWARDS.flatMap((reward) =>
        values.flatMap((value) =>
          armRuns(seeds, `${reward}, ${value}`, reward, { [path]: value, ...only(reward, value) }),
        ),
      ),
  };
}

export const temperature = ablation(
  'temperature',
  'Temperature',
  'Does a lower or higher sampling temperature delay or prevent collapse?',
  'rollouts.temperature',
  [0.8, 1, 1.2],
  ['T10', 'T11'],
);

export const rollouts = ablation(
  'rollouts',
  'Rollouts a problem',
  'Does the number of rollouts change how fast certainty rewards collapse?',
  'rollouts.groupSize',
  [8, 12, 16],
  ['T12', 'T13'],
);

export const kl = ablation(
  'kl',
  'KL to the start',
  'Does a KL term delay or prevent collapse?',
  'objective.options.klCoefficient',
  [0, 0.005],
  ['T14'],
);

export const epochs = ablation(
  'epochs',
  'Passes over a batch',
  'What do several passes over the rollouts of a step do?',
  'optimiser.epochs',
  [1, 3],
  ['T3', 'T15', 'T16'],
  // The study's GRPO with three passes has a dual clip of 10.
  (reward, value): FlatValues => (reward === 'grpo' && value === 3 ? { 'objective.options.dualClip': 10 } : {}),
);
