/** From an order to a running loop: engine, tokenizer, problems and family members are opened and checked here. */
import { AssayError } from '../../src-shared/errors.ts';
import { advantages } from '../advantages/index.ts';
import { datasets } from '../datasets/index.ts';
import { findEngine } from '../engine/index.ts';
import { promptWriter } from '../model/prompt.ts';
import { loadTokenizer } from '../model/tokenizer.ts';
import { weightShapes } from '../model/weights.ts';
import { objectives } from '../objectives/index.ts';
import { rewards } from '../rewards/index.ts';
import { NOTHING_DONE, readManifest } from './checkpoint.ts';
import { fingerprintsOf } from './fingerprints.ts';
import { checkLengths } from './lengths.ts';
import type { Services, Training, TrainingOrder } from './order.ts';
import { memoryFailure } from './out-of-memory.ts';
import { policyPrompt, policyTraining } from './policy-training.ts';
import { problemsOf } from './problems.ts';
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
  try {
    return yield* trainWith(order, services);
  } catch (error) {
    // Outside the steps: while the policy is loaded or saved.
    throw memoryFailure(error, null, order.config, order.memory ?? {});
  }
}

async function* trainWith(order: TrainingOrder, services: Services): Training {
  const { config } = order;
  const dataset = member(datasets, config.problems.kind, 'problems.kind').open(config.problems.options);
  const objective = member(objectives, config.objective.kind, 'objective.kind');
  const tokenizer = await loadTokenizer(order.policyFolder);
  const { train: trainProblems, validation } = await problemsOf(config, dataset);
  const datasetHash = await dataset.hash();

  const seeds = runSeeds(config.seeds.run);
  const training = policyTraining(config.policy, seeds.adapter, order.memory);
  const factory = await findEngine(config.policy.engine, training);
  const engine = await factory.load(order.policyFolder, training);
  try {
    const done = order.resume === null ? NOTHING_DONE : await readManifest(order.resume.folder);
    // The reference is what the run started from, also when it is resumed: so it is frozen before `restore`.
    const reference =
      config.limits.steps > 0 && objective.needsReference(config.objective.options)
        ? await openReference({
            engine,
            every: objective.referenceEvery?.(config.objective.options) ?? 0,
            done: done.step,
            checkpointsFolder: order.checkpointsFolder,
          })
        : null;
    if (order.resume !== null) await engine.restore(order.resume.folder);
    const promptOf = promptWriter(tokenizer, policyPrompt(config.policy));
    checkLengths(config, engine.config.maxPositions, [...trainProblems, ...validation], (problem) =>
      tokenizer.encode(promptOf(problem)),
    );

    yield {
      kind: 'started',
      engine: engine.device,
      parameters: [...weightShapes(engine.config).values()].reduce(
        (n, shape) => n + shape.reduce((a, b) => a * b, 1),
        0,
      ),
      datasetHash,
      fingerprints: await fingerprintsOf({
        policyFolder: order.policyFolder,
        promptOf,
        train: trainProblems,
        validation,
      }),
      problems: { train: trainProblems.length, validation: validation.length },
    };
    if (config.evaluation.testTime && order.resume === null)
      yield {
        kind: 'note',
        step: 0,
        level: 'info',
        message: `Test-time training: the ${validation.length} validation problems are the training problems too, so no accuracy of this run is held out`,
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
        promptOf,
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
