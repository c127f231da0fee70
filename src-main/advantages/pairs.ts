/**
 * Chooses pairs for DPO: 1 for the k best responses of a group, -1 for the k worst, with k as large as every one of the
 * former still has more reward than every one of the latter; of equal rewards the earlier comes first. The rest is not
 * trained on. DPO pairs them in the order of the group. Own choice: with rewards of 1 and 0 each correct response gets a
 * wrong one, as in Aletheia, which takes its wrong ones from several policies.
 */
import { type Advantage, returnsOf } from './advantage.ts';

export const pairs: Advantage = {
  id: 'pairs',
  title: 'Pairs (DPO)',
  help: 'Pairs better responses of a group with worse ones; for DPO.',
  options: {
    maxPerGroup: {
      kind: 'number',
      label: 'Pairs of a group',
      default: 0,
      min: 0,
      max: 128,
      integer: true,
      help: 'Pairs that are made of one problem’s responses at most; 0 makes all.',
      source: 'own choice',
    },
  },
  conflicts: ({ objective }) =>
    objective.kind === 'dpo'
      ? []
      : [{ path: 'objective.kind', message: `${objective.kind} cannot train on pairs; allowed is dpo` }],
  ofStep: (groups, options) =>
    groups.map((group) => {
      const most = (options.maxPerGroup as number) || Number.POSITIVE_INFINITY;
      const ranked = returnsOf(group)
        .flatMap((reward, i) => (reward === null ? [] : [{ reward, i }]))
        .sort((a, b) => b.reward - a.reward || a.i - b.i);
      const advantages: (number | null)[] = group.rewards.map(() => null);
      let made = 0;
      for (let k = 0; 2 * k + 1 < ranked.length && made < most; k++) {
        const [better, worse] = [ranked[k], ranked[ranked.length - 1 - k]];
        if (better === undefined || worse === undefined || better.reward <= worse.reward) break;
        advantages[better.i] = 1;
        advantages[worse.i] = -1;
        made++;
      }
      return made === 0 ? null : advantages;
    }),
};
