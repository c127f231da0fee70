/** Makes an engine factory of a tfjs backend: what differs is how it starts; building engines is the same for all. */
import { readCheckpointFiles } from '../../model/checkpoint-files.ts';
import { initialWeights } from '../../model/weights.ts';
import type { EngineFactory } from '../engine.ts';
import { type Runtime, TfjsEngine } from './engine.ts';

export interface Backend {
  readonly id: string;
  readonly title: string;
  unavailable(): Promise<string | null>;
  /** Load the libraries and select the backend. Called once a process. */
  start(): Promise<Runtime>;
}

export function family(backend: Backend): EngineFactory {
  let runtime: Promise<Runtime> | null = null;
  const started = () => {
    runtime ??= backend.start();
    return runtime;
  };
  return {
    id: backend.id,
    title: backend.title,
    unavailable: () => backend.unavailable(),
    load: async (dir) => {
      // The moments of an earlier run, if the folder holds any, are not this one's.
      const { config, weights } = await readCheckpointFiles(dir);
      return TfjsEngine.create(await started(), config, weights, null);
    },
    create: async (config, seed) => TfjsEngine.create(await started(), config, initialWeights(config, seed), null),
  };
}
