/**
 * GRPO: A_i = (r_i - mean of group) / (std of group + 1e-6), std with n-1 (verl, TRL use n-1 too; TRL adds 1e-4).
 * With scaling off: A_i = r_i - mean (Dr. GRPO, arXiv 2503.20783). A flat group gives exact zeros.
 */
import { mean, sampleStd } from '../stats/describe.ts';
import type { Advantage } from './advantage.ts';

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
        { value: 'none', label: 'None', help: 'Only subtract the mean (Dr. GRPO).' },
      ],
      help: 'What the difference from the mean is divided by.',
      source: 'the study (spread of the group)',
    },
  },
  ofGroup(rewards, options) {
    const scored = rewards.filter((r) => r !== null);
    if (scored.length < 2) return null;
    // Equal floats can still have a mean that rounds to something else, and 1e-17 / 1e-6 is noise to train on.
    if (scored.every((r) => r === scored[0])) return rewards.map((r) => (r === null ? null : 0));
    const centre = mean(scored);
    const scale = options.scale === 'none' ? 1 : (sampleStd(scored) ?? 0) + EPSILON;
    return rewards.map((r) => (r === null ? null : (r - centre) / scale));
  },
};
