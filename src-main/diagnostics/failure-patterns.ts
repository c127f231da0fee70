/**
 * What failures with the highest rewards have in common, as counts against the correct rollouts of the same steps: where
 * the reward and the tests disagree. It counts and never explains; the phrases are the most different of very many, so
 * that a small difference may be chance.
 */
import type { Outcome } from '../../src-shared/rollout.ts';
import type { FailureFeature, FailurePatterns } from '../../src-shared/rollouts.ts';
import { FAILURE_FEATURES } from '../../src-shared/rollouts.ts';
import { mean, quantile } from '../stats/describe.ts';
import { commonPhrases } from './phrases.ts';
import { hasReasoning, repetitionRatio } from './text.ts';

export interface ReadRollout {
  readonly id: number;
  readonly step: number;
  readonly problemId: string;
  readonly sample: number;
  readonly outcome: Outcome;
  readonly reward: number | null;
  readonly tokens: number;
  readonly finished: boolean;
  readonly completion: string;
  /** Null where there is no program. */
  readonly code: string | null;
  /** What the program put out on each test, made comparable; null where it failed on it. */
  readonly answers: readonly (string | null)[];
  /** Of each test. */
  readonly expected: readonly string[];
}

/** The failures with the highest rewards are this share of the scored failures of a step. */
const SHARE = 0.25;
const EXAMPLES = 8;
const REPETITION_WORDS = 20;

/** @param rollouts All of the steps; each step is chosen from by itself, as rewards of different steps do not compare. */
export function failurePatterns(rollouts: readonly ReadRollout[]): FailurePatterns {
  const judged = rollouts.filter(({ outcome }) => outcome !== 'sandbox-error');
  const correct = judged.filter(({ outcome }) => outcome === 'passed');
  const failed = judged.filter(({ outcome }) => outcome !== 'passed');
  const { selection, chosen } = choose(failed);
  const picked = new Set(chosen);
  const others = failed.filter((rollout) => !picked.has(rollout));
  const rewards = chosen.flatMap(({ reward }) => (reward === null ? [] : [reward]));
  const has = featuresOf(judged, correct);
  const countOf = (cohort: readonly ReadRollout[], feature: FailureFeature) => {
    const said = cohort.map(has[feature]).filter((value) => value !== null);
    return { count: said.filter(Boolean).length, of: said.length };
  };
  return {
    steps: [...new Set(rollouts.map(({ step }) => step))].sort((a, b) => a - b),
    selection,
    threshold: rewards.length === 0 ? null : Math.min(...rewards),
    cohorts: { chosen: cohortOf(chosen), others: cohortOf(others), correct: cohortOf(correct) },
    features: FAILURE_FEATURES.map(({ id }) => ({
      id,
      chosen: countOf(chosen, id),
      others: countOf(others, id),
      correct: countOf(correct, id),
    })).filter((row) => row.chosen.of > 0),
    phrases: commonPhrases(chosen, others, correct),
    examples: chosen
      .toSorted((a, b) => (b.reward ?? 0) - (a.reward ?? 0))
      .slice(0, EXAMPLES)
      .map(({ id, step, problemId, sample, reward, tokens, outcome }) => ({
        id,
        step,
        problemId,
        sample,
        reward,
        tokens,
        outcome,
      })),
  };
}

function choose(failed: readonly ReadRollout[]): Pick<FailurePatterns, 'selection'> & { chosen: ReadRollout[] } {
  const scored = failed.filter(({ reward }) => reward !== null);
  if (scored.length === 0) return { selection: 'unscored', chosen: [...failed] };
  const rewardOf = (rollout: ReadRollout) => rollout.reward ?? Number.NEGATIVE_INFINITY;
  let differ = false;
  const chosen = [...Map.groupBy(scored, ({ step }) => step).values()].flatMap((ofStep) => {
    const sorted = ofStep.toSorted((a, b) => rewardOf(b) - rewardOf(a));
    const last = sorted[Math.ceil(sorted.length * SHARE) - 1];
    differ ||= sorted.some((rollout) => rollout.reward !== sorted[0]?.reward);
    return last === undefined ? [] : ofStep.filter((rollout) => rewardOf(rollout) >= rewardOf(last));
  });
  return { selection: differ ? 'highest' : 'all-equal', chosen };
}

function cohortOf(rollouts: readonly ReadRollout[]): FailurePatterns['cohorts']['chosen'] {
  const rewards = rollouts.flatMap(({ reward }) => (reward === null ? [] : [reward]));
  return {
    rollouts: rollouts.length,
    problems: new Set(rollouts.map(({ problemId }) => problemId)).size,
    medianTokens: rollouts.length === 0 ? null : quantile(lengths(rollouts), 0.5),
    meanReward: rewards.length === 0 ? null : mean(rewards),
  };
}

const lengths = (rollouts: readonly ReadRollout[]) => Float64Array.from(rollouts, ({ tokens }) => tokens).sort();

/** Each says of a rollout whether it has the feature; null: nothing can be said of it. */
function featuresOf(
  judged: readonly ReadRollout[],
  correct: readonly ReadRollout[],
): Readonly<Record<FailureFeature, (rollout: ReadRollout) => boolean | null>> {
  const sorted = lengths(correct);
  const bound = (share: number) => (sorted.length === 0 ? null : quantile(sorted, share));
  const [middle, longest] = [bound(0.5), bound(0.9)];
  const groupOf = ({ step, problemId }: ReadRollout) => `${step}\n${problemId}`;
  const programs = tally(judged, (r) => (r.code === null ? null : `${groupOf(r)}\n${r.code.trim()}`));
  const behaviours = tally(judged, (r) => (behaviourOf(r) === null ? null : `${groupOf(r)}\n${behaviourOf(r)}`));
  const problemsByProgram = new Map<string, Set<string>>();
  for (const { code, problemId } of judged) {
    if (code === null) continue;
    const problems = problemsByProgram.get(code.trim()) ?? new Set();
    problemsByProgram.set(code.trim(), problems.add(problemId));
  }
  return {
    truncated: ({ finished }) => !finished,
    short: ({ tokens }) => (middle === null ? null : tokens < middle),
    long: ({ tokens }) => (longest === null ? null : tokens > longest),
    'no-reasoning': ({ completion }) => !hasReasoning(completion),
    'no-code': ({ code }) => code === null,
    repeats: ({ completion }) => {
      const words = completion.split(/\s+/).filter((word) => word !== '').length;
      return words > REPETITION_WORDS ? repetitionRatio(completion) > 0 : null;
    },
    constant: ({ answers, expected }) => {
      const given = answers.flatMap((answer, t) => (answer === null ? [] : [{ answer, wanted: expected[t]?.trim() }]));
      if (new Set(given.map(({ wanted }) => wanted)).size < 2) return null;
      return new Set(given.map(({ answer }) => answer)).size === 1;
    },
    'same-program': (r) => (r.code === null ? null : programs(`${groupOf(r)}\n${r.code.trim()}`) > 1),
    'same-behaviour': (r) => {
      const behaviour = behaviourOf(r);
      return behaviour === null ? null : behaviours(`${groupOf(r)}\n${behaviour}`) > 1;
    },
    'other-problem': ({ code }) => (code === null ? null : (problemsByProgram.get(code.trim())?.size ?? 0) > 1),
  };
}

/** Null where the program failed on a test, or there was none. */
function behaviourOf({ answers }: ReadRollout): string | null {
  return answers.length === 0 || answers.some((answer) => answer === null) ? null : JSON.stringify(answers);
}

function tally(rollouts: readonly ReadRollout[], key: (rollout: ReadRollout) => string | null) {
  const counts = new Map<string, number>();
  for (const rollout of rollouts) {
    const k = key(rollout);
    if (k !== null) counts.set(k, (counts.get(k) ?? 0) + 1);
  }
  return (k: string) => counts.get(k) ?? 0;
}
