/** Unit tests after certainty: GRPO from checkpoints of certainty runs, beside GRPO from scratch with the same budget and
 * seeds (the study's Figures 4 and 9 to 11). The certainty runs are those of training-dynamics, and are not made twice. */
import { armRuns, BOOTSTRAP, CERTAINTY } from './grid.ts';
import type { Study } from './study.ts';

export const bootstrap: Study = {
  id: 'bootstrap',
  title: 'Bootstrapped RLVR',
  question: 'Does GRPO gain from starting at a checkpoint of a certainty reward?',
  scales: ['tiny', 'paper'],
  plan: (scale, seeds) => {
    const { starts, steps } = BOOTSTRAP[scale];
    const budget = { 'limits.steps': steps };
    return [
      ...armRuns(seeds, 'grpo from scratch', 'grpo', budget),
      ...CERTAINTY.flatMap((reward) => [
        ...armRuns(seeds, reward, reward),
        ...starts.flatMap((step) =>
          armRuns(seeds, `grpo from ${reward} at ${step}`, 'grpo', budget, { arm: reward, step }),
        ),
      ]),
    ];
  },
  predicates: ['T17', 'T18'],
};
