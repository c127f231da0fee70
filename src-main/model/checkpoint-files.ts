/**
 * The files an engine saves and restores: `config.json`, `model.safetensors`, `optimizer.safetensors` (AdamW moments
 * `m.<name>` and `v.<name>`, update count in the metadata). Every engine uses these, so a run may change its engine.
 */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from './atomic-file.ts';
import { formatModelConfig, type ModelConfig, parseModelConfig } from './config.ts';
import { readSafetensors, type Tensor, writeSafetensors } from './safetensors.ts';
import { loadWeights, selectWeights, type Weights, weightShapes, weightsFile } from './weights.ts';

const configFile = 'config.json';
const optimizerFile = 'optimizer.safetensors';

export interface OptimizerState {
  /** Updates made so far; the exponent of AdamW's bias correction. */
  readonly updates: number;
  /** First and second moments, one of each a weight, of the weight's shape. */
  readonly m: Weights;
  readonly v: Weights;
}

export interface CheckpointFiles {
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Null when the folder has none: training then starts with fresh moments. */
  readonly optimizer: OptimizerState | null;
}

/** Write all three files into an existing folder, each atomically. */
export async function writeCheckpointFiles(
  dir: string,
  config: ModelConfig,
  weights: ReadonlyMap<string, Tensor>,
  optimizer: OptimizerState,
): Promise<void> {
  await writeFileAtomically(join(dir, configFile), [new TextEncoder().encode(formatModelConfig(config))]);
  await writeSafetensors(join(dir, weightsFile), weights, { format: 'pt' });
  const moments = new Map<string, Tensor>();
  for (const [name, tensor] of optimizer.m) moments.set(`m.${name}`, tensor);
  for (const [name, tensor] of optimizer.v) moments.set(`v.${name}`, tensor);
  await writeSafetensors(join(dir, optimizerFile), moments, { updates: String(optimizer.updates) });
}

/** Read and check a folder. @throws Error naming the file, the tensor or field, its value and what is allowed. */
export async function readCheckpointFiles(dir: string): Promise<CheckpointFiles> {
  const config = await readModelConfig(dir);
  return { config, weights: await loadWeights(dir, config), optimizer: await readOptimizer(dir, config) };
}

export async function readModelConfig(dir: string): Promise<ModelConfig> {
  const path = join(dir, configFile);
  return parseModelConfig(await readFile(path, 'utf8'), path);
}

const updateCount = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number);

async function readOptimizer(dir: string, config: ModelConfig): Promise<OptimizerState | null> {
  const path = join(dir, optimizerFile);
  if (!(await exists(path))) return null;
  const { tensors, metadata } = await readSafetensors(path);
  const updates = updateCount.safeParse(metadata.updates);
  if (!updates.success)
    throw new Error(`${path}: metadata updates is ${metadata.updates}; it must be a whole number, 0 or more`);
  const shapes = weightShapes(config);
  const expected = new Map<string, readonly number[]>();
  for (const moment of ['m', 'v']) for (const [name, shape] of shapes) expected.set(`${moment}.${name}`, shape);
  const selected = selectWeights(tensors, expected, path);
  const pick = (moment: string): Weights =>
    new Map([...shapes.keys()].map((name) => [name, selected.get(`${moment}.${name}`) as Tensor]));
  return { updates: updates.data, m: pick('m'), v: pick('v') };
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
