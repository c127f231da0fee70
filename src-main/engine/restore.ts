/** What `PolicyEngine.restore` takes over from a folder, read and checked alike for every engine. */
import { type Adapter, differenceOfAdapters } from '../model/adapter.ts';
import { type CheckpointFiles, readCheckpointFiles } from '../model/checkpoint-files.ts';
import { formatModelConfig, type ModelConfig } from '../model/config.ts';
import { EngineError } from './engine.ts';

/**
 * The files of a folder that an engine of this architecture and adapter wrote.
 * @param adapter The engine's own; null where it trains all weights. The answer has one exactly where this is one.
 * @throws EngineError naming the file and what is wrong: damaged, another architecture, another adapter, or none.
 */
export async function readRestorable(
  dir: string,
  config: ModelConfig,
  adapter: Adapter | null,
): Promise<CheckpointFiles> {
  const files = await read(dir);
  if (formatModelConfig(files.config) !== formatModelConfig(config))
    throw new EngineError(`${dir}: config.json differs from this engine's; only the same architecture can be restored`);
  const found = files.adapter?.adapter ?? null;
  if (adapter === null && found !== null)
    throw new EngineError(`${dir}: adapter.safetensors is there; this engine trains all weights and has no adapter`);
  if (adapter === null) return files;
  if (found === null)
    throw new EngineError(`${dir}: adapter.safetensors is missing; this engine trains an adapter and needs it`);
  const difference = differenceOfAdapters(found, adapter);
  if (difference !== null)
    throw new EngineError(`${dir}: adapter.safetensors has ${difference}; only the same adapter can be restored`);
  return files;
}

async function read(dir: string): Promise<CheckpointFiles> {
  try {
    return await readCheckpointFiles(dir);
  } catch (error) {
    throw new EngineError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
