/** The ready-made studies. One line a member. */
import { AssayError } from '../../src-shared/errors.ts';
import { epochs, kl, rollouts, temperature } from './ablations.ts';
import { bootstrap } from './bootstrap.ts';
import { certainty } from './certainty.ts';
import type { Study } from './study.ts';
import { testTime } from './test-time.ts';
import { trainingDynamics } from './training-dynamics.ts';
import { transfer } from './transfer.ts';

export const studies: readonly Study[] = [
  trainingDynamics,
  bootstrap,
  temperature,
  rollouts,
  kl,
  epochs,
  transfer,
  certainty,
  testTime,
];

/** @throws AssayError `usage` for a study that there is not. */
export function findStudy(id: string): Study {
  const study = studies.find((each) => each.id === id);
  if (study !== undefined) return study;
  throw new AssayError('usage', `study ${id}: unknown; allowed is ${studies.map((each) => each.id).join(', ')}`);
}
