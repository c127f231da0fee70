/** The sandbox: runs untrusted Python programs against tests and says how each went. This file is its contract and
 * chooses the isolation; pool.ts queues, server.ts and one-shot.ts hold the processes, judge.ts decides. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { Limits, ProgramResult, Test } from '../../src-shared/verdict.ts';
import { type IsolationLevel, type IsolationReport, interpreters, launch } from './isolation.ts';
import { judge } from './judge.ts';
import { OneShotRunner } from './one-shot.ts';
import { Pool, type SandboxStats } from './pool.ts';
import { RunnerFault, type TestRunner } from './runner.ts';
import { ForkServer } from './server.ts';

export type { IsolationReport } from './isolation.ts';
export type { SandboxStats } from './pool.ts';

/** As LiveCodeBench's grader (6 s a test), with the memory of common judges. */
export const DEFAULT_LIMITS: Limits = {
  wallMs: 6_000,
  cpuSeconds: 6,
  memoryMb: 1_024,
  outputBytes: 4 << 20,
  fileBytes: 16 << 20,
  processes: 32,
};

const LimitsSchema = z.strictObject({
  wallMs: z.number().min(10).max(3_600_000),
  cpuSeconds: z.int().min(1).max(3_600),
  memoryMb: z
    .int()
    .min(64)
    .max(1 << 20),
  outputBytes: z
    .int()
    .min(1)
    .max(64 << 20),
  fileBytes: z
    .int()
    .min(4_096)
    .max(1 << 30),
  processes: z.int().min(1).max(1_024),
});

const ConcurrencySchema = z.strictObject({ concurrency: z.int().min(1).max(1_024) });

/** The value, or a RangeError in one line that names the first wrong field, its value and what is allowed. */
function checked<T extends object>(schema: z.ZodType<T>, value: T): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  const given: unknown = Object.entries(value).find(([name]) => name === field)?.[1];
  throw new RangeError(`${field}: ${JSON.stringify(given)} is not allowed: ${issue?.message}`);
}

export interface SandboxOptions {
  /** Programs run at one time; the number of processors by default. */
  readonly concurrency?: number;
  /** This isolation or none; by default the strongest that works here. */
  readonly isolation?: IsolationLevel;
}

export interface SandboxProgram {
  readonly code: string;
  /** The function, or method of class Solution, that functional tests call. */
  readonly functionName?: string;
  readonly tests: readonly Test[];
  /** Ends at the first test that does not pass; false by default. */
  readonly stopAtFirstFailure?: boolean;
  readonly limits?: Partial<Limits>;
}

export interface Sandbox {
  readonly isolation: IsolationReport;
  /** Runs the program on each test, in order, each in a process of its own. Whatever the program does is a verdict.
   * Rejects with the signal's reason once it is aborted, and when the sandbox is closed. */
  run(program: SandboxProgram, signal?: AbortSignal): Promise<ProgramResult>;
  stats(): SandboxStats;
  /** Ends every process and removes every file of the sandbox. */
  close(): Promise<void>;
}

/** Opens a sandbox under the strongest isolation in which a program really ran. Rejects, in one line, where none does. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { concurrency } = checked(ConcurrencySchema, { concurrency: options.concurrency ?? availableParallelism() });
  const { first, level, python, reasons } = await strongest(options.isolation);
  const pool = new Pool(concurrency, first, (slot) => start(level, python, slot));
  return {
    isolation: report(level, first, reasons),
    async run(program, signal) {
      const limits = checked(LimitsSchema, { ...DEFAULT_LIMITS, ...program.limits });
      const { code, functionName = null, tests, stopAtFirstFailure = false } = program;
      if (tests.length === 0) return { verdict: 'sandbox-error', tests: [] }; // nothing was shown, so nothing passed
      if (functionName === null && tests.some((test) => test.kind === 'functional')) {
        throw new TypeError('functionName: none given, but a functional test calls a function');
      }
      return pool.run({ program: { code, functionName, limits }, tests, stopAtFirstFailure, signal });
    },
    stats: () => pool.stats(),
    close: () => pool.close(),
  };
}

function candidates(): readonly IsolationLevel[] {
  if (process.platform === 'linux') return ['bubblewrap', 'rlimits'];
  return process.platform === 'win32' ? ['process'] : ['rlimits'];
}

interface Opened {
  readonly first: TestRunner;
  readonly level: IsolationLevel;
  readonly python: string;
  /** Why each stronger isolation is not used, one line each. */
  readonly reasons: readonly string[];
}

async function strongest(wanted: IsolationLevel | undefined): Promise<Opened> {
  const reasons: string[] = [];
  for (const level of wanted === undefined ? candidates() : [wanted]) {
    for (const python of interpreters()) {
      try {
        return { first: await probe(level, python), level, python, reasons };
      } catch (error) {
        if (!(error instanceof RunnerFault)) throw error;
        reasons.push(`no ${level} with ${python}: ${error.message}`);
      }
    }
  }
  throw new Error(`No program can be run in a sandbox (${reasons.join('; ')}): install Python 3.9 or newer`);
}

/** A runner that has run a program, not only started. */
async function probe(level: IsolationLevel, python: string): Promise<TestRunner> {
  const runner = await start(level, python, 0);
  const test: Test = { kind: 'functional', input: '6', expected: '42' };
  try {
    runner.begin({ code: 'def probe(n): return 7 * n', functionName: 'probe', limits: DEFAULT_LIMITS });
    const seen = await runner.run(test);
    const { verdict, detail } = judge(test, seen);
    if (verdict !== 'passed') throw new RunnerFault(`a trial program ended in ${verdict}: ${detail ?? seen.stderr}`);
    runner.end();
    return runner;
  } catch (error) {
    await runner.stop();
    throw error;
  }
}

async function start(level: IsolationLevel, python: string, slot: number): Promise<TestRunner> {
  const command = await launch(level, python, slot);
  return level === 'process' ? new OneShotRunner(command) : ForkServer.start(command);
}

function report(level: IsolationLevel, runner: TestRunner, reasons: readonly string[]): IsolationReport {
  const holds: Readonly<Record<IsolationLevel, string>> = {
    bubblewrap: 'own file system, processes and user, no network',
    rlimits: `resource limits only; programs see this machine's files${runner.blocksNetwork ? ', no network' : ' and network'}`,
    process: "programs see this machine's files and network",
  };
  const because = reasons.length === 0 ? '' : `; ${reasons.join('; ')}`;
  return {
    level,
    detail: `${level}: ${holds[level]} (${runner.description})${because}`,
    network: level !== 'bubblewrap' && !runner.blocksNetwork,
  };
}
