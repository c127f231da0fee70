/** Every reward from the same start: what the study's Figures 1 and 31 to 33 show. */
import { ARMS, armRuns } from './grid.ts';
import type { Study } from './study.ts';

export const trainingDynamics: Study = {
  id: 'training-dynamics',
  title: 'Training dynamics',
  question: 'What becomes of a policy that is trained on its own certainty, beside unit tests and controls?',
  scales: ['tiny', 'paper'],
  plan: (_scale, seeds) => ARMS.flatMap((arm) => armRuns(seeds, arm, arm)),
  predicates: ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T20', 'T21', 'T22'],
};
