/** The native TensorFlow backend: one module, on a CUDA device (`tfjs-node-gpu`) or, where it has none, the CPU (`tfjs-node`). */
import { rotaryDivisors } from '../../model/rotary.ts';
import { EngineError } from '../engine.ts';
import { DeviceOps } from './device-ops.ts';
import { family } from './family.ts';
import { loadTf, packageBuild, selectBackend } from './library.ts';
import { findBinding, registerTensorflow, tensorflowDevice, tensorflowPackage } from './tensorflow-binding.ts';

export const tfjsNodeGpu = tensorflow('tfjs-node-gpu', 'TensorFlow.js, CUDA', 'GPU through CUDA', 16_384);
export const tfjsNode = tensorflow('tfjs-node', 'TensorFlow.js, native CPU', 'CPU, native TensorFlow', 4096);

function tensorflow(id: string, title: string, device: string, sliceTokens: number) {
  const open = async () => {
    const binding = findBinding();
    if ('missing' in binding) return { reason: binding.missing };
    const found = await tensorflowDevice(binding.path);
    if ('reason' in found) return found;
    const { version, gpu } = found;
    if (id === 'tfjs-node-gpu' && !gpu) return { reason: `TensorFlow ${version} finds no CUDA device` };
    if (id === 'tfjs-node' && gpu) return { reason: `TensorFlow ${version} computes on the GPU: take tfjs-node-gpu` };
    return { path: binding.path, version };
  };
  return family({
    id,
    title,
    sliceTokens,
    unavailable: async () => {
      const opened = await open();
      return 'reason' in opened ? opened.reason : null;
    },
    start: async () => {
      const opened = await open();
      if ('reason' in opened) throw new EngineError(`${id}: ${opened.reason}`);
      const tf = loadTf();
      registerTensorflow(tf, opened.path);
      await selectBackend(tf, 'tensorflow');
      const build = `${packageBuild(tensorflowPackage)}, TensorFlow ${opened.version}`;
      return {
        tf,
        backend: 'tensorflow',
        device: { engine: id, device, precision: 'float32', build },
        ops: (config) => new DeviceOps(tf, config, rotaryDivisors(config)),
      };
    },
  });
}
