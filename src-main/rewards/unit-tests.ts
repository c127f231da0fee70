/**
 * Execution reward (RLVR). Binary as in the study's general_reward_fn: 1 when every test passes, else 0; no code
 * block scores 0. A sandbox fault is not a wrong answer: null.
 */
import type { Reward } from './reward.ts';

export const unitTests: Reward = {
  id: 'unit-tests',
  title: 'Unit tests',
  help: 'The program is run on the problem’s tests in the sandbox.',
  options: {
    credit: {
      kind: 'choice',
      label: 'Credit',
      default: 'binary',
      choices: [
        { value: 'binary', label: 'All tests', help: '1 when every test passes, else 0.' },
        { value: 'fraction', label: 'Share of tests', help: 'Passed tests / all tests.' },
      ],
      help: 'How test results become a score.',
      source: 'the study (all tests)',
    },
  },
  score: (group, options) =>
    group.map(({ outcome, tests }) => {
      if (outcome === 'sandbox-error') return null;
      if (options.credit === 'fraction' && tests.length > 0)
        return tests.filter((t) => t.verdict === 'passed').length / tests.length;
      return outcome === 'passed' ? 1 : 0;
    }),
};
