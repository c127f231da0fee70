/**
 * One run in one worker process, from start to exit. Every event is stored, then published, then acknowledged: nobody
 * sees what is not on disk, and the worker is never more than one event ahead. Decides how the run ended; knows no queue.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { AssayError, type ErrorData, toErrorData } from '../../src-shared/errors.ts';
import type { ProgressEvent, RunEvent, StepEvent } from '../../src-shared/events.ts';
import { brokenCanaries, isolationText } from '../../src-shared/isolation.ts';
import type { RunStatus } from '../../src-shared/run.ts';
import type { CollapseAlarm } from '../diagnostics/collapse.ts';
import { describeBroken } from '../sandbox/canaries.ts';
import { runFolder } from '../store/home.ts';
import type { Store } from '../store/store.ts';
import type { Program, TrainingOrder } from '../training/order.ts';
import { watchRun } from './collapse-watch.ts';
import { dropKeptBest } from './kept-best.ts';
import type { LazySandbox } from './lazy-sandbox.ts';
import { type FromWorker, parseFromWorker, type ToWorker } from './messages.ts';
import type { Publish } from './publisher.ts';
import { type Throttle, throttle } from './throttle.ts';
import type { StartWorker, WorkerExit, WorkerProcess } from './worker-process.ts';

/** Progress is for the eye. */
const PROGRESS_MS = 250;
/** How long a worker that has said its last word may take to leave. */
const LEAVE_MS = 5000;
const OUTPUT_KEPT = 4096;

export interface SessionContext {
  readonly store: Store;
  readonly home: string;
  readonly publish: Publish;
  readonly sandbox: LazySandbox;
  readonly startWorker: StartWorker;
  readonly workerEntry: string;
  /** A worker that was asked to stop and then says nothing for so long is killed. */
  readonly stopSilenceMs: number;
  /** Move the run and publish it. Never throws: what cannot be recorded now is recorded later. */
  move(runId: string, status: RunStatus, error?: string): void;
  /** The run's summary changed. */
  changed(runId: string): void;
}

export class Session {
  readonly runId: string;
  /** Resolves when the process is gone and the run's end is recorded. */
  readonly done: Promise<void>;
  readonly #context: SessionContext;
  readonly #worker: WorkerProcess;
  readonly #progress: Throttle<ProgressEvent>;
  readonly #abort = new AbortController();
  readonly #log: WriteStream;
  #output = '';
  #hasEnded = false;
  /** Settles once programs may run; where they may not, the run has ended by then. */
  readonly #vetted: Promise<void>;
  readonly #collapses: (event: StepEvent) => readonly CollapseAlarm[];
  #killReason: string | null = null;
  #silence: NodeJS.Timeout | null = null;
  #leaving: NodeJS.Timeout | null = null;

  constructor(context: SessionContext, order: TrainingOrder) {
    this.runId = order.runId;
    this.#collapses = watchRun(context.store, order.runId, order.resume?.step ?? -1);
    this.#context = context;
    this.#progress = throttle(PROGRESS_MS, ({ step, phase, fraction }) =>
      context.publish('progress', { runId: order.runId, step, phase, fraction }),
    );
    this.#log = createWriteStream(join(runFolder(context.home, order.runId), 'worker.log'), { flags: 'a' });
    // The log is a help for finding faults; a disk that is full shows where it matters, in the store.
    this.#log.on('error', (error) => console.error(`The log of run ${order.runId} cannot be written:`, error.message));
    const exited = Promise.withResolvers<void>();
    this.done = exited.promise;
    this.#worker = context.startWorker(context.workerEntry, {
      onMessage: (message) => this.#receive(message),
      onOutput: (text) => {
        this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
        this.#log.write(text);
      },
      onExit: (exit) => {
        this.#exit(exit);
        exited.resolve();
      },
    });
    this.#send({ kind: 'train', order });
    this.#vetted = this.#vet(order.config.limits.unsafeSandbox);
  }

  get pid(): number | undefined {
    return this.#worker.pid;
  }

  pause(): void {
    this.#send({ kind: 'pause' });
  }

  resume(): void {
    this.#send({ kind: 'resume' });
  }

  /** Ask for a stop after the current step, with a checkpoint. */
  stop(): void {
    if (this.#hasEnded) return;
    this.#send({ kind: 'stop' });
    this.#watchSilence();
  }

  /** End the process now; the run counts as interrupted, for `reason` (one line). */
  kill(reason: string): void {
    this.#killReason = reason;
    this.#worker.kill();
  }

  #receive(raw: unknown): void {
    if (this.#hasEnded) return;
    if (this.#silence !== null) this.#watchSilence();
    try {
      this.#handle(parseFromWorker(raw));
    } catch (error) {
      // Not stored: the worker must not go on as if it were.
      this.#end('failed', toErrorData(error).message);
      this.#worker.kill();
    }
  }

  #handle(message: FromWorker): void {
    switch (message.kind) {
      case 'event':
        this.#store(message.event);
        this.#acknowledge(message.number);
        break;
      case 'ended':
        this.#end(message.outcome);
        this.#acknowledge(message.number);
        break;
      case 'failed':
        this.#failed(message.error);
        this.#acknowledge(message.number);
        break;
      case 'paused':
        this.#context.move(this.runId, 'paused');
        this.#noteInfo('Paused');
        break;
      case 'resumed':
        this.#context.move(this.runId, 'running');
        this.#noteInfo('Resumed');
        break;
      case 'progress':
        this.#progress.push(message.event);
        break;
      case 'execute':
        void this.#execute(message.id, message.programs);
        break;
      default:
        message satisfies never;
    }
  }

  /** What lacks memory only goes on with less: it is interrupted, at the last whole step, and offered for resume. */
  #failed({ code, message, hint }: ErrorData): void {
    if (code === 'out-of-memory') this.#end('interrupted', hint === undefined ? message : `${message}. ${hint}`);
    else this.#end('failed', message);
  }

  /** @throws AssayError when the store cannot take it. */
  #store(event: RunEvent): void {
    const { runId } = this;
    const { store, publish, changed } = this.#context;
    switch (event.kind) {
      case 'started':
        store.runs.setStarted(runId, event);
        changed(runId);
        break;
      case 'step':
        store.saveStep(runId, event);
        this.#watchFor(event);
        this.#progress.drop();
        publish('step', { runId, step: event.step, metrics: event.metrics });
        changed(runId);
        break;
      case 'checkpoint':
        publish('checkpoint', store.checkpoints.replace(runId, event, Date.now()));
        if (event.replaces !== undefined)
          dropKeptBest(store, runId, event.replaces).catch((error: unknown) =>
            console.error(`Run ${runId}: the checkpoint of step ${event.replaces} cannot be removed:`, error),
          );
        break;
      case 'note':
        publish('note', store.notes.insert(runId, event));
        break;
      default:
        event satisfies never;
    }
  }

  /** Every run executes programs, so the sandbox shows that it holds while the worker still opens its engine. */
  async #vet(allowUnsafe: boolean): Promise<void> {
    const { sandbox } = this.#context;
    try {
      const report = await sandbox.check();
      if (this.#hasEnded) return;
      const broken = describeBroken(report);
      if (!report.held && !allowUnsafe)
        throw new AssayError('sandbox', `The sandbox does not hold: ${broken}; "assay sandbox check" shows more`);
      const ids = report.results.flatMap(({ id, held }) => (held === false ? [id] : []));
      this.#recordIsolation(isolationText(report.isolation, ids));
      if (!report.held) this.#noteUnsafe(broken);
    } catch (error) {
      if (this.#hasEnded) return;
      this.#end('failed', toErrorData(error).message);
      this.#worker.kill();
    }
  }

  /** A mark that a run has once stays: some of its steps were taken so. */
  #recordIsolation(isolation: string): void {
    const { runs } = this.#context.store;
    if (brokenCanaries(isolation) === null && brokenCanaries(runs.get(this.runId).isolation) !== null) return;
    runs.setIsolation(this.runId, isolation);
    this.#context.changed(this.runId);
  }

  #noteUnsafe(broken: string): void {
    const { store, publish } = this.#context;
    const message = `Programs run in a sandbox that does not hold, as limits.unsafeSandbox allows: ${broken}`;
    const step = store.steps.last(this.runId) ?? 0;
    publish('note', store.notes.insert(this.runId, { step, level: 'error', message }));
  }

  /** What the time line of the run shows. */
  #noteInfo(message: string): void {
    const { store, publish } = this.#context;
    const step = store.steps.last(this.runId) ?? 0;
    publish('note', store.notes.insert(this.runId, { step, level: 'info', message }));
  }

  /** Says when the run collapses, and does about it what its configuration asks for. */
  #watchFor(event: StepEvent): void {
    const { store, publish } = this.#context;
    for (const { onset, why } of this.#collapses(event)) {
      const message = `Collapse since step ${onset}: ${why}`;
      publish('note', store.notes.insert(this.runId, { step: event.step, level: 'warning', message }));
      const { onCollapse } = store.runs.get(this.runId).config.limits;
      if (onCollapse === 'pause') this.pause();
      else if (onCollapse === 'stop') this.stop();
    }
  }

  /** The sandbox mends itself, and runs again what it lost; the log says so. */
  #noteFaults(faults: number): void {
    if (faults === 0 || this.#hasEnded) return;
    const { store, publish, sandbox } = this.#context;
    const step = store.steps.last(this.runId) ?? 0;
    const message = `The sandbox failed ${faults === 1 ? 'once' : `${faults} times`} and ran what it lost again: ${sandbox.lastFault}`;
    publish('note', store.notes.insert(this.runId, { step, level: 'warning', message }));
  }

  async #execute(id: number, programs: readonly Program[]): Promise<void> {
    const { sandbox } = this.#context;
    try {
      await this.#vetted;
      this.#abort.signal.throwIfAborted();
      const faults = sandbox.faults;
      const results = await sandbox.execute(programs, this.#abort.signal);
      this.#noteFaults(sandbox.faults - faults);
      this.#send({ kind: 'executed', id, results });
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const data = toErrorData(error);
      const failed = error instanceof AssayError ? data : { ...data, code: 'sandbox' as const };
      this.#send({ kind: 'execute-failed', id, error: failed });
    }
  }

  /** Record how it ended, once; the first word counts. */
  #end(status: 'finished' | 'stopped' | 'failed' | 'interrupted', error?: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#progress.drop();
    this.#abort.abort();
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#leaving = setTimeout(() => this.#worker.kill(), LEAVE_MS);
    this.#context.move(this.runId, status, error);
  }

  #exit(exit: WorkerExit): void {
    this.#end('interrupted', this.#killReason ?? `The worker ${describeExit(exit)}${lastLine(this.#output)}`);
    if (this.#leaving !== null) clearTimeout(this.#leaving);
    this.#log.end();
  }

  /** Any message proves that the worker lives: a long step is no reason to kill it. */
  #watchSilence(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    const { stopSilenceMs } = this.#context;
    this.#silence = setTimeout(() => {
      this.kill(`Stopped by force: the worker said nothing for ${stopSilenceMs / 1000} s after it was asked to stop`);
    }, stopSilenceMs);
  }

  #acknowledge(number: number): void {
    this.#send({ kind: 'ack', number });
  }

  #send(message: ToWorker): void {
    this.#worker.send(message);
  }
}

function describeExit({ code, signal }: WorkerExit): string {
  if (signal !== null) return `was killed by ${signal}${signal === 'SIGKILL' ? ' (often: out of memory)' : ''}`;
  return code === null ? 'could not be started' : `ended by itself with code ${code}`;
}

/** The last thing that the worker printed: with luck, the reason. */
function lastLine(output: string): string {
  const line = output.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line.slice(0, 200)}`;
}
