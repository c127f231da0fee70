/**
 * REINFORCE++ (arXiv 2501.03262, as verl compute_reinforce_plus_plus*_outcome_advantage): what is still to be earned from
 * a token on, R_t = r - sum of the penalties from t on (gamma 1), whitened over all tokens of the step:
 * (R - mean) / sqrt(variance + 1e-8), variance with n-1. With a group baseline, R = r - all penalties - mean of the group
 * for every token. Departure: a step whose returns are all equal gives exact zeros.
 */
import { mean } from '../stats/describe.ts';
import { type Advantage, isFlat, type RewardedGroup, type RolloutAdvantage, returnsOf } from './advantage.ts';

/** Added to the variance; verl's value. */
const EPSILON = 1e-8;

export const reinforcePlusPlus: Advantage = {
  id: 'reinforce++',
  title: 'Whole step (REINFORCE++)',
  help: 'A reward counts by how far it lies from the mean over all tokens of the step, in standard deviations.',
  options: {
    baseline: {
      kind: 'choice',
      label: 'Baseline',
      default: 'none',
      choices: [
        { value: 'none', label: 'None', help: 'The mean of the step alone (REINFORCE++).' },
        { value: 'group', label: 'Mean of the group', help: 'Subtracted first (REINFORCE++-baseline).' },
      ],
      help: 'What is subtracted from a reward before the step is normalised.',
      source: 'arXiv 2501.03262',
    },
  },
  // Without a baseline of the group, the step is what a rollout is held against.
  leastGroup: ({ baseline }) => (baseline === 'group' ? 2 : 1),
  ofStep(groups, options) {
    const raw = groups.map((group) => (options.baseline === 'group' ? centred(group) : toCome(group)));
    const whiten = whitening(raw, groups);
    return raw.map((group) => group?.map((r) => (r === null ? null : whiten(r))) ?? null);
  },
};

/** Less the mean of the group; null where fewer than two rollouts were scored. */
function centred(group: RewardedGroup): RolloutAdvantage[] | null {
  const returns = returnsOf(group);
  const scored = returns.filter((r) => r !== null);
  if (scored.length < 2) return null;
  const centre = mean(scored);
  return returns.map((r) => (r === null ? null : r - centre));
}

/** What is still to be earned at each token. */
function toCome({ rewards, penalties }: RewardedGroup): RolloutAdvantage[] {
  return rewards.map((reward, i) => {
    const own = penalties?.[i];
    if (reward === null || own === undefined || own.length === 0) return reward;
    const left = new Float32Array(own.length);
    let sum = reward;
    for (let t = own.length - 1; t >= 0; t--) {
      sum -= own[t] as number;
      left[t] = sum;
    }
    return left;
  });
}

/** Mean 0 and variance 1 over the tokens of all trained rollouts. */
function whitening(raw: readonly (readonly RolloutAdvantage[] | null)[], groups: readonly RewardedGroup[]) {
  const values: { readonly value: number; readonly tokens: number }[] = [];
  for (const [g, group] of raw.entries())
    for (const [i, r] of group?.entries() ?? []) {
      if (typeof r === 'number') values.push({ value: r, tokens: groups[g]?.lengths[i] ?? 0 });
      else for (const value of r ?? []) values.push({ value, tokens: 1 });
    }
  const counted = values.filter(({ tokens }) => tokens > 0);
  if (isFlat(counted.map(({ value }) => value)))
    return (r: number | Float32Array) => (typeof r === 'number' ? 0 : r.fill(0));

  const tokens = counted.reduce((sum, v) => sum + v.tokens, 0);
  const centre = counted.reduce((sum, v) => sum + v.tokens * v.value, 0) / tokens;
  const squares = counted.reduce((sum, v) => sum + v.tokens * (v.value - centre) ** 2, 0);
  const whiten = (value: number) => (value - centre) / Math.sqrt(squares / (tokens - 1) + EPSILON);
  return (r: number | Float32Array) => (typeof r === 'number' ? whiten(r) : r.map(whiten));
}
