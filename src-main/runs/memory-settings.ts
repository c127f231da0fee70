/** A run's memory settings: a small file in its folder, absent until someone resumes it with some. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import { type MemorySettings, memorySettingsSchema } from '../../src-shared/memory.ts';
import { ensureFolder, runFolder } from '../store/home.ts';

const FILE = 'memory.json';

/** @throws AssayError `corrupt` when the file is not what Assay writes. */
export function readMemorySettings(home: string, runId: string): MemorySettings {
  const path = join(runFolder(home, runId), FILE);
  if (!existsSync(path)) return {};
  try {
    return memorySettingsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new AssayError('corrupt', `${path} holds no memory settings`, { hint: 'Delete it.', cause: error });
  }
}

/** Those given replace those that were there. */
export function writeMemorySettings(home: string, runId: string, settings: MemorySettings): void {
  const merged = { ...readMemorySettings(home, runId), ...settings };
  writeFileSync(join(ensureFolder(home, runFolder(home, runId)), FILE), `${JSON.stringify(merged)}\n`);
}

/** In words, for the run's log. */
export function describeMemorySettings({ recompute, microBatchTokens }: MemorySettings): string {
  const parts = [
    ...(recompute === undefined ? [] : [recompute ? 'activations recomputed' : 'activations as configured']),
    ...(microBatchTokens === undefined
      ? []
      : [
          microBatchTokens === 0
            ? 'as many tokens at a time as the engine likes'
            : `at most ${microBatchTokens} tokens at a time`,
        ]),
  ];
  return `Goes on with ${parts.join(', ')}`;
}
