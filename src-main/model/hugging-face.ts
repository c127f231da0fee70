/** A policy folder of Hugging Face's: `config.json` and the safetensors files, one or listed in an index. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { readTextIfThere } from './atomic-file.ts';
import { type ModelConfig, parseModelConfig } from './config.ts';
import { parseJson } from './json.ts';
import { type Companions, companionNames, type PolicyFiles } from './policy.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { selectWeights, weightShapes, weightsFile } from './weights.ts';

const configFile = 'config.json';
const generationFile = 'generation_config.json';
const indexFile = `${weightsFile}.index.json`;
/** Shards that one policy may have; more is no policy. */
const maxShards = 1000;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** @throws Error naming the file, the field, its value and what is allowed. */
export async function describeHuggingFace(folder: string): Promise<Pick<PolicyFiles, 'config' | 'companions'>> {
  const path = join(folder, configFile);
  const text = await readTextIfThere(path);
  if (text === null)
    throw new AssayError('not-found', `${path}: there is no such file; a policy is a folder with one, or a GGUF file`);
  const companions = await readCompanions(folder);
  return { config: parseModelConfig(text, path, companions.get(generationFile) ?? null), companions };
}

export async function readCompanions(folder: string): Promise<Companions> {
  const companions = new Map<string, string>();
  for (const name of companionNames) {
    const text = await readTextIfThere(join(folder, name));
    if (text !== null) companions.set(name, text);
  }
  return companions;
}

/** Every tensor of a policy, in the order of the forward pass; only headers are read. */
export async function storedWeights(folder: string, config: ModelConfig): Promise<readonly StoredTensor[]> {
  const index = await readTextIfThere(join(folder, indexFile));
  const single = join(folder, weightsFile);
  const isThere = (await readdir(folder)).includes(weightsFile);
  if (!isThere && index === null)
    throw new AssayError(
      'not-found',
      `${folder} has neither ${weightsFile} nor ${indexFile}; a policy needs its weights`,
    );
  // Where both are there, transformers takes the single file, too.
  const source = isThere || index === null ? single : join(folder, indexFile);
  const stored =
    isThere || index === null
      ? new Map((await readSafetensorsHeader(single)).tensors.map((tensor) => [tensor.name, tensor]))
      : await sharded(folder, source, index);
  return [...selectWeights(stored, weightShapes(config), source).values()];
}

async function sharded(folder: string, path: string, text: string): Promise<Map<string, StoredTensor>> {
  const places = new Map(Object.entries(parseJson(indexSchema, text, path).weight_map));
  const shards = [...new Set(places.values())].sort();
  if (shards.length > maxShards)
    throw new Error(`${path}: ${shards.length} shards are named; at most ${maxShards} are allowed`);
  const stored = new Map<string, StoredTensor>();
  for (const shard of shards) {
    if (shard !== basename(shard) || shard.includes('\\') || !shard.endsWith('.safetensors'))
      throw new Error(
        `${path}: weight_map: ${JSON.stringify(shard)} is not the name of a safetensors file in this folder`,
      );
    for (const tensor of (await readSafetensorsHeader(join(folder, shard))).tensors) {
      const place = places.get(tensor.name);
      if (place === undefined)
        throw new Error(`${tensor.path}: ${tensor.name} is not in the weight_map of ${indexFile}`);
      if (place !== shard)
        throw new Error(`${tensor.path}: ${tensor.name} is defined here too; ${indexFile} has it in ${place}`);
      stored.set(tensor.name, tensor);
    }
  }
  for (const [name, shard] of places)
    if (!stored.has(name))
      throw new Error(`${join(folder, shard)}: tensor ${name} is missing; ${indexFile} has it there`);
  return stored;
}
