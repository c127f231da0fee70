/** The reward family: where a rollout's score comes from. A member is pure: same rollouts and stream, same scores. */
import type { Options, OptionValues } from '../../src-shared/options.ts';
import type { Random } from '../../src-shared/random.ts';
import type { Outcome, RolloutTest } from '../../src-shared/rollout.ts';
import type { TokenStats } from '../engine/engine.ts';

/** A part of a response. `code`: the program, or the final answer where one is asked for. `answer`: what follows the reasoning. */
export type Part = 'code' | 'answer';

/** What a reward may look at. */
export interface Scorable {
  /** At the temperature that the run takes certainty at. Arrays are [T], T = response tokens. */
  readonly stats: TokenStats;
  readonly outcome: Outcome;
  readonly tests: readonly Pick<RolloutTest, 'verdict'>[];
  /**
   * What the program put out on each input that the prompt may show, expected outputs aside; null on an input where it
   * failed. Null altogether where the sandbox failed on one of them.
   */
  readonly outputs: readonly (string | null)[] | null;
  /** Response tokens [from, to) that hold a part of the response; null where it has no such part, or an empty one. */
  tokensOf(part: Part): readonly [number, number] | null;
}

/** No score, with the reason in one line: a sandbox fault is not a wrong answer. */
export interface Unscored {
  readonly unscored: string;
}
export type Score = number | Unscored;

/** What a run must have for a reward to mean anything. */
export interface RewardNeeds {
  /** Smallest group. */
  readonly groupSize?: number;
  /** Of every training problem: `tests`, any; `outputs`, tests that the prompt may show and that have outputs. */
  readonly problems?: 'tests' | 'outputs';
  /** Whether, with these options, a program must be run on all tests even after one that it does not pass. */
  everyTest?(options: OptionValues): boolean;
}

export interface Reward<O extends Options = Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: O;
  /** Absent: nothing but rollouts. */
  readonly needs?: RewardNeeds;
  /** Least and greatest score; a flipped score is their sum minus the score. Absent where scores have no such bounds. */
  bounds?(options: OptionValues): readonly [number, number];
  /** Scores of one group, in its order; higher is better. @throws Error only for a mistake of ours. */
  score(group: readonly Scorable[], options: OptionValues, random: Random): Score[];
}
