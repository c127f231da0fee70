/** The advantage family: from the rewards of a step to what each rollout counts in its updates. */
import type { Options, OptionValues } from '../../src-shared/options.ts';
import type { RunConfig } from '../../src-shared/run.ts';

/** One group with its rewards; all lists are in the order of its rollouts. */
export interface RewardedGroup {
  /** Null where a rollout was not scored. */
  readonly rewards: readonly (number | null)[];
  /** Response tokens of each rollout. */
  readonly lengths: readonly number[];
  /** What is taken off the reward at each token of each rollout, [T] each; null where nothing is. */
  readonly penalties: readonly Float32Array[] | null;
}

/** One number for a whole response, or one a token ([T]); null: the rollout is not trained on. */
export type RolloutAdvantage = number | Float32Array | null;

export interface Advantage<O extends Options = Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: O;
  /** What this advantage cannot be combined with: the path of the option to change, and what is allowed. Absent: nothing. */
  conflicts?(config: RunConfig): readonly { readonly path: string; readonly message: string }[];
  /** Fewest scored rollouts of a group that it can learn from. Absent: 2, since it compares them. */
  leastGroup?(options: OptionValues): number;
  /**
   * @param groups all groups of a step.
   * @returns for each group one advantage a rollout, null where it has no reward; null for a whole group of which
   * nothing can be learned, as when it needs a comparison and fewer than two rollouts were scored.
   */
  ofStep(groups: readonly RewardedGroup[], options: OptionValues): (readonly RolloutAdvantage[] | null)[];
}

export const leastGroupOf = (advantage: Advantage, options: OptionValues): number =>
  advantage.leastGroup?.(options) ?? 2;

/** What each rollout earned in all: its reward less its penalties; null where it was not scored. */
export function returnsOf({ rewards, penalties }: RewardedGroup): (number | null)[] {
  if (penalties === null) return [...rewards];
  return rewards.map((reward, i) => (reward === null ? null : reward - sumOf(penalties[i] ?? new Float32Array())));
}

export const sumOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);

/** True where all scored numbers are the same: equal floats can still have a mean that rounds to something else. */
export function isFlat(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}
