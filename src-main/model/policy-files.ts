/**
 * A policy as it lies on disk, whatever its form: a Hugging Face folder with one or several safetensors files, or a GGUF
 * file. Everything is checked before weights are read; they are then read row by row.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import { openGguf, readGgufCompanions } from './gguf/policy.ts';
import { describeHuggingFace, readCompanions, storedWeights } from './hugging-face.ts';
import type { Companions, PolicyFiles } from './policy.ts';

/**
 * @param path A folder with `config.json` and safetensors, a GGUF file, or a folder with one GGUF file.
 * @throws Error naming the file, the tensor or field, its value and what is allowed.
 */
export async function openPolicy(path: string): Promise<PolicyFiles> {
  const gguf = await findGguf(path);
  if (gguf !== null) return { path, ...(await openGguf(gguf)) };
  const described = await describeHuggingFace(path);
  return { path, ...described, tensors: await storedWeights(path, described.config) };
}

/** The same without looking at the weights, which a folder need not have yet. */
export async function describePolicy(path: string): Promise<Omit<PolicyFiles, 'tensors'>> {
  const gguf = await findGguf(path);
  return { path, ...(await (gguf === null ? describeHuggingFace(path) : openGguf(gguf))) };
}

/** The companions alone; a folder needs no weights yet. */
export async function policyCompanions(path: string): Promise<Companions> {
  const gguf = await findGguf(path);
  return gguf === null ? readCompanions(path) : readGgufCompanions(gguf);
}

/** Paths of the files that make the policy, sorted: its configuration, weights and companions, but no state of training. */
export async function policyPaths(path: string): Promise<string[]> {
  const gguf = await findGguf(path);
  if (gguf !== null) return [gguf];
  const names = (await readdir(path)).filter((name) => IS_POLICY.test(name) && !IS_TRAINING_STATE.test(name));
  return names.sort().map((name) => join(path, name));
}

const IS_POLICY = /^(config|tokenizer|tokenizer_config)\.json$|^chat_template\.jinja$|\.safetensors$/;
/** State of training, which is no part of a policy: the merged weights are in the model's own file. */
const IS_TRAINING_STATE = /^(optimizer|adapter|adapter_model)\.safetensors$/;
const IS_GGUF = /\.gguf$/i;

/** The GGUF file that a path stands for; null where it is a folder of Hugging Face's. */
async function findGguf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new AssayError('not-found', `${path}: there is no such file or folder`);
  if (found.isFile()) {
    if (IS_GGUF.test(path)) return path;
    throw new AssayError('usage', `${path}: not a policy; allowed is a folder of Hugging Face's, or a .gguf file`);
  }
  const names = await readdir(path);
  if (names.includes('config.json')) return null;
  const files = names.filter((name) => IS_GGUF.test(name)).sort();
  if (files.length > 1)
    throw new AssayError(
      'usage',
      `${path}: has ${files.length} GGUF files (${files.join(', ')}); name the one to open`,
    );
  return files[0] === undefined ? null : join(path, files[0]);
}
