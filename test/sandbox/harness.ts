/** What the sandbox's suites share: which isolation works here, short ways to run a program, and a watch over every
 * process that this one has below it. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { IsolationLevel } from '../../src-main/sandbox/isolation.ts';
import { openSandbox, type Sandbox } from '../../src-main/sandbox/sandbox.ts';
import type { Limits, Test, TestResult } from '../../src-shared/verdict.ts';

/** The reason why no sandbox of this level opens here, or null where one does. */
export async function absence(level: IsolationLevel): Promise<string | null> {
  try {
    const sandbox = await openSandbox({ isolation: level, concurrency: 1 });
    await sandbox.close();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

export const stdin = (expected: string, input = ''): Test => ({ kind: 'stdin', input, expected });
export const call = (expected: string, ...inputs: string[]): Test => ({
  kind: 'functional',
  input: inputs.join('\n'),
  expected,
});

/** Python for what a program could do: `mark()` finds the mark of the call that it is asked (resources/sandbox/supervise.py). */
export const FIND_MARK = `import os, sys, time
def mark():
  frame = sys._getframe()
  while frame is not None:
    found = frame.f_globals.get('mark')
    if isinstance(found, bytes): return found + b' '
    frame = frame.f_back
`;

/** The result of a program on one test; a functional test calls `f`. */
export async function runOne(
  sandbox: Sandbox,
  code: string,
  test: Test = stdin('unreachable'),
  limits: Partial<Limits> = {},
): Promise<TestResult> {
  const { tests } = await sandbox.run({ code, functionName: 'f', tests: [test], limits, anew: true });
  const [result] = tests;
  if (result === undefined || tests.length !== 1) throw new Error(`${tests.length} results for one test`);
  return result;
}

/** Identity of a process: its id and start time, so that a reused id is another process. Linux only. */
function processes(): Map<number, { parent: number; identity: string }> {
  const found = new Map<number, { parent: number; identity: string }>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      found.set(pid, { parent: Number(fields[1]), identity: `${pid}@${fields[19]}` });
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error; // it has ended
    }
  }
  return found;
}

/** Ids of all processes below `root`. */
export function descendants(root = process.pid): Map<number, string> {
  const all = processes();
  const below = new Map<number, string>();
  for (let frontier = new Set([root]); frontier.size > 0; ) {
    const next = [...all].filter(([, { parent }]) => frontier.has(parent));
    for (const [pid, { identity }] of next) below.set(pid, identity);
    frontier = new Set(next.map(([pid]) => pid));
  }
  return below;
}

/** Whether the process of this identity still lives. */
export function alive(identity: string): boolean {
  return [...processes().values()].some((process) => process.identity === identity);
}

/** Notes every descendant that lives at one of many looks; `survivors` are those that still do. */
export class ProcessWatch {
  readonly #seen = new Set<string>();
  readonly #timer = setInterval(() => this.look(), 50);

  get count(): number {
    return this.#seen.size;
  }

  look(): void {
    for (const identity of descendants().values()) this.#seen.add(identity);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Those that live on after five seconds. */
  async survivors(): Promise<string[]> {
    for (let look = 0; ; look += 1) {
      const alive = new Set([...processes().values()].map(({ identity }) => identity));
      const left = [...this.#seen].filter((identity) => alive.has(identity));
      if (left.length === 0 || look === 50) return left;
      await setTimeout(100);
    }
  }
}
