/** What `PolicyEngine.restore` takes over from a folder, read and checked alike for every engine. */
import { type Adapter, differenceOfAdapters } from '../model/adapter.ts';
import { openCheckpointFiles, type StoredCheckpoint, type StoredOptimizer } from '../model/checkpoint-files.ts';
import { formatModelConfig, type ModelConfig } from '../model/config.ts';
import type { StoredTensor } from '../model/stored-tensor.ts';
import { EngineError } from './engine.ts';

export interface Restorable {
  /** What the engine trains: all weights, or an adapter's A and B. */
  readonly trained: readonly StoredTensor[];
  /** Null: fresh moments. */
  readonly optimizer: StoredOptimizer | null;
}

/**
 * What lies in a folder that an engine of this architecture and adapter wrote; only headers are read.
 * @param adapter The engine's own; null where it trains all weights.
 * @throws EngineError naming the file and what is wrong: damaged, another architecture, another adapter, or none.
 */
export async function readRestorable(dir: string, config: ModelConfig, adapter: Adapter | null): Promise<Restorable> {
  const files = await read(dir);
  if (formatModelConfig(files.config) !== formatModelConfig(config))
    throw new EngineError(`${dir}: config.json differs from this engine's; only the same architecture can be restored`);
  const found = files.adapter?.adapter ?? null;
  if (adapter === null && found !== null)
    throw new EngineError(`${dir}: adapter.safetensors is there; this engine trains all weights and has no adapter`);
  if (adapter === null) return { trained: files.weights, optimizer: files.optimizer };
  if (files.adapter === null || found === null)
    throw new EngineError(`${dir}: adapter.safetensors is missing; this engine trains an adapter and needs it`);
  const difference = differenceOfAdapters(found, adapter);
  if (difference !== null)
    throw new EngineError(`${dir}: adapter.safetensors has ${difference}; only the same adapter can be restored`);
  return { trained: files.adapter.tensors, optimizer: files.optimizer };
}

async function read(dir: string): Promise<StoredCheckpoint> {
  try {
    return await openCheckpointFiles(dir);
  } catch (error) {
    throw new EngineError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
