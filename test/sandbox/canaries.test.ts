/** The canaries under each isolation that opens here, and under none, which they must notice. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkCanaries } from '../../src-main/sandbox/canaries.ts';
import { ISOLATION_LEVELS } from '../../src-main/sandbox/isolation.ts';
import { openSandbox, type Sandbox } from '../../src-main/sandbox/sandbox.ts';
import type { TestResult } from '../../src-shared/verdict.ts';
import { absence } from './harness.ts';

const canaryFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('assay-canary-'));

for (const level of ISOLATION_LEVELS) {
  const absent = await absence(level);
  describe.skipIf(absent !== null)(`${level}${absent === null ? '' : ` (absent: ${absent})`}`, () => {
    test('holds every canary that it claims to hold, in any order, at once and again', async () => {
      const before = canaryFolders();
      process.env.ASSAY_TEST_SECRET = 'a secret of the test process';
      const sandbox = await openSandbox({ isolation: level });
      onTestFinished(async () => {
        delete process.env.ASSAY_TEST_SECRET;
        await sandbox.close();
      });
      const [first, second] = await Promise.all([checkCanaries(sandbox), checkCanaries(backwards(sandbox))]);
      for (const report of [first, second, await checkCanaries(sandbox)]) {
        expect(report.isolation).toBe(level);
        expect(report.results.filter(({ held }) => held === false)).toEqual([]);
        expect(report.held).toBe(true);
        const claimed = report.results.filter(({ held }) => held === true);
        expect(claimed.length).toBeGreaterThanOrEqual(level === 'bubblewrap' ? 25 : 20);
      }
      expect(sandbox.stats().faults).toBe(0);
      expect(canaryFolders()).toEqual(before);
    }, 180_000);
  });
}

/** Starts the last program first. */
function backwards(sandbox: Sandbox): Sandbox {
  let waiting: (() => void)[] = [];
  return {
    ...sandbox,
    run: (program, signal) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0)
          setImmediate(() => {
            for (const start of waiting.reverse()) start();
            waiting = [];
          });
        waiting.push(() => void sandbox.run(program, signal).then(resolve, reject));
      }),
  };
}

const PYTHON = '/usr/bin/python3';

describe.skipIf(!existsSync(PYTHON))(`a bare process${existsSync(PYTHON) ? '' : ` (absent: ${PYTHON})`}`, () => {
  test('is not taken for a sandbox', async () => {
    process.env.ASSAY_TEST_SECRET = 'a secret of the test process';
    const folder = mkdtempSync(join(tmpdir(), 'assay-bare-'));
    onTestFinished(() => {
      delete process.env.ASSAY_TEST_SECRET;
      rmSync(folder, { recursive: true });
    });
    const report = await checkCanaries(bareSandbox(folder));
    const of = (held: boolean) => report.results.flatMap((r) => (r.held === held ? [r.id] : []));
    expect(report.held).toBe(false);
    expect(of(false)).toEqual(
      expect.arrayContaining([
        'fresh-start',
        'memory',
        'output',
        'file',
        'fork-bomb',
        'left-behind',
        'files',
        'write',
        'network',
        'environment',
      ]),
    );
    // What it is told apart by are the hostile ones: it judges printed answers well.
    expect(of(true)).toEqual(expect.arrayContaining(['right', 'wrong', 'exit', 'endless-loop']));
  }, 180_000);
});

/** Runs programs that read standard input with nothing but a clock around them. */
function bareSandbox(folder: string): Sandbox {
  const runOne = (code: string, input: string, expected: string, wallMs: number) =>
    new Promise<TestResult>((resolve) => {
      const child = spawn(PYTHON, ['-c', code], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
      const end = () => child.pid !== undefined && kill(child.pid);
      let got = '';
      let late = false;
      child.stdout.on('data', (chunk: Buffer) => {
        got += chunk;
      });
      const timer = setTimeout(() => {
        late = true;
        end();
      }, wallMs);
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      child.once('exit', (status) => {
        clearTimeout(timer);
        end();
        setImmediate(() => child.stdout.destroy());
        const right = got.trim() === expected.trim();
        const verdict = late ? 'time-limit' : status !== 0 ? 'runtime-error' : right ? 'passed' : 'wrong-answer';
        resolve({ verdict, got: got.slice(0, 100), detail: null, wallMs: 1, memoryMb: null });
      });
    });
  let queue: Promise<unknown> = Promise.resolve();
  return {
    isolation: { level: 'bubblewrap', detail: 'none at all', network: false },
    languages: [{ language: 'python', title: 'Python', kinds: ['stdin'], version: '3', missing: null }],
    run: ({ code, tests, limits }) => {
      const run = queue.then(async () => {
        const results: TestResult[] = [];
        for (const { input, expected } of tests)
          results.push(await runOne(code, input, expected, limits?.wallMs ?? 5000));
        return { verdict: results.find((r) => r.verdict !== 'passed')?.verdict ?? 'passed', tests: results } as const;
      });
      queue = run;
      return run;
    },
    stats: () => ({ running: 0, queued: 0, done: 0, testsDone: 0, testsPerSecond: 0, faults: 0, lastFault: null }),
    close: async () => {},
  };
}

/** The group of the program; a session of its own lives on, and ends by itself. */
function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
