/** The native TensorFlow backends, from optional packages: CUDA (`tfjs-node-gpu`) and CPU (`tfjs-node`). */
import util from 'node:util';
import { rotaryDivisors } from '../../model/rotary.ts';
import { DeviceOps } from './device-ops.ts';
import { family } from './family.ts';
import { loadTf, missingPackage, packageBuild, requirePackage, selectBackend } from './library.ts';

export const tfjsNodeGpu = tensorflow('tfjs-node-gpu', 'TensorFlow.js, CUDA', 'GPU through CUDA', 16_384);
export const tfjsNode = tensorflow('tfjs-node', 'TensorFlow.js, native CPU', 'CPU, native TensorFlow', 4096);

function tensorflow(id: string, title: string, device: string, sliceTokens: number) {
  const backendPackage = `@tensorflow/${id}`;
  return family({
    id,
    title,
    sliceTokens,
    unavailable: async () => {
      const missing = missingPackage('@tensorflow/tfjs') ?? missingPackage(backendPackage);
      if (missing) return missing;
      try {
        const tf = loadTf();
        load(backendPackage);
        // Without a usable CUDA device the GPU package computes on the CPU and says nothing.
        const backend: object | null = tf.findBackend('tensorflow');
        const usesGpu = backend !== null && 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
        return id === 'tfjs-node-gpu' && !usesGpu ? `${backendPackage} finds no CUDA device` : null;
      } catch (error) {
        const [reason = ''] = (error as Error).message.split('\n');
        // The package is there without what it fetches; its own message names only a path.
        if (reason.includes('tfjs_binding.node')) return 'libtensorflow is not here: "npm run setup:gpu" fetches it';
        return `${backendPackage} does not load: ${reason}`;
      }
    },
    start: async () => {
      const tf = loadTf();
      load(backendPackage);
      await selectBackend(tf, 'tensorflow');
      return {
        tf,
        backend: 'tensorflow',
        device: { engine: id, device, precision: 'float32', build: packageBuild(backendPackage) },
        ops: (config) => new DeviceOps(tf, config, rotaryDivisors(config)),
      };
    },
  });
}

/** tfjs-node 4.22 calls a function that Node 23 removed: give it back first. */
function load(backendPackage: string): void {
  if (!('isNullOrUndefined' in util))
    Object.defineProperty(util, 'isNullOrUndefined', {
      value: (value: unknown) => value === null || value === undefined,
      configurable: true,
    });
  requirePackage(backendPackage);
}
