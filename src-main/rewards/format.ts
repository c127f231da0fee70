/** Control: only the form counts (Spurious Rewards, arXiv 2506.10947, format reward; for code the form is a code block). */
import type { Reward } from './reward.ts';

export const formatOnly: Reward = {
  id: 'format',
  title: 'Format only',
  help: 'Control: 1 when the response has a code block, or a final answer where one is asked for, else 0, whatever it says.',
  options: {},
  bounds: () => [0, 1],
  score: (group) => group.map(({ outcome }) => (outcome === 'no-code' ? 0 : 1)),
};
