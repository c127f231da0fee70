/**
 * GRPO: A_i = (r_i - mean of group) / (std of group + 1e-6), std with n-1 (verl, TRL use n-1 too; TRL adds 1e-4).
 * With scaling off: A_i = r_i - mean (Dr. GRPO, arXiv 2503.20783). Scaled by the batch, the std is that of all rewards
 * of the step, n-1 (TRL scale_rewards batch). A flat group gives exact zeros.
 */
import { mean, sampleStd } from '../stats/describe.ts';
import { type Advantage, isFlat, returnsOf } from './advantage.ts';

/** Added to the spread; verl's value. */
const EPSILON = 1e-6;

export const groupRelative: Advantage = {
  id: 'group-relative',
  title: 'Group relative',
  help: 'A reward counts by how far it lies from the mean of its group.',
  options: {
    scale: {
      kind: 'choice',
      label: 'Scale',
      default: 'std',
      choices: [
        { value: 'std', label: 'Spread of the group', help: 'Divide by the standard deviation of the group (GRPO).' },
        {
          value: 'batch',
          label: 'Spread of the step',
          help: 'Divide by the standard deviation of all rewards of the step, so that easy and hard problems weigh alike.',
        },
        { value: 'none', label: 'None', help: 'Only subtract the mean (Dr. GRPO).' },
      ],
      help: 'What the difference from the mean is divided by.',
      source: 'the study (spread of the group)',
    },
  },
  ofStep(groups, options) {
    const returns = groups.map(returnsOf);
    const scored = returns.map((group) => group.filter((r) => r !== null)).filter((group) => group.length >= 2);
    const ofBatch = options.scale === 'batch' ? (sampleStd(scored.flat()) ?? 0) + EPSILON : null;
    return returns.map((group) => {
      const own = group.filter((r) => r !== null);
      if (own.length < 2) return null;
      // What rounding leaves of a flat group, over 1e-6, is noise to train on.
      if (isFlat(own)) return group.map((r) => (r === null ? null : 0));
      const centre = mean(own);
      const scale = options.scale === 'none' ? 1 : (ofBatch ?? (sampleStd(own) ?? 0) + EPSILON);
      return group.map((r) => (r === null ? null : (r - centre) / scale));
    });
  },
};
