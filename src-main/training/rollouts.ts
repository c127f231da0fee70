/** From problems to judged rollouts: prompt, sample, extract the program, run its tests; or extract the answer, compare
 * it. Rewards come later. */
import { answerTest, type Problem } from '../../src-shared/problem.ts';
import type { Outcome, RolloutFault, RolloutTest } from '../../src-shared/rollout.ts';
import type { ProgramResult, Test } from '../../src-shared/verdict.ts';
import { judgeAnswer, judgedPart } from '../datasets/answers/judge.ts';
import { programOf } from '../datasets/index.ts';
import type { Generated, PolicyEngine, Sampling, TokenIds, TokenStats } from '../engine/engine.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { excerpt } from '../sandbox/excerpt.ts';
import type { Program, Services } from './order.ts';

/** Sequences of one generate call: enough to fill a device, few enough to report progress and overlap with the sandbox. */
export const CALL_SEQUENCES = 256;
/** Progress within a call: a long one would else look dead. */
const PROGRESS_MS = 250;
/** UTF-16 units of tests that wait in the sandbox: a program has its tests with it, at times a hundred megabytes of them. */
const MOST_SENT_CHARS = 2 ** 26;

export interface Rollout {
  readonly problem: Problem;
  readonly sample: number;
  readonly prompt: string;
  readonly promptIds: TokenIds;
  readonly completion: string;
  readonly tokens: TokenIds;
  readonly finished: boolean;
  readonly stats: TokenStats;
  /** The program, or the answer where the problem asks for one. */
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
  /** How every program is judged. */
  readonly judging: Pick<Program, 'limits' | 'anew' | 'stopAtFirstFailure'>;
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

  // Programs run in the sandbox while the engine still samples others.
  const judge = new Judge(source);
  const judging: Promise<Rollout>[] = [];
  let sampledCount = 0;
  let told = performance.now();
  for (let from = 0; from < slots.length; from += CALL_SEQUENCES) {
    const batch = slots.slice(from, from + CALL_SEQUENCES);
    await source.engine.generate(
      batch.map((slot) => slot.promptIds),
      { ...request.sampling, seed: request.seedOf(from / CALL_SEQUENCES) },
      (i, generated) => {
        const judged = judge.rollout(draft(batch[i] as Slot, generated, source.tokenizer));
        // The error is taken up by Promise.all below; until then it must not count as unhandled.
        judged.catch(() => undefined);
        judging[from + i] = judged;
        sampledCount++;
        if (performance.now() - told < PROGRESS_MS) return;
        told = performance.now();
        void onProgress('sampling', sampledCount / slots.length);
      },
    );
    await onProgress('sampling', sampledCount / slots.length);
  }
  const sampled = performance.now();
  const rollouts = await Promise.all(judging);
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
  return { ...slot, completion, tokens, finished, stats, code: judgedPart(slot.problem, completion) };
}

interface Asked {
  readonly program: Program;
  readonly resolve: (result: Promise<ProgramResult | undefined>) => void;
}

/** Asks for the verdicts on programs as they come, together those that come at one time. Identical programs for one
 * problem are run once: their tests are the same, so their verdicts are. */
class Judge {
  readonly #source: RolloutSource;
  readonly #verdicts = new Map<string, Promise<ProgramResult | undefined>>();
  #waiting: Asked[] = [];
  /** Characters of the tests that have been sent and not judged. */
  #sent = 0;

  constructor(source: RolloutSource) {
    this.#source = source;
  }

  async rollout(d: Draft): Promise<Rollout> {
    const { code, problem } = d;
    if (code === null) return { ...d, outcome: 'no-code', tests: [], fault: null };
    const test = answerTest(problem);
    if (test !== null) {
      const result = judgeAnswer(test, code);
      return { ...d, ...judgement(problem, { verdict: result.verdict, tests: [result] }) };
    }
    const key = `${problem.id}\u0000${code}`;
    const known = this.#verdicts.get(key) ?? this.#ask(code, problem);
    this.#verdicts.set(key, known);
    return { ...d, ...judgement(problem, await known) };
  }

  #ask(code: string, problem: Problem): Promise<ProgramResult | undefined> {
    const { functionName } = problem;
    const tests = testsOf(problem);
    const program = { code: programOf(problem, code), functionName, tests, ...this.#source.judging };
    return new Promise((resolve) => {
      this.#waiting.push({ program, resolve });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#send());
    });
  }

  /** As many of those that wait as may be on their way at one time; one of any size. */
  #send(): void {
    const sent: Asked[] = [];
    let characters = 0;
    for (const asked of this.#waiting) {
      const more = charactersOf(asked.program);
      if (this.#sent + characters > 0 && this.#sent + characters + more > MOST_SENT_CHARS) break;
      characters += more;
      sent.push(asked);
    }
    if (sent.length === 0) return;
    this.#waiting = this.#waiting.slice(sent.length);
    this.#sent += characters;
    const results = this.#source.execute(sent.map(({ program }) => program));
    sent.forEach(({ resolve }, i) => void resolve(results.then((all) => all[i])));
    const judged = () => {
      this.#sent -= characters;
      this.#send();
    };
    results.then(judged, judged);
  }
}

const charactersOf = ({ tests }: Program): number =>
  tests.reduce((sum, { input, expected }) => sum + input.length + expected.length, 0);

function testsOf(problem: Problem): readonly Test[] {
  return [...problem.visibleTests, ...problem.hiddenTests];
}

function judgement(problem: Problem, result: ProgramResult | undefined): Pick<Rollout, 'outcome' | 'tests' | 'fault'> {
  if (result === undefined)
    return { outcome: 'sandbox-error', tests: [], fault: { stage: 'sandbox', message: 'the sandbox gave no result' } };
  const tests = testsOf(problem);
  return {
    outcome: result.verdict,
    tests: result.tests.map((t, i) => ({
      ...t,
      input: excerpt(tests[i]?.input ?? ''),
      expected: excerpt(tests[i]?.expected ?? ''),
    })),
    fault:
      result.verdict === 'sandbox-error'
        ? { stage: 'sandbox', message: result.tests.find((t) => t.verdict === 'sandbox-error')?.detail ?? 'no detail' }
        : null,
  };
}
