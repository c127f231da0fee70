/**
 * A run without steps: the policy is validated once and left as it is. It goes generate call by generate call, each of
 * whole problems; what is judged is logged, so that one that was stopped or killed goes on with the call it was in, and
 * comes out bit for bit as if it had never stopped.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../../src-shared/problem.ts';
import { policyPaths } from '../model/policy-files.ts';
import { type EvaluationLog, type LoggedCall, openEvaluationLog, removeEvaluationLog } from './evaluation-log.ts';
import { listHash } from './list-hash.ts';
import { CALL_SEQUENCES, judgedRollouts } from './rollouts.ts';
import { type CertainRollout, withCertainty } from './scoring.ts';
import type { PreparedRun } from './train.ts';

/** Own choice, of one call: a stop waits for it, and a crash loses it. 32 responses of 8,192 tokens. */
const CALL_TOKENS = 1 << 18;

export interface Evaluated {
  /** One group a problem, in their order. */
  readonly groups: readonly (readonly CertainRollout[])[];
  /** Time that its calls took, over all attempts. */
  readonly seconds: number;
}

export const evaluationLogPath = (run: PreparedRun) => join(run.order.checkpointsFolder, 'evaluation.jsonl');

/** All problems judged, or null where it was asked to stop. @param onProgress called with the share that is done. */
export async function evaluate(
  run: PreparedRun,
  onProgress: (fraction: number) => Promise<void>,
): Promise<Evaluated | null> {
  const log = await openEvaluationLog(evaluationLogPath(run), await stampOf(run));
  try {
    return await judgeAll(run, log, onProgress);
  } finally {
    await log.close();
  }
}

/** Once its result is stored. */
export const forgetEvaluation = (run: PreparedRun): Promise<void> => removeEvaluationLog(evaluationLogPath(run));

async function judgeAll(
  run: PreparedRun,
  log: EvaluationLog,
  onProgress: (fraction: number) => Promise<void>,
): Promise<Evaluated | null> {
  const { evaluation, rollouts } = run.order.config;
  const { samples, temperature, topP } = evaluation;
  const { maxNewTokens } = rollouts;
  const groups: (readonly CertainRollout[])[] = log.calls.flatMap((call) => restored(run, call));
  let seconds = log.calls.reduce((sum, call) => sum + call.seconds, 0);
  const calls = callsOf(run.validation, samples, maxNewTokens);
  for (const [call, problems] of calls.entries()) {
    if (call < log.calls.length) continue;
    const { stop } = await run.services.gate();
    if (stop) return null;
    const started = performance.now();
    const done = groups.length;
    const judged = await judgedRollouts(
      run.source,
      {
        problems,
        samples,
        sampling: { temperature, topP, topK: 0, maxNewTokens },
        seedOf: () => run.seeds.evaluation(call),
      },
      (_phase, fraction) => onProgress((done + fraction * problems.length) / run.validation.length),
    );
    const certain = await withCertainty(run, judged.groups, temperature);
    const took = (performance.now() - started) / 1000;
    await log.append(took, certain);
    groups.push(...certain);
    seconds += took;
  }
  return { groups, seconds };
}

/** Problems of each generate call: as many as the validation of a training run has in one, where responses are short. */
function callsOf(problems: readonly Problem[], samples: number, maxNewTokens: number): (readonly Problem[])[] {
  const sequences = Math.min(CALL_SEQUENCES, CALL_TOKENS / maxNewTokens);
  const size = Math.max(1, Math.floor(sequences / samples));
  return Array.from({ length: Math.ceil(problems.length / size) }, (_, i) => problems.slice(i * size, (i + 1) * size));
}

function restored({ validation, source }: PreparedRun, { groups }: LoggedCall): CertainRollout[][] {
  const byId = new Map(validation.map((problem) => [problem.id, problem]));
  return groups.map((group) =>
    group.flatMap(({ problemId, ...rollout }) => {
      const problem = byId.get(problemId);
      return problem === undefined ? [] : [{ ...rollout, problem, promptIds: source.tokenizer.encode(rollout.prompt) }];
    }),
  );
}

/** Everything that the numbers depend on and that could be another one when the run goes on; the configuration cannot. */
async function stampOf({ order, source, validation }: PreparedRun): Promise<string> {
  const files = await Promise.all((await policyPaths(order.policyFolder)).map((path) => stat(path)));
  const parts = [
    source.engine.device,
    files.map(({ size, mtimeMs }) => [size, mtimeMs]),
    listHash(validation, (p) => p),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
