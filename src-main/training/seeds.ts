/**
 * The names of a run's random streams. Each is a function of the run's seed and the step alone, so a resumed run draws
 * what an uninterrupted one would have drawn and no generator state needs saving.
 */
import { type Random, seedFrom, stream } from '../../src-shared/random.ts';

export interface RunSeeds {
  /** Initial values of an adapter. */
  readonly adapter: number;
  /** Order of the training problems in one pass over them. */
  problems(pass: number): Random;
  /** Sampling of one generate call. */
  rollouts(step: number, call: number): number;
  /** The same for validation: one seed for all steps, so that evaluations differ by the policy alone. */
  evaluation(call: number): number;
  /** A reward's own draws for one group. */
  reward(step: number, group: number): Random;
  /** Those of a second reward. */
  secondReward(step: number, group: number): Random;
  /** Which scores of one group are flipped. */
  flips(step: number, group: number): Random;
  /** Order of the problems in one pass over the rollouts of a step. */
  minibatches(step: number, epoch: number): Random;
}

export function runSeeds(seed: number): RunSeeds {
  return {
    adapter: seedFrom(seed, 'adapter'),
    problems: (pass) => stream(seed, 'problems', pass),
    rollouts: (step, call) => seedFrom(seed, 'rollouts', step, call),
    evaluation: (call) => seedFrom(seed, 'evaluation', call),
    reward: (step, group) => stream(seed, 'reward', step, group),
    secondReward: (step, group) => stream(seed, 'second reward', step, group),
    flips: (step, group) => stream(seed, 'flips', step, group),
    minibatches: (step, epoch) => stream(seed, 'minibatches', step, epoch),
  };
}
