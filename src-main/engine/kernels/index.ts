/** The engine on the CPU: fused kernels in WebAssembly SIMD, on as many threads as there are cores (8 at the most). */
import { readModelConfig } from '../../model/checkpoint-files.ts';
import { initialWeights, loadWeights } from '../../model/weights.ts';
import type { EngineFactory } from '../engine.ts';
import { engineId, KernelsEngine } from './engine.ts';
import { coreBytes } from './machine.ts';

export const kernelsFactory: EngineFactory = {
  id: engineId,
  title: 'CPU kernels (WebAssembly SIMD)',
  unavailable: async () =>
    WebAssembly.validate(coreBytes())
      ? null
      : `this build of V8 (${process.versions.v8}) has no WebAssembly SIMD, threads or bulk memory`,
  load: async (dir) => {
    const config = await readModelConfig(dir);
    return KernelsEngine.create(config, await loadWeights(dir, config));
  },
  create: async (config, seed) => KernelsEngine.create(config, initialWeights(config, seed)),
};
