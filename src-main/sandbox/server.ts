/** One sandbox server: a child process that forks test processes (resources/sandbox/serve.py). Owns the child,
 * its working folder, the watchdog and the building of programs; knows nothing of queues or verdicts. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { type Artefact, Artefacts } from './artefacts.ts';
import type { Launch } from './isolation.ts';
import type { Recipe } from './languages/language.ts';
import { encodeFrame, type Frame, FrameReader, type Observation, ReadyHeader, ResultHeader } from './protocol.ts';
import { type Program, type Request, RunnerFault, type TestRunner } from './runner.ts';

const START_MS = 20_000;
/** How long after its own limit a test may still be unanswered: the server ends tests itself, on a busy machine late. */
const ANSWER_MARGIN_MS = 15_000;
const STOP_MS = 5_000;
const MOST_FRAME_BYTES = 160 << 20;
const STDERR_CHARS = 2000;

const COMPILER_LINES = 8;

/** What servers share: how programs are built, and what was built. */
export interface Tools {
  readonly artefacts: Artefacts;
  /** Null for a language that the server runs by itself. */
  recipe(program: Program): Recipe | null;
}

interface Answer {
  readonly seen: Observation;
  readonly files: Artefact['files'] | undefined;
}

interface Waiting {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (fault: RunnerFault) => void;
  readonly timer: NodeJS.Timeout;
}

export class ForkServer implements TestRunner {
  description = '';
  blocksNetwork = false;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #launch: Launch;
  readonly #tools: Tools;
  readonly #frames = new FrameReader(MOST_FRAME_BYTES);
  readonly #exited: Promise<void>;
  #stderr = '';
  #waiting: Waiting | null = null;
  #fault: RunnerFault | null = null;
  #program: Program | null = null;
  #unbuilt: Recipe | null = null;
  /** What every request of a program is answered that could not be built. */
  #refused: Observation | null = null;

  /** Starts a server and waits until it says that it is ready. Rejects with a RunnerFault that says why it is not. */
  static async start(launch: Launch, tools: Tools): Promise<ForkServer> {
    const server = new ForkServer(launch, tools);
    try {
      const frame = await server.#answer(START_MS, 'start');
      const ready = ReadyHeader.parse(frame.header);
      server.blocksNetwork = ready.seccomp;
      const missing = ready.memoryLimit ? '' : ', no memory limit';
      server.description = `Python ${ready.python}${ready.seccomp ? ', seccomp' : ''}${missing}`;
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  private constructor(launch: Launch, tools: Tools) {
    this.#launch = launch;
    this.#tools = tools;
    const { uid } = launch;
    this.#child = spawn(launch.command, launch.args, {
      env: launch.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // leads a process group, which stop() can kill as one
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const { stdin, stdout, stderr } = this.#child;
    stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS);
    });
    stdin.on('error', (error) => this.#fail(`cannot be written to: ${error.message}`));
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error: NodeJS.ErrnoException) => {
        const { command } = this.#launch;
        this.#fail(error.code === 'ENOENT' ? `needs ${command}, which is not installed` : error.message);
        if (this.#child.pid === undefined) resolve();
      });
      // 'close' rather than 'exit': standard error has then been read to its end, and says why.
      this.#child.once('close', (code, signal) => {
        const reason = this.#stderr.trim().split('\n').at(-1);
        this.#fail(`ended with ${signal ?? `status ${code}`}${reason === '' ? '' : `: ${reason}`}`);
        resolve();
      });
    });
  }

  begin(program: Program): void {
    const { code, functionName, limits } = program;
    const recipe = this.#tools.recipe(program);
    this.#program = program;
    this.#unbuilt = recipe?.build ? recipe : null;
    this.#refused = null;
    this.#send({ functionName, limits, recipe }, code);
  }

  async run(request: Request): Promise<Observation> {
    if (this.#program === null) throw new RunnerFault('The sandbox server was asked for a test before a program');
    if (this.#unbuilt !== null) {
      this.#refused = await this.#build(this.#unbuilt);
      this.#unbuilt = null;
    }
    if (this.#refused !== null) return this.#refused;
    const { input = '', ...header } = { input: undefined, ...request };
    return (await this.#ask(header, input, this.#program.limits.wallMs)).seen;
  }

  end(): void {
    this.#program = null;
    this.#send({ kind: 'end' }, '');
  }

  /** Null where the program is built now, else what its every test ends in. */
  async #build(recipe: Recipe): Promise<Observation | null> {
    const key = Artefacts.key(recipe);
    const kept = this.#tools.artefacts.get(key);
    if (kept !== undefined) {
      const { seen } = await this.#ask({ kind: 'unpack', files: kept.files }, kept.content, START_MS);
      return seen.status === 'fault' ? seen : null;
    }
    const { seen, files } = await this.#ask({ kind: 'build' }, '', recipe.build?.wallMs ?? 0);
    if (seen.status === 'exited' && seen.code === 0 && files !== undefined) {
      const artefact: Artefact = { files, content: Buffer.from(seen.report) };
      this.#tools.artefacts.set(key, artefact);
      return null;
    }
    if (seen.status === 'fault') return seen;
    const said = (seen.stderr.trim() || seen.stdout.toString('utf8').trim()).split('\n');
    const ending = seen.status === 'exited' ? '' : `the compiler passed its limits (${seen.status}) `;
    return { ...seen, status: 'compile-error', detail: `${ending}${said.slice(0, COMPILER_LINES).join('\n')}` };
  }

  /** Sends one request and waits for its answer, for some time beyond the `wallMs` that it may take. */
  async #ask(request: object, body: string | Buffer, wallMs: number): Promise<Answer> {
    const answer = this.#answer(wallMs + ANSWER_MARGIN_MS, 'answer');
    this.#send(request, body);
    const frame = await answer;
    const { stdoutBytes, files, ...seen } = ResultHeader.parse(frame.header);
    const { body: said } = frame;
    return { files, seen: { ...seen, stdout: said.subarray(0, stdoutBytes), report: said.subarray(stdoutBytes) } };
  }

  #send(header: object, body: string | Buffer): void {
    if (this.#fault === null) this.#child.stdin.write(encodeFrame(header, body));
  }

  async stop(): Promise<void> {
    this.#fail('was stopped');
    const { pid, stdin } = this.#child;
    if (pid !== undefined) {
      // The end of its input tells the server to end its tests and itself. What bubblewrap holds dies with it at once.
      stdin.destroy();
      if (this.#launch.folder === null) killGroup(pid);
      const timer = setTimeout(() => killGroup(pid), STOP_MS);
      await this.#exited;
      clearTimeout(timer);
    }
    if (this.#launch.folder !== null) await rm(this.#launch.folder, { recursive: true, force: true });
  }

  /** The next frame of the server, within `timeoutMs`. */
  #answer(timeoutMs: number, what: string): Promise<Frame> {
    if (this.#fault !== null) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(`did not ${what} within ${timeoutMs} ms`), timeoutMs);
      this.#waiting = { resolve, reject, timer };
    });
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) {
        const waiting = this.#settle();
        if (waiting === null) this.#fail('answered unasked');
        else waiting.resolve(frame);
      }
    } catch (error) {
      this.#fail(`answered nonsense: ${(error as Error).message}`);
    }
  }

  #settle(): Waiting | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    clearTimeout(waiting?.timer);
    return waiting;
  }

  /** From now on the server is of no use; the first reason is the one that counts. */
  #fail(reason: string): void {
    this.#fault ??= new RunnerFault(`The sandbox server ${reason}`);
    this.#settle()?.reject(this.#fault);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: it has ended by itself
  }
}
