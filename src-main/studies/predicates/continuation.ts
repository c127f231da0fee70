/** T17 to T19: GRPO from a checkpoint of a certainty run, and training on the problems of the test. */

import { mean } from '../../stats/describe.ts';
import { pairedEquivalence } from '../../stats/effects.ts';
import { accuracyGuards, finding, part, recorded } from './making.ts';
import { type Arm, LEAST, predicate, type RunSeries, STUDY, type StudySeries } from './predicate.ts';
import { delta, fall, gain, isGrpo, isPlain, labelOf, lastStep, paired, peak, points } from './reading.ts';

const bootstrapped = ({ arms }: StudySeries) =>
  arms.filter((arm) => isGrpo(arm) && arm.settings.from !== null && !arm.settings.testTime);
const rest = ({ settings }: Arm) => JSON.stringify({ ...settings, from: null });

/** Highest validation up to a step. No running mean: that of the peak would reach beyond the step. */
const highest = (run: RunSeries, upTo: number): number | null => {
  const values = points(run, 'eval/avg@k').flatMap(([step, value]) => (step <= upTo ? [value] : []));
  return values.length === 0 ? null : Math.max(...values);
};

export const startDoesNotHelp = predicate({
  id: 'T17',
  statement: 'GRPO from a checkpoint of a certainty run gets no higher than GRPO from scratch in as many GRPO steps.',
  source: `${STUDY}: from steps 50 and 105, 40 more; disparity then GRPO from step 50 peaks at 14.6 %`,
  thresholds: { leastDifference: LEAST },
  needs: ['eval/avg@k'],
  arms: 'GRPO from scratch, and from checkpoints of certainty runs',
  takes: isGrpo,
  evaluate(study) {
    const numbers: Record<string, number> = {};
    const parts = bootstrapped(study).flatMap((arm) => {
      const scratch = study.arms.find((other) => isGrpo(other) && isPlain(other) && rest(other) === rest(arm));
      if (scratch === undefined) return [];
      const steps = Math.min(
        ...[arm, scratch].flatMap(({ runs }) => runs.map((run) => lastStep(run) ?? Number.POSITIVE_INFINITY)),
      );
      const margin = delta(study, [arm, scratch]);
      const differences = paired(
        arm,
        scratch,
        (run) => highest(run, steps),
        (a, b) => a - b,
      );
      const label = `${labelOf(arm, study.arms)}: best of ${steps} steps - from scratch`;
      const tost = pairedEquivalence(
        differences.filter((d) => d !== null),
        margin,
      );
      // Stronger than what is claimed: that there is no loss either.
      if (tost !== null) numbers[`${label}, p of equivalence (TOST)`] = tost.p;
      return [part(label, { form: 'at-most', limit: margin }, differences, accuracyGuards(study, arm, scratch))];
    });
    return finding(parts, 'no runs of GRPO from scratch and from a checkpoint of a certainty run', numbers);
  },
});

export const laterNoBetter = predicate({
  id: 'T18',
  statement: 'A later checkpoint of a certainty run is no better a start for GRPO than an earlier one.',
  source: `${STUDY}: steps 50 and 105`,
  thresholds: { leastDifference: LEAST },
  needs: ['eval/avg@k'],
  arms: 'GRPO from two checkpoints of the same certainty run',
  takes: (arm) => isGrpo(arm) && arm.settings.from !== null,
  evaluate(study) {
    const groups = Map.groupBy(bootstrapped(study), (arm) => `${rest(arm)} ${arm.settings.from?.reward}`);
    const parts = [...groups.values()].flatMap((arms) => {
      const at = (arm: Arm) => arm.settings.from?.step ?? 0;
      const [early, ...later] = arms.toSorted((a, b) => at(a) - at(b));
      if (early === undefined) return [];
      return later.map((late) =>
        part(
          `${late.settings.from?.reward}: peak from step ${at(late)} - from step ${at(early)}`,
          { form: 'at-most', limit: delta(study, [early, late]) },
          paired(
            late,
            early,
            (run) => peak(run)?.value ?? null,
            (a, b) => a - b,
          ),
          accuracyGuards(study, early, late),
        ),
      );
    });
    return finding(parts, 'no runs of GRPO from two checkpoints of the same certainty run');
  },
});

export const testTime = predicate({
  id: 'T19',
  statement: 'Test-time training is milder and limited too: a gain, then a plateau or a fall. Recorded, not judged.',
  source: `${STUDY}; what it says in full is not at hand, so there is nothing to judge by`,
  thresholds: {},
  needs: ['eval/avg@k'],
  arms: 'certainty rewards trained on the validation problems',
  takes: ({ settings }) => settings.testTime,
  evaluate(study) {
    const arms = study.arms.filter(({ settings }) => settings.testTime);
    const over = (arm: Arm, value: (run: RunSeries) => number | null) => {
      const values = arm.runs.map(value).filter((v) => v !== null);
      return values.length === 0 ? Number.NaN : mean(values);
    };
    const numbers = arms.flatMap((arm) => [
      [`${labelOf(arm, arms)}: peak above start`, over(arm, gain)] as const,
      [`${labelOf(arm, arms)}: end below peak`, over(arm, fall)] as const,
    ]);
    const why =
      arms.length === 0 ? 'no runs of test-time training' : 'recorded: the published claim is not known in full';
    return recorded(why, Object.fromEntries(numbers.filter(([, value]) => Number.isFinite(value))));
  },
});
