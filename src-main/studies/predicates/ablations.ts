/** T10 to T12, T14, T15: what temperature, group size, a KL term and epochs change for certainty rewards. */

import { earlyGainThenFall, outputsShorten } from './certainty-rewards.ts';
import { accuracyGuards, controls, finding, part, together } from './making.ts';
import { type Arm, LEAST, type Part, predicate, type RunSeries, STUDY, type StudySeries } from './predicate.ts';
import {
  besideCertainty,
  change,
  collapseAt,
  delta,
  fall,
  halvedAt,
  isCertainty,
  isPlain,
  last,
  paired,
  peakAt,
  ratio,
  sweeps,
} from './reading.ts';

type Swept = 'temperature' | 'groupSize' | 'klCoefficient' | 'epochs';
const certaintySweeps = (study: StudySeries, key: Swept) =>
  sweeps(
    study.arms.filter((arm) => isCertainty(arm) && isPlain(arm)),
    key,
  );
const guards = (study: StudySeries, ...arms: readonly [Arm, ...Arm[]]) => ({
  ...accuracyGuards(study, ...arms),
  ...controls(study, arms[0]),
});
const end = (run: RunSeries) => last(run, 'eval/avg@k');
const minus = (a: number, b: number) => a - b;
/** Lowest and highest of a sweep. */
const ends = (arms: readonly Arm[]) => [arms[0] as Arm, arms.at(-1) as Arm] as const;

/**
 * Onset of collapse in b minus that in a, as shares of the run; a run without collapse counts as 1. Null where neither
 * collapses: nothing can come earlier then.
 */
function collapseLater(a: Arm, b: Arm): (number | null)[] {
  const at = (arm: Arm, seed: number) => {
    const run = arm.runs.find((r) => r.seed === seed);
    return run === undefined ? undefined : collapseAt(run, arm.settings.cap);
  };
  return a.runs.map(({ seed }) => {
    const [first, second] = [at(a, seed), at(b, seed)];
    if (first === undefined || second === undefined || (first === null && second === null)) return null;
    return (second ?? 1) - (first ?? 1);
  });
}

export const lowerTemperature = predicate({
  id: 'T10',
  statement: 'A lower temperature loses no more accuracy, and peaks later; all temperatures end close together.',
  source: `${STUDY}: 12.8 against 11.7 % (token entropy), 12.8 against 11.0 % (self-certainty) at 0.8 against 1.2; peaks at steps 60 and 30`,
  thresholds: { endSpread: { value: 0.02, from: 'own choice' } },
  needs: ['eval/avg@k'],
  arms: 'a certainty reward at two or more temperatures',
  takes: besideCertainty,
  evaluate(study, { endSpread }) {
    const parts = certaintySweeps(study, 'temperature').flatMap((arms): Part[] => {
      const [low, high] = ends(arms);
      const of = (what: string) =>
        `${low.settings.reward}, ${low.settings.temperature} against ${high.settings.temperature}: ${what}`;
      const beside = guards(study, low, high);
      const difference = paired(low, high, end, minus);
      return [
        part(of('end no lower'), { form: 'at-least', limit: 0 }, difference, beside),
        part(of('peak later'), { form: 'above', delta: 0 }, paired(low, high, peakAt, minus), beside),
        part(of('ends close together'), { form: 'within', margin: endSpread }, difference, beside),
      ];
    });
    return finding(parts, 'no certainty reward at two temperatures');
  },
});

export const noTemperatureRescues = predicate({
  id: 'T11',
  statement: 'No temperature prevents collapse: T1 and T2 hold at each.',
  source: `${STUDY}: all of 0.8, 1.0 and 1.2 collapse`,
  thresholds: {},
  needs: ['eval/avg@k', 'eval/length'],
  arms: 'a certainty reward at two or more temperatures',
  takes: besideCertainty,
  evaluate(study) {
    const swept = certaintySweeps(study, 'temperature').flat();
    const only = { ...study, arms: study.arms.filter((arm) => !isCertainty(arm) || swept.includes(arm)) };
    if (swept.length === 0) return finding([], 'no certainty reward at two temperatures');
    return together([earlyGainThenFall.evaluate(only), outputsShorten.evaluate(only)], '');
  },
});

export const groupSizeSpeed = predicate({
  id: 'T12',
  statement: 'The group size changes how soon responses are half as long; which way is not said.',
  source: `${STUDY}, abstract: "sample size"; runs of 8, 12 and 16`,
  thresholds: { shareOfRun: { value: 0.1, from: 'own choice' } },
  needs: ['eval/length'],
  arms: 'a certainty reward with two or more group sizes',
  takes: besideCertainty,
  evaluate(study, { shareOfRun }) {
    const parts = certaintySweeps(study, 'groupSize').map((arms) => {
      const [small, large] = ends(arms);
      // Positive: the larger group takes longer. A run that never halves counts as its end.
      return part(
        `${small.settings.reward}: halving at group size ${large.settings.groupSize} - at ${small.settings.groupSize}, share of run`,
        { form: 'beyond', margin: shareOfRun },
        paired(large, small, halvedAt, minus),
        controls(study, small),
      );
    });
    return finding(parts, 'no certainty reward with two group sizes');
  },
});

export const klDelays = predicate({
  id: 'T14',
  statement: 'A KL term of 0.005 delays collapse and does not prevent it.',
  source: `${STUDY}: "self-certainty growth and entropy reduction" slowed; by results_all.csv of ArcherCodeR Coder-7B ends lower with it for self-certainty and disparity`,
  thresholds: { leastDifference: LEAST },
  needs: [
    'eval/avg@k',
    'train/length',
    'train/trajectory-entropy',
    'train/reward',
    'train/self-certainty',
    'train/token-entropy',
  ],
  arms: 'a certainty reward with and without a KL term',
  takes: besideCertainty,
  evaluate(study) {
    const parts = certaintySweeps(study, 'klCoefficient').flatMap((arms): Part[] => {
      const [without, withKl] = ends(arms);
      if (without.settings.klCoefficient !== 0) return [];
      const of = (what: string) => `${without.settings.reward}, KL ${withKl.settings.klCoefficient}: ${what}`;
      const beside = guards(study, without, withKl);
      const growth = (run: RunSeries) => change(run, 'train/self-certainty');
      const left = (run: RunSeries) => ratio(run, 'train/token-entropy');
      const sign = { form: 'above', delta: 0 } as const;
      return [
        part(of('collapse later, share of run'), sign, collapseLater(without, withKl), beside),
        part(of('end below peak'), { form: 'above', delta: delta(study, [withKl]) }, withKl.runs.map(fall), beside),
        part(of('self-certainty grows less'), sign, paired(without, withKl, growth, minus), beside),
        part(of('more entropy left'), sign, paired(withKl, without, left, minus), beside),
      ];
    });
    return finding(parts, 'no certainty reward with and without a KL term');
  },
});

export const epochsHurtCertainty = predicate({
  id: 'T15',
  statement: 'Three epochs hurt certainty rewards: collapse comes sooner, accuracy ends no higher.',
  source: `${STUDY}: self-certainty 14.8 % at step 20, 9.2 % at the end; token entropy 8.3 %`,
  thresholds: { leastDifference: LEAST },
  needs: ['eval/avg@k', 'train/length', 'train/trajectory-entropy', 'train/reward'],
  arms: 'a certainty reward with one and with three epochs',
  takes: besideCertainty,
  evaluate(study) {
    const parts = certaintySweeps(study, 'epochs').flatMap((arms): Part[] => {
      const [one, three] = ends(arms);
      const of = (what: string) =>
        `${one.settings.reward}, ${three.settings.epochs} epochs against ${one.settings.epochs}: ${what}`;
      const beside = guards(study, one, three);
      return [
        part(of('collapse sooner, share of run'), { form: 'above', delta: 0 }, collapseLater(three, one), beside),
        part(
          of('end no higher'),
          { form: 'at-most', limit: delta(study, [one, three]) },
          paired(three, one, end, minus),
          beside,
        ),
      ];
    });
    return finding(parts, 'no certainty reward with one and with more epochs');
  },
});
