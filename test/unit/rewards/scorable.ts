/** Made-up rollouts for the tests of rewards. */
import { rewards } from '../../../src-main/rewards/index.ts';
import type { Scorable } from '../../../src-main/rewards/reward.ts';
import { defaultsOf, type OptionValues } from '../../../src-shared/options.ts';
import { stream } from '../../../src-shared/random.ts';

/** Statistics of explicit distributions, in float64 from their definitions. */
export function scorable(
  distributions: readonly (readonly number[])[],
  sampled: readonly number[],
  rest: Partial<Scorable> = {},
): Scorable {
  const sorted = distributions.map((p) => [...p].sort((a, b) => b - a));
  const f32 = (term: (p: readonly number[], t: number) => number) => Float32Array.from(distributions.map(term));
  return {
    stats: {
      logprob: f32((p, t) => Math.log(p[sampled[t] as number] as number)),
      entropy: f32((p) => -p.reduce((s, x) => s + x * Math.log(x), 0)),
      klUniform: f32((p) => p.reduce((s, x) => s + Math.log(1 / p.length / x) / p.length, 0)),
      top1: f32((_, t) => sorted[t]?.[0] as number),
      top2: f32((_, t) => sorted[t]?.[1] as number),
    },
    outcome: 'passed',
    tests: [],
    outputs: [],
    tokensOf: () => null,
    ...rest,
  };
}

/** Of a number of tokens, all alike. */
export const long = (tokens: number, rest: Partial<Scorable> = {}) =>
  scorable(
    Array.from({ length: tokens }, () => [0.5, 0.3, 0.2]),
    new Array<number>(tokens).fill(0),
    rest,
  );

export function rewardOf(id: string) {
  const reward = rewards.find((r) => r.id === id);
  if (reward === undefined) throw new Error(`no reward ${id}`);
  return reward;
}

export function score(id: string, group: readonly Scorable[], options: OptionValues = {}) {
  const reward = rewardOf(id);
  return reward.score(group, { ...defaultsOf(reward.options), ...options }, stream(1, id));
}
