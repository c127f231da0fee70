/** Many programs, good and hostile, one after another through one sandbox: every verdict is right, and at the end there
 * is no process, descriptor, file or memory more than at the start. ASSAY_SOAK_TESTS sets how many tests (20,000 where
 * it is not set). */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openSandbox, type SandboxProgram } from '../../src-main/sandbox/sandbox.ts';
import type { Verdict } from '../../src-shared/verdict.ts';
import { absence, call, descendants, stdin } from './harness.ts';

const TESTS = Number(process.env.ASSAY_SOAK_TESTS ?? 20_000);
const BATCH = 64;
const SETTLE_MS = 500;
const absent = await absence('bubblewrap');

type Case = SandboxProgram & { readonly verdicts: readonly Verdict[] };

const SHORT = { wallMs: 300, cpuSeconds: 1, memoryMb: 128, processes: 8 };
const many = Array.from({ length: 200 }, (_, i) => call(`[${i}, ${i * i}]`, `${i}`));
const good = (code: string): Case => ({ code, functionName: 'f', tests: many, verdicts: ['passed'] });
const hostile = (code: string, ...verdicts: Verdict[]): Case => ({
  ...{ code, functionName: 'f', verdicts, limits: SHORT },
  tests: [code.includes('def f') ? call('6') : stdin('6')],
});

/** Good ones come many times for each hostile one: their tests are cheap, and a leak a program shows as well. */
const GOOD: readonly Case[] = [
  good('def f(n): return [n, n * n]'),
  good('class Solution:\n  def f(self, n):\n    print("aside")\n    return (n, n ** 2)'),
  { ...good('def f(n): return [n, n * n + (n == 150)]'), verdicts: ['wrong-answer'] },
  { ...good('def f(n): return [n, n * n][n // 190 * 9:]'), verdicts: ['wrong-answer'] },
  { ...good('def f(n):\n  if n > 100: raise ValueError(n)\n  return [n, n * n]'), verdicts: ['runtime-error'] },
  {
    code: 'n = int(input())\nopen("left", "w").write("x" * n)\nprint(n + 1)',
    tests: [stdin('6', '5'), stdin('9', '8')],
    verdicts: ['passed'],
  },
];
const HOSTILE: readonly Case[] = [
  hostile('while True: pass', 'time-limit'),
  hostile('import time\ntime.sleep(100)', 'time-limit'),
  hostile('x = []\nwhile True: x.append(" " * 10 ** 6)', 'memory-limit'),
  hostile('while True: print("x" * 10 ** 5)', 'output-limit', 'time-limit'),
  hostile('import os\nwhile True:\n  try: os.fork()\n  except OSError: pass', 'time-limit', 'memory-limit'),
  hostile('import os\nif os.fork() == 0:\n  os.setsid()\n  while True: pass\nprint(6)', 'passed'),
  hostile('import os\ndef f():\n  os.kill(-1, 9)', 'runtime-error'),
  hostile(
    'import os\nfor n in range(1, 65):\n  try: os.kill(os.getppid(), n)\n  except OSError: pass',
    'wrong-answer',
    'runtime-error',
  ),
  hostile(
    'import os\ndef f():\n  for i in range(64):\n    try: os.write(i, b\'{"value": 7}\\n\' * 9)\n    except OSError: pass\n  return 6',
    'wrong-answer',
    'runtime-error',
    'time-limit',
  ),
  hostile('import os\nos.closerange(0, 64)\ndef f(): return 6', 'runtime-error', 'time-limit'),
  hostile(
    'import threading\ndef f():\n  for i in range(100): threading.Thread(target=lambda: exec("while 1: pass"), daemon=True).start()',
    'runtime-error',
    'time-limit',
  ),
  hostile(
    'import sys\nsys.setrecursionlimit(10 ** 9)\ndef g(): g()\ng()',
    'runtime-error',
    'memory-limit',
    'time-limit',
  ),
  hostile('x = (', 'compile-error'),
];

/** Kilobytes resident in a process. */
function residentKb(pid: number | 'self'): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
}

const descriptors = (pid: number | 'self') => readdirSync(`/proc/${pid}/fd`).length;

describe.skipIf(absent !== null)(`bubblewrap${absent === null ? '' : ` (absent: ${absent})`}`, () => {
  test(
    `${TESTS} tests leave nothing behind`,
    async () => {
      const outside = process.env.TMPDIR;
      const folder = mkdtempSync(join(tmpdir(), 'assay-soak-'));
      process.env.TMPDIR = folder;
      const sandbox = await openSandbox({ isolation: 'bubblewrap' });
      const wrong: string[] = [];
      let done = 0;
      const batch = async (round: number) => {
        const cases = Array.from({ length: BATCH }, (_, i) =>
          i === 0 ? (HOSTILE[round % HOSTILE.length] as Case) : (GOOD[(round + i) % GOOD.length] as Case),
        );
        await Promise.all(
          cases.map(async ({ verdicts, ...program }) => {
            const { verdict, tests } = await sandbox.run({ ...program, anew: true });
            done += tests.length;
            if (!verdicts.includes(verdict)) wrong.push(`${verdict}, not ${verdicts}: ${program.code}`);
          }),
        );
      };
      try {
        // Once through everything; what is there then is what the sandbox needs.
        for (let round = 0; round < HOSTILE.length; round += 1) await batch(round);
        const own = { descriptors: descriptors('self') };
        const servers = () =>
          [...descendants().keys()].map((pid) => ({ pid, kb: residentKb(pid), fds: descriptors(pid) }));
        // Each server has a process waiting for its next program; those end with a program, and others take their place.
        await sleep(SETTLE_MS);
        const before = servers();
        for (let round = 0; done < TESTS && wrong.length < 10; round += 1) await batch(round);
        await sleep(SETTLE_MS);
        const after = servers();
        expect(wrong).toEqual([]);
        expect(sandbox.stats().faults).toBe(0);
        expect(after.map(({ fds }) => fds)).toEqual(before.map(({ fds }) => fds));
        for (const [i, { kb }] of after.entries()) expect(kb).toBeLessThan((before[i]?.kb ?? 0) + 2_048);
        expect(descriptors('self')).toBeLessThanOrEqual(own.descriptors + 2);
        expect(readdirSync(folder)).toEqual([]);
        await sandbox.close();
        expect(descendants().size).toBe(0);
      } finally {
        await sandbox.close();
        if (outside === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = outside;
        rmSync(folder, { recursive: true, force: true });
      }
    },
    Math.max(240_000, TESTS * 10),
  );
});
