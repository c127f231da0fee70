/**
 * Chooses the correct responses: 1 for each, and nothing else is trained on. For RAFT and RAFT++ (arXiv 2304.06767,
 * 2504.11343) and supervised fine-tuning on correct responses. At most k a group (Aletheia's RAFT-max5): the first k, which
 * is as random a choice as any, since the responses of a group are drawn alike and independently.
 */
import { type Advantage, returnsOf } from './advantage.ts';

export const positives: Advantage = {
  id: 'positives',
  title: 'Correct responses only',
  help: 'Trains on responses whose reward is above a threshold, all with the same weight, and on no others (RAFT).',
  options: {
    threshold: {
      kind: 'number',
      label: 'Threshold',
      default: 0,
      min: -1e6,
      max: 1e6,
      help: 'A response counts as correct when its reward is above this.',
      source: 'own choice: unit tests reward with 1 or 0',
    },
    maxPerGroup: {
      kind: 'number',
      label: 'At most of a group',
      default: 0,
      min: 0,
      max: 256,
      integer: true,
      help: 'Correct responses of one problem that are trained on; 0 takes all. A bound keeps easy problems from filling the updates.',
      source: 'RAFT takes all; Aletheia at most 5',
    },
  },
  leastGroup: () => 1,
  ofStep: (groups, options) =>
    groups.map((group) => {
      const most = (options.maxPerGroup as number) || Number.POSITIVE_INFINITY;
      let chosen = 0;
      const advantages = returnsOf(group).map((r) => {
        if (r === null || r <= (options.threshold as number) || chosen >= most) return null;
        chosen++;
        return 1;
      });
      return chosen === 0 ? null : advantages;
    }),
};
