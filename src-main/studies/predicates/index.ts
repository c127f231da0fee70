/** The published findings on intrinsic rewards, in the order of their ids. */
import { epochsHurtCertainty, groupSizeSpeed, klDelays, lowerTemperature, noTemperatureRescues } from './ablations.ts';
import {
  actionReward,
  certaintyGrows,
  earlyGainThenFall,
  outputsShorten,
  reasoningLost,
  rewardRisesRegardless,
  runsToCap,
} from './certainty-rewards.ts';
import { laterNoBetter, startDoesNotHelp, testTime } from './continuation.ts';
import { epochsHelpGrpo, grpoAbove, grpoHolds, grpoInsensitive, randomFlat } from './controls.ts';
import { certaintySeparates, diversityShrinks, sameAtBothCaps, transferLost } from './measures.ts';
import type { Predicate } from './predicate.ts';

export const predicates: readonly Predicate[] = [
  earlyGainThenFall,
  outputsShorten,
  runsToCap,
  rewardRisesRegardless,
  certaintyGrows,
  reasoningLost,
  actionReward,
  grpoHolds,
  grpoAbove,
  lowerTemperature,
  noTemperatureRescues,
  groupSizeSpeed,
  grpoInsensitive,
  klDelays,
  epochsHurtCertainty,
  epochsHelpGrpo,
  startDoesNotHelp,
  laterNoBetter,
  testTime,
  randomFlat,
  certaintySeparates,
  diversityShrinks,
  transferLost,
  sameAtBothCaps,
];
