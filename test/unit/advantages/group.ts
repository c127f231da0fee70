/** Groups of rewards, in plain numbers. */
import type { Advantage, RewardedGroup, RolloutAdvantage } from '../../../src-main/advantages/advantage.ts';
import { defaultsOf, type OptionValues } from '../../../src-shared/options.ts';

/** A group without penalties, whose responses all have one token. */
export const rewarded = (rewards: readonly (number | null)[], lengths = rewards.map(() => 1)): RewardedGroup => ({
  rewards,
  lengths,
  penalties: null,
});

export const penalised = (
  rewards: readonly (number | null)[],
  penalties: readonly (readonly number[])[],
): RewardedGroup => ({
  rewards,
  lengths: penalties.map((p) => p.length),
  penalties: penalties.map((p) => Float32Array.from(p)),
});

/** @param changes of the advantage's defaults. */
export function ofStep(
  advantage: Advantage,
  groups: readonly RewardedGroup[],
  changes: OptionValues = {},
): (readonly RolloutAdvantage[] | null)[] {
  return advantage.ofStep(groups, { ...defaultsOf(advantage.options), ...changes } as OptionValues);
}

/** A step of one group. */
export const ofGroup = (advantage: Advantage, group: RewardedGroup, changes: OptionValues = {}) =>
  ofStep(advantage, [group], changes)[0] ?? null;
