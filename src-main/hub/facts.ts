/** What can be said of a policy on disk without loading it: read as a run would open it, and kept until its files change. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelFacts } from '../../src-shared/models.ts';
import { endTokens } from '../model/config.ts';
import { readGgufHeader } from '../model/gguf/header.ts';
import { parseJson } from '../model/json.ts';
import type { PolicyFiles } from '../model/policy.ts';
import { openPolicy, policyPaths } from '../model/policy-files.ts';
import { byteCount, elementCount } from '../model/stored-tensor.ts';
import { type Tokenizer, tokenizerOf } from '../model/tokenizer.ts';

export interface Looked {
  readonly bytes: number;
  readonly facts: ModelFacts | null;
  readonly refusal: string | null;
}

const KEPT = 200;
const known = new Map<string, Promise<Looked>>();

/** @param path A folder or a GGUF file, whether or not it is there. */
export async function lookAt(path: string): Promise<Looked> {
  // What cannot be read now is refused below, with its reason.
  const paths = await policyPaths(path).catch(() => []);
  const stats = await Promise.all(paths.map((each) => stat(each)));
  const bytes = stats.reduce((sum, { size }) => sum + size, 0);
  const key = JSON.stringify([path, await statesOf(path)]);
  const found = known.get(key) ?? look(path, paths, bytes);
  known.delete(key);
  known.set(key, found);
  for (const old of [...known.keys()].slice(0, -KEPT)) known.delete(old);
  // What is missing may lie outside of what was looked at.
  if ((await found).refusal !== null) known.delete(key);
  return found;
}

/** Of every file that may have a say: name, size and time. */
async function statesOf(path: string): Promise<unknown[]> {
  const names = await readdir(path).catch(() => null);
  const files = names === null ? [path] : names.sort().map((name) => join(path, name));
  return Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => null);
      return [file, found?.size, found?.mtimeMs];
    }),
  );
}

async function look(path: string, paths: readonly string[], bytes: number): Promise<Looked> {
  try {
    return { bytes, facts: await factsOf(path, paths), refusal: null };
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { bytes, facts: null, refusal: line };
  }
}

async function factsOf(path: string, paths: readonly string[]): Promise<ModelFacts> {
  const policy = await openPolicy(path);
  const { config, tensors, companions } = policy;
  const tokenizer = tokenizerOf(companions, path);
  if (tokenizer.vocabSize > config.vocabSize)
    throw new Error(
      `${path} has a tokenizer of ${tokenizer.vocabSize} tokens, and an embedding of ${config.vocabSize} rows; allowed are at most as many tokens as rows`,
    );
  const types = new Map<string, number>();
  for (const tensor of tensors) types.set(tensor.format.name, (types.get(tensor.format.name) ?? 0) + byteCount(tensor));
  const [gguf] = paths.filter((each) => /\.gguf$/i.test(each));
  return {
    ...(gguf === undefined ? await fromFolder(path, policy) : await fromGguf(gguf)),
    parameters: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    types: [...types].map(([name, each]) => ({ name, bytes: each })).sort((a, b) => b.bytes - a.bytes),
    layers: config.layers,
    hiddenSize: config.hiddenSize,
    context: config.maxPositions,
    vocabulary: tokenizer.vocabSize,
    chatTemplate: tokenizer.chatTemplate !== null,
    thinking: tokenizer.chatTemplate?.includes('enable_thinking') ?? false,
    endTokens: [...endTokens(config)].map((id) => ({ id, text: textOf(tokenizer, id) })),
  };
}

/** A configuration may name a token that the tokenizer does not have. */
const textOf = (tokenizer: Tokenizer, id: number) => (id < tokenizer.vocabSize ? tokenizer.tokenText(id) : '');

type Named = Pick<ModelFacts, 'format' | 'architecture' | 'sampling'>;

const configSchema = z.looseObject({ model_type: z.string() });
const positive = z.number().positive().nullish().catch(null);
const generationSchema = z.looseObject({
  do_sample: z.boolean().nullish().catch(null),
  temperature: positive,
  top_p: positive,
  top_k: positive,
});

async function fromFolder(path: string, { companions }: Pick<PolicyFiles, 'companions'>): Promise<Named> {
  const file = join(path, 'config.json');
  const { model_type: architecture } = parseJson(configSchema, await readFile(file, 'utf8'), file);
  const text = companions.get('generation_config.json');
  const generation =
    text === undefined ? null : parseJson(generationSchema, text, join(path, 'generation_config.json'));
  return {
    format: 'safetensors',
    architecture,
    sampling: generation && samplingOf(generation.temperature, generation.top_p, generation.top_k),
  };
}

async function fromGguf(path: string): Promise<Named> {
  const { metadata } = await readGgufHeader(path);
  const number = (key: string) => {
    const value = metadata.get(`general.sampling.${key}`);
    return typeof value === 'number' && value > 0 ? value : null;
  };
  return {
    format: 'gguf',
    architecture: String(metadata.get('general.architecture')),
    sampling: samplingOf(number('temp'), number('top_p'), number('top_k')),
  };
}

function samplingOf(...values: readonly (number | null | undefined)[]): ModelFacts['sampling'] {
  const [temperature = null, topP = null, topK = null] = values;
  return temperature === null && topP === null && topK === null ? null : { temperature, topP, topK };
}
