/**
 * Decides which run trains: a queue, first in, first out, and one run at a time. Owns the worker processes and answers
 * what other processes ask for. Runs that were live when Assay last ended are interrupted; nothing starts by itself.
 */
import type { RunSummary } from '../../src-shared/api.ts';
import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import type { MemorySettings } from '../../src-shared/memory.ts';
import type { RunConfig, RunStatus } from '../../src-shared/run.ts';
import { checkpointsFolder, ensureFolder } from '../store/home.ts';
import type { RunRequest } from '../store/requests.ts';
import type { RunLinks, StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { usedProblems } from '../training/problems.ts';
import { checkCheckers } from './checkers.ts';
import { moveRun } from './lifecycle.ts';
import { describeMemorySettings, writeMemorySettings } from './memory-settings.ts';
import { orderOf } from './order.ts';
import { checkPolicy, checkRoom, findPolicy } from './policy-source.ts';
import { requeue } from './resume.ts';
import { Session, type SessionContext } from './session.ts';
import { summaryOf } from './summary.ts';

/** How often other processes' requests, and ends that could not be recorded, are looked at. */
const TICK_MS = 500;
const CLOSED_BEFORE_START = 'Assay was closed before the run started';

export interface SupervisorOptions extends Omit<SessionContext, 'move' | 'changed'> {
  readonly codeVersion: string;
  /** How long `close` waits for the current step to end. */
  readonly closeMs: number;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #store: Store;
  readonly #context: SessionContext;
  readonly #queue: string[] = [];
  /** Moves that the store could not take (a full disk), by run; shown at once, recorded when it can. */
  readonly #unrecorded = new Map<string, { readonly status: RunStatus; readonly error: string | undefined }>();
  readonly #timer: NodeJS.Timeout;
  #session: Session | null = null;
  #isTicking = false;
  #closing: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#context = {
      ...options,
      move: (runId, status, error) => this.#move(runId, status, error),
      changed: (runId) => this.#changed(runId),
    };
    this.#interruptOrphans();
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Process that trains now, if any. */
  get workerPid(): number | undefined {
    return this.#session?.pid;
  }

  /** A stored run with what the store could not record yet. */
  present(run: StoredRun): StoredRun {
    const move = this.#unrecorded.get(run.id);
    return move === undefined ? run : { ...run, status: move.status, error: move.error ?? null };
  }

  /** Runs that wait, the next one first. */
  get queue(): readonly string[] {
    return this.#queue;
  }

  /** @param place 0: the next to start; beyond the end: the last. @throws AssayError `conflict`. */
  moveInQueue(runId: string, place: number): void {
    const from = this.#queue.indexOf(runId);
    if (from < 0) {
      const run = this.present(this.#store.runs.get(runId));
      throw new AssayError('conflict', `Run #${run.number} is ${run.status}: only a queued run has a place to change`);
    }
    this.#queue.splice(from, 1);
    this.#queue.splice(place, 0, runId);
    this.#queueChanged();
  }

  summary(runId: string): RunSummary {
    return summaryOf(this.#store, this.present(this.#store.runs.get(runId)));
  }

  /** Store a run and queue it. @throws AssayError `usage` with the path of the option at fault, before the run exists. */
  async launch(config: RunConfig, links: RunLinks = {}): Promise<string> {
    const policy = findPolicy(this.#store, config.policy.source);
    await checkPolicy(policy);
    const problems = await usedProblems(config);
    await checkRoom(policy, config, problems);
    await checkCheckers(this.#options.sandbox, problems);
    const id = this.#store.runs.freshId();
    // Before the row: a folder without a run harms nobody.
    ensureFolder(this.#options.home, checkpointsFolder(this.#options.home, id));
    this.#store.runs.insert({
      id,
      config,
      codeVersion: this.#options.codeVersion,
      parentCheckpointId: policy.checkpointId,
      ...links,
    });
    this.#enqueue(id);
    return id;
  }

  /** Pause after the current step. @throws AssayError `conflict`. */
  pause(runId: string): void {
    this.#live(runId, 'paused').pause();
  }

  /**
   * Let a paused run go on, or queue an ended one.
   * @throws AssayError `conflict`, `usage`, `corrupt`.
   */
  async resume(runId: string, steps?: number, memory?: MemorySettings): Promise<void> {
    const run = this.present(this.#store.runs.get(runId));
    if (this.#session?.runId === runId && (run.status === 'running' || run.status === 'paused')) {
      if (memory !== undefined)
        throw new AssayError(
          'conflict',
          `Run #${run.number} is ${run.status}: stop it before you change its memory settings`,
        );
      if (steps !== undefined)
        throw new AssayError('conflict', `Run #${run.number} is ${run.status}: stop it before you change its steps`);
      // Also takes back a pause that is still waiting for the end of the step.
      this.#session.resume();
      return;
    }
    if (run.status === 'queued')
      throw new AssayError('conflict', `Run #${run.number} is queued already: it starts by itself`);
    // Its last worker may still be leaving: the queue waits for that.
    if (run.deletedAt !== null)
      throw new AssayError('conflict', `Run #${run.number} is in the bin: restore it before you resume it`);
    await requeue(this.#store, run, steps);
    if (memory !== undefined) {
      writeMemorySettings(this.#options.home, runId, memory);
      const step = this.#store.steps.last(runId) ?? 0;
      const note = { step, level: 'info' as const, message: describeMemorySettings(memory) };
      this.#options.publish('note', this.#store.notes.insert(runId, note));
    }
    this.#enqueue(runId);
  }

  /** Stop after the current step, or leave the queue. @throws AssayError `conflict`. */
  stop(runId: string): void {
    const place = this.#queue.indexOf(runId);
    if (place < 0) {
      this.#live(runId, 'stopped').stop();
      return;
    }
    moveRun(this.#store, runId, 'stopped');
    this.#queue.splice(place, 1);
    this.#queueChanged();
    this.#changed(runId);
  }

  /**
   * Queued runs are interrupted. The running one is asked to stop, which writes a checkpoint; if its current step takes
   * longer than `closeMs`, it is interrupted and keeps its last checkpoint.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    const waiting = this.#queue.splice(0);
    if (waiting.length > 0) this.#queueChanged();
    for (const runId of waiting) this.#move(runId, 'interrupted', CLOSED_BEFORE_START);
    const session = this.#session;
    if (session === null) return;
    session.stop();
    const { closeMs } = this.#options;
    const timer = setTimeout(
      () => session.kill(`Assay was closed and the step did not end within ${closeMs / 1000} s`),
      closeMs,
    );
    await session.done;
    clearTimeout(timer);
  }

  #enqueue(runId: string): void {
    if (this.#closing !== null) {
      this.#move(runId, 'interrupted', CLOSED_BEFORE_START);
      return;
    }
    this.#queue.push(runId);
    this.#changed(runId);
    this.#queueChanged();
    this.#advance();
  }

  /** Start the next run, if none runs. */
  #advance(): void {
    if (this.#session !== null || this.#closing !== null) return;
    const runId = this.#queue.shift();
    if (runId === undefined) return;
    this.#queueChanged();
    try {
      const order = orderOf(this.#store, this.#options.home, this.#store.runs.get(runId));
      this.#store.transaction(() => {
        moveRun(this.#store, runId, 'running');
        this.#store.rewind(runId, order.resume?.step ?? -1);
      });
      this.#session = new Session(this.#context, order);
    } catch (error) {
      this.#move(runId, 'failed', toErrorData(error).message);
      // Not from within: a long queue that fails must not deepen the stack.
      setImmediate(() => this.#advance());
      return;
    }
    this.#changed(runId);
    void this.#session.done.then(() => {
      this.#session = null;
      this.#advance();
    });
  }

  #live(runId: string, wanted: RunStatus): Session {
    const run = this.present(this.#store.runs.get(runId));
    if (this.#session?.runId === runId && (run.status === 'running' || run.status === 'paused')) return this.#session;
    throw new AssayError('conflict', `Run #${run.number} is ${run.status}: it cannot be ${wanted}`);
  }

  #move(runId: string, status: RunStatus, error?: string): void {
    const earlier = this.#unrecorded.get(runId);
    try {
      const run = this.#store.runs.get(runId);
      if (run.status !== status) moveRun(this.#store, runId, status, error ?? null);
      this.#unrecorded.delete(runId);
    } catch (failure) {
      // Once per move, not once per attempt.
      if (earlier === undefined) console.error(`Run ${runId} is ${status}, but that cannot be recorded now:`, failure);
      this.#unrecorded.set(runId, { status, error });
    }
    if (earlier === undefined || !this.#unrecorded.has(runId)) this.#changed(runId);
  }

  #queueChanged(): void {
    this.#options.publish('queue', [...this.#queue]);
  }

  /** Never throws: who listens must not decide how a run ends. */
  #changed(runId: string): void {
    try {
      this.#options.publish('run', this.summary(runId));
    } catch (error) {
      console.error(`Run ${runId} changed, but its summary cannot be read:`, error);
    }
  }

  #interruptOrphans(): void {
    for (const status of ['running', 'paused', 'queued'] as const)
      for (const { id } of this.#store.runs.withStatus(status))
        moveRun(
          this.#store,
          id,
          'interrupted',
          status === 'queued' ? 'Assay ended before the run started' : `Assay ended while the run was ${status}`,
        );
    this.#store.requests.deleteAll();
  }

  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    try {
      for (const [runId, { status, error }] of this.#unrecorded) this.#move(runId, status, error);
      for (const request of this.#store.requests.open())
        this.#store.requests.answer(request.id, await this.#answer(request));
    } catch (error) {
      console.error('Requests of other processes cannot be answered now:', error);
    } finally {
      this.#isTicking = false;
    }
  }

  async #answer({ runId, action, steps }: RunRequest) {
    try {
      if (action === 'stop') this.stop(runId);
      else if (action === 'pause') this.pause(runId);
      else await this.resume(runId, steps ?? undefined);
      return null;
    } catch (error) {
      return toErrorData(error);
    }
  }
}
