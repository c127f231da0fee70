/** The series that say how a policy changes beside its accuracy (src-shared/diagnostics.ts), from the rollouts of a step.
 * They only look: nothing is drawn, and nothing of a rollout is changed. */
import type { StepMetrics } from '../../src-shared/metrics.ts';
import { type ProblemCount, passRatio, signatureDiversity, supportChange } from '../diagnostics/accuracy.ts';
import { groupSignal, rewardAgainstAccuracy, verdictMix } from '../diagnostics/groups.ts';
import { signatureOf } from '../rewards/index.ts';
import { quantile } from '../stats/describe.ts';
import type { Rollout } from './rollouts.ts';
import { outputsOf } from './scoring.ts';

type Groups = readonly (readonly Rollout[])[];

const isJudged = ({ outcome }: Rollout) => outcome !== 'sandbox-error';
const hasPassed = ({ outcome }: Rollout) => outcome === 'passed';

/** @param rewards Of each group in its order; null where a rollout was not scored. */
export function trainDiagnostics(groups: Groups, rewards: readonly (readonly (number | null)[])[]): StepMetrics {
  const verdicts = groupSignal(groups.map((group) => group.map((r) => (isJudged(r) ? Number(hasPassed(r)) : null))));
  const signal = groupSignal(rewards);
  const against = rewardAgainstAccuracy(
    groups.map((group, g) =>
      group.flatMap((rollout, i) => {
        const reward = rewards[g]?.[i] ?? null;
        return reward === null || !isJudged(rollout) ? [] : [{ reward, passed: hasPassed(rollout) }];
      }),
    ),
  );
  return withoutGaps({
    ...lengths('train', groups),
    ...diversity('train', groups),
    'train/informative-groups': signal?.informative ?? null,
    'train/solved-groups': verdicts?.allHighest ?? null,
    'train/unsolved-groups': verdicts?.allLowest ?? null,
    'train/reward-accuracy': against.pearson,
    'train/reward-accuracy-rank': against.spearman,
    'train/reward-accuracy-within': against.withinGroup,
    'train/reward-accuracy-across': against.acrossGroups,
    'train/reward-correct': against.correct,
    'train/reward-wrong': against.wrong,
  });
}

/** @param start What the validation before the first step gave; null where there was none. */
export function evalDiagnostics(groups: Groups, start: readonly ProblemCount[] | null): StepMetrics {
  const counts = problemCounts(groups);
  const mix = verdictMix(groups.flat().map(({ outcome }) => outcome));
  const of = (...outcomes: Rollout['outcome'][]) => outcomes.reduce((sum, outcome) => sum + (mix[outcome] ?? 0), 0);
  return withoutGaps({
    ...lengths('eval', groups),
    ...diversity('eval', groups),
    ...(start === null ? {} : support(start, counts)),
    'eval/pass-ratio': passRatio(counts),
    'eval/passed': of('passed'),
    'eval/no-code': of('no-code'),
    'eval/wrong-answer': of('wrong-answer'),
    'eval/runtime-error': of('runtime-error'),
    'eval/compile-error': of('compile-error'),
    'eval/limits': of('time-limit', 'memory-limit', 'output-limit'),
    'eval/sandbox-error': of('sandbox-error'),
  });
}

/** Judged samples of each problem; a problem without any is left out. */
export function problemCounts(groups: Groups): ProblemCount[] {
  return groups.flatMap((group) => {
    const judged = group.filter(isJudged);
    const [first] = judged;
    if (first === undefined) return [];
    return [{ problemId: first.problem.id, samples: judged.length, passed: judged.filter(hasPassed).length }];
  });
}

type Measured = { readonly [N in keyof StepMetrics]?: number | null };

/** A series without a value has no entry: a gap, never 0. */
function withoutGaps(measured: Measured): StepMetrics {
  return Object.fromEntries(Object.entries(measured).filter(([, value]) => value !== null));
}

function lengths(split: 'train' | 'eval', groups: Groups): Measured {
  const sorted = Float64Array.from(groups.flat(), ({ tokens }) => tokens.length).sort();
  if (sorted.length === 0) return {};
  return {
    [`${split}/length-p10`]: quantile(sorted, 0.1),
    [`${split}/length-p50`]: quantile(sorted, 0.5),
    [`${split}/length-p90`]: quantile(sorted, 0.9),
    [`${split}/length-max`]: quantile(sorted, 1),
  };
}

function diversity(split: 'train' | 'eval', groups: Groups): Measured {
  const distinct = (of: (rollout: Rollout) => string | null) => {
    const comparable = groups
      .map((group) => group.map(of).filter((signature) => signature !== null))
      .filter((signatures) => signatures.length >= 2);
    return comparable.length === 0 ? null : signatureDiversity(comparable);
  };
  const outputs = distinct((rollout) => signatureOf(outputsOf(rollout) ?? []));
  return {
    [`${split}/distinct-programs`]: distinct(({ code }) => code)?.distinctShare ?? null,
    [`${split}/distinct-outputs`]: outputs?.distinctShare ?? null,
    [`${split}/output-entropy`]: outputs?.entropy ?? null,
  };
}

function support(start: readonly ProblemCount[], now: readonly ProblemCount[]): Measured {
  const { kept, lost, gained, neither } = supportChange(start, now);
  const problems = kept.length + lost.length + gained.length + neither.length;
  if (problems === 0) return {};
  return {
    'eval/support-kept': kept.length / problems,
    'eval/support-lost': lost.length / problems,
    'eval/support-gained': gained.length / problems,
  };
}
