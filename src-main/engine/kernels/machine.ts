/**
 * Threads over one shared WebAssembly memory. `run` performs a list of tasks on all of them, this thread included; each
 * task writes outputs of its own, so who performs it does not matter. Knows nothing of models.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { resourcePath } from '../../resources.ts';
import { EngineError } from '../engine.ts';
import { Heap } from './heap.ts';

/** Words of one task: operation, then its arguments. See core.cpp. */
export type Task = readonly number[];

const taskWords = 16;
const pageBytes = 65536;
const maxPages = 65536;
const stackBytes = 65536;
const maxThreads = 8;
/** Words of the queue that all threads share; see `Queue` in core.cpp. */
const queue = { left: 0, done: 1, epoch: 2, stop: 3, tasks: 4, scratch: 5, scratchFloats: 6, words: 8 } as const;
/** How long this thread may sleep before it looks whether a worker has failed. */
const checkWorkersMs = 500;
/** How long a process may go without answering messages, roughly. */
const breatheMs = 15;

interface Core extends WebAssembly.Exports {
  readonly __heap_base: WebAssembly.Global<'i32'>;
  work(queue: number, thread: number): void;
  scratchFloats(model: number, rows: number, longest: number, gradientOuts: number): number;
  activationFloats(model: number): number;
  derivativeFloats(model: number): number;
  vectorFloats(model: number): number;
  cacheFloats(model: number): number;
  multiply(m: number, n: number, k: number, a: number, b: number, panels: number, c: number): void;
}

export function coreBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(resourcePath('kernels', 'core.wasm')));
}

export function defaultThreads(): number {
  return Math.min(availableParallelism(), maxThreads);
}

/** Blocks of memory that live until `free`, together. */
export interface Scope {
  take(bytes: number): number;
  free(): void;
}

export class Machine {
  readonly core: Core;
  readonly threads: number;
  readonly #memory: WebAssembly.Memory;
  readonly #heap: Heap;
  readonly #queue: number;
  /** The queue's words. A view stays valid when shared memory grows. */
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #workers: Worker[] = [];
  #tasks = { start: 0, capacity: 0 };
  #scratch = { start: 0, floats: 0 };
  #failure: Error | null = null;
  #holders = 1;
  #last: Promise<unknown> = Promise.resolve();
  #breathed = performance.now();

  constructor(threads: number) {
    this.threads = threads;
    this.#memory = new WebAssembly.Memory({ initial: 16, maximum: maxPages, shared: true });
    const module = new WebAssembly.Module(coreBytes());
    this.core = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports as Core;
    this.#heap = new Heap(this.core.__heap_base.value);
    this.#queue = this.allocate(queue.words * 4);
    this.#control = this.ints(this.#queue, queue.words);
    this.#control.fill(0);
    for (let thread = 1; thread < threads; thread++) {
      const worker = new Worker(resourcePath('kernels', 'worker.mjs'), {
        workerData: {
          module,
          memory: this.#memory,
          stack: this.allocate(stackBytes) + stackBytes,
          queue: this.#queue,
          thread,
        },
        execArgv: [],
      });
      worker.on('error', (error) => {
        this.#failure = error;
      });
      worker.unref();
      this.#workers.push(worker);
    }
  }

  /** Bytes of memory that this machine holds: the most that was ever in use, as WebAssembly gives nothing back. */
  get bytes(): number {
    return this.#buffer.byteLength;
  }

  /** Keep the threads for one more holder; each calls `release` once, and the last one stops them. */
  retain(): void {
    this.#holders++;
  }

  release(): void {
    if (--this.#holders > 0) return;
    Atomics.store(this.#control, queue.stop, 1);
    Atomics.add(this.#control, queue.epoch, 1);
    Atomics.notify(this.#control, queue.epoch);
  }

  /** @throws EngineError when there is no more memory: WebAssembly addresses 4 GiB. */
  allocate(bytes: number): number {
    const start = this.#heap.allocate(bytes);
    const missing = this.#heap.end - this.#buffer.byteLength;
    if (missing <= 0) return start;
    try {
      this.#memory.grow(Math.ceil(missing / pageBytes));
    } catch (error) {
      this.#heap.free(start);
      const held = `${this.bytes} bytes are held and ${maxPages * pageBytes} can be addressed`;
      throw new EngineError(`no memory for ${bytes} more bytes; ${held}`, { cause: error });
    }
    return start;
  }

  free(start: number): void {
    this.#heap.free(start);
  }

  scope(): Scope {
    const blocks: number[] = [];
    return {
      take: (bytes) => {
        const start = this.allocate(bytes);
        blocks.push(start);
        return start;
      },
      free: () => {
        for (const start of blocks.splice(0)) this.free(start);
      },
    };
  }

  floats(start: number, count: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.#buffer, start, count);
  }

  ints(start: number, count: number): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.#buffer, start, count);
  }

  doubles(start: number, count: number): Float64Array<SharedArrayBuffer> {
    return new Float64Array(this.#buffer, start, count);
  }

  /** Let every thread have this much scratch. */
  reserveScratch(floats: number): void {
    if (floats <= this.#scratch.floats) return;
    if (this.#scratch.start > 0) this.free(this.#scratch.start);
    this.#scratch = { start: this.allocate(floats * 4 * this.threads), floats };
  }

  /** One caller after another: tasks of two calls must not share a scratch. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    // The caller of `mine` gets its error; the next in line only waits for it.
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Perform tasks in any order, and return when all are done. This thread works too, so it blocks for that long. */
  async run(tasks: readonly Task[]): Promise<void> {
    if (tasks.length > 0) {
      if (this.#failure) throw this.#failed();
      this.#post(tasks);
      try {
        this.core.work(this.#queue, 0);
      } catch (error) {
        this.#failure = error as Error;
        throw this.#failed();
      }
      this.#wait(tasks.length);
    }
    if (performance.now() - this.#breathed > breatheMs) {
      await setImmediate();
      this.#breathed = performance.now();
    }
  }

  get #buffer(): SharedArrayBuffer {
    const buffer: ArrayBufferLike = this.#memory.buffer;
    if (!(buffer instanceof SharedArrayBuffer))
      throw new EngineError('WebAssembly memory is not shared between threads');
    return buffer;
  }

  #post(tasks: readonly Task[]): void {
    if (tasks.length > this.#tasks.capacity) {
      if (this.#tasks.start > 0) this.free(this.#tasks.start);
      const capacity = Math.max(64, 2 * tasks.length);
      this.#tasks = { start: this.allocate(capacity * taskWords * 4), capacity };
    }
    const words = this.ints(this.#tasks.start, tasks.length * taskWords);
    // Tasks are taken from the end: the first in the list, which should be the longest, is performed first.
    for (const [i, task] of tasks.entries()) words.set(task, (tasks.length - 1 - i) * taskWords);
    const control = this.#control;
    control[queue.tasks] = this.#tasks.start;
    control[queue.scratch] = this.#scratch.start;
    control[queue.scratchFloats] = this.#scratch.floats;
    Atomics.store(control, queue.done, 0);
    Atomics.store(control, queue.left, tasks.length);
    if (tasks.length === 1) return;
    Atomics.add(control, queue.epoch, 1);
    Atomics.notify(control, queue.epoch, tasks.length - 1);
  }

  #wait(tasks: number): void {
    for (;;) {
      const done = Atomics.load(this.#control, queue.done);
      if (done === tasks) return;
      Atomics.wait(this.#control, queue.done, done, checkWorkersMs);
      if (Atomics.load(this.#control, queue.stop) !== 0) throw this.#failed();
    }
  }

  #failed(): EngineError {
    const reason = this.#failure ? `: ${this.#failure.message}` : '';
    return new EngineError(`a kernel thread has failed, this engine cannot go on${reason}`);
  }
}

const oneFloat = new Float32Array(1);
const oneInt = new Int32Array(oneFloat.buffer);

/** The word whose bits are `x` in single precision, for structs and tasks. */
export function floatWord(x: number): number {
  oneFloat[0] = x;
  return oneInt[0] as number;
}
