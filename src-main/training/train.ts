/**
 * THE loop: problems -> groups of rollouts -> rewards -> advantages -> objective -> updates -> validation ->
 * checkpoint. It yields what happened and knows neither SQLite nor Electron; everything it draws comes from streams
 * named by the run's seed and the step, so that a resumed run repeats an uninterrupted one bit for bit.
 */
import { setImmediate } from 'node:timers/promises';
import { AssayError } from '../../src-shared/errors.ts';
import type { ProgressEvent, RolloutRecord, RunEvent, StepEvent } from '../../src-shared/events.ts';
import type { StepMetrics } from '../../src-shared/metrics.ts';
import type { Problem } from '../../src-shared/problem.ts';
import { type Advantage, leastGroupOf, type RolloutAdvantage } from '../advantages/advantage.ts';
import type { ProblemCount } from '../diagnostics/accuracy.ts';
import { EngineError } from '../engine/engine.ts';
import type { Reward } from '../rewards/reward.ts';
import { mean } from '../stats/describe.ts';
import { type CheckpointManifest, writeCheckpoint } from './checkpoint.ts';
import { evalDiagnostics, problemCounts, trainDiagnostics } from './diagnostics.ts';
import { type Evaluated, evaluate, forgetEvaluation } from './evaluation.ts';
import { type GatheredGroups, gatherGroups } from './gather.ts';
import { evaluationMetrics, rewardMetrics, rolloutMetrics } from './metrics.ts';
import type { Services, Training, TrainingOrder } from './order.ts';
import { memoryFailure } from './out-of-memory.ts';
import { judgedRollouts, type Rollout, type RolloutSource } from './rollouts.ts';
import { type CertainRollout, withCertainty } from './scoring.ts';
import type { RunSeeds } from './seeds.ts';
import { signalMetrics } from './signals.ts';
import { type AdvantagedGroup, penaltiesOf, type UpdatePlan, updatePolicy } from './updates.ts';

/** Everything of a run that is ready to use. */
export interface PreparedRun {
  readonly order: TrainingOrder;
  readonly services: Services;
  readonly source: RolloutSource;
  readonly plan: UpdatePlan;
  readonly reward: Reward;
  /** Null for none. */
  readonly secondReward: Reward | null;
  readonly advantage: Advantage;
  readonly seeds: RunSeeds;
  readonly train: readonly Problem[];
  readonly validation: readonly Problem[];
  /** What the run already has. */
  readonly done: CheckpointManifest;
}

export async function* train(run: PreparedRun): Training {
  const { config } = run.order;
  const { steps, checkpointEvery, keepBest } = config.limits;
  if (steps === 0) return yield* evaluateOnly(run);
  let { tokens, start, best } = run.done;

  if (run.done.step === 0 && config.evaluation.every > 0) {
    const evaluated = await atStep(run, 0, validated(run, 0));
    start = problemCounts(evaluated.groups);
    const event = withValidation(run, { step: 0, metrics: {}, rollouts: [] }, evaluated, start);
    best = betterThan(null, event);
    yield event;
  }

  let saved = run.done.step;
  for (let step = run.done.step + 1; step <= steps; step++) {
    const { stop } = await run.services.gate();
    if (stop) {
      if (saved < step - 1) yield await checkpoint(run, { step: step - 1, tokens, start, best });
      return 'stopped';
    }
    let isWhole = true;
    const plan: UpdatePlan = { ...run.plan, onUpdate: () => (isWhole = false) };
    let trained: Awaited<ReturnType<typeof trainStep>>;
    try {
      trained = await atStep(run, step, trainStep({ ...run, plan }, step, tokens));
    } catch (error) {
      // The policy is still that of the step before, unless an update had begun.
      if (isWhole && saved < step - 1 && isMemoryFailure(error))
        yield await lastWholeStep(run, { step: step - 1, tokens, start, best });
      throw error;
    }
    tokens = trained.tokens;
    const { every } = config.evaluation;
    const due = every > 0 && (step % every === 0 || step === steps);
    const event = due
      ? withValidation(run, trained, await atStep(run, step, validated(run, step)), start)
      : stepEvent(trained);
    yield event;

    const isRegular = step === steps || (checkpointEvery > 0 && step % checkpointEvery === 0);
    const better = betterThan(best, event);
    const replaces = better === null ? null : (best?.kept ?? null);
    if (better !== null) best = keepBest && !isRegular ? { ...better, kept: step } : better;
    if (isRegular || (keepBest && better !== null)) {
      yield await checkpoint(run, { step, tokens, start, best }, replaces);
      saved = step;
    }
  }
  return 'finished';
}

/** A run without steps: its result is that of step 0. */
async function* evaluateOnly(run: PreparedRun): Training {
  const onProgress = (fraction: number) => reporter(run, 0)('validating', fraction);
  const evaluated = await atStep(run, 0, evaluate(run, onProgress));
  if (evaluated === null) return 'stopped';
  yield withValidation(run, { step: 0, metrics: {}, rollouts: [] }, evaluated, null);
  // Stored by now.
  await forgetEvaluation(run);
  return 'finished';
}

/** The validation of this step where it is better than the best so far; null where it is not, or there is none. */
function betterThan(best: CheckpointManifest['best'], { metrics }: StepEvent): CheckpointManifest['best'] {
  const accuracy = metrics['eval/avg@k'];
  return accuracy === undefined || (best !== null && accuracy <= best.accuracy) ? null : { accuracy, kept: null };
}

const isMemoryFailure = (error: unknown) => error instanceof AssayError && error.code === 'out-of-memory';

/** A checkpoint, or where the device has no memory even for that a note that says so. */
async function lastWholeStep(run: PreparedRun, manifest: CheckpointManifest): Promise<RunEvent> {
  try {
    return await checkpoint(run, manifest);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const message = `The checkpoint of step ${manifest.step} could not be written: ${reason}`;
    return { kind: 'note', step: manifest.step, level: 'warning', message };
  }
}

/** What an engine refuses, numbers that are not finite among it, ends the run with the step at which it did. */
async function atStep<T>({ order: { config, memory } }: PreparedRun, step: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (caught) {
    const error = memoryFailure(caught, `step ${step}`, config, memory ?? {});
    if (!(error instanceof EngineError)) throw error;
    throw new AssayError('engine', `Step ${step}: ${error.message}`, { cause: error });
  }
}

interface TrainedStep {
  readonly step: number;
  readonly metrics: StepMetrics;
  readonly rollouts: readonly RolloutRecord[];
}

async function trainStep(
  run: PreparedRun,
  step: number,
  tokensBefore: number,
): Promise<TrainedStep & { tokens: number }> {
  const { config } = run.order;
  const started = performance.now();
  const { temperature, maxNewTokens } = config.rollouts;
  const gathered = await gatherGroups(run, step, reporter(run, step));
  const { groups, rewards: rewardGroups } = gathered;
  const advantaging = performance.now();
  const trainable = await advantagedGroups(run, gathered);
  const advantagesOf = new Map(trainable.map((group) => [group.rollouts, group.advantages]));
  const rewarded = performance.now();
  const update = await updatePolicy(run.plan, trainable, step, (fraction) => reporter(run, step)('updating', fraction));
  await run.plan.reference?.afterStep(step);
  const updated = performance.now();
  const after = await logprobsAfter(run, groups);
  const finished = performance.now();

  const rollouts = groups.flat();
  const tokens = tokensBefore + rollouts.reduce((sum, r) => sum + r.tokens.length, 0);
  return {
    step,
    tokens,
    rollouts: groups.flatMap((group, g) =>
      group.map((rollout, i) => ({
        ...recordOf(
          run,
          rollout,
          'train',
          temperature,
          rewardGroups[g]?.[i] ?? null,
          advantagesOf.get(group)?.[i] ?? null,
          gathered.parts[g]?.[i] ?? null,
        ),
        logprobAfter: after.get(rollout) ?? null,
      })),
    ),
    metrics: {
      ...rolloutMetrics(rollouts, maxNewTokens),
      ...signalMetrics('train', rollouts),
      ...rewardMetrics(rewardGroups, leastGroupOf(run.advantage, config.advantage.options)),
      ...trainDiagnostics(groups, rewardGroups),
      ...gathered.metrics,
      ...update,
      'train/tokens': tokens,
      'time/step': (finished - started) / 1000,
      'time/rollouts': gathered.secondsSampling,
      'time/rewards': gathered.secondsScoring + (rewarded - advantaging) / 1000,
      'time/updates': (updated - rewarded) / 1000,
    },
  };
}

/** Rollouts of a step whose tokens are looked at once more: the first one of so many problems. */
const LOOKED_AT_AGAIN = 8;

/** What a step did to single tokens: log-probs, at the sampling temperature, of a few of its rollouts after its updates. */
async function logprobsAfter(
  { source, order }: PreparedRun,
  groups: readonly (readonly Rollout[])[],
): Promise<ReadonlyMap<Rollout, Float32Array>> {
  const chosen = groups.slice(0, LOOKED_AT_AGAIN).flatMap(([first]) => (first?.tokens.length ? [first] : []));
  if (chosen.length === 0) return new Map();
  const sequences = chosen.map(({ promptIds, tokens }) => ({ prompt: promptIds, response: tokens }));
  const stats = await source.engine.score(sequences, order.config.rollouts.temperature);
  return new Map(chosen.flatMap((rollout, i) => (stats[i] === undefined ? [] : [[rollout, stats[i].logprob]])));
}

/** The groups that there is something to learn from, with their advantages. */
async function advantagedGroups(
  run: PreparedRun,
  { groups, rewards, kept }: GatheredGroups,
): Promise<AdvantagedGroup[]> {
  const counted = groups.flatMap((rollouts, i) => (kept[i] ? [{ rollouts, rewards: rewards[i] ?? [] }] : []));
  const penalised = await penaltiesOf(
    run.plan,
    counted.map(({ rollouts }) => rollouts),
  );
  const advantages = run.advantage.ofStep(
    counted.map((group, i) => ({
      rewards: group.rewards,
      lengths: group.rollouts.map((rollout) => rollout.tokens.length),
      penalties: penalised?.penalties[i] ?? null,
    })),
    run.order.config.advantage.options,
  );
  return counted.flatMap(({ rollouts }, i) => {
    const own = advantages[i] ?? null;
    return own === null ? [] : [{ rollouts, advantages: own, refLogprobs: penalised?.refLogprobs[i] }];
  });
}

/** The validation of the policy that a step left behind. */
async function validated(run: PreparedRun, step: number): Promise<Evaluated> {
  const { config } = run.order;
  const { samples, temperature, topP } = config.evaluation;
  const started = performance.now();
  const judged = await judgedRollouts(
    run.source,
    {
      problems: run.validation,
      samples,
      sampling: { temperature, topP, topK: 0, maxNewTokens: config.rollouts.maxNewTokens },
      seedOf: (call) => run.seeds.evaluation(call),
    },
    (_phase, fraction) => reporter(run, step)('validating', fraction),
  );
  const groups = await withCertainty(run, judged.groups, temperature);
  return { groups, seconds: (performance.now() - started) / 1000 };
}

/** @param start Of the validation before the first step; null where there was none. */
function withValidation(
  run: PreparedRun,
  trained: TrainedStep,
  { groups, seconds }: Evaluated,
  start: readonly ProblemCount[] | null,
): StepEvent {
  const { temperature } = run.order.config.evaluation;
  return stepEvent({
    step: trained.step,
    metrics: {
      ...trained.metrics,
      ...evaluationMetrics(groups),
      ...signalMetrics('eval', groups.flat()),
      ...evalDiagnostics(groups, start),
      'time/evaluation': seconds,
    },
    rollouts: [
      ...trained.rollouts,
      ...groups.flat().map((r) => recordOf(run, r, 'eval', temperature, null, null, null)),
    ],
  });
}

const stepEvent = ({ step, metrics, rollouts }: TrainedStep): StepEvent => ({ kind: 'step', step, metrics, rollouts });

async function checkpoint(run: PreparedRun, manifest: CheckpointManifest, replaces: number | null = null) {
  await reporter(run, manifest.step)('saving', 0);
  const { policyFolder, checkpointsFolder } = run.order;
  const written = await writeCheckpoint(run.source.engine, policyFolder, checkpointsFolder, manifest);
  return replaces === null ? written : { ...written, replaces };
}

/** Report, then let the process answer what came in meanwhile: engines on the CPU keep this thread busy. */
function reporter(run: PreparedRun, step: number) {
  return async (phase: ProgressEvent['phase'], fraction: number): Promise<void> => {
    run.services.progress({ kind: 'progress', step, phase, fraction });
    await setImmediate();
  };
}

function recordOf(
  run: PreparedRun,
  rollout: CertainRollout,
  split: 'train' | 'eval',
  temperature: number,
  reward: number | null,
  advantage: RolloutAdvantage,
  parts: RolloutRecord['parts'],
): RolloutRecord {
  const { problem, promptIds: _ids, certainty: _certainty, tokens, ...rest } = rollout;
  return {
    ...rest,
    split,
    problemId: problem.id,
    tokenIds: tokens,
    tokenTexts: Array.from(tokens, (id) => run.source.tokenizer.tokenText(id)),
    temperature,
    reward,
    advantage: typeof advantage === 'number' || advantage === null ? advantage : mean(Array.from(advantage)),
    parts,
  };
}
