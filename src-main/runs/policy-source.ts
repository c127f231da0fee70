/** Where a run's policy comes from: `embedded`, `checkpoint:<id>` or a folder; found, and opened before it is believed. */
import { access } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import { readCheckpointFiles } from '../model/checkpoint-files.ts';
import { resourcePath } from '../resources.ts';
import type { Store } from '../store/store.ts';

const PATH = 'policy.source';
const CHECKPOINT = 'checkpoint:';
const FILES = ['config.json', 'model.safetensors', 'tokenizer.json'];

export interface PolicySource {
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
      throw fault('embedded: this copy of Assay comes without a policy; allowed is checkpoint:<id> or a folder', error);
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

/** Open every file of the policy. @throws AssayError `usage` that names the file at fault. */
export async function checkPolicy({ folder }: PolicySource): Promise<void> {
  for (const name of FILES) {
    try {
      await access(join(folder, name));
    } catch (error) {
      throw fault(`${folder} has no readable ${name}; a policy needs ${FILES.join(', ')}`, error);
    }
  }
  try {
    await readCheckpointFiles(folder);
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error), error);
  }
}

function fault(message: string, cause?: unknown): AssayError {
  return new AssayError('usage', `${PATH}: ${message}`, { path: PATH, cause });
}
