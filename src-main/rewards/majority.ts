/**
 * Agreement of a group, without labels. The signature of a program is what it puts out on the inputs that the prompt
 * shows; expected outputs are not looked at. `hard`: 1 for the most common signature, else 0; of equally common ones the
 * first seen wins (TTRL, ttt_metrics.py: Counter.most_common). `soft`: size of the rollout's cluster / rollouts that
 * voted (EMPO, arXiv 2504.05812, from memory). That code is grouped by signature, and that a program which fails on an
 * input is a class of its own, never the most common and worth 0, is inferred: the study does not say.
 */
import type { Reward, Scorable } from './reward.ts';
import { signatureOf } from './signature.ts';

export const majority: Reward = {
  id: 'majority',
  title: 'Majority agreement',
  help: 'Programs that put out the same as most others of their group on the visible inputs score high. Expected outputs are not used.',
  options: {
    credit: {
      kind: 'choice',
      label: 'Credit',
      default: 'hard',
      choices: [
        { value: 'hard', label: 'Majority', help: '1 for the most common outputs, else 0.' },
        { value: 'soft', label: 'Share', help: 'Share of the group with the same outputs.' },
      ],
      help: 'How agreement becomes a score.',
      source: 'TTRL (majority); EMPO (share)',
    },
  },
  // Two votes are a majority only where they agree, and then the group has no signal.
  needs: { groupSize: 3, problems: 'outputs', everyTest: () => true },
  bounds: () => [0, 1],
  score: (group, { credit }) => {
    const signatures = group.map(voteOf);
    // A map keeps the order of first insertion, so the first seen comes first among equals.
    const sizes = new Map<string, number>();
    for (const s of signatures) if (typeof s === 'string') sizes.set(s, (sizes.get(s) ?? 0) + 1);
    const largest = Math.max(0, ...sizes.values());
    const winner = [...sizes].find(([, size]) => size === largest)?.[0];
    const votes = signatures.filter((s) => s === null || typeof s === 'string').length;
    return signatures.map((s) => {
      if (s === null) return 0;
      if (typeof s !== 'string') return s;
      return credit === 'soft' ? (sizes.get(s) ?? 0) / votes : s === winner ? 1 : 0;
    });
  },
};

/** Null: the program fails on an input. */
function voteOf({ outputs }: Scorable): string | null | { readonly unscored: string } {
  if (outputs === null) return { unscored: 'the sandbox could not run the program on the visible inputs' };
  if (outputs.length === 0) return { unscored: 'the problem has no visible test with an output to agree on' };
  return signatureOf(outputs);
}
