/**
 * Makes the embedded policy from nothing: tokenizer, fresh weights, supervised fine-tuning on deliberately imperfect
 * demonstrations with this app's own engine. The result must be noisy but competent: something to sharpen.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stream } from '../../src-shared/random.ts';
import { demonstrationBatch } from '../datasets/tinypy/batch.ts';
import { type DemonstrationOptions, defaultDemonstrationOptions } from '../datasets/tinypy/demonstrations.ts';
import { tinypyProblems } from '../datasets/tinypy/index.ts';
import type { Objective, PolicyEngine, Scored } from '../engine/engine.ts';
import { findEngine } from '../engine/index.ts';
import { trainTokenizer } from '../model/bpe-trainer.ts';
import type { ModelConfig } from '../model/config.ts';
import { promptText } from '../model/prompt.ts';
import { loadTokenizer, saveTokenizer, type Tokenizer } from '../model/tokenizer.ts';
import { evaluationMetrics } from './metrics.ts';
import type { Services } from './order.ts';
import { judgedRollouts } from './rollouts.ts';

/** Everything that decides the result; written beside the weights as `recipe.json`. */
export interface PolicyRecipe {
  readonly seed: number;
  readonly vocabSize: number;
  readonly model: Omit<ModelConfig, 'vocabSize' | 'bosTokenId' | 'eosTokenId'>;
  readonly demonstrations: DemonstrationOptions;
  /** Optimizer updates, and demonstrations in each. */
  readonly batches: number;
  readonly batchSize: number;
  /** Peak; linear warm-up over the first 5 % of the batches, then cosine to a tenth. */
  readonly learningRate: number;
  readonly weightDecay: number;
}

export const embeddedRecipe: PolicyRecipe = {
  seed: 1,
  vocabSize: 512,
  model: {
    hiddenSize: 128,
    intermediateSize: 320,
    layers: 3,
    heads: 4,
    kvHeads: 2,
    headDim: 32,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    maxPositions: 256,
    qkvBias: false,
    qkNorm: false,
    tiedEmbeddings: true,
  },
  demonstrations: defaultDemonstrationOptions,
  batches: 900,
  batchSize: 128,
  learningRate: 2e-3,
  weightDecay: 0.1,
};

export interface PolicyMaking {
  readonly recipe: PolicyRecipe;
  /** Folder to write; made if missing. */
  readonly out: string;
  /** Engine id or `auto`. */
  readonly engine: string;
  readonly execute: Services['execute'];
  /** One line a report. */
  readonly log: (line: string) => void;
}

const CORPUS_SIZE = 8000;
const REPORT_EVERY = 100;
const EVALUATE_EVERY = 500;
const VALIDATION = { problems: 256, samples: 1, temperature: 1, maxNewTokens: 96 };

/** @returns share of validation problems solved at temperature 1. */
export async function makePolicy({ recipe, out, engine: engineId, execute, log }: PolicyMaking): Promise<number> {
  await mkdir(out, { recursive: true });
  const tokenizer = await makeTokenizer(recipe, out);
  const factory = await findEngine(engineId);
  const config: ModelConfig = {
    ...recipe.model,
    vocabSize: Math.ceil(tokenizer.vocabSize / 16) * 16,
    bosTokenId: null,
    eosTokenId: tokenizer.eosId,
  };
  const engine = await factory.create(config, recipe.seed);
  log(`engine ${engine.device.engine} (${engine.device.device}), vocabulary ${tokenizer.vocabSize}`);

  const problems = tinypyProblems('train');
  const started = performance.now();
  let tokens = 0;
  let recent = { loss: 0, batches: 0 };
  for (let batch = 1; batch <= recipe.batches; batch++) {
    const random = stream(recipe.seed, 'demonstrations', batch);
    const sequences = demonstrationBatch(problems, recipe.batchSize, random, recipe.demonstrations)
      .map((d) => encodeDemonstration(tokenizer, d))
      .sort((a, b) => a.prompt.length + a.response.length - b.prompt.length - b.response.length);
    recent.loss += await likelihoodUpdate(engine, sequences, learningRateAt(recipe, batch), recipe.weightDecay);
    recent.batches++;
    tokens += sequences.reduce((n, s) => n + s.prompt.length + s.response.length, 0);
    if (batch % REPORT_EVERY === 0 || batch === recipe.batches) {
      const seconds = (performance.now() - started) / 1000;
      const loss = (recent.loss / recent.batches).toFixed(4);
      log(`batch ${batch}/${recipe.batches}  loss ${loss} nats/token  ${Math.round(tokens / seconds)} tokens/s`);
      recent = { loss: 0, batches: 0 };
    }
    if (batch % EVALUATE_EVERY === 0 && batch !== recipe.batches)
      log(`  solved ${percent(await solveRate(engine, tokenizer, recipe.seed, execute))}`);
  }
  const solved = await solveRate(engine, tokenizer, recipe.seed, execute);
  log(`  solved ${percent(solved)} of the validation problems at temperature ${VALIDATION.temperature}`);
  await engine.save(out);
  // A policy to start from, not a run to go on with.
  await rm(join(out, 'optimizer.safetensors'), { force: true });
  await writeFile(join(out, 'recipe.json'), `${JSON.stringify({ ...recipe, solved }, null, 2)}\n`);
  engine.dispose();
  return solved;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

async function makeTokenizer(recipe: PolicyRecipe, out: string): Promise<Tokenizer> {
  const random = stream(recipe.seed, 'corpus');
  const corpus = demonstrationBatch(tinypyProblems('train'), CORPUS_SIZE, random, recipe.demonstrations);
  await saveTokenizer(
    out,
    trainTokenizer({
      corpus: corpus.map((d) => d.prompt + d.response),
      vocabSize: recipe.vocabSize,
      template: 'tinypy',
    }),
  );
  return loadTokenizer(out);
}

function encodeDemonstration(tokenizer: Tokenizer, d: { prompt: string; response: string }): Scored {
  return {
    prompt: tokenizer.encode(d.prompt),
    response: Int32Array.from([...tokenizer.encode(d.response), tokenizer.eosId]),
  };
}

function learningRateAt({ learningRate, batches }: PolicyRecipe, batch: number): number {
  const warmup = Math.ceil(batches / 20);
  if (batch <= warmup) return (learningRate * batch) / warmup;
  const progress = (batch - warmup) / Math.max(1, batches - warmup);
  return learningRate * (0.1 + 0.45 * (1 + Math.cos(Math.PI * progress)));
}

/** One update on the mean negative log-likelihood of the response tokens. @returns that loss, in nats per token. */
async function likelihoodUpdate(
  engine: PolicyEngine,
  sequences: readonly Scored[],
  learningRate: number,
  weightDecay: number,
): Promise<number> {
  const weight = 1 / sequences.reduce((n, s) => n + s.response.length, 0);
  const objective: Objective = (stats) => ({
    loss: -weight * stats.reduce((sum, s) => sum + s.logprob.reduce((a, b) => a + b, 0), 0),
    derivatives: stats.map((s) => ({ logprob: new Float32Array(s.logprob.length).fill(-weight) })),
  });
  const { loss } = await engine.accumulate({ sequences, temperature: 1 }, objective);
  await engine.update({ learningRate, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay, maxGradNorm: 1 });
  return loss;
}

async function solveRate(
  engine: PolicyEngine,
  tokenizer: Tokenizer,
  seed: number,
  execute: Services['execute'],
): Promise<number> {
  const { problems, samples, temperature, maxNewTokens } = VALIDATION;
  const { groups } = await judgedRollouts(
    {
      engine,
      tokenizer,
      promptOf: (problem) => promptText(problem, 'tinypy'),
      execute,
      judging: { limits: { wallMs: 2000, memoryMb: 256 }, anew: false, stopAtFirstFailure: true },
    },
    {
      problems: tinypyProblems('validation').slice(0, problems),
      samples,
      sampling: { temperature, topP: 1, topK: 0, maxNewTokens },
      seedOf: () => seed,
    },
    () => Promise.resolve(),
  );
  return evaluationMetrics(groups)['eval/avg@k'] ?? 0;
}
