/** Making findings out of claims on arms. */
import { allOf, type Claim, type Guards, judge, type Verdict } from '../../stats/verdict.ts';
import type { Arm, Finding, Part, RunSeries, StudySeries } from './predicate.ts';
import { baseOf, isCertainty, isGrpo, isRandom, labelOf } from './reading.ts';

/** One claim. @param perSeed Null where a seed lacks what is needed: it is left out, and fewer than three say nothing. */
export function part(of: string, claim: Claim, perSeed: readonly (number | null)[], guards: Guards = {}): Part {
  const known = perSeed.filter((value) => value !== null);
  const { verdict, why, effect, interval, seeds } = judge(claim, { perSeed: known }, guards);
  const lacking = perSeed.length - known.length;
  return {
    of,
    verdict,
    why: lacking === 0 ? why : `${why} (${lacking} of ${perSeed.length} seeds have no value)`,
    effect,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    seeds,
  };
}

/** The conjunction of its parts. @param absent What is missing where there is no part. */
export function finding(
  parts: readonly Part[],
  absent: string,
  numbers: Readonly<Record<string, number>> = {},
): Finding {
  const verdict = allOf(parts.map((p) => p.verdict));
  const decisive = parts.filter((p) => p.verdict === verdict);
  const effects = parts.filter(({ effect }) => Number.isFinite(effect)).map(({ of, effect }) => [of, effect] as const);
  return {
    verdict,
    parts,
    numbers: { ...Object.fromEntries(effects), ...numbers },
    why:
      parts.length === 0
        ? absent
        : verdict === 'SAME'
          ? parts.length === 1
            ? (parts[0]?.why ?? '')
            : `all ${parts.length} parts hold`
          : decisive.map(({ of, why }) => `${of}: ${why}`).join('; '),
  };
}

/** Nothing is judged: figures to look at. */
export const recorded = (why: string, numbers: Readonly<Record<string, number>>): Finding => ({
  verdict: 'INCONCLUSIVE',
  why,
  numbers,
  parts: [],
});

/** GRPO and random runs of the same policy must stand beside a certainty reward: without them nothing is concluded. */
export function controls(study: StudySeries, { settings }: Arm): Pick<Guards, 'missingControls'> {
  const same = study.arms.filter((arm) => arm.settings.policy === settings.policy && arm.runs.length > 0);
  return {
    missingControls: [...(same.some(isGrpo) ? [] : ['GRPO']), ...(same.some(isRandom) ? [] : ['the random reward'])],
  };
}

/** What a claim on the accuracy of these arms hangs on. */
export function accuracyGuards(study: StudySeries, ...arms: readonly Arm[]): Guards {
  const base = baseOf(study, arms);
  const certain = arms.find(isCertainty);
  return { ...(base === undefined ? {} : { base }), ...(certain === undefined ? {} : controls(study, certain)) };
}

/** The same claim on each arm. */
export function onEach(
  arms: readonly Arm[],
  name: string,
  claim: (arm: Arm) => Claim,
  value: (run: RunSeries, arm: Arm) => number | null,
  guards: (arm: Arm) => Guards,
): Part[] {
  return arms.map((arm) =>
    part(
      `${labelOf(arm, arms)}: ${name}`,
      claim(arm),
      arm.runs.map((run) => value(run, arm)),
      guards(arm),
    ),
  );
}

/** Verdicts of several findings about the same claim, as one. */
export const together = (findings: readonly Finding[], absent: string): Finding =>
  finding(
    findings.flatMap(({ parts }) => parts),
    absent,
  );

export const isJudged = (verdict: Verdict): boolean => verdict !== 'INCONCLUSIVE';
