/** The engines on the CPU: fused kernels, as native code where that was compiled, and in WebAssembly everywhere. */
import { openPolicy } from '../../model/policy-files.ts';
import { initialWeights } from '../../model/weights.ts';
import { checkTraining } from '../checks.ts';
import type { EngineFactory } from '../engine.ts';
import { type CoreKind, missingCore } from './core.ts';
import { KernelsEngine } from './engine.ts';
import { planMemory } from './plan.ts';

function factory(kind: CoreKind, title: string): EngineFactory {
  return {
    id: `kernels-${kind}`,
    title,
    unavailable: async () => missingCore(kind),
    plan: async (config, training, work) => {
      checkTraining(training);
      return planMemory(kind, config, training, work);
    },
    load: async (dir, training) => KernelsEngine.load(await openPolicy(dir), { kind }, training),
    create: async (config, seed, training) => {
      const engine = KernelsEngine.create(config, null, { kind }, training);
      engine.fill(initialWeights(config, seed));
      return engine;
    },
  };
}

export const kernelsFactories: readonly EngineFactory[] = [
  factory('native', 'CPU kernels (native)'),
  factory('wasm', 'CPU kernels (WebAssembly SIMD)'),
];
