/** Seconds of a run: from runs of the same policy that this machine has seen, else from arithmetic over a measured rate. */
import type { TimeEstimate } from '../../src-shared/estimate.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { Facts } from './facts.ts';
import { stepFlops } from './flops.ts';
import { validations } from './memory.ts';
import type { PastRun } from './past.ts';
import type { Rate } from './rate.ts';

/** How long responses are taken to be, of the longest allowed, where no run has shown it: between these, mostly. */
const LENGTHS = { low: 0.15, usual: 0.5, high: 1 };
/** What a rate of another policy is off by, either way. */
const RATE_SPREAD = 1.6;
/** What a run is off by from the next one alike. */
const RUN_SPREAD = 1.15;

/** Tokens of a usual response, and how that is known. */
export function usualLength(config: RunConfig, past: readonly PastRun[]): { tokens: number; ground: string } {
  const most = config.rollouts.maxNewTokens;
  const seen = past.flatMap(({ length }) => length ?? []);
  if (seen.length === 0) return { tokens: Math.max(1, LENGTHS.usual * most), ground: 'half of the longest allowed' };
  return { tokens: Math.max(1, Math.min(most, mean(seen))), ground: `as in ${counted(seen.length)} on this machine` };
}

/** @param past Not empty. */
export function timeFromRuns(config: RunConfig, facts: Facts, past: readonly PastRun[]): TimeEstimate {
  const { rollouts, optimiser, evaluation, limits } = config;
  const wanted = rollouts.problemsPerStep * rollouts.groupSize;
  const prompt = facts.promptTokens.mean;
  const each = past.map((run) => {
    const length = run.length ?? rollouts.maxNewTokens;
    const next = Math.min(length, rollouts.maxNewTokens);
    const size = wanted / run.rollouts;
    const sampling = run.sampling * size * (next / length);
    const updates = run.updates * size * (optimiser.epochs / run.epochs) * ((prompt + next) / (prompt + length));
    const samples = (facts.validation * evaluation.samples) / run.samples;
    return {
      perStep: sampling + run.rewards * size + updates,
      evaluation: (run.evaluation ?? 0) * samples * (next / length),
    };
  });
  const totals = each.map((pace) => totalOf(config, pace));
  return {
    perStep: limits.steps === 0 ? 0 : mean(each.map(({ perStep }) => perStep)),
    total: mean(totals),
    low: Math.min(...totals) / RUN_SPREAD,
    high: Math.max(...totals) * RUN_SPREAD,
    ground: `from ${counted(past.length)} of this policy on this machine`,
  };
}

/** @param sandbox Seconds of the sandbox a rollout; null where it was never seen. */
export function timeFromRate(config: RunConfig, facts: Facts, rate: Rate, sandbox: number | null): TimeEstimate {
  const { rollouts, evaluation, limits } = config;
  const judged = limits.steps === 0 ? 0 : rollouts.problemsPerStep * rollouts.groupSize;
  const pace = (share: number, spread: number) => {
    const flops = stepFlops(config, facts, share * rollouts.maxNewTokens);
    const computing = flops.sampling / rate.generating + (flops.scoring + flops.updating) / rate.training;
    return {
      perStep: computing * spread + judged * (sandbox ?? 0),
      evaluation:
        (flops.evaluation / rate.generating) * spread + facts.validation * evaluation.samples * (sandbox ?? 0),
    };
  };
  const usual = pace(LENGTHS.usual, 1);
  return {
    perStep: usual.perStep,
    total: totalOf(config, usual),
    low: totalOf(config, pace(LENGTHS.low, 1 / RATE_SPREAD)),
    high: totalOf(config, pace(LENGTHS.high, RATE_SPREAD)),
    ground: `from the measured rate of the engine, rough${sandbox === null ? '; without the time of the sandbox' : ''}`,
  };
}

function totalOf(config: RunConfig, { perStep, evaluation }: { perStep: number; evaluation: number }): number {
  return config.limits.steps * perStep + validations(config) * evaluation;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const counted = (runs: number) => (runs === 1 ? 'one run' : `${runs} runs`);
