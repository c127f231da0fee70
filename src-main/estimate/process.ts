/** What a training process takes before it holds a policy: Node.js, Assay's modules, the engine's library, its share of
 * garbage. Measured by test/bench/memory.bench.ts. */
const MIB = 2 ** 20;

const KERNELS = 165 * MIB;
const TFJS = 220 * MIB;

export function processBytes(engine: string): number {
  return engine.startsWith('kernels') ? KERNELS : TFJS;
}
