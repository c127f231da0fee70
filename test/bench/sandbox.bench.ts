/**
 * Tests a second in the sandbox, every core busy, against (a) a fresh `python3` a test under rlimits and (b) judges
 * without any isolation (peer/plain_judge.py), for trivial programs with ten tests. `npm run bench:sandbox`; the table
 * and results/sandbox.json hold what was measured.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { interpreters } from '../../src-main/sandbox/isolation.ts';
import { openSandbox } from '../../src-main/sandbox/sandbox.ts';
import type { Test } from '../../src-shared/verdict.ts';

const SECONDS = 10;
const TESTS = 10;
const workers = availableParallelism();
const [python = 'python3'] = interpreters();

const SCRIPT = 'n = int(input())\nprint(sum(map(int, input().split())))\n';
const stdin: Test[] = Array.from({ length: TESTS }, (_, i) => ({
  kind: 'stdin',
  input: `3\n${i} 1 2\n`,
  expected: `${i + 3}`,
}));
const FUNCTION = 'class Solution:\n    def f(self, n: int, a: List[int]):\n        return [n, sorted(a)]\n';
const functional: Test[] = Array.from({ length: TESTS }, (_, i) => ({
  kind: 'functional',
  input: `${i}\n[3, 1, 2]`,
  expected: `[${i}, [1, 2, 3]]`,
}));

interface Measured {
  readonly testsPerSecond: number;
  /** Of a test, in milliseconds. */
  readonly latencies: readonly number[];
}

/** Repeats `judge`, one at a time on each core, for some seconds. It gives the times of its tests. */
async function measure(judge: () => Promise<readonly number[]>): Promise<Measured> {
  await judge();
  const started = performance.now();
  const latencies: number[] = [];
  const loop = async () => {
    while (performance.now() - started < SECONDS * 1000) latencies.push(...(await judge()));
  };
  await Promise.all(Array.from({ length: workers }, loop));
  return { testsPerSecond: (latencies.length / (performance.now() - started)) * 1000, latencies };
}

function output(command: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`${command}: status ${code}`))));
  });
}

const LIMITED =
  'import resource\nfor name, value in [("AS", 1 << 30), ("CPU", 6), ("FSIZE", 1 << 24), ("NOFILE", 64), ("CORE", 0)]: resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))\n';

async function freshPython(): Promise<readonly number[]> {
  const times: number[] = [];
  for (const { input, expected } of stdin) {
    const started = performance.now();
    const said = await output(python, ['-c', LIMITED + SCRIPT], input);
    if (said.trim() !== expected) throw new Error(`python3 said ${said}`);
    times.push(performance.now() - started);
  }
  return times;
}

async function plainJudge(style: 'livecodebench' | 'lean'): Promise<Measured> {
  const tests = stdin.map(({ input, expected }) => [input, expected]);
  const order = { style, workers, seconds: SECONDS, code: SCRIPT, tests };
  const script = join(import.meta.dirname, 'peer', 'plain_judge.py');
  const said: unknown = JSON.parse(await output(python, [script], JSON.stringify(order)));
  const { programs, seconds, milliseconds } = said as { programs: number; seconds: number; milliseconds: number[] };
  return { testsPerSecond: (programs * TESTS) / seconds, latencies: milliseconds };
}

async function inSandbox(code: string, tests: readonly Test[]): Promise<Measured> {
  const sandbox = await openSandbox({ concurrency: workers });
  try {
    return await measure(async () => {
      const result = await sandbox.run({ code, functionName: 'f', tests, anew: true });
      if (result.verdict !== 'passed') throw new Error(JSON.stringify(result));
      return result.tests.map(({ wallMs }) => wallMs);
    });
  } finally {
    await sandbox.close();
  }
}

const fresh = await measure(freshPython);
const livecodebench = await plainJudge('livecodebench');
const rows = [
  { judge: '(a) fresh python3 a test, rlimits', measured: fresh },
  { judge: "(b) process a program, LiveCodeBench's way, no isolation", measured: livecodebench },
  { judge: '(b2) process a program, nothing but forks, no isolation', measured: await plainJudge('lean') },
  { judge: 'Assay, stdin, a process a test', measured: await inSandbox(SCRIPT, stdin) },
  { judge: 'Assay, functional, a process a program', measured: await inSandbox(FUNCTION, functional) },
].map(({ judge, measured: { testsPerSecond, latencies } }) => {
  const sorted = [...latencies].sort((a, b) => a - b);
  const quantile = (q: number) => Number((sorted[Math.ceil(q * sorted.length) - 1] as number).toFixed(2));
  return {
    judge,
    'tests/s': Math.round(testsPerSecond),
    'x (a)': Number((testsPerSecond / fresh.testsPerSecond).toFixed(2)),
    'x (b)': Number((testsPerSecond / livecodebench.testsPerSecond).toFixed(2)),
    'p50 ms': quantile(0.5),
    'p99 ms': quantile(0.99),
  };
});
console.table(rows);
const machine = `${workers} x ${cpus()[0]?.model ?? 'unknown'}`;
const report = { machine, python, testsPerProgram: TESTS, seconds: SECONDS, rows };
await writeFile(join(import.meta.dirname, 'results', 'sandbox.json'), `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report));
