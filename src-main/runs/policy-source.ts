/** Where a run's policy comes from: `embedded`, `checkpoint:<id>`, a folder or a GGUF file; found, and opened before it is believed. */
import { isAbsolute, resolve } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import type { Problem } from '../../src-shared/problem.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { openPolicy } from '../model/policy-files.ts';
import { promptWriter } from '../model/prompt.ts';
import { type Tokenizer, tokenizerOf } from '../model/tokenizer.ts';
import { resourcePath } from '../resources.ts';
import type { Store } from '../store/store.ts';
import { checkLengths } from '../training/lengths.ts';
import { policyPrompt } from '../training/policy-training.ts';

const PATH = 'policy.source';
const CHECKPOINT = 'checkpoint:';

export interface PolicySource {
  /** Or a GGUF file. */
  readonly folder: string;
  /** The checkpoint that it is; null for the embedded policy and for folders. */
  readonly checkpointId: string | null;
}

/** The folder that `source` stands for. @throws AssayError `usage` when there is no such thing. */
export function findPolicy(store: Store, source: string): PolicySource {
  if (source === 'embedded') {
    try {
      return { folder: resourcePath('policy'), checkpointId: null };
    } catch (error) {
      throw fault(
        'embedded: this copy of Assay comes without a policy; allowed is checkpoint:<id>, a folder or a GGUF file',
        error,
      );
    }
  }
  if (!source.startsWith(CHECKPOINT))
    return { folder: isAbsolute(source) ? source : resolve(source), checkpointId: null };
  const id = source.slice(CHECKPOINT.length);
  const checkpoint = store.checkpoints.find(id);
  if (checkpoint === null) {
    const known = store.checkpoints.newestIds(5);
    throw fault(
      `there is no checkpoint ${id}; ${known.length === 0 ? 'none exists yet' : `the newest are ${known.join(', ')}`}`,
    );
  }
  return { folder: checkpoint.folder, checkpointId: id };
}

/** Open every file of the policy, as far as its weights' own bytes. @throws AssayError `usage` that names the file at fault. */
export async function checkPolicy({ folder }: PolicySource): Promise<void> {
  try {
    const { config, companions } = await openPolicy(folder);
    const { vocabSize } = tokenizerOf(companions, folder);
    if (vocabSize > config.vocabSize)
      throw new Error(
        `${folder} has a tokenizer of ${vocabSize} tokens, and an embedding of ${config.vocabSize} rows; allowed are at most as many tokens as rows`,
      );
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * That prompts and responses of a run fit into the policy, which need not be the one that its preset is made for.
 * @throws AssayError `usage` with path `rollouts.maxNewTokens`; or `policy.source` where its chat template cannot be used.
 */
export async function checkRoom(
  { folder }: PolicySource,
  config: RunConfig,
  problems: readonly Problem[],
): Promise<void> {
  const { config: model, companions } = await openPolicy(folder);
  const tokenizer = tokenizerOf(companions, folder);
  const prompts = promptsOf(problems, tokenizer, config);
  // A token is at least a byte of text, so most need not be encoded; the run itself looks at all of them.
  const { maxPositions } = model;
  const long = prompts.filter(({ prompt }) => Buffer.byteLength(prompt) + config.rollouts.maxNewTokens > maxPositions);
  checkLengths(config, maxPositions, long, ({ prompt }) => tokenizer.encode(prompt));
}

function promptsOf(problems: readonly Problem[], tokenizer: Tokenizer, config: RunConfig) {
  try {
    const promptOf = promptWriter(tokenizer, policyPrompt(config.policy));
    return problems.map((problem) => ({ id: problem.id, prompt: promptOf(problem) }));
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error), error);
  }
}

function fault(message: string, cause?: unknown): AssayError {
  return new AssayError('usage', `${PATH}: ${message}`, { path: PATH, cause });
}
