/**
 * A thread of the CPU kernels: sleeps until the queue's epoch changes, then performs tasks until none is left. Plain
 * JavaScript and outside the bundle, so that the same file serves the source tree, the build and the packed app.
 */
import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';

// Positions in the queue, as in machine.ts.
const done = 1;
const epoch = 2;
const stop = 3;
/** Looks at the queue before a thread sleeps: some tens of microseconds. */
const spins = 2000;

const { queue, thread } = workerData;
const { buffer, work } = open(workerData);
const control = new Int32Array(buffer, queue, 4);
try {
  // Tasks may have been posted before this thread was there.
  for (let seen = -1; Atomics.load(control, stop) === 0; ) {
    // The next job often follows at once: to look for it a while is quicker than to be woken.
    for (let i = 0; i < spins && Atomics.load(control, epoch) === seen; i++);
    Atomics.wait(control, epoch, seen);
    seen = Atomics.load(control, epoch);
    work(queue, thread);
    Atomics.notify(control, done);
  }
} catch (error) {
  Atomics.store(control, stop, 2);
  Atomics.notify(control, done);
  throw error;
}

function open({ module, memory, stack, koffi, library, level, buffer }) {
  if (module) {
    const core = new WebAssembly.Instance(module, { env: { memory } }).exports;
    core.__stack_pointer.value = stack;
    return { buffer: memory.buffer, work: (queue, thread) => core.work(0, queue, thread) };
  }
  const native = createRequire(koffi)(koffi);
  const base = Number(native.address(new Uint8Array(buffer, 0, 8)));
  const work = native.load(library).func(`void ${level}_work(double base, double queue, int thread)`);
  return { buffer, work: (queue, thread) => work(base, queue, thread) };
}
