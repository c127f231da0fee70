/** From problems to judged rollouts: prompt, sample, extract the program, run its tests. Rewards come later. */
import type { Problem } from '../../src-shared/problem.ts';
import type { Outcome, RolloutFault, RolloutTest } from '../../src-shared/rollout.ts';
import type { ProgramResult, Test } from '../../src-shared/verdict.ts';
import { extractCode } from '../datasets/code-block.ts';
import type { Generated, PolicyEngine, Sampling, TokenIds, TokenStats } from '../engine/engine.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { Program, Services } from './order.ts';

/** Sequences of one generate call: enough to fill a device, few enough to report progress and overlap with the sandbox. */
const CALL_SEQUENCES = 256;

export interface Rollout {
  readonly problem: Problem;
  readonly sample: number;
  readonly prompt: string;
  readonly promptIds: TokenIds;
  readonly completion: string;
  readonly tokens: TokenIds;
  readonly finished: boolean;
  readonly stats: TokenStats;
  readonly code: string | null;
  readonly outcome: Outcome;
  readonly tests: readonly RolloutTest[];
  readonly fault: RolloutFault | null;
}

export interface RolloutSource {
  readonly engine: PolicyEngine;
  readonly tokenizer: Tokenizer;
  readonly promptOf: (problem: Problem) => string;
  readonly execute: Services['execute'];
  readonly testLimits: Program['limits'];
}

export interface RolloutRequest {
  readonly problems: readonly Problem[];
  /** Rollouts per problem. */
  readonly samples: number;
  readonly sampling: Omit<Sampling, 'seed'>;
  /** Seed of the n-th generate call. */
  readonly seedOf: (call: number) => number;
}

export interface JudgedRollouts {
  /** One group a problem, in the order of the request. */
  readonly groups: readonly (readonly Rollout[])[];
  readonly secondsSampling: number;
  /** Time spent waiting for verdicts after sampling was over. */
  readonly secondsScoring: number;
}

/** @param onProgress called with the phase and the share of it that is done. */
export async function judgedRollouts(
  source: RolloutSource,
  request: RolloutRequest,
  onProgress: (phase: 'sampling' | 'scoring', fraction: number) => Promise<void>,
): Promise<JudgedRollouts> {
  const start = performance.now();
  const prompts = request.problems.map((problem) => {
    const prompt = source.promptOf(problem);
    return { problem, prompt, promptIds: source.tokenizer.encode(prompt) };
  });
  const slots = prompts.flatMap((p) => Array.from({ length: request.samples }, (_, sample) => ({ ...p, sample })));

  // Programs of one call run in the sandbox while the engine samples the next.
  const judging: Promise<Rollout[]>[] = [];
  for (let from = 0; from < slots.length; from += CALL_SEQUENCES) {
    const batch = slots.slice(from, from + CALL_SEQUENCES);
    const generated = await source.engine.generate(
      batch.map((slot) => slot.promptIds),
      { ...request.sampling, seed: request.seedOf(from / CALL_SEQUENCES) },
    );
    const drafts = batch.map((slot, i) => draft(slot, generated[i] as Generated, source.tokenizer));
    const judged = judge(drafts, source);
    // The error is taken up by Promise.all below; until then it must not count as unhandled.
    judged.catch(() => undefined);
    judging.push(judged);
    await onProgress('sampling', Math.min(1, (from + batch.length) / slots.length));
  }
  const sampled = performance.now();
  const rollouts = (await Promise.all(judging)).flat();
  await onProgress('scoring', 1);
  const groups = prompts.map((_, i) => rollouts.slice(i * request.samples, (i + 1) * request.samples));
  return {
    groups,
    secondsSampling: (sampled - start) / 1000,
    secondsScoring: (performance.now() - sampled) / 1000,
  };
}

type Slot = Pick<Rollout, 'problem' | 'prompt' | 'promptIds' | 'sample'>;
type Draft = Omit<Rollout, 'outcome' | 'tests' | 'fault'>;

function draft(slot: Slot, generated: Generated, tokenizer: Tokenizer): Draft {
  const { tokens, finished, stats } = generated;
  const completion = tokenizer.decode(finished ? tokens.subarray(0, -1) : tokens);
  return { ...slot, completion, tokens, finished, stats, code: extractCode(completion) };
}

/** Identical programs for one problem are run once: their tests are the same, so their verdicts are. */
async function judge(drafts: readonly Draft[], source: RolloutSource): Promise<Rollout[]> {
  const programs = new Map<string, { readonly program: Program; readonly position: number }>();
  const keyOf = (d: Draft) => `${d.problem.id}\u0000${d.code}`;
  for (const d of drafts) {
    if (d.code === null || programs.has(keyOf(d))) continue;
    const program = {
      code: d.code,
      functionName: d.problem.functionName,
      tests: testsOf(d.problem),
      limits: source.testLimits,
    };
    programs.set(keyOf(d), { program, position: programs.size });
  }
  const results = await source.execute([...programs.values()].map((p) => p.program));
  return drafts.map((d) => {
    if (d.code === null) return { ...d, outcome: 'no-code', tests: [], fault: null };
    const result = results[programs.get(keyOf(d))?.position ?? -1];
    return { ...d, ...judgement(d.problem, result) };
  });
}

function testsOf(problem: Problem): readonly Test[] {
  return [...problem.visibleTests, ...problem.hiddenTests];
}

function judgement(problem: Problem, result: ProgramResult | undefined): Pick<Rollout, 'outcome' | 'tests' | 'fault'> {
  if (result === undefined)
    return { outcome: 'sandbox-error', tests: [], fault: { stage: 'sandbox', message: 'the sandbox gave no result' } };
  const tests = testsOf(problem);
  return {
    outcome: result.verdict,
    tests: result.tests.map((t, i) => ({ ...t, input: tests[i]?.input ?? '', expected: tests[i]?.expected ?? '' })),
    fault:
      result.verdict === 'sandbox-error'
        ? { stage: 'sandbox', message: result.tests.find((t) => t.verdict === 'sandbox-error')?.detail ?? 'no detail' }
        : null,
  };
}
