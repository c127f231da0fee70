/** From an order to a running loop: engine, tokenizer, problems and family members are opened and checked here. */
import { AssayError } from '../../src-shared/errors.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { advantages } from '../advantages/index.ts';
import { datasets } from '../datasets/index.ts';
import { findEngine } from '../engine/index.ts';
import { promptText } from '../model/prompt.ts';
import { loadTokenizer } from '../model/tokenizer.ts';
import { weightShapes } from '../model/weights.ts';
import { objectives } from '../objectives/index.ts';
import { rewards } from '../rewards/index.ts';
import { readManifest } from './checkpoint.ts';
import type { Services, Training, TrainingOrder } from './order.ts';
import { policyTraining } from './policy-training.ts';
import { openReference } from './reference.ts';
import { runSeeds } from './seeds.ts';
import { train } from './train.ts';

/** The member of a family that the configuration names. Configurations are checked before a run exists. */
function member<M extends { readonly id: string }>(family: readonly M[], id: string, path: string): M {
  const found = family.find((m) => m.id === id);
  if (found === undefined)
    throw new AssayError('usage', `${path}: ${id} is unknown; allowed is ${family.map((m) => m.id).join(', ')}`, {
      path,
    });
  return found;
}

export async function* trainOrder(order: TrainingOrder, services: Services): Training {
  const { config } = order;
  const dataset = member(datasets, config.problems.kind, 'problems.kind').open(config.problems.options);
  const objective = member(objectives, config.objective.kind, 'objective.kind');
  const tokenizer = await loadTokenizer(order.policyFolder);
  const [trainProblems, validation, datasetHash] = await Promise.all([
    dataset.load('train'),
    dataset.load('validation'),
    dataset.hash(),
  ]);

  const seeds = runSeeds(config.seeds.run);
  const training = policyTraining(config.policy, seeds.adapter);
  const factory = await findEngine(config.policy.engine, training);
  const engine = await factory.load(order.policyFolder, training);
  try {
    const done = order.resume === null ? { step: 0, tokens: 0 } : await readManifest(order.resume.folder);
    // The reference is what the run started from, also when it is resumed: so it is frozen before `restore`.
    const reference = objective.needsReference(config.objective.options)
      ? await openReference({
          engine,
          every: objective.referenceEvery?.(config.objective.options) ?? 0,
          done: done.step,
          checkpointsFolder: order.checkpointsFolder,
        })
      : null;
    if (order.resume !== null) await engine.restore(order.resume.folder);
    checkLengths(config, engine.config.maxPositions, [...trainProblems, ...validation], (p) =>
      tokenizer.encode(promptText(p, tokenizer.template)),
    );

    yield {
      kind: 'started',
      engine: engine.device,
      parameters: [...weightShapes(engine.config).values()].reduce(
        (n, shape) => n + shape.reduce((a, b) => a * b, 1),
        0,
      ),
      datasetHash,
      problems: { train: trainProblems.length, validation: validation.length },
    };
    return yield* train({
      order,
      services,
      seeds,
      reward: member(rewards, config.reward.kind, 'reward.kind'),
      secondReward: config.shaping.second === 'none' ? null : member(rewards, config.shaping.second, 'shaping.second'),
      advantage: member(advantages, config.advantage.kind, 'advantage.kind'),
      plan: { engine, objective, reference, config, seeds },
      source: {
        engine,
        tokenizer,
        promptOf: (problem) => promptText(problem, tokenizer.template),
        execute: services.execute,
        judging: {
          limits: { wallMs: config.limits.testWallMs, memoryMb: config.limits.testMemoryMb },
          anew: config.limits.judgeAnew,
          stopAtFirstFailure: config.limits.stopAtFirstFailure,
        },
      },
      train: trainProblems,
      validation: validation.slice(0, config.evaluation.problems),
      done,
    });
  } finally {
    engine.dispose();
  }
}

/** Every prompt must leave room for the longest response. */
function checkLengths<P extends { readonly id: string }>(
  config: RunConfig,
  maxPositions: number,
  problems: readonly P[],
  encode: (problem: P) => Int32Array,
): void {
  const { maxNewTokens } = config.rollouts;
  for (const problem of problems) {
    const promptTokens = encode(problem).length;
    if (promptTokens + maxNewTokens > maxPositions)
      throw new AssayError(
        'usage',
        `rollouts.maxNewTokens: ${maxNewTokens} is too long for problem ${problem.id} (${promptTokens} tokens): the policy has ${maxPositions} positions, so at most ${maxPositions - promptTokens} are allowed`,
        { path: 'rollouts.maxNewTokens' },
      );
  }
}
