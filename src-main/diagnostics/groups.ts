/** Distributions over rollouts and groups: lengths, verdicts, groups that carry a signal, reward against accuracy. */
import type { Outcome } from '../../src-shared/rollout.ts';
import { mean } from '../stats/describe.ts';
import { compareRanks, pearson, spearman } from '../stats/ranks.ts';

export interface LengthBin {
  /** Tokens, `from` included, `to` not, but for the last bin, which holds the cap itself. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Of these, cut off at the limit. */
  readonly truncated: number;
}

/**
 * Equal bins from 0 to the cap, the same for every step, so that histograms of a run can be laid side by side.
 * @param cap Longest response allowed. @param bins Default 24. @throws RangeError on a longer response.
 */
export function lengthHistogram(
  rollouts: readonly { readonly tokens: number; readonly finished: boolean }[],
  cap: number,
  bins = 24,
): LengthBin[] {
  const counts = Array.from({ length: bins }, () => ({ count: 0, truncated: 0 }));
  for (const { tokens, finished } of rollouts) {
    const bin =
      tokens >= 0 && tokens <= cap ? counts[Math.min(bins - 1, Math.floor((tokens / cap) * bins))] : undefined;
    if (bin === undefined) throw new RangeError(`length histogram: ${tokens} tokens; allowed is 0 to ${cap}`);
    bin.count++;
    if (!finished) bin.truncated++;
  }
  return counts.map((bin, i) => ({ from: (cap * i) / bins, to: (cap * (i + 1)) / bins, ...bin }));
}

/** Share of each outcome, those that occur only. Sums to 1; empty without rollouts. */
export function verdictMix(outcomes: readonly Outcome[]): Partial<Record<Outcome, number>> {
  const counts = [...Map.groupBy(outcomes, (outcome) => outcome)];
  return Object.fromEntries(counts.map(([outcome, { length }]) => [outcome, length / outcomes.length]));
}

export interface GroupSignal {
  /** Groups with two or more scored rollouts; the shares are of these. */
  readonly scored: number;
  /** Rewards not all equal: only these move the policy. */
  readonly informative: number;
  readonly allLowest: number;
  readonly allHighest: number;
}

/**
 * Where the signal is (frac_reward_zero_std of TRL is 1 - informative). Null without a scored group.
 * @param groups Rewards of each group; null where a rollout was not scored.
 * @param range Lowest and highest possible reward, default 0 and 1: flat groups at either are told apart.
 */
export function groupSignal(
  groups: readonly (readonly (number | null)[])[],
  range: readonly [lowest: number, highest: number] = [0, 1],
): GroupSignal | null {
  const scored = groups.map((group) => group.filter((r) => r !== null)).filter((group) => group.length >= 2);
  if (scored.length === 0) return null;
  const share = (test: (group: readonly number[]) => boolean) => scored.filter(test).length / scored.length;
  return {
    scored: scored.length,
    informative: share((group) => group.some((r) => r !== group[0])),
    allLowest: share((group) => group.every((r) => r === range[0])),
    allHighest: share((group) => group.every((r) => r === range[1])),
  };
}

export interface RewardAgainstAccuracy {
  /** Over rollouts of all groups. Null where one side does not vary. */
  readonly pearson: number | null;
  readonly spearman: number | null;
  /** Chance that a correct rollout has the higher reward than a wrong one of its own group, ties half. */
  readonly withinGroup: number | null;
  /** Pearson's correlation of mean reward and accuracy over groups. Null where one of them does not vary. */
  readonly acrossGroups: number | null;
  /** Mean reward of correct and of wrong rollouts. */
  readonly correct: number | null;
  readonly wrong: number | null;
}

/**
 * Whether a reward prefers what is correct. `withinGroup` is what group-relative advantages can see: a reward may go
 * with accuracy over problems, easy ones scoring higher, and still be blind inside each (own choice).
 * @param groups Judged and scored rollouts, by problem.
 */
export function rewardAgainstAccuracy(
  groups: readonly (readonly { readonly reward: number; readonly passed: boolean }[])[],
): RewardAgainstAccuracy {
  const all = groups.flat();
  const rewards = all.map(({ reward }) => reward);
  const passes = all.map(({ passed }) => (passed ? 1 : 0));
  const of = (rollouts: typeof all, passed: boolean) =>
    rollouts.filter((r) => r.passed === passed).map(({ reward }) => reward);
  // Every pair of a correct and a wrong rollout of a group counts the same.
  let pairs = 0;
  let wins = 0;
  for (const group of groups) {
    const [right, wrong] = [of([...group], true), of([...group], false)];
    wins += compareRanks(right, wrong)?.u ?? 0;
    pairs += right.length * wrong.length;
  }
  const some = groups.filter((group) => group.length > 0);
  const orNull = (values: readonly number[]) => (values.length === 0 ? null : mean(values));
  return {
    pearson: pearson(rewards, passes),
    spearman: spearman(rewards, passes),
    withinGroup: pairs === 0 ? null : wins / pairs,
    acrossGroups: pearson(
      some.map((group) => mean(group.map(({ reward }) => reward))),
      some.map((group) => of([...group], true).length / group.length),
    ),
    correct: orNull(of(all, true)),
    wrong: orNull(of(all, false)),
  };
}
