/** Which rollouts of a step are listed, and in what order. */
import { OUTCOMES, type Outcome, type RolloutSummary } from '../../src-shared/rollout.ts';

export const ROLLOUT_ORDERS = [
  { id: 'group', title: 'By problem' },
  { id: 'reward', title: 'Highest reward' },
  { id: 'length', title: 'Longest' },
  { id: 'entropy', title: 'Most uncertain' },
] as const;
export type RolloutOrder = (typeof ROLLOUT_ORDERS)[number]['id'];

const descending = (key: (r: RolloutSummary) => number) => (a: RolloutSummary, b: RolloutSummary) => key(b) - key(a);

/** @param outcome null: all */
export function listRollouts(
  rollouts: readonly RolloutSummary[],
  outcome: Outcome | null,
  order: RolloutOrder,
): RolloutSummary[] {
  const shown = rollouts.filter((r) => outcome === null || r.outcome === outcome);
  switch (order) {
    case 'group':
      return shown;
    case 'reward':
      // What could not be scored comes last.
      return shown.sort(descending((r) => r.reward ?? Number.NEGATIVE_INFINITY));
    case 'length':
      return shown.sort(descending((r) => r.tokens));
    case 'entropy':
      return shown.sort(descending((r) => r.meanEntropy));
    default:
      order satisfies never;
      return shown;
  }
}

/** Outcomes that occur, with their counts, in the order of the dictionary. */
export function countOutcomes(rollouts: readonly RolloutSummary[]): { outcome: Outcome; count: number }[] {
  return OUTCOMES.map((outcome) => ({ outcome, count: rollouts.filter((r) => r.outcome === outcome).length })).filter(
    ({ count }) => count > 0,
  );
}

/** The step to show: the one asked for, or the nearest that has rollouts of this split; undefined when none has. */
export function nearestStep(steps: readonly number[], wanted: number | undefined): number | undefined {
  if (steps.length === 0) return undefined;
  if (wanted === undefined) return Math.max(...steps);
  return steps.reduce((best, step) => (Math.abs(step - wanted) < Math.abs(best - wanted) ? step : best));
}
