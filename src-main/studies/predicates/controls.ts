/** T8, T9, T13, T16, T20: verified and random rewards, which certainty rewards are held against. */

import { mean } from '../../stats/describe.ts';
import { accuracyGuards, controls, finding, onEach, part } from './making.ts';
import { type Arm, LEAST, type Part, predicate, STUDY } from './predicate.ts';
import {
  besideCertainty,
  change,
  collapseAt,
  delta,
  fall,
  isCertainty,
  isGrpo,
  isPlain,
  isRandom,
  labelOf,
  last,
  paired,
  ratio,
  sweeps,
} from './reading.ts';

const NO_GRPO = 'no runs of GRPO';

export const grpoHolds = predicate({
  id: 'T8',
  statement: 'GRPO gains and does not collapse: it ends near its peak, above its start, with most of its entropy.',
  source: `${STUDY}: 15.3 to 15.6 % at the end for 8, 12 and 16 rollouts`,
  thresholds: {
    leastDifference: LEAST,
    entropyShare: { value: 0.5, from: 'own choice' },
  },
  needs: ['eval/avg@k', 'train/token-entropy'],
  arms: 'GRPO',
  takes: (arm) => isGrpo(arm) && isPlain(arm),
  evaluate(study, { entropyShare }) {
    const arms = study.arms.filter((arm) => isGrpo(arm) && isPlain(arm));
    const guards = (arm: Arm) => accuracyGuards(study, arm);
    return finding(
      [
        ...onEach(arms, 'peak above end', (arm) => ({ form: 'at-most', limit: delta(study, [arm]) }), fall, guards),
        ...onEach(
          arms,
          'end above start',
          (arm) => ({ form: 'above', delta: delta(study, [arm]) }),
          (run) => change(run, 'eval/avg@k'),
          guards,
        ),
        ...onEach(
          arms,
          'token entropy at end / start',
          () => ({ form: 'at-least', limit: entropyShare }),
          (run) => ratio(run, 'train/token-entropy'),
          guards,
        ),
      ],
      NO_GRPO,
    );
  },
});

export const grpoAbove = predicate({
  id: 'T9',
  statement: 'GRPO ends above the best certainty reward.',
  source: `${STUDY}; by results_all.csv of ArcherCodeR so on R1-Distill-Qwen-1.5B (18.5 % against 11.9 to 14.5 %) and Coder-7B, and the other way round on Qwen3-4B (34.6 % against 37.3 to 41.5 %)`,
  thresholds: { leastDifference: LEAST },
  needs: ['eval/avg@k'],
  arms: 'GRPO and certainty rewards with the same settings',
  takes: besideCertainty,
  evaluate(study) {
    const end = (arm: Arm) => {
      const ends = arm.runs.map((run) => last(run, 'eval/avg@k')).filter((value) => value !== null);
      return ends.length === 0 ? Number.NEGATIVE_INFINITY : mean(ends);
    };
    const parts = study.arms
      .filter((arm) => isGrpo(arm) && isPlain(arm))
      .flatMap((grpo): Part[] => {
        const settings = ({ settings: s }: Arm) => JSON.stringify({ ...s, reward: null, dualClip: null });
        const others = study.arms.filter((arm) => isCertainty(arm) && settings(arm) === settings(grpo));
        // The best by its mean, not seed by seed: the best of each seed would be too good by luck.
        const best = others.toSorted((a, b) => end(b) - end(a))[0];
        if (best === undefined) return [];
        const differences = paired(
          grpo,
          best,
          (run) => last(run, 'eval/avg@k'),
          (a, b) => a - b,
        );
        const claim = { form: 'above', delta: delta(study, [grpo, best]) } as const;
        const guards = { ...accuracyGuards(study, grpo), ...controls(study, best) };
        return [part(`${labelOf(grpo, study.arms)}: end above ${best.settings.reward}`, claim, differences, guards)];
      });
    return finding(parts, 'no runs of GRPO and of a certainty reward that differ in the reward alone');
  },
});

export const grpoInsensitive = predicate({
  id: 'T13',
  statement: 'GRPO ends at the same accuracy for every group size.',
  source: `${STUDY}: 15.6 and 15.4 % for 8 and 16 rollouts; 15.3 % for 12 by ArcherCodeR`,
  thresholds: { spread: { value: 0.01, from: 'own choice' } },
  needs: ['eval/avg@k'],
  arms: 'GRPO with two or more group sizes',
  takes: (arm) => isGrpo(arm) && isPlain(arm),
  evaluate(study, { spread }) {
    const grpo = study.arms.filter((arm) => isGrpo(arm) && isPlain(arm));
    // Every pair within the margin: the spread itself is above 0 by noise alone.
    const parts = sweeps(grpo, 'groupSize').flatMap((arms) =>
      arms.flatMap((a, i) =>
        arms.slice(i + 1).map((b) =>
          part(
            `end at group size ${b.settings.groupSize} against ${a.settings.groupSize}`,
            { form: 'within', margin: spread },
            paired(
              b,
              a,
              (run) => last(run, 'eval/avg@k'),
              (x, y) => x - y,
            ),
            accuracyGuards(study, a, b),
          ),
        ),
      ),
    );
    return finding(parts, 'no runs of GRPO that differ in the group size alone');
  },
});

export const epochsHelpGrpo = predicate({
  id: 'T16',
  statement: 'Three epochs with a dual clip of 10 help GRPO, without collapse.',
  source: `${STUDY}: 17.7 % against 15.4 %, trajectory entropy 0.66 at the end`,
  thresholds: { leastDifference: LEAST },
  needs: ['eval/avg@k', 'train/length', 'train/trajectory-entropy', 'train/reward'],
  arms: 'GRPO with one epoch, and with three and a dual clip of 10',
  takes: (arm) => isGrpo(arm) && isPlain(arm),
  evaluate(study) {
    const grpo = study.arms.filter((arm) => isGrpo(arm) && isPlain(arm));
    const rest = ({ settings }: Arm) => JSON.stringify({ ...settings, epochs: null, dualClip: null });
    const parts = grpo
      .filter(({ settings }) => settings.epochs === 3 && settings.dualClip === 10)
      .flatMap((three) => {
        const one = grpo.find((arm) => arm.settings.epochs === 1 && rest(arm) === rest(three));
        if (one === undefined) return [];
        return [
          part(
            'end with three epochs above one',
            { form: 'above', delta: delta(study, [three, one]) },
            paired(
              three,
              one,
              (run) => last(run, 'eval/avg@k'),
              (a, b) => a - b,
            ),
            accuracyGuards(study, three, one),
          ),
          part(
            'collapsed runs',
            { form: 'at-most', limit: 0 },
            three.runs.map((run) => (collapseAt(run, three.settings.cap) === null ? 0 : 1)),
          ),
        ];
      });
    return finding(parts, 'no runs of GRPO with one epoch and with three and a dual clip of 10');
  },
});

export const randomFlat = predicate({
  id: 'T20',
  statement: 'A random reward changes neither accuracy nor length.',
  source: `${STUDY}, by results_all.csv of ArcherCodeR: 15.9 to 15.2 % on R1-Distill-Qwen-1.5B, 14.9 to 15.5 % on Coder-7B`,
  thresholds: {
    leastDifference: LEAST,
    lengthChange: { value: 0.15, from: 'own choice' },
  },
  needs: ['eval/avg@k', 'eval/length'],
  arms: 'the random reward',
  takes: isRandom,
  evaluate(study, { lengthChange }) {
    const arms = study.arms.filter((arm) => isRandom(arm) && isPlain(arm));
    return finding(
      [
        ...onEach(
          arms,
          'accuracy at end - start',
          (arm) => ({ form: 'within', margin: delta(study, [arm]) }),
          (run) => change(run, 'eval/avg@k'),
          () => ({}),
        ),
        ...onEach(
          arms,
          'length at end / start - 1',
          () => ({ form: 'within', margin: lengthChange }),
          (run) => {
            const share = ratio(run, 'eval/length');
            return share === null ? null : share - 1;
          },
          () => ({}),
        ),
      ],
      'no runs of the random reward',
    );
  },
});
