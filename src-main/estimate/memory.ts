/** Memory of a run: what its engine plans for the run's work, and what its process and its sandbox take besides. */
import { setImmediate } from 'node:timers/promises';
import { type EstimatePhase, MEMORY_PARTS, type MemoryPart } from '../../src-shared/estimate.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { EngineFactory } from '../engine/engine.ts';
import { bytesOf, type MemoryPlan, type Sequences, type Work } from '../engine/memory.ts';
import { objectives } from '../objectives/index.ts';
import { policyTraining } from '../training/policy-training.ts';
import { CALL_SEQUENCES as generatedAtOnce } from '../training/rollouts.ts';
import { runSeeds } from '../training/seeds.ts';
import { CALL_SEQUENCES as trainedAtOnce } from '../training/updates.ts';
import type { Facts } from './facts.ts';
import { processBytes } from './process.ts';

export interface MemoryEstimate {
  readonly parts: readonly {
    readonly id: MemoryPart;
    readonly title: string;
    readonly bytes: number;
    readonly peakBytes: number;
  }[];
  readonly peakBytes: number;
  readonly peakPhase: EstimatePhase;
  readonly limit: MemoryPlan['limit'];
}

/** A response token of a rollout, in bytes: id and five statistics, its text, and both once more on their way to the store. */
const ROLLOUT_TOKEN_BYTES = 110;
/** A rollout besides: prompt, program, verdicts. */
const ROLLOUT_BYTES = 4000;
/** Strings of problems are held with their objects: as measured on TinyPy. */
const BYTES_PER_CHARACTER = 2.5;

/** Lengths of responses that are looked at, of the longest allowed. */
const RESPONSES = [1, 0.75, 0.5];

/** @param slots Programs that the sandbox runs at a time. */
export async function estimateMemory(
  config: RunConfig,
  facts: Facts,
  factory: EngineFactory,
  slots: number,
): Promise<MemoryEstimate> {
  const training = policyTraining(config.policy, runSeeds(config.seeds.run).adapter);
  const work = workOf(config, facts);
  // How sequences fall into slices depends on their lengths: a slice may be largest where prompts are not.
  const { shortest, longest } = facts.promptTokens;
  const lengths = [shortest, longest].flatMap((tokens) =>
    RESPONSES.map((share) => ({
      promptTokens: promptOf(facts, tokens),
      responseTokens: Math.ceil(share * work.responseTokens),
    })),
  );
  const plans: MemoryPlan[] = [];
  for (const each of lengths) {
    plans.push(await factory.plan(facts.model, training, { ...work, ...each }));
    // A plan of a deep policy takes a while: whoever waits for this process comes in between.
    await setImmediate();
  }
  const plan = plans.reduce((most, next) => (peakOf(next) > peakOf(most) ? next : most));
  const rollouts = rolloutsOf(config, facts);
  const outside: Partial<Record<MemoryPart, number>> = {
    process: processBytes(factory.id) + 3 * facts.tokenizerBytes,
    problems: Math.round(BYTES_PER_CHARACTER * facts.problemCharacters),
    rollouts: rollouts * (ROLLOUT_BYTES + ROLLOUT_TOKEN_BYTES * work.responseTokens),
    sandbox: slots * sandboxBytes(config),
  };
  const phases = [...plan.phases].map(([phase, holding]): [EstimatePhase, Partial<Record<MemoryPart, number>>] => [
    phase,
    { ...outside, ...holding },
  ]);
  const total = (holding: object) => Object.values(holding).reduce((sum: number, bytes: number) => sum + bytes, 0);
  const [peakPhase, peak] = phases.reduce((most, next) => (total(next[1]) > total(most[1]) ? next : most));
  return {
    parts: (Object.keys(MEMORY_PARTS) as MemoryPart[]).flatMap((id) => {
      const ofEngine = (plan.largest as Partial<Record<MemoryPart, number>>)[id] ?? 0;
      const bytes = Math.max(ofEngine, ...phases.map(([, holding]) => holding[id] ?? 0));
      return bytes === 0 ? [] : [{ id, title: MEMORY_PARTS[id], bytes, peakBytes: peak[id] ?? 0 }];
    }),
    peakBytes: total(peak),
    peakPhase,
    limit: plan.limit,
  };
}

const peakOf = ({ phases }: MemoryPlan) => Math.max(...[...phases.values()].map(bytesOf));
const promptOf = ({ model }: Facts, tokens: number) => Math.min(tokens, model.maxPositions - 1);

/** What the training loop asks of the engine, where every prompt and every response is as long as the longest. */
export function workOf(config: RunConfig, facts: Facts): Work {
  const { rollouts, optimiser, evaluation, limits, shaping } = config;
  const objective = objectives.find(({ id }) => id === config.objective.kind);
  const { options } = config.objective;
  const trains = limits.steps > 0;
  const promptTokens = promptOf(facts, facts.promptTokens.longest);
  const atOnce = (groups: number, groupSize: number, most: number): Sequences => ({
    count: Math.min(most, groups * groupSize),
    groupSize,
  });
  const step = atOnce(rollouts.problemsPerStep, rollouts.groupSize, generatedAtOnce);
  const reference = trains && objective?.needsReference(options) === true;
  const rescored = shaping.statistics !== 'sampled' && rollouts.temperature !== 1;
  const scores =
    trains &&
    (reference || objective?.needsOldScores?.(options) === true || objective?.needsCurrentScores?.(options) === true);
  return {
    promptTokens,
    responseTokens: Math.min(rollouts.maxNewTokens, facts.model.maxPositions - promptTokens),
    generated: [
      ...(validations(config) > 0 ? [atOnce(facts.validation, evaluation.samples, generatedAtOnce)] : []),
      ...(trains ? [step] : []),
    ].filter(({ count }) => count > 0),
    scored: scores || rescored ? step : null,
    trained: trains ? atOnce(optimiser.minibatchProblems, rollouts.groupSize, trainedAtOnce) : null,
    reference,
  };
}

/** How often a run is validated. */
export function validations({ limits, evaluation }: RunConfig): number {
  if (limits.steps === 0) return 1;
  return evaluation.every === 0 ? 0 : 1 + Math.ceil(limits.steps / evaluation.every);
}

/** Rollouts that are held at once: those of a step and of the validation after it. */
function rolloutsOf(config: RunConfig, facts: Facts): number {
  const { rollouts, evaluation, limits } = config;
  const rounds = Math.max(1, rollouts.samplingRounds);
  const trained = limits.steps > 0 ? rollouts.problemsPerStep * rollouts.groupSize * rounds : 0;
  return trained + (validations(config) > 0 ? facts.validation * evaluation.samples : 0);
}

/** A program seldom takes what it may: an interpreter with little in it. */
function sandboxBytes({ limits }: RunConfig): number {
  return Math.min(SANDBOX_BYTES, limits.testMemoryMb * 2 ** 20);
}
/** Of a Python that has been started for programs, and of one of its programs. Measured on Linux. */
const SANDBOX_BYTES = 24 << 20;
