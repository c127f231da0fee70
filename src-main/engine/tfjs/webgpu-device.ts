/**
 * A WebGPU device under tfjs: what fails on it without a word, buffers that the library would keep for ever, and products
 * that would not repeat. All of it lies behind the library's own interface, so the operations know nothing of it.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { KernelConfig, KernelFunc } from '@tensorflow/tfjs-core';
import { EngineError, OutOfMemoryError } from '../engine.ts';
import { asOutOfMemory } from '../out-of-memory.ts';
import type { Tf } from './library.ts';

/** Free buffers that are kept for the next operation of the same sizes, besides as many as are in use. */
const spareBytes = 1 << 28;

/** The part of the library's pool of buffers that is used here. It is keyed by exact size and never shrinks by itself. */
interface BufferPool {
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesUsed: number;
  numBytesAllocated: number;
}

export function backendOf(tf: Tf): WebGPUBackend {
  return tf.backend() as WebGPUBackend;
}

/**
 * A cache of keys and values has other sizes at every token, and so have ragged batches: without this the pool fills the
 * device with buffers that nothing will ask for again.
 */
export function boundPool(backend: WebGPUBackend): void {
  const pool = backend.bufferManager as unknown as BufferPool;
  const acquire = pool.acquireBuffer.bind(pool);
  pool.acquireBuffer = (...request) => {
    if (pool.numBytesAllocated - pool.numBytesUsed > pool.numBytesUsed + spareBytes) emptyPool(pool);
    return acquire(...request);
  };
}

function emptyPool(pool: BufferPool): void {
  for (const buffers of pool.freeBuffers.values())
    for (const buffer of buffers.splice(0)) {
      pool.numFreeBuffers--;
      pool.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
}

/** Inner dimension from which the library splits a product among threads that add to its result in any order. */
const splitInner = 2000;
/** As the library numbers its programs. */
const smallOutputProgram = 2;
const packedProgram = 3;

/**
 * The library's choice of program for a matrix product, but for two: one that adds up in no fixed order, with which no
 * run would repeat, and on a software adapter one of many barriers, which takes a hundred times longer there.
 */
export function chooseMatMul(tf: Tf, isSoftware: boolean): void {
  const { kernelFunc, ...config } = tf.getKernel('BatchMatMul', 'webgpu') as KernelConfig;
  const chosen: KernelFunc = (call) => {
    const { a, b } = call.inputs as unknown as Record<'a' | 'b', { shape: number[] }>;
    const { transposeA, transposeB } = call.attrs as unknown as { transposeA: boolean; transposeB: boolean };
    const program = programFor(a.shape, b.shape, transposeA, transposeB, isSoftware);
    const env = tf.env();
    env.set('WEBGPU_MATMUL_PROGRAM_TYPE', program);
    try {
      return kernelFunc(call);
    } finally {
      env.set('WEBGPU_MATMUL_PROGRAM_TYPE', -1);
    }
  };
  tf.unregisterKernel('BatchMatMul', 'webgpu');
  tf.registerKernel({ ...config, kernelFunc: chosen });
}

/** -1: as the library chooses. */
function programFor(
  a: readonly number[],
  b: readonly number[],
  transposeA: boolean,
  transposeB: boolean,
  isSoftware: boolean,
): number {
  const [rows = 1, inner = 1] = transposeA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)];
  const columns = (transposeB ? b.at(-2) : b.at(-1)) ?? 1;
  const batch = a.slice(0, -2).reduce((product, length) => product * length, 1);
  if (isSoftware) return batch * rows * columns > 1 << 14 ? packedProgram : smallOutputProgram;
  if (batch > 1 || inner < splitInner || rows * columns <= 128) return -1;
  return Math.ceil(rows / 32) * Math.ceil(columns / 32) <= 16 ? smallOutputProgram : packedProgram;
}

/** The device answers nothing that fails: it goes on with zeros. So every call asks, at its end, whether all went well. */
export function guardDevice(device: GPUDevice): <T>(work: () => Promise<T>) => Promise<T> {
  let lost: GPUDeviceLostInfo | null = null;
  void device.lost.then((info) => {
    lost = info;
  });
  const scopes = ['out-of-memory', 'internal', 'validation'] as const;
  return async (work) => {
    for (const scope of scopes) device.pushErrorScope(scope);
    const [result] = await Promise.allSettled([work()]);
    const errors: (GPUError | null)[] = [];
    for (const _ of scopes) errors.push(await device.popErrorScope().catch(() => null));
    if (lost !== null) throw deviceLost(lost);
    const [validation, internal, memory] = errors;
    const first = memory ?? internal ?? validation;
    if (first) throw failureOf(first, memory !== null);
    if (result.status === 'rejected') throw asOutOfMemory(result.reason);
    return result.value;
  };
}

function deviceLost({ reason, message }: GPUDeviceLostInfo): OutOfMemoryError {
  const [line = ''] = message.split('\n');
  return new OutOfMemoryError(
    `the GPU was lost, often for want of memory (${[reason, line].filter(Boolean).join(': ')})`,
  );
}

/** A buffer that is larger than the device allows comes as a mistake of the caller's, but is a lack of memory to a run. */
function failureOf({ message }: GPUError, isMemory: boolean): EngineError {
  const [line = ''] = message.split('\n');
  const isTooLarge = /exceeds the (max|maximum)|larger than the maximum|maxBufferSize|max buffer size/i.test(message);
  if (isMemory || isTooLarge) return new OutOfMemoryError(`the GPU has no memory for a buffer: ${line}`);
  return new EngineError(`the GPU refused an operation: ${line}`);
}
