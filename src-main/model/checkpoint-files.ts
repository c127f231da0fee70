/**
 * The files an engine saves and restores: `config.json`, `model.safetensors`, `optimizer.safetensors` (AdamW moments
 * `m.<name>` and `v.<name>` of what is trained, update count in the metadata), and, where that is an adapter,
 * `adapter.safetensors`. Every engine uses these, so a run may change its engine.
 */
import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type Adapter,
  type AdapterState,
  type AdapterTarget,
  adapterShapes,
  mergeAdapter,
  problemWithAdapter,
  targetsFromText,
} from './adapter.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { formatModelConfig, type ModelConfig, parseModelConfig } from './config.ts';
import { readSafetensorsHeader, writeSafetensors } from './safetensors.ts';
import {
  type StoredTensor,
  type StreamedTensor,
  streamTensors,
  type Tensor,
  type WritableTensors,
} from './stored-tensor.ts';
import { selectWeights, type Weights, weightShapes, weightsFile } from './weights.ts';

const configFile = 'config.json';
const adapterFile = 'adapter.safetensors';
const optimizerFile = 'optimizer.safetensors';

/** State of an optimizer as it is written: its moments may be made part by part. */
export interface WritableOptimizer {
  /** Updates made so far; the exponent of AdamW's bias correction. */
  readonly updates: number;
  /** First and second moments, one of each a trained tensor, of its shape. */
  readonly m: WritableTensors;
  readonly v: WritableTensors;
}

/** State of an optimizer in its file, its moments named as what they are of. */
export interface StoredOptimizer {
  readonly updates: number;
  readonly m: readonly StoredTensor[];
  readonly v: readonly StoredTensor[];
}

/** What a folder holds, its tensors still in their files: read them with `streamRows`. */
export interface StoredCheckpoint {
  readonly config: ModelConfig;
  /** With an adapter, the merged ones. */
  readonly weights: readonly StoredTensor[];
  /** What is trained; null when all weights are. */
  readonly adapter: { readonly adapter: Adapter; readonly tensors: readonly StoredTensor[] } | null;
  /** Null when the folder has none: training then starts with fresh moments. */
  readonly optimizer: StoredOptimizer | null;
}

/**
 * Write all files into an existing folder, each atomically. What is streamed is in memory a part at a time.
 * @param weights With an adapter, the frozen ones: they are merged here. @param optimizer Of what is trained.
 */
export async function writeCheckpointFiles(
  dir: string,
  config: ModelConfig,
  weights: WritableTensors,
  optimizer: WritableOptimizer,
  adapter: AdapterState | null = null,
): Promise<void> {
  await writeFileAtomically(join(dir, configFile), [new TextEncoder().encode(formatModelConfig(config))]);
  const policy = adapter ? mergeAdapter(weights, adapter.weights, adapter.adapter) : weights;
  await writeSafetensors(join(dir, weightsFile), policy, { format: 'pt' });
  if (adapter) await writeSafetensors(join(dir, adapterFile), adapter.weights, formatAdapter(adapter.adapter));
  else await rm(join(dir, adapterFile), { force: true });
  const moments = new Map<string, Tensor | StreamedTensor>();
  for (const [name, tensor] of optimizer.m) moments.set(`m.${name}`, tensor);
  for (const [name, tensor] of optimizer.v) moments.set(`v.${name}`, tensor);
  await writeSafetensors(join(dir, optimizerFile), moments, { updates: String(optimizer.updates) });
}

/**
 * Check a folder, as far as its tensors' own bytes.
 * @throws Error naming the file, the tensor or field, its value and what is allowed.
 */
export async function openCheckpointFiles(dir: string): Promise<StoredCheckpoint> {
  const config = await readModelConfig(dir);
  const weights = await storedTensors(join(dir, weightsFile), weightShapes(config));
  const adapter = await openAdapter(dir, config);
  const trained = adapter ? adapterShapes(config, adapter.adapter) : weightShapes(config);
  return { config, weights, adapter, optimizer: await openOptimizer(dir, trained) };
}

export async function readModelConfig(dir: string): Promise<ModelConfig> {
  const path = join(dir, configFile);
  return parseModelConfig(await readFile(path, 'utf8'), path);
}

const updateCount = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number);
/** Ranges and names are those of every adapter, and checked like every other. */
const number = z.string().transform(Number);
const adapterMetadata = z.object({
  rank: number,
  alpha: number,
  targets: z.string().transform((text) => targetsFromText(text) as AdapterTarget[]),
  seed: number,
});

function formatAdapter({ rank, alpha, targets, seed }: Adapter): Record<string, string> {
  return { format: 'pt', rank: String(rank), alpha: String(alpha), targets: targets.join(','), seed: String(seed) };
}

/** Null where all weights are trained. @throws Error naming the file and what is wrong. */
export async function readAdapter(dir: string, config: ModelConfig): Promise<AdapterState | null> {
  const stored = await openAdapter(dir, config);
  return stored && { adapter: stored.adapter, weights: await readTensors(stored.tensors) };
}

async function openAdapter(dir: string, config: ModelConfig): Promise<StoredCheckpoint['adapter']> {
  const path = join(dir, adapterFile);
  if (!(await exists(path))) return null;
  const { metadata } = await readSafetensorsHeader(path);
  const parsed = adapterMetadata.safeParse(metadata);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${path}: metadata ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const problem = problemWithAdapter(parsed.data);
  if (problem !== null) throw new Error(`${path}: metadata: ${problem}`);
  return { adapter: parsed.data, tensors: await storedTensors(path, adapterShapes(config, parsed.data)) };
}

/** @param shapes Of what is trained, by name. */
async function openOptimizer(
  dir: string,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<StoredOptimizer | null> {
  const path = join(dir, optimizerFile);
  if (!(await exists(path))) return null;
  const { tensors, metadata } = await readSafetensorsHeader(path);
  const updates = updateCount.safeParse(metadata.updates);
  if (!updates.success)
    throw new Error(`${path}: metadata updates is ${metadata.updates}; it must be a whole number, 0 or more`);
  for (const { name } of tensors)
    if (name.includes('.lora_') && !shapes.has(name.replace(/^[mv]\./, '')))
      throw new Error(`${path}: ${name} is of an adapter; ${adapterFile} is missing or of another one`);
  const expected = new Map<string, readonly number[]>();
  for (const moment of ['m', 'v']) for (const [name, shape] of shapes) expected.set(`${moment}.${name}`, shape);
  const found = await storedTensors(path, expected);
  const pick = (moment: string) =>
    found
      .filter(({ name }) => name.startsWith(moment))
      .map((tensor) => ({ ...tensor, name: tensor.name.slice(moment.length) }));
  return { updates: updates.data, m: pick('m.'), v: pick('v.') };
}

/** The tensors of these names and shapes in a file, in that order. */
async function storedTensors(
  path: string,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<readonly StoredTensor[]> {
  const { tensors } = await readSafetensorsHeader(path);
  return [...selectWeights(new Map(tensors.map((tensor) => [tensor.name, tensor])), shapes, path).values()];
}

async function readTensors(stored: readonly StoredTensor[]): Promise<Weights> {
  const weights: Weights = new Map();
  for await (const [name, tensor] of streamTensors(stored)) weights.set(name, tensor);
  return weights;
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
