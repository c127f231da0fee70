/** From judged rollouts to rewards: what a reward may look at is put together here, and the statistics it is taken from. */
import type { StepMetrics } from '../../src-shared/metrics.ts';
import { answerTest } from '../../src-shared/problem.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { answerKey } from '../datasets/answers/compare.ts';
import { judgedSpan } from '../datasets/answers/judge.ts';
import { answerSpan } from '../datasets/code-block.ts';
import type { PolicyEngine, TokenStats } from '../engine/engine.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { partsOfRollout, rewardOfGroup } from '../rewards/index.ts';
import type { Reward, Scorable } from '../rewards/reward.ts';
import { rewardPartMetrics } from './metrics.ts';
import type { Rollout } from './rollouts.ts';
import type { RunSeeds } from './seeds.ts';

export interface Scoring {
  readonly order: { readonly config: RunConfig };
  readonly source: { readonly engine: PolicyEngine; readonly tokenizer: Tokenizer };
  readonly reward: Reward;
  /** Null for none. */
  readonly secondReward: Reward | null;
  readonly seeds: RunSeeds;
}

/** A rollout with the statistics that its certainty is taken from; those of `stats` stay as sampled. */
export interface CertainRollout extends Rollout {
  readonly certainty: TokenStats;
}

export interface ScoredGroups {
  /** As given, with a fault where a rollout has no reward. */
  readonly groups: readonly (readonly CertainRollout[])[];
  /** Null where a rollout has none. */
  readonly rewards: readonly (readonly (number | null)[])[];
  /** What each reward was made of, by name (see `partsOfRollout`). */
  readonly parts: readonly (readonly Readonly<Record<string, number>>[])[];
  /** Means of the parts of the reward. */
  readonly metrics: StepMetrics;
}

/** @param step Names the streams of random draws, together with a group's place. */
export async function scoredGroups(
  scoring: Scoring,
  judged: readonly (readonly Rollout[])[],
  step: number,
): Promise<ScoredGroups> {
  const { order, source, reward, secondReward, seeds } = scoring;
  const { config } = order;
  const groups = await withCertainty(scoring, judged, config.rollouts.temperature);
  const plan = {
    reward,
    options: config.reward.options,
    second: secondReward,
    shaping: config.shaping,
    maxNewTokens: config.rollouts.maxNewTokens,
  };
  const scored = groups.map((group, g) =>
    rewardOfGroup(
      plan,
      group.map((rollout) => scorable(rollout, source.tokenizer)),
      { reward: seeds.reward(step, g), second: seeds.secondReward(step, g), flips: seeds.flips(step, g) },
    ),
  );
  return {
    groups: groups.map((group, g) =>
      group.map((rollout, i) => {
        const reason = scored[g]?.reasons[i] ?? null;
        if (reason === null || rollout.fault !== null) return rollout;
        return { ...rollout, fault: { stage: 'reward', message: reason } };
      }),
    ),
    rewards: scored.map(({ rewards }) => rewards),
    parts: scored.map((group) => group.rewards.map((_, i) => partsOfRollout(group, config.shaping, i))),
    metrics: rewardPartMetrics(scored),
  };
}

/**
 * Certainty as sampled, or teacher-forced at temperature 1 where the run asks for it and that is another temperature.
 * @param temperature That the rollouts were sampled at.
 */
export async function withCertainty(
  { order, source }: Pick<Scoring, 'order' | 'source'>,
  groups: readonly (readonly Rollout[])[],
  temperature: number,
): Promise<CertainRollout[][]> {
  if (order.config.shaping.statistics === 'sampled' || temperature === 1)
    return groups.map((group) => group.map((rollout) => ({ ...rollout, certainty: rollout.stats })));
  const full = groups.flat().filter((rollout) => rollout.tokens.length > 0);
  const stats = await source.engine.score(
    full.map(({ promptIds, tokens }) => ({ prompt: promptIds, response: tokens })),
    1,
  );
  const again = new Map(full.map((rollout, i) => [rollout, stats[i]]));
  return groups.map((group) => group.map((r) => ({ ...r, certainty: again.get(r) ?? r.stats })));
}

function scorable(rollout: CertainRollout, tokenizer: Tokenizer): Scorable {
  const { problem, certainty, outcome, tests, completion, tokens } = rollout;
  return {
    stats: certainty,
    outcome,
    tests,
    outputs: outputsOf(rollout),
    tokensOf(part) {
      const span = part === 'code' ? judgedSpan(problem, completion) : answerSpan(completion);
      const lengthOf = (count: number) => tokenizer.decode(tokens.subarray(0, count)).length;
      return span === null ? null : tokenRange(span, tokens.length, lengthOf);
    },
  };
}

/** See `Scorable.outputs`. Asserts have no output: they only say whether the program is right. An answer is its own
 * output, in the form that equal answers share. */
export function outputsOf({
  problem,
  tests,
  outcome,
}: Pick<Rollout, 'problem' | 'tests' | 'outcome'>): (string | null)[] | null {
  if (outcome === 'sandbox-error' && tests.length === 0) return null;
  if (answerTest(problem) !== null) {
    const got = tests[0]?.got ?? null;
    return [got === null ? null : answerKey(got)];
  }
  const results = problem.visibleTests.flatMap((test, i) => (test.kind === 'asserts' ? [] : [tests[i] ?? null]));
  if (results.some((result) => result?.verdict === 'sandbox-error')) return null;
  return results.map((result) =>
    result?.verdict === 'passed' || result?.verdict === 'wrong-answer' ? result.got : null,
  );
}

/**
 * Tokens [from, to) that hold any of the characters [start, end); null where there are none.
 * @param tokens Response tokens. @param lengthOf Characters of the first so many of them: prefixes are decoded whole,
 * since a token need not be text by itself. Half of a character counts as one.
 */
export function tokenRange(
  [start, end]: readonly [number, number],
  tokens: number,
  lengthOf: (count: number) => number,
): readonly [number, number] | null {
  /** The first token that goes beyond a number of characters; `tokens` where none does. */
  const firstBeyond = (characters: number): number => {
    let [low, high] = [0, tokens];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (lengthOf(middle + 1) > characters) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  if (end <= start || tokens === 0) return null;
  const next = firstBeyond(end);
  // It may itself begin before the end.
  return [firstBeyond(start), next < tokens && lengthOf(next) < end ? next + 1 : next];
}
