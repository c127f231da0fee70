/** The sandbox's own life: lost and stalled servers, aborts, closing, and the queue. */

import { spawn } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openSandbox, type Sandbox } from '../../src-main/sandbox/sandbox.ts';
import { absence, alive, call, descendants, stdin } from './harness.ts';

const FOREVER = { code: 'import time\ntime.sleep(1000)', tests: [stdin('6')], limits: { wallMs: 60_000 } };
const DOUBLE = { code: 'def f(n): return 2 * n', functionName: 'f', anew: true };
const tests = Array.from({ length: 5 }, (_, i) => call(`${2 * i}`, `${i}`));

/** Resolves when the sandbox has `count` programs running and their processes have had time to start. */
async function running(sandbox: Sandbox, count = 1): Promise<void> {
  while (sandbox.stats().running < count) await sleep(5);
  await sleep(200);
}

for (const level of ['bubblewrap', 'rlimits'] as const) {
  const absent = await absence(level);
  describe.skipIf(absent !== null)(`${level}${absent === null ? '' : ` (absent: ${absent})`}`, () => {
    let sandbox: Sandbox;
    beforeEach(async () => {
      sandbox = await openSandbox({ isolation: level, concurrency: 2 });
    });
    afterEach(async () => {
      vi.useRealTimers();
      await sandbox.close();
      await expect.poll(() => descendants().size).toBe(0);
    });

    /** The children of this process that are sandbox servers or runners. */
    const servers = () =>
      readdirSync(`/proc/${process.pid}/task`)
        .flatMap((task) => readFileSync(`/proc/${process.pid}/task/${task}/children`, 'utf8').trim().split(' '))
        .filter((pid) => pid !== '')
        .map(Number);

    test('many programs at once, each with its own verdict, in a bounded number of slots', async () => {
      const runs = Array.from({ length: 12 }, (_, i) =>
        sandbox.run({ ...DOUBLE, tests: [call(`${i % 2}`, `${i % 2}`)] }),
      );
      expect(sandbox.stats()).toMatchObject({ running: 2, queued: 10, done: 0 });
      const verdicts = (await Promise.all(runs)).map(({ verdict }) => verdict);
      expect(verdicts).toEqual(Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 'passed' : 'wrong-answer')));
      expect(sandbox.stats()).toMatchObject({ running: 0, queued: 0, done: 12, testsDone: 12, faults: 0 });
      expect(sandbox.stats().testsPerSecond).toBeGreaterThan(0);
    });

    test('an abort ends the running program at once, and only that', async () => {
      const abort = new AbortController();
      const reason = new Error('changed my mind');
      const aborted = sandbox.run(FOREVER, abort.signal);
      const other = sandbox.run({ code: 'import time\ntime.sleep(1)\nprint(6)', tests: [stdin('6')] });
      await running(sandbox, 2);
      abort.abort(reason);
      await expect(aborted).rejects.toBe(reason);
      expect((await other).verdict).toBe('passed');
      expect((await sandbox.run({ ...DOUBLE, tests })).verdict).toBe('passed');
    });

    test('a signal knows nothing of programs that have been judged', async () => {
      const { signal } = new AbortController();
      await Promise.all(Array.from({ length: 8 }, () => sandbox.run({ ...DOUBLE, tests }, signal)));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    test('an abort takes a waiting program out of the queue', async () => {
      const stop = new AbortController();
      const busy = [sandbox.run(FOREVER, stop.signal), sandbox.run(FOREVER, stop.signal)];
      const abort = new AbortController();
      const waiting = sandbox.run({ ...DOUBLE, tests }, abort.signal);
      expect(sandbox.stats().queued).toBe(1);
      abort.abort(new Error('no longer needed'));
      await expect(waiting).rejects.toThrow('no longer needed');
      expect(sandbox.stats().queued).toBe(0);
      await expect(sandbox.run({ ...DOUBLE, tests }, abort.signal)).rejects.toThrow('no longer needed');
      stop.abort(new Error('enough'));
      expect((await Promise.allSettled(busy)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    });

    test('closing ends what runs and what waits', async () => {
      const runs = [FOREVER, FOREVER, FOREVER].map((program) => sandbox.run(program));
      const settled = Promise.allSettled(runs);
      await running(sandbox, 2);
      await sandbox.close();
      for (const run of await settled) {
        expect(run).toMatchObject({ status: 'rejected', reason: { message: 'The sandbox was closed' } });
      }
      expect(descendants().size).toBe(0);
      await expect(sandbox.run({ ...DOUBLE, tests })).rejects.toThrow('The sandbox was closed');
    });

    test('a wrong limit is refused by name', async () => {
      await expect(sandbox.run({ ...DOUBLE, tests, limits: { memoryMb: 1 } })).rejects.toThrow(
        /^memoryMb: 1 is not allowed: [^\n]*64[^\n]*$/,
      );
      await expect(sandbox.run({ code: '', tests })).rejects.toThrow('functionName');
    });

    describe('a server', () => {
      test('ends, with all its programs, when this process is killed', async () => {
        const url = new URL('../../src-main/sandbox/sandbox.ts', import.meta.url).href;
        const script = `
          const { openSandbox } = await import(${JSON.stringify(url)});
          const sandbox = await openSandbox({ isolation: ${JSON.stringify(level)}, concurrency: 1 });
          const code = 'import os, time\\nif os.fork() == 0: os.setsid()\\ntime.sleep(1000)';
          await sandbox.run({ code, tests: [{ kind: 'stdin', input: '', expected: '' }], limits: { wallMs: 60000 } });`;
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
        const pid = child.pid as number;
        await expect.poll(() => descendants(pid).size, { timeout: 36_000 }).toBeGreaterThanOrEqual(4);
        await sleep(300);
        const below = descendants(pid);
        process.kill(pid, 'SIGKILL');
        await expect
          .poll(() => [...below.values()].filter((identity) => alive(identity)), { timeout: 36_000 })
          .toEqual([]);
      }, 90_000);

      test('that is killed in mid-program is replaced, and the result is right', async () => {
        const code = 'import time\ndef f(n):\n  time.sleep(0.3)\n  return 2 * n';
        const run = sandbox.run({ code, functionName: 'f', tests });
        await running(sandbox);
        for (const pid of servers()) process.kill(pid, 'SIGKILL');
        const { verdict, tests: results } = await run;
        expect(verdict).toBe('passed');
        expect(results).toHaveLength(5);
        expect(sandbox.stats().faults).toBe(1);
      });

      test('that is killed while idle is replaced', async () => {
        await sandbox.run({ ...DOUBLE, tests });
        for (const pid of servers()) process.kill(pid, 'SIGKILL');
        expect((await sandbox.run({ ...DOUBLE, tests })).verdict).toBe('passed');
      });

      test('that is killed three times makes a sandbox-error, and the next program is well', async () => {
        const run = sandbox.run(FOREVER);
        await running(sandbox);
        for (let time = 1; time <= 3; time += 1) {
          const now = servers();
          for (const pid of now) process.kill(pid, 'SIGKILL');
          if (time === 3) break;
          await expect.poll(() => servers().filter((pid) => !now.includes(pid)).length, { timeout: 36_000 }).toBe(1);
          await sleep(500);
        }
        const { verdict, tests: results } = await run;
        expect(verdict).toBe('sandbox-error');
        expect(results[0]?.detail).toMatch(/^The sandbox server ended with SIGKILL[^\n]*$/);
        expect((await sandbox.run({ ...DOUBLE, tests })).verdict).toBe('passed');
      }, 120_000);

      test('that stalls is replaced by the watchdog', async () => {
        const code = 'import time\ndef f(n):\n  time.sleep(0.5)\n  return 2 * n';
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
        const run = sandbox.run({ code, functionName: 'f', tests: [call('2', '1')], limits: { wallMs: 1_000 } });
        await sleep(200);
        const stalled = [...descendants().keys()];
        for (const pid of stalled) process.kill(pid, 'SIGSTOP');
        await sleep(700);
        vi.advanceTimersByTime(16_500);
        vi.useRealTimers();
        expect((await run).verdict).toBe('passed');
        expect(sandbox.stats().faults).toBe(1);
      }, 90_000);
    });
  });
}

test('where no isolation works, opening says why and what to install', async () => {
  const path = process.env.PATH;
  process.env.PATH = '/nonexistent';
  try {
    await expect(openSandbox({ isolation: 'bubblewrap' })).rejects.toThrow(
      /^No program can be run .*needs bwrap, which is not installed.*: install Python 3\.9/,
    );
  } finally {
    process.env.PATH = path;
  }
});
