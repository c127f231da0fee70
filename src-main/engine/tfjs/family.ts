/** Makes an engine factory of a tfjs backend: what differs is how it starts; building engines is the same for all. */
import { readModelConfig } from '../../model/checkpoint-files.ts';
import { initialWeights, loadWeights } from '../../model/weights.ts';
import { checkTraining } from '../checks.ts';
import { EngineError, type EngineFactory, fullTraining, type Training } from '../engine.ts';
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
  const unsupported = ({ frozenPrecision }: Training) =>
    frozenPrecision === 'float32' ? null : `frozenPrecision ${frozenPrecision} is not there; allowed is float32`;
  const check = (training: Training) => {
    checkTraining(training);
    const reason = unsupported(training);
    if (reason !== null) throw new EngineError(`${backend.id}: ${reason}`);
  };
  return {
    id: backend.id,
    title: backend.title,
    unavailable: () => backend.unavailable(),
    unsupported,
    load: async (dir, training = fullTraining) => {
      check(training);
      const config = await readModelConfig(dir);
      return TfjsEngine.create(await started(), config, await loadWeights(dir, config), training);
    },
    create: async (config, seed, training = fullTraining) => {
      check(training);
      return TfjsEngine.create(await started(), config, initialWeights(config, seed), training);
    },
  };
}
