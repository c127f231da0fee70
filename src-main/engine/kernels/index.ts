/** The engines on the CPU: fused kernels, as native code where that was compiled, and in WebAssembly everywhere. */
import { readModelConfig } from '../../model/checkpoint-files.ts';
import type { ModelConfig } from '../../model/config.ts';
import { initialWeights, loadWeights } from '../../model/weights.ts';
import { checkTraining } from '../checks.ts';
import { type EngineFactory, fullTraining, type Training } from '../engine.ts';
import { type CoreKind, missingCore, openCore } from './core.ts';
import { KernelsEngine } from './engine.ts';
import { checkFits } from './model.ts';

function factory(kind: CoreKind, title: string): EngineFactory {
  // Billions of weights take minutes to read or to make: whether they fit comes first.
  const check = (config: ModelConfig, training: Training = fullTraining) => {
    checkTraining(training);
    checkFits(openCore(kind), config, training);
  };
  return {
    id: `kernels-${kind}`,
    title,
    unavailable: async () => missingCore(kind),
    load: async (dir, training) => {
      const config = await readModelConfig(dir);
      check(config, training);
      return KernelsEngine.create(config, await loadWeights(dir, config), { kind }, training);
    },
    create: async (config, seed, training) => {
      check(config, training);
      return KernelsEngine.create(config, initialWeights(config, seed), { kind }, training);
    },
  };
}

export const kernelsFactories: readonly EngineFactory[] = [
  factory('native', 'CPU kernels (native)'),
  factory('wasm', 'CPU kernels (WebAssembly SIMD)'),
];
