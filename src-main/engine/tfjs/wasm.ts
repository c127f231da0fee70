/** The WebAssembly backend: one thread with SIMD, everywhere. Its threaded build does not start in Node. */
import { join } from 'node:path';
import type * as wasm from '@tensorflow/tfjs-backend-wasm';
import { rotaryDivisors } from '../../model/rotary.ts';
import { family } from './family.ts';
import { wasmMemory } from './host-memory.ts';
import { HostOps } from './host-ops.ts';
import { loadTf, missingPackage, packageBuild, packageFolder, requirePackage, selectBackend } from './library.ts';

const backendPackage = '@tensorflow/tfjs-backend-wasm';

export const tfjsWasm = family({
  id: 'tfjs-wasm',
  title: 'TensorFlow.js, WebAssembly SIMD',
  unavailable: async () => missingPackage('@tensorflow/tfjs') ?? missingPackage(backendPackage),
  sliceTokens: 1024,
  start: async () => {
    const tf = loadTf();
    const { setWasmPaths } = requirePackage(backendPackage) as typeof wasm;
    setWasmPaths(join(packageFolder(backendPackage), '/'));
    await selectBackend(tf, 'wasm');
    const memory = wasmMemory(tf);
    return {
      tf,
      backend: 'wasm',
      device: {
        engine: 'tfjs-wasm',
        device: 'CPU, 1 thread, WebAssembly SIMD',
        precision: 'float32',
        build: packageBuild(backendPackage),
      },
      ops: (config) => new HostOps(tf, memory, config, rotaryDivisors(config)),
    };
  },
});
