/** The list of rewards, in the order of the form. */
import { constantReward } from './constant.ts';
import { formatOnly } from './format.ts';
import { majority } from './majority.ts';
import { probabilityDisparity } from './probability-disparity.ts';
import { randomReward } from './random.ts';
import type { Reward } from './reward.ts';
import { selfCertainty } from './self-certainty.ts';
import { tokenEntropy } from './token-entropy.ts';
import { trajectoryEntropy } from './trajectory-entropy.ts';
import { unitTests } from './unit-tests.ts';

export { type GroupReward, PARTS, partsOfRollout, type RewardPlan, rewardOfGroup } from './compose.ts';
export { signatureOf } from './signature.ts';

export const rewards: readonly Reward[] = [
  unitTests,
  selfCertainty,
  tokenEntropy,
  trajectoryEntropy,
  probabilityDisparity,
  majority,
  randomReward,
  constantReward,
  formatOnly,
];
