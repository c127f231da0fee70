/** T1 to T6: what becomes of a policy that is trained on its own certainty. */

import { spearman } from '../../stats/ranks.ts';
import { accuracyGuards, controls, finding, onEach, part } from './making.ts';
import { type Arm, LEAST, predicate, type RunSeries, STUDY, type StudySeries } from './predicate.ts';
import {
  besideCertainty,
  change,
  delta,
  endMode,
  fall,
  gain,
  isCertainty,
  isPlain,
  LONG_ENTROPY,
  LONG_SHARE,
  labelOf,
  last,
  peakAt,
  points,
  ratio,
  SHORT_SHARE,
} from './reading.ts';

const plainCertainty = ({ arms }: StudySeries) => arms.filter((arm) => isCertainty(arm) && isPlain(arm));
/** The one setting for which the second way to collapse was published: token entropy with three epochs. */
const expectedLong = ({ settings }: Pick<Arm, 'settings'>) =>
  settings.reward === 'token-entropy' && settings.epochs >= 3;
const NO_CERTAINTY = 'no runs of a certainty reward';

export const earlyGainThenFall = predicate({
  id: 'T1',
  statement: 'Training on a certainty reward gains accuracy early, and then loses it again.',
  source: `${STUDY}: "early gains" that "inevitably collapse"; token entropy at temperature 0.8 peaks at 15.9 % (step 60) and ends at 12.8 %; falls of 2.3 to 5.6 points`,
  thresholds: {
    leastDifference: LEAST,
    latestPeak: { value: 0.7, from: 'own choice' },
  },
  needs: ['eval/avg@k'],
  arms: 'certainty rewards, with GRPO and the random reward beside',
  takes: besideCertainty,
  evaluate(study, { latestPeak }) {
    const arms = plainCertainty(study);
    const real = (arm: Arm) => ({ form: 'above', delta: delta(study, [arm]) }) as const;
    const guards = (arm: Arm) => accuracyGuards(study, arm);
    return finding(
      [
        ...onEach(arms, 'peak above start', real, gain, guards),
        ...onEach(arms, 'peak within the first part', () => ({ form: 'at-most', limit: latestPeak }), peakAt, guards),
        ...onEach(arms, 'end below peak', real, fall, guards),
      ],
      NO_CERTAINTY,
    );
  },
});

export const outputsShorten = predicate({
  id: 'T2',
  statement: 'Responses shorten to less than half, except where they run to the cap (T3).',
  source: `${STUDY}: "progressively shorten outputs", to less than 600 to 985 tokens of 8k`,
  thresholds: { share: { value: SHORT_SHARE, from: 'own choice' } },
  needs: ['eval/length'],
  arms: 'certainty rewards, with GRPO and the random reward beside; not token entropy with three epochs',
  takes: (arm) => besideCertainty(arm) && !expectedLong(arm),
  evaluate(study, { share }) {
    const arms = plainCertainty(study).filter((arm) => !expectedLong(arm));
    return finding(
      onEach(
        arms,
        'length at end / start',
        () => ({ form: 'at-most', limit: share }),
        (run) => ratio(run, 'eval/length'),
        (arm) => controls(study, arm),
      ),
      NO_CERTAINTY,
      modes(arms),
    );
  },
});

/** How many runs end in each mode, over the arms. */
function modes(arms: readonly Arm[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const arm of arms)
    for (const run of arm.runs) {
      const mode = endMode(run, arm.settings.cap);
      if (mode !== null) counts[`${labelOf(arm, arms)}: ${mode}`] = (counts[`${labelOf(arm, arms)}: ${mode}`] ?? 0) + 1;
    }
  return counts;
}

export const runsToCap = predicate({
  id: 'T3',
  statement:
    'Token entropy with three epochs collapses the other way: responses run to the cap, nearly without entropy.',
  source: `${STUDY}: about 8,174 tokens, trajectory entropy about 0.007, accuracy 8.3 %`,
  thresholds: {
    capShare: { value: LONG_SHARE, from: 'own choice' },
    trajectoryEntropy: { value: LONG_ENTROPY, from: 'own choice' },
  },
  needs: ['eval/length', 'train/trajectory-entropy'],
  arms: 'token entropy with three epochs, with GRPO and the random reward beside',
  takes: (arm) => besideCertainty(arm) && (!isCertainty(arm) || expectedLong(arm)),
  evaluate(study, { capShare, trajectoryEntropy }) {
    const arms = plainCertainty(study).filter(expectedLong);
    const guards = (arm: Arm) => controls(study, arm);
    const shareOfCap = (run: RunSeries, { settings }: Arm) => {
      const length = last(run, 'eval/length');
      return length === null ? null : length / settings.cap;
    };
    return finding(
      [
        ...onEach(arms, 'length / cap', () => ({ form: 'at-least', limit: capShare }), shareOfCap, guards),
        ...onEach(
          arms,
          'trajectory entropy at end',
          () => ({ form: 'at-most', limit: trajectoryEntropy }),
          (run) => last(run, 'train/trajectory-entropy'),
          guards,
        ),
      ],
      'no runs of token entropy with three epochs',
      modes(plainCertainty(study)),
    );
  },
});

export const rewardRisesRegardless = predicate({
  id: 'T4',
  statement: 'The reward rises all the while, though accuracy falls from its peak.',
  source: `${STUDY}, there called reward hacking`,
  thresholds: {
    monotony: { value: 0.8, from: 'own choice' },
    leastDifference: LEAST,
  },
  needs: ['train/reward', 'eval/avg@k'],
  arms: 'certainty rewards, with GRPO and the random reward beside',
  takes: besideCertainty,
  evaluate(study, { monotony: least }) {
    const arms = plainCertainty(study);
    const guards = (arm: Arm) => controls(study, arm);
    const monotony = (run: RunSeries) => {
      const all = points(run, 'train/reward');
      return spearman(
        all.map(([step]) => step),
        all.map(([, value]) => value),
      );
    };
    const rise = (run: RunSeries) => change(run, 'train/reward');
    return finding(
      [
        ...onEach(arms, 'reward at end above start', () => ({ form: 'above', delta: 0 }), rise, guards),
        ...onEach(arms, 'Spearman of reward and step', () => ({ form: 'at-least', limit: least }), monotony, guards),
        ...onEach(arms, 'end below peak', (arm) => ({ form: 'above', delta: delta(study, [arm]) }), fall, guards),
      ],
      NO_CERTAINTY,
    );
  },
});

export const certaintyGrows = predicate({
  id: 'T5',
  statement: 'Entropy falls to less than half, self-certainty and disparity rise, whichever certainty is rewarded.',
  source: `${STUDY}: "self-certainty growth and entropy reduction"`,
  thresholds: { entropyShare: { value: 0.5, from: 'own choice' } },
  needs: ['train/token-entropy', 'train/self-certainty', 'train/disparity'],
  arms: 'certainty rewards, with GRPO and the random reward beside',
  takes: besideCertainty,
  evaluate(study, { entropyShare }) {
    const arms = plainCertainty(study);
    const guards = (arm: Arm) => controls(study, arm);
    const rises = (name: 'train/self-certainty' | 'train/disparity') =>
      onEach(
        arms,
        `${name} at end above start`,
        () => ({ form: 'above', delta: 0 }),
        (run) => change(run, name),
        guards,
      );
    return finding(
      [
        ...onEach(
          arms,
          'token entropy at end / start',
          () => ({ form: 'at-most', limit: entropyShare }),
          (run) => ratio(run, 'train/token-entropy'),
          guards,
        ),
        ...rises('train/self-certainty'),
        ...rises('train/disparity'),
      ],
      NO_CERTAINTY,
    );
  },
});

export const reasoningLost = predicate({
  id: 'T6',
  statement: 'Words of reasoning fall to less than half.',
  source: `${STUDY}: "lose reasoning capability"`,
  thresholds: { share: { value: 0.5, from: 'own choice' } },
  needs: ['eval/thinking-words'],
  arms: 'certainty rewards, with GRPO and the random reward beside',
  takes: besideCertainty,
  evaluate(study, { share }) {
    return finding(
      onEach(
        plainCertainty(study),
        'thinking words at end / start',
        () => ({ form: 'at-most', limit: share }),
        (run) => ratio(run, 'eval/thinking-words'),
        (arm) => controls(study, arm),
      ),
      NO_CERTAINTY,
    );
  },
});

export const actionReward = predicate({
  id: 'T7',
  statement: 'The action reward is length times mean log-prob over the cap, so it goes to 0 in both ways to collapse.',
  source: `${STUDY}, by its definition: actor/action_reward in ArcherCodeR`,
  thresholds: { identity: { value: 0.05, from: 'own choice' } },
  needs: ['train/action-reward', 'train/trajectory-entropy', 'train/length', 'eval/length'],
  arms: 'any; the fall is asked of runs that end short or at the cap',
  takes: () => true,
  evaluate({ arms }, { identity }) {
    const collapsed = arms
      .map((arm) => ({
        ...arm,
        runs: arm.runs.filter((run) => /SHORT|LONG/.test(endMode(run, arm.settings.cap) ?? '')),
      }))
      .filter(({ runs }) => runs.length > 0);
    // The sum of ln p over tokens, over responses, over the cap: both sides of the identity, to rounding.
    const deviation = (run: RunSeries, cap: number) => {
      const entropy = new Map(points(run, 'train/trajectory-entropy'));
      const length = new Map(points(run, 'train/length'));
      const deviations = points(run, 'train/action-reward').flatMap(([step, action]) => {
        const expected = (-(entropy.get(step) ?? Number.NaN) * (length.get(step) ?? Number.NaN)) / cap;
        return Number.isFinite(expected) && expected !== 0 ? [Math.abs(action / expected - 1)] : [];
      });
      return deviations.length === 0 ? null : Math.max(...deviations);
    };
    return finding(
      [
        ...arms.map((arm) =>
          part(
            `${labelOf(arm, arms)}: largest deviation from -entropy x length / cap`,
            { form: 'at-most', limit: identity },
            arm.runs.map((run) => deviation(run, arm.settings.cap)),
          ),
        ),
        ...onEach(
          collapsed,
          'action reward closer to 0 at end',
          () => ({ form: 'above', delta: 0 }),
          (run) => change(run, 'train/action-reward'),
          () => ({}),
        ),
      ],
      'no runs',
    );
  },
});
