/** Runs each test in a plain child process (resources/sandbox/once.py), for systems without fork: wall-clock and
 * output limits only, enforced from here. A process that a program starts itself is not found again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { Test } from '../../src-shared/verdict.ts';
import type { Launch } from './isolation.ts';
import type { Observation } from './protocol.ts';
import { type Program, RunnerFault, type TestRunner } from './runner.ts';

/** Exit statuses of `once`; any other is the program's own. */
const STATUS_OF_EXIT: Readonly<Record<number, Observation['status']>> = {
  3: 'compile-error',
  4: 'memory-limit',
  5: 'output-limit',
  6: 'bad-test',
};
const STDERR_CHARS = 2000;

export class OneShotRunner implements TestRunner {
  readonly description = 'Python, no limits on memory, processor time, files or processes';
  readonly blocksNetwork = false;
  readonly #launch: Launch;
  #program: Program | null = null;
  #child: ChildProcess | null = null;
  #stopped = false;

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  begin(program: Program): void {
    this.#program = program;
  }

  run(test: Test): Promise<Observation> {
    const program = this.#program;
    if (program === null || this.#stopped) {
      return Promise.reject(new RunnerFault('The sandbox runner was asked for a test without a program'));
    }
    const started = performance.now();
    const { command, args, env, folder } = this.#launch;
    const child = spawn(command, args, { env, stdio: 'pipe', windowsHide: true, ...(folder ? { cwd: folder } : {}) });
    this.#child = child;
    const functionName = test.kind === 'functional' ? program.functionName : null;
    const { wallMs, outputBytes } = program.limits;
    child.stdin.on('error', () => child.kill('SIGKILL')); // it ended before it read its program; its exit tells
    child.stdin.end(`${JSON.stringify({ source: program.code, input: test.input, functionName, wallMs })}\n`);
    return new Promise((resolve, reject) => {
      let passed: 'time-limit' | 'output-limit' | null = null;
      const stop = (limit: 'time-limit' | 'output-limit') => {
        passed ??= limit;
        child.kill('SIGKILL');
      };
      const timer = setTimeout(() => stop('time-limit'), wallMs);
      const chunks: Buffer[] = [];
      let bytes = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > outputBytes) stop('output-limit');
        else chunks.push(chunk);
      });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr = (stderr + text).slice(-STDERR_CHARS);
      });
      child.once('error', (error) => reject(new RunnerFault(`Python does not start: ${error.message}`)));
      const exitHook = () => child.kill('SIGKILL');
      process.once('exit', exitHook);
      child.once('exit', () => {
        clearTimeout(timer);
        process.off('exit', exitHook);
        // A process of the program's own may hold the pipes open for ever.
        setTimeout(() => child.stdout.destroy(), 100);
        setTimeout(() => child.stderr.destroy(), 100);
      });
      child.once('close', (code, signal) => {
        if (this.#stopped) return reject(new RunnerFault('The sandbox runner was stopped'));
        const said = stderr.slice(stderr.lastIndexOf('\n') + 1);
        const status = passed ?? (signal === null ? (STATUS_OF_EXIT[code ?? 0] ?? 'exited') : 'signal');
        const output = Buffer.concat(chunks);
        const report =
          code === 1 ? Buffer.from(JSON.stringify({ error: said, verdict: 'runtime-error' })) : Buffer.alloc(0);
        resolve({
          status,
          code: code ?? -1,
          detail: status === 'compile-error' || status === 'bad-test' || status === 'memory-limit' ? said : '',
          wallMs: performance.now() - started,
          stderr,
          stdout: functionName === null ? output : Buffer.alloc(0),
          report: functionName === null || code !== 0 ? report : output,
        });
      });
    });
  }

  end(): void {
    this.#program = null;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (child !== null && child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    if (this.#launch.folder !== null) await rm(this.#launch.folder, { recursive: true, force: true });
  }
}
