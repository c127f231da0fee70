/** T21 to T24: certainty against correctness, diversity, transfer, and the two caps. */

import {
  certaintyGrows,
  earlyGainThenFall,
  outputsShorten,
  reasoningLost,
  rewardRisesRegardless,
  runsToCap,
} from './certainty-rewards.ts';
import { controls, finding, isJudged, onEach, part } from './making.ts';
import { type Arm, LEAST, type Part, predicate, type RunSeries, STUDY } from './predicate.ts';
import {
  besideCertainty,
  change,
  combine,
  delta,
  first,
  isCertainty,
  isGrpo,
  isPlain,
  isRandom,
  last,
} from './reading.ts';

const SIGNS = [
  ['certainty/self-certainty', 1],
  ['certainty/disparity', 1],
  ['certainty/token-entropy', -1],
  ['certainty/trajectory-entropy', -1],
] as const;

export const certaintySeparates = predicate({
  id: 'T21',
  statement: 'Before training, certainty tells correct from wrong responses, and only in part.',
  source: `${STUDY}: effect sizes called rank-biserial; their values are not at hand`,
  thresholds: { largest: { value: 0.7, from: 'own choice' } },
  needs: SIGNS.map(([name]) => name),
  arms: 'any: each policy before training',
  takes: isGrpo,
  evaluate({ arms }, { largest }) {
    // Arms of a policy start alike: the first with the series is enough.
    const policies = Map.groupBy(
      arms.filter(({ runs }) => runs.some((run) => first(run, 'certainty/self-certainty') !== null)),
      ({ settings }) => settings.policy,
    );
    const parts = [...policies].flatMap(([policy, [arm]]) =>
      SIGNS.flatMap(([name, sign]): Part[] => {
        const values = (arm?.runs ?? []).map((run) => first(run, name));
        const of = `${policy}: ${name}`;
        return [
          part(
            `${of}, ${sign > 0 ? '' : 'minus '}r`,
            { form: 'above', delta: 0 },
            values.map((r) => (r === null ? null : sign * r)),
          ),
          part(
            `${of}, size of r`,
            { form: 'at-most', limit: largest },
            values.map((r) => (r === null ? null : Math.abs(r))),
          ),
        ];
      }),
    );
    return finding(parts, 'no effect sizes of certainty');
  },
});

export const diversityShrinks = predicate({
  id: 'T22',
  statement: 'Certainty rewards shrink diversity: pass@k over pass@1 ends more than 10 % below its start.',
  source: `${STUDY}, by results_all.csv of ArcherCodeR with k = 8: 1.14 against 1.66 for trajectory entropy on Coder-7B`,
  thresholds: { share: { value: 0.9, from: 'own choice' } },
  needs: ['eval/pass@k', 'eval/avg@k'],
  arms: 'certainty rewards, with GRPO and the random reward beside; k is the samples of a validation problem',
  takes: besideCertainty,
  evaluate(study, { share }) {
    const spread = (at: typeof first) => (run: RunSeries) =>
      combine([at(run, 'eval/pass@k'), at(run, 'eval/avg@k')], (pass, avg) => pass / avg);
    return finding(
      onEach(
        study.arms.filter((arm) => isCertainty(arm) && isPlain(arm)),
        'pass@k / pass@1 at end / start',
        () => ({ form: 'at-most', limit: share }),
        (run) => combine([spread(last)(run), spread(first)(run)], (after, before) => after / before),
        (arm) => controls(study, arm),
      ),
      'no runs of a certainty reward',
    );
  },
});

export const transferLost = predicate({
  id: 'T23',
  statement:
    'Certainty rewards lose accuracy on problems of another kind, mathematics; GRPO and the random reward do not.',
  source: `${STUDY}, by results_all.csv of ArcherCodeR: AIME 2024 avg@32 from 28.5 to 17 to 20 %`,
  thresholds: { leastDifference: LEAST },
  needs: ['transfer/avg@k'],
  arms: 'certainty rewards, GRPO and the random reward on a policy that reasons',
  takes: besideCertainty,
  evaluate(study) {
    const plain = study.arms.filter(isPlain);
    const real = (arm: Arm) => delta(study, [arm], 'transfer/avg@k');
    const loss = (run: RunSeries) => {
      const gained = change(run, 'transfer/avg@k');
      return gained === null ? null : -gained;
    };
    const guards = (arm: Arm) => (isCertainty(arm) ? controls(study, arm) : {});
    return finding(
      [
        ...onEach(plain.filter(isCertainty), 'lost', (arm) => ({ form: 'above', delta: real(arm) }), loss, guards),
        ...onEach(
          plain.filter((arm) => isGrpo(arm) || isRandom(arm)),
          'lost',
          (arm) => ({ form: 'at-most', limit: real(arm) }),
          loss,
          guards,
        ),
      ],
      'no runs',
    );
  },
});

export const sameAtBothCaps = predicate({
  id: 'T24',
  statement: 'A cap twice as long changes nothing: T1 to T6 come out the same.',
  source: `${STUDY}: 8k and 16k tokens`,
  thresholds: {},
  needs: ['eval/avg@k', 'eval/length', 'train/reward', 'train/token-entropy', 'eval/thinking-words'],
  arms: 'certainty rewards, GRPO and the random reward at two caps',
  takes: besideCertainty,
  evaluate(study) {
    const caps = [...new Set(study.arms.filter(isCertainty).map(({ settings }) => settings.cap))].sort((a, b) => a - b);
    const [low, high] = [caps[0], caps.at(-1)];
    if (low === undefined || high === undefined || low === high) return finding([], 'no certainty rewards at two caps');
    const at = (cap: number) => ({ ...study, arms: study.arms.filter(({ settings }) => settings.cap === cap) });
    const parts = [
      earlyGainThenFall,
      outputsShorten,
      runsToCap,
      rewardRisesRegardless,
      certaintyGrows,
      reasoningLost,
    ].flatMap((of): Part[] => {
      const [a, b] = [of.evaluate(at(low)), of.evaluate(at(high))];
      // What neither cap has runs for is not part of the comparison.
      if (a.parts.length === 0 && b.parts.length === 0) return [];
      const judged = isJudged(a.verdict) && isJudged(b.verdict);
      return [
        {
          of: of.id,
          verdict: judged ? (a.verdict === b.verdict ? 'SAME' : 'DIFFERENT') : 'INCONCLUSIVE',
          why: `${a.verdict} at ${low} tokens, ${b.verdict} at ${high}`,
          effect: Number.NaN,
          low: null,
          high: null,
          seeds: Math.min(...[...a.parts, ...b.parts].map(({ seeds }) => seeds)),
        },
      ];
    });
    return finding(parts, '');
  },
});
