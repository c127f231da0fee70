/** The sandbox: runs untrusted programs against tests and says how each went. This file is its contract and
 * chooses the isolation; pool.ts queues, server.ts and one-shot.ts hold the processes, judge.ts decides. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { Language, Limits, ProgramResult, Test } from '../../src-shared/verdict.ts';
import { Artefacts } from './artefacts.ts';
import { type LanguageReport, refuseWhatCannotRun } from './can-run.ts';
import { type IsolationLevel, type IsolationReport, interpreters, launch, sourcesHash } from './isolation.ts';
import { judge } from './judge.ts';
import { LANGUAGE_ENTRIES } from './languages/index.ts';
import { type Toolchain, ToolchainMissing } from './languages/language.ts';
import { Pool, type SandboxStats } from './pool.ts';
import { PORTABLE_KINDS, PortableRunner, portableDescription } from './portable/portable.ts';
import { RunnerFault, type TestRunner } from './runner.ts';
import { ForkServer, type Tools } from './server.ts';
import { VerdictCache } from './verdict-cache.ts';

export type { LanguageReport } from './can-run.ts';
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
    .max(16 << 20),
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
  /** Python where none is given. */
  readonly language?: Language;
  readonly code: string;
  /** The function, or method of class Solution, that functional tests call. */
  readonly functionName?: string;
  readonly tests: readonly Test[];
  /** Ends at the first test that does not pass; false by default. */
  readonly stopAtFirstFailure?: boolean;
  readonly limits?: Partial<Limits>;
  /** Judges it anew even where its verdict is known; false by default. */
  readonly anew?: boolean;
}

export interface Sandbox {
  readonly isolation: IsolationReport;
  /** Every language, in the order of the catalogue. */
  readonly languages: readonly LanguageReport[];
  /** Runs the program on each test, in order: each run of a program in a process of its own, calls of a function one
   * after another in one. Whatever the program does is a verdict. Rejects with a RangeError where the language, a kind
   * of test or a checker cannot be run here, with the signal's reason once it is aborted, and when the sandbox is closed. */
  run(program: SandboxProgram, signal?: AbortSignal): Promise<ProgramResult>;
  stats(): SandboxStats;
  /** Ends every process and removes every file of the sandbox. */
  close(): Promise<void>;
}

/** Opens a sandbox under the strongest isolation in which a program really ran. Rejects, in one line, where none does. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { concurrency } = checked(ConcurrencySchema, { concurrency: options.concurrency ?? availableParallelism() });
  const toolchains = await findToolchains();
  const { first, level, python, reasons } = await strongest(options.isolation, toolchains);
  const pool = new Pool(concurrency, first, (slot) => start(level, python, slot, toolchains));
  const isolation = report(level, first, reasons);
  const languages = languageReports(level, first, toolchains);
  const known = new VerdictCache(JSON.stringify([await sourcesHash(), isolation.level, languages]));
  return {
    isolation,
    languages,
    async run({ anew = false, ...given }, signal) {
      const limits = checked(LimitsSchema, { ...DEFAULT_LIMITS, ...given.limits });
      const { language = 'python', code, functionName = null, tests, stopAtFirstFailure = false } = given;
      if (tests.length === 0) return { verdict: 'sandbox-error', tests: [] }; // nothing was shown, so nothing passed
      refuseWhatCannotRun(languages, language, functionName, tests);
      const program = { language, code, functionName, limits };
      const key = known.key({ ...program, stopAtFirstFailure }, tests);
      const found = anew ? undefined : known.get(key);
      if (found !== undefined) return found;
      const result = await pool.run({ program, tests, stopAtFirstFailure, signal });
      known.set(key, result);
      return result;
    },
    stats: () => pool.stats(),
    close: () => pool.close(),
  };
}

type Toolchains = ReadonlyMap<Language, Toolchain | ToolchainMissing>;

async function findToolchains(): Promise<Toolchains> {
  const found = LANGUAGE_ENTRIES.map(async (entry): Promise<readonly [Language, Toolchain | ToolchainMissing]> => {
    try {
      return [entry.id, await entry.find()];
    } catch (error) {
      if (error instanceof ToolchainMissing) return [entry.id, error];
      throw error;
    }
  });
  return new Map(await Promise.all(found));
}

function languageReports(level: IsolationLevel, runner: TestRunner, toolchains: Toolchains): LanguageReport[] {
  if (runner instanceof PortableRunner) return portableLanguages(runner);
  const python: LanguageReport = {
    language: 'python',
    title: 'Python',
    kinds: ['functional', 'stdin', 'asserts'],
    version: runner.description,
    missing: null,
  };
  const others = LANGUAGE_ENTRIES.map(({ id, title, kinds }): LanguageReport => {
    const found = toolchains.get(id);
    const missing =
      level !== 'bubblewrap' ? NEEDS_BUBBLEWRAP : found instanceof ToolchainMissing ? found.message : null;
    const version = missing === null && found !== undefined && 'version' in found ? found.version : null;
    return { language: id, title, kinds, version, missing };
  });
  return [python, ...others];
}

const NEEDS_BUBBLEWRAP = 'only under bubblewrap';

function portableLanguages({ versions }: PortableRunner): LanguageReport[] {
  const titles = [{ id: 'python', title: 'Python' } as const, ...LANGUAGE_ENTRIES];
  return titles.map(({ id, title }): LanguageReport => {
    if (id !== 'python' && id !== 'javascript')
      return { language: id, title, kinds: [], version: null, missing: NEEDS_BUBBLEWRAP };
    return { language: id, title, kinds: PORTABLE_KINDS[id], version: versions[id], missing: null };
  });
}

/** What is tried, strongest first, where none is asked for. A program is never run merely limited by default. */
function candidates(): readonly IsolationLevel[] {
  return process.platform === 'linux' ? ['bubblewrap', 'portable'] : ['portable'];
}

interface Opened {
  readonly first: TestRunner;
  readonly level: IsolationLevel;
  readonly python: string;
  /** Why each stronger isolation is not used, one line each. */
  readonly reasons: readonly string[];
}

async function strongest(wanted: IsolationLevel | undefined, toolchains: Toolchains): Promise<Opened> {
  const reasons: string[] = [];
  for (const level of wanted === undefined ? candidates() : [wanted]) {
    for (const python of level === 'portable' ? ['WebAssembly'] : interpreters()) {
      try {
        return { first: await probe(level, python, toolchains), level, python, reasons };
      } catch (error) {
        if (!(error instanceof RunnerFault)) throw error;
        // Where it is not the interpreter that fails, the next one fails alike.
        if (!reasons.some((reason) => reason.endsWith(error.message)))
          reasons.push(`no ${level} with ${python}: ${error.message}`);
      }
    }
  }
  throw new Error(`No program can be run in a sandbox (${reasons.join('; ')}): install Python 3.9 or newer`);
}

/** A runner that has run a program, not only started. */
async function probe(level: IsolationLevel, python: string, toolchains: Toolchains): Promise<TestRunner> {
  const runner = await start(level, python, 0, toolchains);
  const test: Test = { kind: 'functional', input: '6', expected: '42' };
  try {
    runner.begin({
      language: 'python',
      code: 'def probe(n): return 7 * n',
      functionName: 'probe',
      limits: DEFAULT_LIMITS,
    });
    const seen = await runner.run({ kind: 'functional', input: test.input });
    const { verdict, detail } = judge(test, seen);
    if (verdict !== 'passed') throw new RunnerFault(`a trial program ended in ${verdict}: ${detail ?? seen.stderr}`);
    runner.end();
    return runner;
  } catch (error) {
    await runner.stop();
    throw error;
  }
}

const artefacts = new Artefacts();

async function start(level: IsolationLevel, python: string, slot: number, toolchains: Toolchains): Promise<TestRunner> {
  if (level === 'portable') return PortableRunner.start();
  const found = [...toolchains.values()].filter((tool): tool is Toolchain => !(tool instanceof ToolchainMissing));
  const command = await launch(level, python, slot, Object.assign({}, ...found.map(({ mounts }) => mounts)));
  const tools: Tools = {
    artefacts,
    recipe({ language, code, functionName }) {
      const toolchain = toolchains.get(language);
      return toolchain === undefined || toolchain instanceof ToolchainMissing
        ? null
        : toolchain.recipe(code, functionName);
    },
  };
  return ForkServer.start(command, tools);
}

function report(level: IsolationLevel, runner: TestRunner, reasons: readonly string[]): IsolationReport {
  const holds: Readonly<Record<IsolationLevel, string>> = {
    bubblewrap: 'own file system, processes and user, no network',
    portable: portableDescription,
    rlimits: `resource limits only; programs see this machine's files${runner.blocksNetwork ? ', no network' : ' and network'}`,
  };
  const because = reasons.length === 0 ? '' : `; ${reasons.join('; ')}`;
  return {
    level,
    detail: `${level}: ${holds[level]} (${runner.description})${because}`,
    network: !(level === 'bubblewrap' || runner.blocksNetwork),
  };
}
