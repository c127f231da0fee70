/** Small policies, sequences and objectives that every engine is tested with, and ways to look inside through `save`. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type {
  EngineFactory,
  Objective,
  OptimizerStep,
  PolicyEngine,
  Scored,
  TokenDerivative,
  Training,
} from '../../src-main/engine/engine.ts';
import { type Adapter, adapterShapes } from '../../src-main/model/adapter.ts';
import { readModelConfig, writeCheckpointFiles } from '../../src-main/model/checkpoint-files.ts';
import type { ModelConfig } from '../../src-main/model/config.ts';
import { initialWeights, type Weights, weightShapes } from '../../src-main/model/weights.ts';
import { stream } from '../../src-shared/random.ts';
import { type CheckpointFiles, loadWeights, readCheckpointFiles } from '../fixtures/checkpoints.ts';
import { effectiveWeights, type ReferenceWeights } from './reference.ts';

const base: ModelConfig = {
  vocabSize: 48,
  hiddenSize: 32,
  intermediateSize: 40,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
  maxPositions: 64,
  qkvBias: true,
  qkNorm: false,
  tiedEmbeddings: true,
  bosTokenId: null,
  eosTokenId: 47,
};

/** Between them: bias and none, tied and untied head, grouped and plain heads, norms of heads, head size unlike hidden / heads. */
export const policies: readonly { name: string; config: ModelConfig }[] = [
  { name: 'Qwen2 shape (bias, tied, grouped)', config: base },
  {
    name: 'Llama shape (no bias, untied, wide heads, several ends, scaled rotation)',
    config: {
      ...{ ...base, qkvBias: false, tiedEmbeddings: false, kvHeads: 4, headDim: 12, layers: 3 },
      otherEosTokenIds: [5, 21],
      // Of the six pairs of a head, one is left as it is, one interpolated, and the rest are slowed.
      ropeScaling: { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 64 },
    },
  },
  {
    name: 'Qwen3 shape (norms of heads, tied, grouped, wide heads)',
    config: { ...base, qkvBias: false, qkNorm: true, headDim: 12 },
  },
];

/** A step that changes nothing but writes the plain gradient into the first moments. */
export const probe: OptimizerStep = {
  learningRate: 0,
  beta1: 0,
  beta2: 0,
  epsilon: 1,
  weightDecay: 0,
  maxGradNorm: 0,
};

/** A folder with weights far from initialisation, so that every nonlinearity is at work. */
export async function policyFolder(config: ModelConfig, seed = 1): Promise<string> {
  const weights: Weights = new Map();
  for (const [name, { shape, data }] of initialWeights(config, seed)) {
    const random = stream(seed, 'fixture', name);
    const values = data.map((value) => (shape.length > 1 ? value * 12 : value + 0.3 * random.normal()));
    weights.set(name, { shape, data: values });
  }
  return writePolicy(config, weights);
}

/** A folder with these weights and fresh moments. */
export async function writePolicy(config: ModelConfig, weights: Weights): Promise<string> {
  const dir = await newFolder();
  const shapes = weightShapes(config);
  await writeCheckpointFiles(dir, config, weights, { updates: 0, m: zeros(shapes), v: zeros(shapes) });
  return dir;
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** An empty folder, which lives as long as the tests of this file. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-engine-'));
  folders.push(folder);
  return folder;
}

/** What `save` writes, read back. */
export async function snapshot(engine: PolicyEngine): Promise<CheckpointFiles> {
  return readCheckpointFiles(await savedFolder(engine));
}

/** A new folder with what `save` writes. */
export async function savedFolder(engine: PolicyEngine): Promise<string> {
  const dir = await newFolder();
  await engine.save(dir);
  return dir;
}

/** Bytes of the saved weights, optimizer state and, where there is one, adapter. */
export async function savedBytes(engine: PolicyEngine): Promise<Buffer> {
  const dir = await savedFolder(engine);
  const names = (await readdir(dir)).filter((name) => name.endsWith('.safetensors')).sort();
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(dir, name)))));
}

/** A folder as an engine with this adapter saves it, A and B both far from their start and from zero. */
export async function adapterFolder(config: ModelConfig, weights: Weights, adapter: Adapter): Promise<string> {
  const shapes = adapterShapes(config, adapter);
  const tensors: Weights = new Map(
    [...shapes].map(([name, shape]) => {
      const random = stream(adapter.seed, 'adapter fixture', name);
      return [name, { shape, data: Float32Array.from({ length: elements(shape) }, () => 0.3 * random.normal()) }];
    }),
  );
  const dir = await newFolder();
  const optimizer = { updates: 0, m: zeros(shapes), v: zeros(shapes) };
  await writeCheckpointFiles(dir, config, weights, optimizer, { adapter, weights: tensors });
  return dir;
}

/** An engine whose A and B are far from their start, with the same policy in float64. */
export async function adaptedEngine(factory: EngineFactory, dir: string, training: Training & { adapter: Adapter }) {
  const config = await readModelConfig(dir);
  const base = await loadWeights(dir, config);
  const folder = await adapterFolder(config, base, training.adapter);
  const engine = await factory.load(dir, training);
  await engine.restore(folder);
  const { adapter } = await readCheckpointFiles(folder);
  if (!adapter) throw new Error('the fixture has no adapter');
  const lowRank = toReference(adapter.weights);
  return { engine, lowRank, weights: () => effectiveWeights(toReference(base), lowRank, training.adapter) };
}

const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function zeros(shapes: ReadonlyMap<string, readonly number[]>): Weights {
  return new Map([...shapes].map(([name, shape]) => [name, { shape, data: new Float32Array(elements(shape)) }]));
}

export function toReference(weights: Weights): ReferenceWeights {
  return new Map([...weights].map(([name, { data }]) => [name, Float64Array.from(data)]));
}

/** Ragged prompts and responses of random tokens. */
export function sequences(config: ModelConfig, lengths: readonly (readonly [number, number])[], seed = 1): Scored[] {
  const random = stream(seed, 'sequences');
  const draw = (length: number) => Int32Array.from({ length }, () => random.int(0, config.vocabSize - 1));
  return lengths.map(([prompt, response]) => ({ prompt: draw(prompt), response: draw(response) }));
}

export const ragged: readonly (readonly [number, number])[] = [
  [3, 5],
  [7, 1],
  [1, 9],
  [12, 4],
];

/** Fixed random derivatives by log-prob and entropy. */
export function randomDerivatives(batch: readonly Scored[], seed = 1): Required<TokenDerivative>[] {
  const random = stream(seed, 'derivatives');
  return batch.map(({ response }) => ({
    logprob: Float32Array.from(response, () => random.normal()),
    entropy: Float32Array.from(response, () => random.normal()),
  }));
}

/** The linear objective of given derivatives. */
export function linear(derivatives: readonly TokenDerivative[]): Objective {
  return (stats, offset) => {
    const own = derivatives.slice(offset, offset + stats.length);
    let loss = 0;
    for (const [s, { logprob, entropy }] of stats.entries()) {
      const derivative = own[s] as TokenDerivative;
      for (let t = 0; t < logprob.length; t++)
        loss +=
          (derivative.logprob[t] as number) * (logprob[t] as number) +
          (derivative.entropy?.[t] ?? 0) * (entropy[t] as number);
    }
    return { loss, derivatives: own };
  };
}

/** Gradient of a linear objective, as the engine computes it. Disturbs the engine's moments, not its weights. */
export async function gradientOf(
  engine: PolicyEngine,
  batch: readonly Scored[],
  derivatives: readonly TokenDerivative[],
  temperature: number,
): Promise<Weights> {
  await engine.accumulate({ sequences: batch, temperature }, linear(derivatives));
  await engine.update(probe);
  const { optimizer } = await snapshot(engine);
  if (!optimizer) throw new Error('save wrote no optimizer state');
  return optimizer.m;
}
