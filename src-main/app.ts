/**
 * The app, whatever its face: opens the data folder and builds store, sandbox, supervisor and `Api` over it. The
 * desktop window, the local server and the command line are given what this returns.
 */
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Api, type CallName, calls, type EventName, type Reply } from '../src-shared/api.ts';
import { AssayError } from '../src-shared/errors.ts';
import type { ApiContext, RunControl, StudyControl } from './api/context.ts';
import { createCalls, reply } from './api/index.ts';
import { Rates } from './estimate/rate.ts';
import { Downloads } from './hub/downloads.ts';
import { printWithBrowser } from './reports/print.ts';
import { purge, startPurging } from './runs/bin.ts';
import { LazySandbox } from './runs/lazy-sandbox.ts';
import { createPublisher, type Publisher } from './runs/publisher.ts';
import { askOwner } from './runs/remote.ts';
import { Supervisor } from './runs/supervisor.ts';
import { nodeWorker, type StartWorker } from './runs/worker-process.ts';
import { openSandbox, type Sandbox } from './sandbox/sandbox.ts';
import { defaultHome, ensureFolder } from './store/home.ts';
import { isOwned, lockFolder, ownedError } from './store/lock.ts';
import { openStore } from './store/store.ts';
import { remembered, StudyDriver } from './studies/driver.ts';
import { codeVersion } from './version.ts';

type PrintPdf = ApiContext['printPdf'];

export interface AppOptions {
  /** Data folder; `ASSAY_HOME` or the platform's by default. */
  readonly home?: string;
  /** Only look, beside the process that owns the folder. Pause, resume and stop are passed on to that process. */
  readonly readonly?: boolean;
  /** How worker processes are started; Node's way by default. */
  readonly startWorker?: StartWorker;
  /** Module that they run. */
  readonly workerEntry?: string;
  readonly openSandbox?: () => Promise<Sandbox>;
  /** How reports are printed; by an installed browser by default. */
  readonly printPdf?: PrintPdf;
  /** How long `close` waits for a running step to end, so that a checkpoint is written. */
  readonly closeMs?: number;
  /** How long a worker may be silent after it was asked to stop. */
  readonly stopSilenceMs?: number;
}

export interface App {
  readonly home: string;
  /** The calls, in this process. */
  readonly api: Api;
  /** A call that crosses a process boundary; never throws. */
  dispatch(name: string, input: unknown): Promise<Reply>;
  /** Every event of every kind. Returns the function that stops listening. */
  listen(listener: (event: EventName, payload: unknown) => void): () => void;
  /**
   * Queued runs are interrupted, the running one is stopped after its current step (with a checkpoint) or, when that
   * takes longer than `closeMs`, interrupted at its last checkpoint. Then everything is closed and the folder is free.
   */
  close(): Promise<void>;
}

/** @throws AssayError `locked` (another Assay owns the folder, or it cannot be written), `disk-full`, `corrupt`, `conflict`. */
export async function openApp(options: AppOptions = {}): Promise<App> {
  const home = options.home ?? defaultHome();
  const printPdf = options.printPdf ?? printWithBrowser;
  return options.readonly ? openReader(home, printPdf) : openOwner(home, { ...options, printPdf });
}

async function openOwner(home: string, options: AppOptions & { printPdf: PrintPdf }): Promise<App> {
  const { printPdf } = options;
  ensureFolder(home);
  const lock = lockFolder(home);
  const closers: (() => void | Promise<void>)[] = [() => lock.release()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const store = openStore(home, 'owner');
    closers.push(() => store.close());
    const sandbox = new LazySandbox(options.openSandbox ?? openSandbox);
    closers.push(() => sandbox.close());
    const publisher = createPublisher();
    const supervisor = new Supervisor({
      store,
      home,
      sandbox,
      publish: publisher.publish,
      startWorker: options.startWorker ?? nodeWorker,
      workerEntry: options.workerEntry ?? entry('worker'),
      codeVersion: await codeVersion(),
      closeMs: options.closeMs ?? 10_000,
      stopSilenceMs: options.stopSilenceMs ?? 60_000,
    });
    closers.push(() => supervisor.close());
    const purging = startPurging(store, home);
    closers.push(() => purging.stop());
    const control: RunControl = {
      launch: (config, links) => supervisor.launch(config, links),
      pause: async (runId) => supervisor.pause(runId),
      resume: (runId, steps, memory) => supervisor.resume(runId, steps, memory),
      stop: async (runId) => supervisor.stop(runId),
      queue: () => supervisor.queue,
      moveInQueue: (runId, place) => supervisor.moveInQueue(runId, place),
      changed: (runIds) => {
        for (const runId of runIds) publisher.publish('run', supervisor.summary(runId));
      },
      emptyBin: () => purge(store, home, Number.POSITIVE_INFINITY),
      deleted: (runIds) => publisher.publish('runsDeleted', { runIds: [...runIds] }),
      present: (run) => supervisor.present(run),
    };
    const rates = new Rates(home, options.startWorker ?? nodeWorker, entry('measure'));
    const downloads = downloadsOf(home, publisher);
    closers.push(() => downloads.close());
    const studies = (api: () => Api) => {
      const driver = new StudyDriver({ api, views: store.views, publish: publisher.publish });
      closers.push(() => driver.close());
      return driver;
    };
    return assemble({ home, store, control, sandbox, printPdf, rates, downloads }, studies, publisher, once(close));
  } catch (error) {
    await close();
    throw error;
  }
}

function openReader(home: string, printPdf: PrintPdf): App {
  const store = openStore(home, 'reader');
  const control: RunControl = {
    launch: async () => {
      throw ownedError(home);
    },
    pause: (runId) => askOwner(home, { runId: store.runs.get(runId).id, action: 'pause', steps: null }),
    resume: async (runId, steps, memory) => {
      if (memory !== undefined)
        throw new AssayError('locked', 'Memory settings can be changed only by the Assay that has this folder open', {
          hint: 'Resume the run in its window.',
        });
      await askOwner(home, { runId: store.runs.get(runId).id, action: 'resume', steps: steps ?? null });
    },
    stop: (runId) => askOwner(home, { runId: store.runs.get(runId).id, action: 'stop', steps: null }),
    queue: () => store.runs.withStatus('queued').map(({ id }) => id),
    moveInQueue: () => {
      throw ownedError(home);
    },
    // Nothing can change in a process that only reads.
    changed: () => undefined,
    deleted: () => undefined,
    emptyBin: async () => {
      throw ownedError(home);
    },
    present: (run) => {
      const isLive = run.status === 'running' || run.status === 'paused' || run.status === 'queued';
      if (!isLive || isOwned(home)) return run;
      return { ...run, status: 'interrupted', error: 'Assay ended while the run was live' };
    },
  };
  const studies: StudyControl = {
    start: async () => {
      throw ownedError(home);
    },
    stop: () => {
      throw ownedError(home);
    },
    progress: () => remembered(store.views, isOwned(home)),
  };
  // Of runs nothing happens in this process; downloads do, beside the process that owns the folder.
  const publisher = createPublisher();
  const downloads = downloadsOf(home, publisher);
  const rates = new Rates(home, nodeWorker, entry('measure'));
  return assemble(
    { home, store, control, sandbox: null, printPdf, rates, downloads },
    () => studies,
    publisher,
    once(async () => {
      await downloads.close();
      store.close();
    }),
  );
}

const downloadsOf = (home: string, { publish }: Publisher) =>
  new Downloads(home, (download) => publish('modelProgress', download));

function assemble(
  parts: Omit<ApiContext, 'api' | 'studies'>,
  studies: (api: () => Api) => StudyControl,
  publisher: Publisher,
  close: () => Promise<void>,
): App {
  // Whoever calls does so when all is put together.
  const ownApi = () => app.api;
  const call = createCalls({ ...parts, api: ownApi, studies: studies(ownApi) });
  const bodies = Object.fromEntries(
    (Object.keys(calls) as CallName[]).map((name) => [name, (input: unknown) => call(name, input)]),
  );
  const app: App = {
    home: parts.home,
    // The mapped type cannot follow Object.fromEntries; every name of `calls` is present by construction.
    api: { ...bodies, on: publisher.on } as Api,
    dispatch: (name, input) => reply(call, name, input),
    listen: publisher.listen,
    close,
  };
  return app;
}

/** A process's module: `worker.ts` beside this file in the source tree, `worker.js` in the bundle. */
function entry(name: 'worker' | 'measure'): string {
  const here = fileURLToPath(import.meta.url);
  return join(dirname(here), `${name}${extname(here)}`);
}

function once(body: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= body();
    return done;
  };
}
