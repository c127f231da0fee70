/** The reward family: where a rollout's score comes from. A member is pure: same rollouts and stream, same scores. */
import type { Options, OptionValues } from '../../src-shared/options.ts';
import type { Random } from '../../src-shared/random.ts';
import type { Outcome, RolloutTest } from '../../src-shared/rollout.ts';
import type { TokenStats } from '../engine/engine.ts';

/** What a reward may look at. */
export interface Scorable {
  readonly stats: TokenStats;
  readonly finished: boolean;
  readonly outcome: Outcome;
  readonly tests: readonly Pick<RolloutTest, 'verdict'>[];
}

export interface Reward<O extends Options = Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: O;
  /**
   * Scores of one group, higher is better; null where a rollout cannot be scored (a sandbox fault is not a wrong
   * answer). @throws Error only for a mistake of ours.
   */
  score(group: readonly Scorable[], options: OptionValues, random: Random): (number | null)[];
}
