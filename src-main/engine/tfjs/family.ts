/** Makes an engine factory of a tfjs backend: what differs is how it starts; building engines is the same for all. */
import { openPolicy } from '../../model/policy-files.ts';
import { streamTensors } from '../../model/stored-tensor.ts';
import { initialWeights } from '../../model/weights.ts';
import { checkTraining } from '../checks.ts';
import { EngineError, type EngineFactory, fullTraining, type Training } from '../engine.ts';
import { type Runtime, TfjsEngine } from './engine.ts';
import { planMemory } from './plan.ts';

export interface Backend {
  readonly id: string;
  readonly title: string;
  /** Rows of one forward and backward pass; more fills wide devices, fewer stays in a CPU's cache. */
  readonly sliceTokens: number;
  unavailable(): Promise<string | null>;
  /** Load the libraries and select the backend. Called once a process. */
  start(): Promise<Omit<Runtime, 'sliceTokens'>>;
}

export function family(backend: Backend): EngineFactory {
  let runtime: Promise<Runtime> | null = null;
  const started = () => {
    runtime ??= backend.start().then((started) => ({ ...started, sliceTokens: backend.sliceTokens }));
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
    plan: async (config, training, work) => {
      check(training);
      return planMemory(
        config,
        training,
        work,
        Math.min(backend.sliceTokens, training.microBatchTokens ?? Number.POSITIVE_INFINITY),
      );
    },
    load: async (dir, training = fullTraining) => {
      check(training);
      const { config, tensors } = await openPolicy(dir);
      return TfjsEngine.create(await started(), config, streamTensors(tensors), training);
    },
    create: async (config, seed, training = fullTraining) => {
      check(training);
      return TfjsEngine.create(await started(), config, initialWeights(config, seed), training);
    },
  };
}
