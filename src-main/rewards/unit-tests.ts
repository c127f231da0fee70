/**
 * Execution reward (RLVR). `binary`: the study's general_reward_fn (ArcherCodeR), 1 when every test passes, else 0; no
 * code block scores 0. `fraction`: the pass rate (Aletheia; verl's sandbox client). `ladder`: -1, -0.6, -0.3, 1 for a
 * program that does not compile, fails at run time, fails a test, passes all (CodeRL, arXiv 2207.01780, from memory);
 * that no code block counts as not compiling, and a limit as failing at run time, is an own choice.
 */
import type { Outcome } from '../../src-shared/rollout.ts';
import type { Reward } from './reward.ts';

const LADDER: Readonly<Record<Exclude<Outcome, 'sandbox-error'>, number>> = {
  passed: 1,
  'wrong-answer': -0.3,
  'runtime-error': -0.6,
  'time-limit': -0.6,
  'memory-limit': -0.6,
  'output-limit': -0.6,
  'compile-error': -1,
  'no-code': -1,
};

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
        {
          value: 'ladder',
          label: 'Ladder',
          help: '-1 when it does not compile, -0.6 on a run-time error or a limit, -0.3 on a wrong answer, 1 when all pass.',
        },
      ],
      help: 'How test results become a score.',
      source: 'the study (all tests); Aletheia (share of tests); CodeRL, from memory (ladder)',
    },
  },
  needs: { problems: 'tests', everyTest: ({ credit }) => credit === 'fraction' },
  bounds: ({ credit }) => (credit === 'ladder' ? [-1, 1] : [0, 1]),
  score: (group, { credit }) =>
    group.map(({ outcome, tests }) => {
      if (outcome === 'sandbox-error') return { unscored: 'the sandbox could not judge the program' };
      if (credit === 'ladder') return LADDER[outcome];
      if (credit === 'fraction' && tests.length > 0)
        return tests.filter((t) => t.verdict === 'passed').length / tests.length;
      return outcome === 'passed' ? 1 : 0;
    }),
};
