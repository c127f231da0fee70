/** A thread of the CPU kernels that dies takes its engine with it: every call says so, and none hangs. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineError, type Objective } from '../../../src-main/engine/engine.ts';
import { Machine } from '../../../src-main/engine/kernels/machine.ts';
import { squares, type Task } from '../../../src-main/engine/kernels/tasks.ts';
import { linear, randomDerivatives, sequences } from '../../conformance/fixtures.ts';
import { describeBuilds, engineOf, even, plain, step } from './kernels-fixtures.ts';

const started = vi.hoisted(() => [] as Worker[]);

// The threads are real; the list of them is the only way to one from outside.
vi.mock('node:worker_threads', async (original) => {
  const module = await original<typeof import('node:worker_threads')>();
  class Listed extends module.Worker {
    constructor(...args: ConstructorParameters<typeof module.Worker>) {
      super(...args);
      started.push(this);
    }
  }
  return { ...module, Worker: Listed };
});

beforeEach(() => {
  started.length = 0;
});

/** What a call rejects with; fails where it does not within seconds. */
async function errorOf(call: Promise<unknown>): Promise<EngineError> {
  const settled = call.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  );
  const error = await Promise.race([settled, setTimeout(5000, new Error('the call hangs'))]);
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

const config = { ...even, hiddenSize: 128, intermediateSize: 256 };
const batch = sequences(
  config,
  Array.from({ length: 60 }, () => [20, 20] as const),
);
const objective = linear(randomDerivatives(batch));

describe('a thread that ends', () => {
  describeBuilds((options) => {
    it('in the middle of a call fails it and every later one, with its cause', async () => {
      const engine = engineOf(config, { ...options, threads: 3 });
      const frozen = await engine.freeze();
      await engine.score(batch.slice(0, 30), 1);
      expect(started.length).toBe(2);
      const ending: Objective = (stats, offset) => {
        void started.at(-1)?.terminate();
        // Time for the thread to end, while this one is deaf: half of the call is still to come.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        return objective(stats, offset);
      };
      const cause = /^a kernel thread has failed, this engine cannot go on: thread 2 ended with exit code \d$/;
      expect((await errorOf(engine.accumulate({ sequences: batch, temperature: 1 }, ending))).message).toMatch(cause);
      const later = [
        engine.score(batch.slice(0, 1), 1),
        engine.generate([Int32Array.of(1, 2)], plain),
        engine.accumulate({ sequences: batch.slice(0, 1), temperature: 1 }, objective),
        engine.update(step),
        frozen.score(batch.slice(0, 1), 1),
      ];
      for (const call of later) expect((await errorOf(call)).message).toMatch(cause);
      frozen.dispose();
      engine.dispose();
    });

    it('between calls fails the next ones', async () => {
      const engine = engineOf(even, { ...options, threads: 2 });
      await engine.score(batch.slice(0, 30), 1);
      await started[0]?.terminate();
      for (let call = 0; call < 2; call++)
        expect((await errorOf(engine.score(batch.slice(0, 1), 1))).message).toContain('thread 1 ended');
      engine.dispose();
    });

    it('leaves nothing running once the engine is disposed', async () => {
      const engine = engineOf(even, { ...options, threads: 3 });
      await engine.score(batch.slice(0, 30), 1);
      const ended = Promise.all(started.map((thread) => new Promise((resolve) => thread.once('exit', resolve))));
      engine.dispose();
      expect(await Promise.race([ended, setTimeout(5000, 'some still run')])).toEqual([0, 0]);
    });
  });

  // In native code a trap ends the process; WebAssembly's is an exception of the thread.
  describe.each([false, true])('by a trap in WebAssembly, relaxed: %s', (relaxed) => {
    it.each([1, 3])('fails the call and every later one, with its cause, on %i threads', async (threads) => {
      const machine = new Machine('wasm', threads, relaxed);
      await Promise.all(started.map((thread) => once(thread, 'online')));
      const floats = 1 << 23;
      const values = machine.allocate(floats * 4);
      const sums = machine.allocate(8 * 8);
      const long: Task[] = Array.from({ length: 8 }, (_, i) => squares(sums + i * 8, values, floats));
      const unknownOperation: Task = [99];
      await machine.run(long);
      // While the first task keeps one thread busy, another one meets the operation that there is not.
      const call = machine.run([...long.slice(0, 1), unknownOperation, ...long.slice(1)]);
      expect((await errorOf(call)).message).toContain('cannot go on: unreachable');
      for (let later = 0; later < 3; later++)
        expect((await errorOf(machine.run(long))).message).toContain('cannot go on: unreachable');
      machine.release();
    });
  });
});
