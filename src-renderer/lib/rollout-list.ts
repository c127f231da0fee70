/** Which rollouts of a step are listed, in what order, and how the address says so. */
import { z } from 'zod';
import { OUTCOMES, type Outcome, type RolloutSummary } from '../../src-shared/rollout.ts';

export const ROLLOUT_ORDERS = [
  { id: 'group', title: 'By problem' },
  { id: 'reward', title: 'Highest reward' },
  { id: 'lowest-reward', title: 'Lowest reward' },
  { id: 'advantage', title: 'Highest advantage' },
  { id: 'lowest-advantage', title: 'Lowest advantage' },
  { id: 'length', title: 'Longest' },
  { id: 'shortest', title: 'Shortest' },
  { id: 'entropy', title: 'Most uncertain' },
] as const;
export type RolloutOrder = (typeof ROLLOUT_ORDERS)[number]['id'];

export const ADVANTAGE_SIGNS = [
  { id: 'positive', title: 'Positive' },
  { id: 'zero', title: 'Zero' },
  { id: 'negative', title: 'Negative' },
] as const;
export type AdvantageSign = (typeof ADVANTAGE_SIGNS)[number]['id'];

const bound = z.number().optional().catch(undefined);
// A wrong value is left out, never an error: addresses are typed and kept by people.
export const rolloutsSearch = z.object({
  step: z.number().int().nonnegative().optional().catch(undefined),
  split: z.enum(['train', 'eval']).optional().catch(undefined),
  rollout: z.number().int().optional().catch(undefined),
  /** In place of the reader: what well-paid failures have in common. */
  view: z.enum(['failures']).optional().catch(undefined),
  order: z
    .enum(ROLLOUT_ORDERS.map(({ id }) => id))
    .optional()
    .catch(undefined),
  outcome: z.enum(OUTCOMES).optional().catch(undefined),
  /** Part of the problem's id, case ignored. */
  problem: z.string().max(200).optional().catch(undefined),
  minReward: bound,
  maxReward: bound,
  advantage: z
    .enum(ADVANTAGE_SIGNS.map(({ id }) => id))
    .optional()
    .catch(undefined),
  minTokens: bound,
  maxTokens: bound,
  /** True: only what was cut off; false: only what ended by itself. */
  cut: z.boolean().optional().catch(undefined),
});
export type RolloutsSearch = z.infer<typeof rolloutsSearch>;

export type RolloutFilter = Pick<
  RolloutsSearch,
  'outcome' | 'problem' | 'minReward' | 'maxReward' | 'advantage' | 'minTokens' | 'maxTokens' | 'cut'
>;

export const NO_FILTER: Readonly<Record<keyof RolloutFilter, undefined>> = {
  outcome: undefined,
  problem: undefined,
  minReward: undefined,
  maxReward: undefined,
  advantage: undefined,
  minTokens: undefined,
  maxTokens: undefined,
  cut: undefined,
};

/** A bound on a reward or the sign of an advantage leaves out the rollouts that have none. */
export function isListed(rollout: RolloutSummary, filter: RolloutFilter): boolean {
  const { reward, advantage, tokens, finished, problemId } = rollout;
  const within = (value: number | null, min: number | undefined, max: number | undefined) =>
    (min === undefined && max === undefined) ||
    (value !== null && value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY));
  return (
    (filter.outcome === undefined || rollout.outcome === filter.outcome) &&
    (filter.problem === undefined || problemId.toLowerCase().includes(filter.problem.trim().toLowerCase())) &&
    within(reward, filter.minReward, filter.maxReward) &&
    within(tokens, filter.minTokens, filter.maxTokens) &&
    (filter.advantage === undefined || (advantage !== null && signOf(advantage) === filter.advantage)) &&
    (filter.cut === undefined || finished !== filter.cut)
  );
}

const signOf = (advantage: number): AdvantageSign => (advantage > 0 ? 'positive' : advantage < 0 ? 'negative' : 'zero');

/** Falling, what has no value last; equal ones stay as they were. */
const byLargest = (key: (r: RolloutSummary) => number | null) => (a: RolloutSummary, b: RolloutSummary) => {
  const [x, y] = [key(a), key(b)];
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
  return y - x;
};
const negative = (value: number | null) => (value === null ? null : -value);

export function listRollouts(
  rollouts: readonly RolloutSummary[],
  filter: RolloutFilter,
  order: RolloutOrder,
): RolloutSummary[] {
  const shown = rollouts.filter((rollout) => isListed(rollout, filter));
  switch (order) {
    case 'group':
      return shown;
    case 'reward':
      return shown.sort(byLargest((r) => r.reward));
    case 'lowest-reward':
      return shown.sort(byLargest((r) => negative(r.reward)));
    case 'advantage':
      return shown.sort(byLargest((r) => r.advantage));
    case 'lowest-advantage':
      return shown.sort(byLargest((r) => negative(r.advantage)));
    case 'length':
      return shown.sort(byLargest((r) => r.tokens));
    case 'shortest':
      return shown.sort(byLargest((r) => -r.tokens));
    case 'entropy':
      return shown.sort(byLargest((r) => r.meanEntropy));
    default:
      order satisfies never;
      return shown;
  }
}

/** Outcomes that occur, with their counts, in the order of the dictionary. */
export function countOutcomes(
  rollouts: readonly Pick<RolloutSummary, 'outcome'>[],
): { outcome: Outcome; count: number }[] {
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

/** The step `by` places after the given one, in rising order; undefined past either end. */
export function neighbourStep(steps: readonly number[], step: number, by: number): number | undefined {
  const rising = steps.toSorted((a, b) => a - b);
  const at = rising.indexOf(step);
  return at < 0 ? undefined : rising[at + by];
}

/**
 * What is read: the rollout that the address names, though no filter lists it; else the one that was followed from another
 * step, the same sample of the same problem or the first that there is of it; else the first listed.
 */
export function readRollout(
  all: readonly RolloutSummary[],
  listed: readonly RolloutSummary[],
  named: number | undefined,
  followed: Pick<RolloutSummary, 'problemId' | 'sample'> | null,
): RolloutSummary | undefined {
  const group = all.filter((r) => r.problemId === followed?.problemId);
  return all.find((r) => r.id === named) ?? group.find((r) => r.sample === followed?.sample) ?? group[0] ?? listed[0];
}
