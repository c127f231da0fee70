/** RLOO (arXiv 2402.14740, as verl compute_rloo_outcome_advantage): A_i = r_i - mean of the others = n/(n-1) (r_i - mean). */
import { mean } from '../stats/describe.ts';
import { type Advantage, isFlat, returnsOf } from './advantage.ts';

export const leaveOneOut: Advantage = {
  id: 'leave-one-out',
  title: 'Leave one out (RLOO)',
  help: 'A reward counts by how far it lies from the mean of the others of its group: a baseline that is not biased by the rollout itself.',
  options: {},
  ofStep: (groups) =>
    groups.map((group) => {
      const returns = returnsOf(group);
      const scored = returns.filter((r) => r !== null);
      if (scored.length < 2) return null;
      if (isFlat(scored)) return returns.map((r) => (r === null ? null : 0));
      const centre = mean(scored);
      const factor = scored.length / (scored.length - 1);
      return returns.map((r) => (r === null ? null : factor * (r - centre)));
    }),
};
