/** A fixed number of slots, each with one runner for programs and, where tests need one, one for their checkers, and
 * the queue before them. Owns retries: a runner that faults is replaced and the test run again, twice at most; then it
 * is the sandbox-error of that program. */
import type { ProgramResult, Test, TestResult } from '../../src-shared/verdict.ts';
import { runTest } from './run-test.ts';
import { type Program, RunnerFault, type TestRunner } from './runner.ts';

export interface SandboxStats {
  /** Programs being run and waiting now, and programs and tests finished since the sandbox was opened. */
  readonly running: number;
  readonly queued: number;
  readonly done: number;
  readonly testsDone: number;
  /** Tests finished in the last ten seconds, divided by ten (by the age of the sandbox, where it is younger). */
  readonly testsPerSecond: number;
  /** Runners that broke, stalled or lost their process, and how the last of them did. */
  readonly faults: number;
  readonly lastFault: string | null;
}

const RATE_WINDOW_MS = 10_000;
/** A test is run three times before it counts as a sandbox-error. */
const MOST_FAULTS = 3;

export interface Job {
  readonly program: Program;
  readonly tests: readonly Test[];
  readonly stopAtFirstFailure: boolean;
  readonly signal: AbortSignal | undefined;
}

interface Queued extends Job {
  readonly resolve: (result: ProgramResult) => void;
  readonly reject: (reason: unknown) => void;
}

interface Slot {
  readonly index: number;
  runner: TestRunner | null;
  checker: TestRunner | null;
  busy: boolean;
  stopped: Promise<void>;
}

export class Pool {
  readonly #start: (slot: number) => Promise<TestRunner>;
  readonly #slots: Slot[];
  readonly #queue: Queued[] = [];
  readonly #opened = performance.now();
  readonly #closing = new AbortController();
  #finishedAt: number[] = [];
  #working = new Set<Promise<void>>();
  #done = 0;
  #testsDone = 0;
  #faults = 0;
  #lastFault: string | null = null;

  /** `first` becomes slot 0's runner; `start` makes the others when they are needed. */
  constructor(concurrency: number, first: TestRunner, start: (slot: number) => Promise<TestRunner>) {
    this.#start = start;
    this.#slots = Array.from({ length: concurrency }, (_, index) => ({
      index,
      runner: index === 0 ? first : null,
      checker: null,
      busy: false,
      stopped: Promise.resolve(),
    }));
  }

  run(job: Job): Promise<ProgramResult> {
    const { signal } = job;
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
    const queued: Queued = { ...job, resolve, reject };
    const leave = () => {
      const at = this.#queue.indexOf(queued);
      if (at >= 0) reject(this.#queue.splice(at, 1)[0]?.signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#queue.push(queued);
    this.#assign();
    // A signal lives as long as a run: what it still knew of every program would fill the memory with their tests.
    return promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  stats(): SandboxStats {
    const now = performance.now();
    this.#forgetBefore(now - RATE_WINDOW_MS);
    const seconds = Math.max(1, Math.min(RATE_WINDOW_MS, now - this.#opened) / 1000);
    return {
      running: this.#slots.filter((slot) => slot.busy).length,
      queued: this.#queue.length,
      done: this.#done,
      testsDone: this.#testsDone,
      testsPerSecond: this.#finishedAt.length / seconds,
      faults: this.#faults,
      lastFault: this.#lastFault,
    };
  }

  /** Rejects what runs and what waits, and resolves when no process is left. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The sandbox was closed'));
    for (const job of this.#queue.splice(0)) job.reject(this.#closing.signal.reason);
    await Promise.all(this.#working);
    await Promise.all(this.#slots.map((slot) => this.#discard(slot)));
  }

  #assign(): void {
    for (const slot of this.#slots) {
      if (slot.busy || this.#queue.length === 0) continue;
      slot.busy = true;
      const work = this.#drain(slot).finally(() => this.#working.delete(work));
      this.#working.add(work);
    }
  }

  async #drain(slot: Slot): Promise<void> {
    try {
      for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
        await this.#serve(slot, job).then(job.resolve, job.reject);
        this.#done += 1;
      }
    } finally {
      slot.busy = false;
    }
  }

  async #serve(slot: Slot, job: Job): Promise<ProgramResult> {
    const stop = AbortSignal.any([this.#closing.signal, ...(job.signal === undefined ? [] : [job.signal])]);
    const kill = () => void this.#discard(slot);
    stop.addEventListener('abort', kill, { once: true });
    try {
      const tests = await this.#runTests(slot, job, stop);
      return { verdict: tests.find((test) => test.verdict !== 'passed')?.verdict ?? 'passed', tests };
    } finally {
      stop.removeEventListener('abort', kill);
      if (stop.aborted) await this.#discard(slot);
    }
  }

  async #runTests(slot: Slot, job: Job, stop: AbortSignal): Promise<TestResult[]> {
    const results: TestResult[] = [];
    const checker = async () => {
      // Beyond the users of all runners for programs: a program and its checker are not of one user.
      slot.checker ??= await this.#start(slot.index + this.#slots.length);
      return slot.checker;
    };
    let faults = 0;
    let begun: TestRunner | null = null;
    for (const test of job.tests) {
      let result: TestResult | null = null;
      while (result === null) {
        stop.throwIfAborted();
        try {
          slot.runner ??= await this.#start(slot.index);
          stop.throwIfAborted();
          if (slot.runner !== begun) slot.runner.begin(job.program);
          begun = slot.runner;
          result = await runTest(begun, checker, job.program, test);
        } catch (error) {
          stop.throwIfAborted();
          if (!(error instanceof RunnerFault)) throw error;
          await this.#discard(slot);
          this.#faults += 1;
          this.#lastFault = error.message;
          faults += 1;
          if (faults >= MOST_FAULTS) result = sandboxError(error.message);
        }
      }
      results.push(result);
      this.#countTest();
      if (faults >= MOST_FAULTS || (job.stopAtFirstFailure && result.verdict !== 'passed')) break;
    }
    if (slot.runner !== null && slot.runner === begun) begun.end();
    return results;
  }

  /** Resolves when the slot's runners, and any discarded before them, have ended. */
  #discard(slot: Slot): Promise<void> {
    const ending = [slot.runner, slot.checker].filter((runner) => runner !== null);
    slot.runner = null;
    slot.checker = null;
    if (ending.length > 0) {
      slot.stopped = Promise.all([slot.stopped, ...ending.map((runner) => runner.stop())]).then(() => undefined);
    }
    return slot.stopped;
  }

  #countTest(): void {
    const now = performance.now();
    this.#testsDone += 1;
    this.#finishedAt.push(now);
    if (this.#finishedAt.length % 1024 === 0) this.#forgetBefore(now - RATE_WINDOW_MS);
  }

  #forgetBefore(time: number): void {
    this.#finishedAt = this.#finishedAt.filter((finished) => finished >= time);
  }
}

function sandboxError(detail: string): TestResult {
  return { verdict: 'sandbox-error', got: null, detail, wallMs: 0, memoryMb: null };
}
