/** Direct access to tensor memory on backends whose tensors lie in this process: WebAssembly and plain JavaScript. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { Tensor, Tf } from './library.ts';

export interface HostMemory {
  /** A tensor of unspecified values. */
  allocate(shape: number[]): Tensor;
  /** The tensor's own memory, row-major. Valid until the next allocation, which may move the WebAssembly memory. */
  view(tensor: Tensor): Float32Array;
}

export function wasmMemory(tf: Tf): HostMemory {
  const backend = tf.backend() as BackendWasm;
  return {
    allocate: (shape) => tf.engine().makeTensorFromTensorInfo(backend.makeOutput(shape, 'float32')),
    view: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array,
  };
}

/** The cpu backend keeps the typed array that it is given, and hands the same one out again. */
export function cpuMemory(tf: Tf): HostMemory {
  return {
    allocate: (shape) => tf.tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, 'float32'),
    view: (tensor) => tensor.dataSync<'float32'>(),
  };
}
