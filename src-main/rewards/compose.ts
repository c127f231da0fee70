/**
 * From the scores of a group to its rewards: the chosen reward, flips, a second reward, penalties, weights. Pure given
 * its streams.
 */
import { defaultsOf, type OptionValues, type ValuesOf } from '../../src-shared/options.ts';
import type { Random } from '../../src-shared/random.ts';
import type { shapingOptions } from '../../src-shared/shaping.ts';
import { mean, sampleStd } from '../stats/describe.ts';
import { formatPenalty, shortLength, softOverlong } from './penalties.ts';
import type { Reward, Scorable, Score } from './reward.ts';

/** What a reward is the sum of, in order; each is logged as `reward/<part>`. */
export const PARTS = ['source', 'second', 'format', 'overlong', 'length'] as const;
export type RewardPart = (typeof PARTS)[number];

export interface RewardPlan {
  readonly reward: Reward;
  readonly options: OptionValues;
  /** Scored with its default options; null for none. */
  readonly second: Reward | null;
  readonly shaping: ValuesOf<typeof shapingOptions>;
  /** Longest response allowed, in tokens. */
  readonly maxNewTokens: number;
}

/** One stream for each kind of draw, so that turning one on shifts no other. */
export interface RewardStreams {
  readonly reward: Random;
  readonly second: Random;
  readonly flips: Random;
}

export interface GroupReward {
  /** Null where a part with a weight has no score. In the order of the group. */
  readonly rewards: readonly (number | null)[];
  /** Why a rollout has no reward, in one line; null where it has one. */
  readonly reasons: readonly (string | null)[];
  /** Scores before weights, and of the source before flips; null where there is none. Only parts that are on. */
  readonly parts: { readonly [P in RewardPart]?: readonly (number | null)[] };
  /** What each part that counts adds to the reward: its weight times its score, after flips and normalisation. */
  readonly terms: { readonly [P in RewardPart]?: readonly (number | null)[] };
  /** Whether the score of the source was flipped; null where nothing can be flipped. */
  readonly flipped: readonly (boolean | null)[];
}

interface WeighedPart {
  readonly weight: number;
  readonly scores: readonly Score[];
}

export function rewardOfGroup(plan: RewardPlan, group: readonly Scorable[], streams: RewardStreams): GroupReward {
  const { reward, options, second, shaping, maxNewTokens } = plan;
  const source = reward.score(group, options, streams.reward);
  const flips = flipsOf(source, shaping.flipProbability, streams.flips);
  const penalty = (weight: number, of: (rollout: Scorable) => number): WeighedPart | null =>
    weight === 0 ? null : { weight, scores: group.map(of) };
  const length = ({ stats }: Scorable) => stats.logprob.length;

  const flippedSource = flip(source, flips, reward.bounds?.(options));
  const parts: Readonly<Record<RewardPart, WeighedPart | null>> = {
    source: { weight: shaping.rewardWeight, scores: flippedSource },
    second:
      second === null
        ? null
        : { weight: shaping.secondWeight, scores: second.score(group, defaultsOf(second.options), streams.second) },
    format: penalty(shaping.formatWeight, ({ outcome }) => formatPenalty(outcome)),
    overlong: penalty(shaping.overlongWeight, (r) => softOverlong(length(r), maxNewTokens, shaping.overlongWindow)),
    length: penalty(shaping.lengthWeight, (r) => shortLength(length(r), shaping.minLength)),
  };

  const weighed = PARTS.flatMap((part) => {
    const p = parts[part];
    return p === null || p.weight === 0 ? [] : [{ ...p, part }];
  });
  const reasons = group.map((_, i) => firstReason(weighed, i));
  const terms = weighed.map(({ weight, scores }) => {
    const counted = scores.map((s, i) => (reasons[i] === null && typeof s === 'number' ? s : null));
    const used = shaping.combine === 'normalise' ? normalised(counted) : counted;
    return used.map((s) => weight * (s ?? 0));
  });
  return {
    rewards: group.map((_, i) => (reasons[i] === null ? terms.reduce((sum, t) => sum + (t[i] as number), 0) : null)),
    reasons,
    parts: Object.fromEntries(
      PARTS.flatMap((part) => {
        const scores = part === 'source' ? source : parts[part]?.scores;
        return scores === undefined ? [] : [[part, scores.map((s) => (typeof s === 'number' ? s : null))]];
      }),
    ),
    terms: Object.fromEntries(
      weighed.map(({ part }, w) => [
        part,
        reasons.map((reason, i) => (reason === null ? (terms[w]?.[i] ?? null) : null)),
      ]),
    ),
    flipped: flips,
  };
}

/**
 * What the reward of one rollout was made of, by name: `<part>` its score, `<part>-weight`, `<part>-term` what it added to
 * the reward, which is the sum of the terms; `flipped` 1 where the score of the source was turned into its opposite, else
 * 0. A part that is off has no entry, nor has a score that is missing.
 */
export function partsOfRollout(
  { parts, terms, flipped }: Pick<GroupReward, 'parts' | 'terms' | 'flipped'>,
  shaping: RewardPlan['shaping'],
  i: number,
): Record<string, number> {
  const weights: Readonly<Record<RewardPart, number>> = {
    source: shaping.rewardWeight,
    second: shaping.secondWeight,
    format: shaping.formatWeight,
    overlong: shaping.overlongWeight,
    length: shaping.lengthWeight,
  };
  const entries = PARTS.flatMap((part): [string, number | null | undefined][] =>
    parts[part] === undefined
      ? []
      : [
          [part, parts[part][i]],
          [`${part}-weight`, weights[part]],
          [`${part}-term`, terms[part]?.[i]],
        ],
  );
  const flip = flipped[i] ?? null;
  if (flip !== null) entries.push(['flipped', flip ? 1 : 0]);
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

/** One draw a rollout, whether it has a score or not. */
function flipsOf(scores: readonly Score[], probability: number, random: Random): (boolean | null)[] {
  if (probability === 0) return scores.map(() => null);
  return scores.map((s) => {
    const drawn = random.next() < probability;
    return typeof s === 'number' ? drawn : null;
  });
}

function flip(
  scores: readonly Score[],
  flips: readonly (boolean | null)[],
  bounds: readonly [number, number] | undefined,
): Score[] {
  return scores.map((s, i) => {
    if (flips[i] !== true || typeof s !== 'number') return s;
    if (bounds === undefined) throw new Error('a reward without bounds cannot be flipped');
    return bounds[0] + bounds[1] - s;
  });
}

function firstReason(parts: readonly WeighedPart[], i: number): string | null {
  for (const { scores } of parts) {
    const score = scores[i];
    if (typeof score === 'object') return score.unscored;
  }
  return null;
}

/** Keeps a nearly flat group from being blown up; the value of the group-relative advantage. TRL adds 1e-4. */
const EPSILON = 1e-6;

/**
 * (s - mean) / (std + 1e-6) over the scores that count, std with n-1; a flat part gives exact zeros (TRL
 * grpo_trainer.py, normalize_then_sum). TRL goes on to normalise the sum over the batch; here the advantage does.
 */
function normalised(scores: readonly (number | null)[]): (number | null)[] {
  const counted = scores.filter((s) => s !== null);
  const std = sampleStd(counted);
  if (std === null || counted.every((s) => s === counted[0])) return scores.map((s) => (s === null ? null : 0));
  const centre = mean(counted);
  return scores.map((s) => (s === null ? null : (s - centre) / (std + EPSILON)));
}
