/** The ready-made studies. One line a member. */
import { epochs, kl, rollouts, temperature } from './ablations.ts';
import { bootstrap } from './bootstrap.ts';
import type { Study } from './study.ts';
import { trainingDynamics } from './training-dynamics.ts';

export const studies: readonly Study[] = [trainingDynamics, bootstrap, temperature, rollouts, kl, epochs];
