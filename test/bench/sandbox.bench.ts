/** Tests a second in the sandbox, as a ratio to the plainest way: one `python3 -c` a test, without isolation. Run it
 * with `node test/bench/sandbox.bench.ts`; the last line is JSON. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ISOLATION_LEVELS, interpreters } from '../../src-main/sandbox/isolation.ts';
import { openSandbox } from '../../src-main/sandbox/sandbox.ts';
import type { Test } from '../../src-shared/verdict.ts';

const SECONDS = 5;
const TESTS = 4;
const concurrency = availableParallelism();
const functional: Test[] = Array.from({ length: TESTS }, (_, i) => ({
  kind: 'functional',
  input: `${i}\n[3, 1, 2]`,
  expected: `[${i}, [1, 2, 3]]`,
}));
const stdin: Test[] = Array.from({ length: TESTS }, (_, i) => ({
  kind: 'stdin',
  input: `3\n${i} 1 2\n`,
  expected: `${i + 3}`,
}));
const FUNCTION = 'class Solution:\n    def f(self, n: int, a: List[int]):\n        return [n, sorted(a)]\n';
const SCRIPT = 'n = int(input())\nprint(sum(map(int, input().split())))\n';

/** Repeats `work`, `concurrency` at a time, for some seconds; gives its tests a second. */
async function rate(testsEach: number, work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  let done = 0;
  const loop = async () => {
    for (; performance.now() - started < SECONDS * 1000; done += testsEach) await work();
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return (done / (performance.now() - started)) * 1000;
}

function plain(): Promise<void> {
  const [python = 'python3'] = interpreters();
  const child = spawn(python, ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(stdin[0]?.input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`python3 -c: status ${code}`))));
  });
}

const baseline = await rate(1, plain);
const rows: { isolation: string; kind: string; testsPerSecond: number; ratio: number }[] = [];
const add = (isolation: string, kind: string, perSecond: number) =>
  rows.push({
    isolation,
    kind,
    testsPerSecond: Math.round(perSecond),
    ratio: Number((perSecond / baseline).toFixed(2)),
  });
add('none (python3 -c)', 'stdin', baseline);
for (const isolation of ISOLATION_LEVELS) {
  const sandbox = await openSandbox({ isolation, concurrency }).catch((error: Error) => error);
  if (sandbox instanceof Error) {
    console.log(`${isolation}: absent (${sandbox.message})`);
    continue;
  }
  for (const [kind, code, tests] of [
    ['functional', FUNCTION, functional],
    ['stdin', SCRIPT, stdin],
  ] as const) {
    const perSecond = await rate(TESTS, async () => {
      const { verdict } = await sandbox.run({ code, functionName: 'f', tests, stopAtFirstFailure: true });
      if (verdict !== 'passed') throw new Error(`${isolation} ${kind}: ${verdict}`);
    });
    add(isolation, kind, perSecond);
  }
  await sandbox.close();
}
console.table(rows);
console.log(JSON.stringify({ concurrency, testsPerProgram: TESTS, seconds: SECONDS, rows }));
