/**
 * Threads over one arena of shared memory. `run` performs a list of tasks on all of them, this thread included; each
 * task writes outputs of its own, so who performs it does not matter. Knows nothing of models.
 */
import { availableParallelism } from 'node:os';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { resourcePath } from '../../resources.ts';
import { EngineError, OutOfMemoryError } from '../engine.ts';
import { type CoreKind, type OpenCore, openCore } from './core.ts';
import { Heap } from './heap.ts';
import { type Task, taskWords } from './tasks.ts';

export const stackBytes = 65536;
const maxThreads = 8;
/** 32-bit words of the queue that all threads share, then its doubles; see `Queue` in core.cpp. */
export const queue = {
  left: 0,
  done: 1,
  epoch: 2,
  stop: 3,
  words: 4,
  tasks: 2,
  scratch: 3,
  scratchFloats: 4,
  bytes: 40,
};
/** Looks at what is done before this thread sleeps: some tens of microseconds, as in worker.mjs. */
const spins = 2000;
/** How long this thread sleeps for the others before it lets messages in, among them that one of them has died. */
const patienceMs = 50;
/** How long a process may go without answering messages, roughly. */
const breatheMs = 15;

export function defaultThreads(): number {
  return Math.min(availableParallelism(), maxThreads);
}

/** Tasks that the queue makes room for when so many are posted. */
export function taskCapacity(tasks: number): number {
  return Math.max(64, 2 * tasks);
}

/** Blocks of memory that live until `free`, together. */
export interface Scope {
  take(bytes: number): number;
  /** A block that holds these. */
  words(values: readonly number[]): number;
  ints(values: readonly number[]): number;
  free(): void;
}

export class Machine {
  readonly core: OpenCore;
  readonly threads: number;
  readonly #heap: Heap;
  readonly #queue: number;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #pointers: Float64Array<SharedArrayBuffer>;
  readonly #workers: Worker[] = [];
  #tasks = { start: 0, capacity: 0 };
  #scratch = { start: 0, floats: 0 };
  #failure: Error | null = null;
  #holders = 1;
  #last: Promise<unknown> = Promise.resolve();
  #breathed = performance.now();

  /** @param threads At least 1. @param relaxed As for `openCore`. */
  constructor(kind: CoreKind, threads = defaultThreads(), relaxed?: boolean) {
    this.threads = threads;
    this.core = openCore(kind, relaxed);
    this.#heap = new Heap(this.core.start);
    this.#queue = this.allocate(queue.bytes);
    this.#control = this.ints(this.#queue, queue.words);
    this.#pointers = this.doubles(this.#queue, queue.bytes / 8);
    this.#control.fill(0);
    for (let thread = 1; thread < threads; thread++) {
      const stack = this.allocate(stackBytes) + stackBytes;
      const worker = new Worker(resourcePath('kernels', 'worker.mjs'), {
        workerData: { ...this.core.forWorker, stack, queue: this.#queue, thread },
        execArgv: [],
      });
      worker.on('error', (error) => {
        this.#failure ??= error;
      });
      worker.on('exit', (code) => {
        if (Atomics.load(this.#control, queue.stop) === 0)
          this.#failure ??= new Error(`thread ${thread} ended with exit code ${code}`);
      });
      worker.unref();
      this.#workers.push(worker);
    }
  }

  /** Bytes of the blocks that are in use. */
  get bytes(): number {
    return this.#heap.used;
  }

  /** Bytes of the arena that have been in use at one time or another: they are not given back. */
  get mostBytes(): number {
    return this.#heap.most;
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

  /** @throws EngineError when there is no more memory. */
  allocate(bytes: number): number {
    const start = this.#heap.allocate(bytes);
    const missing = this.#heap.end - this.core.buffer().byteLength;
    if (missing <= 0) return start;
    try {
      this.core.grow(missing);
    } catch (error) {
      this.#heap.free(start);
      const held = `${this.core.buffer().byteLength} bytes are held, ${this.core.name} can have ${this.core.maxBytes}`;
      throw new OutOfMemoryError(`no memory for ${bytes} more bytes; ${held}`, { cause: error });
    }
    return start;
  }

  free(start: number): void {
    this.#heap.free(start);
  }

  scope(): Scope {
    const blocks: number[] = [];
    const take = (bytes: number) => {
      const start = this.allocate(bytes);
      blocks.push(start);
      return start;
    };
    return {
      take,
      words: (values) => {
        const start = take(values.length * 8);
        this.doubles(start, values.length).set(values);
        return start;
      },
      ints: (values) => {
        const start = take(values.length * 4);
        this.ints(start, values.length).set(values);
        return start;
      },
      free: () => {
        for (const start of blocks.splice(0)) this.free(start);
      },
    };
  }

  floats(start: number, count: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.core.buffer(), start, count);
  }

  halves(start: number, count: number): Uint16Array<SharedArrayBuffer> {
    return new Uint16Array(this.core.buffer(), start, count);
  }

  ints(start: number, count: number): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.core.buffer(), start, count);
  }

  doubles(start: number, count: number): Float64Array<SharedArrayBuffer> {
    return new Float64Array(this.core.buffer(), start, count);
  }

  /** Let every thread have this much scratch. */
  reserveScratch(floats: number): void {
    if (floats <= this.#scratch.floats) return;
    if (this.#scratch.start > 0) this.free(this.#scratch.start);
    // Where there is no memory for the new one, the old one is gone all the same.
    this.#scratch = { start: 0, floats: 0 };
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
      await this.#wait(tasks.length);
    }
    if (performance.now() - this.#breathed > breatheMs) {
      await setImmediate();
      this.#breathed = performance.now();
    }
  }

  #post(tasks: readonly Task[]): void {
    if (tasks.length > this.#tasks.capacity) {
      if (this.#tasks.start > 0) this.free(this.#tasks.start);
      this.#tasks = { start: 0, capacity: 0 };
      const capacity = taskCapacity(tasks.length);
      this.#tasks = { start: this.allocate(capacity * taskWords * 8), capacity };
    }
    const words = this.doubles(this.#tasks.start, tasks.length * taskWords);
    // Tasks are taken from the end: the first in the list, which should be the longest, is performed first.
    for (const [i, task] of tasks.entries()) words.set(task, (tasks.length - 1 - i) * taskWords);
    const control = this.#control;
    this.#pointers[queue.tasks] = this.#tasks.start;
    this.#pointers[queue.scratch] = this.#scratch.start;
    this.#pointers[queue.scratchFloats] = this.#scratch.floats;
    Atomics.store(control, queue.done, 0);
    Atomics.store(control, queue.left, tasks.length);
    if (tasks.length === 1) return;
    Atomics.add(control, queue.epoch, 1);
    Atomics.notify(control, queue.epoch, tasks.length - 1);
  }

  async #wait(tasks: number): Promise<void> {
    const since = performance.now();
    for (;;) {
      const done = Atomics.load(this.#control, queue.done);
      if (done === tasks) return;
      // A thread that fails stops the others first; what failed it comes with the messages.
      if (this.#failure) throw this.#failed();
      for (let i = 0; i < spins && Atomics.load(this.#control, queue.done) === done; i++);
      const patience = patienceMs - (performance.now() - since);
      if (patience > 0) Atomics.wait(this.#control, queue.done, done, patience);
      else await setTimeout(1);
    }
  }

  #failed(): EngineError {
    const reason = this.#failure ? `: ${this.#failure.message}` : '';
    return new EngineError(`a kernel thread has failed, this engine cannot go on${reason}`);
  }
}
