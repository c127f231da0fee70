/** The sandbox of the main process: opened when it is first needed, shared by all runs, closed with the app. */
import type { CanaryReport } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { ProgramResult } from '../../src-shared/verdict.ts';
import { checkCanaries } from '../sandbox/canaries.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Program } from '../training/order.ts';

export class LazySandbox {
  readonly #openSandbox: () => Promise<Sandbox>;
  #opening: Promise<Sandbox> | null = null;
  #opened: Sandbox | null = null;
  #failure: string | null = null;
  #report: Promise<CanaryReport> | null = null;

  constructor(openSandbox: () => Promise<Sandbox>) {
    this.#openSandbox = openSandbox;
  }

  /** Null while it is not open. */
  get opened(): Sandbox | null {
    return this.#opened;
  }

  /** Why the last attempt to open it failed, in one line; null when none did. */
  get failure(): string | null {
    return this.#failure;
  }

  /** How often the open sandbox has failed and mended itself. */
  get faults(): number {
    return this.#opened?.stats().faults ?? 0;
  }

  /** The last of its failures, in one line. */
  get lastFault(): string | null {
    return this.#opened?.stats().lastFault ?? null;
  }

  /** The open sandbox. After a failure the next call tries again. @throws AssayError `sandbox`. */
  open(): Promise<Sandbox> {
    this.#opening ??= this.#openSandbox().then(
      (sandbox) => {
        this.#failure = null;
        this.#opened = sandbox;
        return sandbox;
      },
      (error: unknown) => {
        this.#opening = null;
        this.#failure = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? 'unknown';
        throw new AssayError('sandbox', `The sandbox cannot run: ${this.#failure}`, { cause: error });
      },
    );
    return this.#opening;
  }

  /** What the canaries say of the open sandbox: tried once, and again where that is asked for. @throws AssayError `sandbox`. */
  async check(again = false): Promise<CanaryReport> {
    const sandbox = await this.open();
    if (this.#report !== null && !again) return this.#report;
    const report = checkCanaries(sandbox);
    this.#report = report;
    // Whoever waits is told of a failure; the next one tries again.
    report.catch(() => {
      if (this.#report === report) this.#report = null;
    });
    return report;
  }

  /** All at one time; results in the order of the programs. Rejects once `signal` is aborted. */
  async execute(programs: readonly Program[], signal: AbortSignal): Promise<ProgramResult[]> {
    const sandbox = await this.open();
    return Promise.all(
      programs.map(({ limits: { wallMs, memoryMb }, ...program }) =>
        sandbox.run({ ...program, limits: { wallMs, memoryMb, cpuSeconds: Math.ceil(wallMs / 1000) } }, signal),
      ),
    );
  }

  async close(): Promise<void> {
    // A sandbox that never opened has nothing to close, and `open` has told whoever needed it.
    const sandbox = await this.#opening?.catch(() => null);
    this.#opening = null;
    this.#opened = null;
    this.#report = null;
    await sandbox?.close();
  }
}
