/** One sandbox server: a child process that forks test processes (resources/sandbox/serve.py). Owns the child,
 * its working folder and the watchdog; knows nothing of queues or verdicts. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import type { Test } from '../../src-shared/verdict.ts';
import type { Launch } from './isolation.ts';
import { encodeFrame, type Frame, FrameReader, type Observation, ReadyHeader, ResultHeader } from './protocol.ts';
import { type Program, RunnerFault, type TestRunner } from './runner.ts';

const START_MS = 20_000;
/** How long after its own limit a test may still be unanswered: the server ends tests itself, on a busy machine late. */
const ANSWER_MARGIN_MS = 15_000;
const STOP_MS = 5_000;
const MOST_FRAME_BYTES = 160 << 20;
const STDERR_CHARS = 2000;

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
  readonly #frames = new FrameReader(MOST_FRAME_BYTES);
  readonly #exited: Promise<void>;
  #stderr = '';
  #waiting: Waiting | null = null;
  #fault: RunnerFault | null = null;
  #program: Program | null = null;

  /** Starts a server and waits until it says that it is ready. Rejects with a RunnerFault that says why it is not. */
  static async start(launch: Launch): Promise<ForkServer> {
    const server = new ForkServer(launch);
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

  private constructor(launch: Launch) {
    this.#launch = launch;
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
    this.#program = program;
    const { code, functionName, limits } = program;
    this.#child.stdin.write(encodeFrame({ functionName, limits }, code));
  }

  async run(test: Test): Promise<Observation> {
    if (this.#program === null) throw new RunnerFault('The sandbox server was asked for a test before a program');
    const answer = this.#answer(this.#program.limits.wallMs + ANSWER_MARGIN_MS, 'answer');
    if (this.#fault === null) this.#child.stdin.write(encodeFrame({ kind: 'test', test: test.kind }, test.input));
    const { header, body } = await answer;
    const { stdoutBytes, ...seen } = ResultHeader.parse(header);
    return { ...seen, stdout: body.subarray(0, stdoutBytes), report: body.subarray(stdoutBytes) };
  }

  end(): void {
    this.#program = null;
    if (this.#fault === null) this.#child.stdin.write(encodeFrame({ kind: 'end' }, ''));
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
