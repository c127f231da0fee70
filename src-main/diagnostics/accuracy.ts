/**
 * What samples of several problems say about accuracy: avg@k, pass@k, their standard errors by problem, diversity, and
 * support against another policy. Samples that could not be judged are left out before.
 */
import { mean, passAtK, standardError } from '../stats/describe.ts';

/** Judged samples of one problem: `passed` of `samples`, which is at least 1. */
export interface ProblemCount {
  readonly problemId: string;
  readonly samples: number;
  readonly passed: number;
}

export interface ClusteredMean {
  readonly value: number;
  /**
   * Standard deviation (n - 1) of the problems' own values over the root of their number: samples of a problem are
   * alike, so that problems, not samples, are the independent ones. Null for one problem.
   */
  readonly standardError: number | null;
  readonly problems: number;
}

const clustered = (values: readonly number[]): ClusteredMean => ({
  value: mean(values),
  standardError: standardError(values),
  problems: values.length,
});

/** avg@k: mean over problems of the share of samples that pass. @throws RangeError without problems. */
export function averageAccuracy(problems: readonly ProblemCount[]): ClusteredMean {
  return clustered(problems.map(({ samples, passed }) => passed / samples));
}

/**
 * pass@k for k = 1..n, n = fewest samples of any problem: 1 - C(n-c,k)/C(n,k) by the product form, mean over problems
 * (LiveCodeBench, pass_k_utils). Element k - 1 is pass@k. @throws RangeError without problems.
 */
export function passAtKCurve(problems: readonly ProblemCount[]): ClusteredMean[] {
  if (problems.length === 0) throw new RangeError('pass@k: there is no problem; at least one is needed');
  const n = Math.min(...problems.map(({ samples }) => samples));
  return Array.from({ length: n }, (_, i) =>
    clustered(problems.map(({ samples, passed }) => passAtK(samples, passed, i + 1))),
  );
}

/**
 * Smallest k from which on the first curve is at or below the second: where sampling more makes up for training (as
 * pass@k of base and trained policies is read in arXiv 2504.13837). Null where it never comes to that.
 */
export function crossover(trained: readonly ClusteredMean[], base: readonly ClusteredMean[]): number | null {
  const n = Math.min(trained.length, base.length);
  let from = n;
  while (from > 0 && (trained[from - 1]?.value ?? 0) <= (base[from - 1]?.value ?? 0)) from--;
  return from === n ? null : from + 1;
}

/**
 * pass@k / pass@1, k = 8 in the study's tables: 1 where every sample of a problem has the same fate. Null where fewer
 * than k samples of a problem exist, or none passed.
 * @param k Default: fewest samples of any problem.
 */
export function passRatio(problems: readonly ProblemCount[], k?: number): number | null {
  const fewest = Math.min(...problems.map(({ samples }) => samples));
  const draws = k ?? fewest;
  if (problems.length === 0 || draws > fewest) return null;
  const passAt = (of: number) => mean(problems.map(({ samples, passed }) => passAtK(samples, passed, of)));
  const first = passAt(1);
  return first === 0 ? null : passAt(draws) / first;
}

export interface SignatureDiversity {
  /** Mean over problems of distinct signatures / samples. Above 0, up to 1. */
  readonly distinctShare: number;
  /** Mean over problems of the entropy of the signatures' shares, in nats. */
  readonly entropy: number;
}

/**
 * Diversity, as of behaviour: how many different things programs do on the same inputs.
 * @param problems For each problem the signature of every sample that has one. @throws RangeError without a sample.
 */
export function signatureDiversity(problems: readonly (readonly string[])[]): SignatureDiversity {
  const given = problems.filter((signatures) => signatures.length > 0);
  const shares = given.map((signatures) => {
    const counts = new Map<string, number>();
    for (const signature of signatures) counts.set(signature, (counts.get(signature) ?? 0) + 1);
    return [...counts.values()].map((count) => count / signatures.length);
  });
  return {
    distinctShare: mean(shares.map((s, i) => s.length / (given[i]?.length ?? 1))),
    entropy: mean(shares.map((s) => -s.reduce((sum, share) => sum + share * Math.log(share), 0))),
  };
}

export interface Support {
  /** Solved at least once by both. */
  readonly kept: readonly string[];
  readonly lost: readonly string[];
  readonly gained: readonly string[];
  readonly neither: readonly string[];
}

/**
 * Problems solved at least once, against a base policy; problems of one of the two alone are left out. How often that
 * is depends on the samples: compare equal numbers of them.
 */
export function supportChange(base: readonly ProblemCount[], trained: readonly ProblemCount[]): Support {
  const before = new Map(base.map((problem) => [problem.problemId, problem.passed > 0]));
  const ids = (solvedBefore: boolean, solvedNow: boolean) =>
    trained
      .filter(({ problemId, passed }) => before.get(problemId) === solvedBefore && passed > 0 === solvedNow)
      .map(({ problemId }) => problemId);
  return { kept: ids(true, true), lost: ids(true, false), gained: ids(false, true), neither: ids(false, false) };
}
