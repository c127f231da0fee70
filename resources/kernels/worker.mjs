/**
 * A thread of the kernels engine: sleeps until the queue's epoch changes, then performs tasks until none is left. Plain
 * JavaScript and outside the bundle, so that the same file serves the source tree, the build and the packed app.
 */
import { workerData } from 'node:worker_threads';

// Positions in the queue, as in machine.ts.
const done = 1;
const epoch = 2;
const stop = 3;

const { module, memory, stack, queue, thread } = workerData;
const control = new Int32Array(memory.buffer, queue, 8);
try {
  const core = new WebAssembly.Instance(module, { env: { memory } }).exports;
  core.__stack_pointer.value = stack;
  // Tasks may have been posted before this thread was there.
  for (let seen = -1; Atomics.load(control, stop) === 0; ) {
    Atomics.wait(control, epoch, seen);
    seen = Atomics.load(control, epoch);
    core.work(queue, thread);
    Atomics.notify(control, done);
  }
} catch (error) {
  Atomics.store(control, stop, 2);
  Atomics.notify(control, done);
  throw error;
}
