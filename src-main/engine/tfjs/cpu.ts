/** The plain JavaScript backend: no binary at all, and the slowest. For checking the others. */
import { rotaryDivisors } from '../../model/rotary.ts';
import { family } from './family.ts';
import { cpuMemory } from './host-memory.ts';
import { HostOps } from './host-ops.ts';
import { loadTf, missingPackage, packageBuild, selectBackend } from './library.ts';

export const tfjsCpu = family({
  id: 'tfjs-cpu',
  title: 'TensorFlow.js, plain JavaScript',
  unavailable: async () => missingPackage('@tensorflow/tfjs'),
  sliceTokens: 1024,
  start: async () => {
    const tf = loadTf();
    await selectBackend(tf, 'cpu');
    const memory = cpuMemory(tf);
    return {
      tf,
      backend: 'cpu',
      device: {
        engine: 'tfjs-cpu',
        device: 'CPU, 1 thread, JavaScript',
        precision: 'float32',
        build: packageBuild('@tensorflow/tfjs'),
      },
      ops: (config) => new HostOps(tf, memory, config, rotaryDivisors(config)),
    };
  },
});
