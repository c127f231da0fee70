/** One interpreter process: starts it, runs tests of one program in it, and ends it at the program's limits. The process
 * is believed only where that costs the program: what it says about itself decides nothing but how the program failed. */
import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { z } from 'zod';
import type { Language, Limits } from '../../../src-shared/verdict.ts';
import type { Observation } from '../protocol.ts';
import { type Program, type Request, RunnerFault } from '../runner.ts';
import type { Image } from './image.ts';
import { launch, pyodideFolder, quickjsFolders } from './launch.ts';
import { LOOK_MS, residentMb } from './memory.ts';
import { FrameProcess, ProcessEnded } from './process.ts';

export const PORTABLE_LANGUAGES = ['python', 'javascript'] as const satisfies readonly Language[];
export type PortableLanguage = (typeof PORTABLE_LANGUAGES)[number];

const START_MS = 60_000;
/** What a process may have resident beyond its interpreter's heap and what it had at first: compiled code, garbage. */
const OTHER_MB = 128;
/** Above the largest output limit and a header. */
const MOST_FRAME_BYTES = 80 << 20;
/** Signals that a program cannot send to itself: somebody else did. */
const OUTSIDE_SIGNALS: ReadonlySet<string | null> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);
type Limit = 'time-limit' | 'memory-limit';

const ReadyHeader = z.object({ kind: z.literal('ready'), version: z.string(), residentMb: z.number() });

const AnswerHeader = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('out') }),
  z.object({
    kind: z.literal('result'),
    status: z.enum(['exited', 'compile-error', 'bad-test', 'time-limit']),
    code: z.int(),
    detail: z.string(),
    stderr: z.string(),
    /** Size of the interpreter's heap, which only grows; null where it has broken. */
    memoryMb: z.number().nonnegative().nullable(),
    /** Processor time of the test. */
    cpuMs: z.number(),
    /** It can run no other test. */
    spent: z.boolean(),
  }),
]);

export class Interpreter {
  /** Which interpreter it is, once it can run tests; rejects with a RunnerFault where it does not start. */
  readonly ready: Promise<string>;
  readonly #process: FrameProcess;
  #initialMb = 0;
  #program: Program | null = null;
  #stopped = false;

  /** Throws a RunnerFault where no process can be started at all. */
  constructor(language: PortableLanguage, image: Image) {
    const child = language === 'python' ? launchPython(image) : launchJavaScript();
    this.#process = new FrameProcess(child, MOST_FRAME_BYTES);
    this.ready = this.#start();
    this.ready.catch(() => undefined); // nobody may be waiting for a spare that fails; who takes it is told
  }

  /** False once it can run no further test. */
  get alive(): boolean {
    return this.#process.alive;
  }

  /** Serves one request, and ends the process where it passes a limit. Rejects with a RunnerFault where the process did
   * not start or was ended from outside. */
  async run(program: Program, request: Request): Promise<Observation> {
    await this.ready;
    const { code, functionName, limits } = program;
    if (this.#program !== program) this.#process.send({ kind: 'program', functionName, limits }, code);
    this.#program = program;
    const { input, ...header } = { input: '', ...request };
    this.#process.send(header, input);
    const seen = new Evidence(limits);
    const end = (limit: Limit) => {
      if (seen.complete) return;
      seen.limit ??= limit;
      void this.#process.kill(`passed the ${limit}`);
    };
    // Where this process was busy an answer may wait to be read: let it be read first.
    const timer = setTimeout(
      () => setImmediate(end, 'time-limit'),
      'wallMs' in request ? request.wallMs : limits.wallMs,
    );
    const looks = setInterval(() => void this.#look(limits, end), LOOK_MS);
    try {
      return await this.#answer(seen);
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
      if (seen.limit !== null) return seen.observation({ status: seen.limit });
      const { message, signal } = error;
      if (this.#stopped || OUTSIDE_SIGNALS.has(signal)) throw fault(message);
      if (signal !== null) return seen.observation({ status: 'signal', code: constants.signals[signal] });
      return seen.failure(`the interpreter ${message}`);
    } finally {
      seen.complete = true;
      clearTimeout(timer);
      clearInterval(looks);
    }
  }

  /** Resolves when the process has ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#process.kill('was stopped');
  }

  async #start(): Promise<string> {
    const timer = setTimeout(() => void this.#process.kill(`did not start within ${START_MS} ms`), START_MS);
    try {
      const { version, residentMb } = ReadyHeader.parse((await this.#process.receive()).header);
      this.#initialMb = residentMb;
      if (this.#process.pid !== undefined) lowerPriority(this.#process.pid);
      return version;
    } catch (error) {
      throw fault((error as Error).message);
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(seen: Evidence): Promise<Observation> {
    for (;;) {
      const { header, body } = await this.#process.receive();
      const answer = AnswerHeader.safeParse(header);
      if (!answer.success) {
        void this.#process.kill('answered nonsense');
        return seen.failure('the interpreter answered nonsense');
      }
      if (answer.data.kind === 'out') {
        if (seen.print(body)) continue;
        void this.#process.kill('passed the output-limit');
        return seen.observation({ status: 'output-limit' });
      }
      const { cpuMs, spent, kind: _, ...result } = answer.data;
      if (spent) void this.#process.kill('is spent');
      return seen.result(result, cpuMs, body);
    }
  }

  async #look({ memoryMb }: Limits, end: (limit: Limit) => void): Promise<void> {
    const { pid } = this.#process;
    const resident = pid === undefined ? null : await residentMb(pid);
    if (resident !== null && resident > this.#initialMb + memoryMb + OTHER_MB) end('memory-limit');
  }
}

/** What is known of a test so far. */
class Evidence {
  /** The limit that it was ended at. */
  limit: Limit | null = null;
  complete = false;
  readonly #started = performance.now();
  readonly #limits: Limits;
  readonly #printed: Buffer[] = [];
  #printedBytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** False where it is too much. */
  print(bytes: Buffer): boolean {
    const room = this.#limits.outputBytes - this.#printedBytes;
    this.#printed.push(bytes.subarray(0, room));
    this.#printedBytes += Math.min(bytes.length, room);
    return bytes.length <= room;
  }

  result(said: Partial<Observation>, cpuMs: number, report: Buffer): Observation {
    if (cpuMs > this.#limits.cpuSeconds * 1_000) return this.observation({ status: 'time-limit' });
    if (report.length > this.#limits.outputBytes) return this.observation({ status: 'output-limit' });
    return this.observation({ ...said, report });
  }

  failure(error: string): Observation {
    const report = Buffer.from(JSON.stringify({ error, verdict: 'runtime-error' }));
    return this.observation({ code: 1, report });
  }

  observation(known: Partial<Observation>): Observation {
    return {
      status: 'exited',
      code: 0,
      detail: '',
      memoryMb: null,
      stderr: '',
      report: Buffer.alloc(0),
      ...known,
      wallMs: performance.now() - this.#started,
      stdout: Buffer.concat(this.#printed),
    };
  }
}

const fault = (message: string): RunnerFault => new RunnerFault(`The portable sandbox's interpreter ${message}`);

function launchPython({ descriptor, bytes }: Image): ChildProcess {
  const folder = pyodideFolder();
  return launch('python.mjs', [folder], { folder, imageBytes: bytes }, descriptor);
}

function launchJavaScript(): ChildProcess {
  const folders = quickjsFolders();
  return launch('javascript.mjs', Object.values(folders), folders);
}

/** Programs under test come after whoever clicks in the window. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error; // it has ended
  }
}
