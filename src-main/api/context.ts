/** What the bodies of the calls work with. */
import type { z } from 'zod';
import type { Api, CallName, Calls } from '../../src-shared/api.ts';
import type { MemorySettings } from '../../src-shared/memory.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { StudyProgress, StudySettings } from '../../src-shared/study.ts';
import type { Rates } from '../estimate/rate.ts';
import type { Downloads } from '../hub/downloads.ts';
import type { LazySandbox } from '../runs/lazy-sandbox.ts';
import type { RunLinks, StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

/** Doing something to runs: in the process that owns the data folder, or by asking that process. */
export interface RunControl {
  /** Store a run and queue it. @returns Its id. */
  launch(config: RunConfig, links?: RunLinks): Promise<string>;
  pause(runId: string): Promise<void>;
  resume(runId: string, steps: number | undefined, memory?: MemorySettings): Promise<void>;
  stop(runId: string): Promise<void>;
  /** Runs that wait, the next one first. */
  queue(): readonly string[];
  /** @throws AssayError `conflict` where the run does not wait. */
  moveInQueue(runId: string, place: number): void;
  /** Tell that summaries of runs changed. */
  changed(runIds: readonly string[]): void;
  /** Purge all that is in the bin and may go. */
  emptyBin(): Promise<{ purged: number; kept: number }>;
  /** Tell that runs went into the bin. */
  deleted(runIds: readonly string[]): void;
  /** A stored run as it really stands. */
  present(run: StoredRun): StoredRun;
}

/** Having studies made: in the process that owns the data folder. */
export interface StudyControl {
  start(settings: StudySettings): Promise<void>;
  stop(id: string): void;
  progress(): readonly StudyProgress[];
}

export interface ApiContext {
  readonly home: string;
  readonly store: Store;
  readonly control: RunControl;
  /** Null in a process that only reads: it opens none. */
  readonly sandbox: LazySandbox | null;
  /** Prints a page of ours. @throws AssayError `not-found` where nothing on this machine can. */
  readonly printPdf: (html: string) => Promise<Uint8Array>;
  /** How fast engines are on this machine. */
  readonly rates: Rates;
  readonly studies: StudyControl;
  readonly downloads: Downloads;
  /** The calls themselves, for a body that is made of several. */
  readonly api: () => Api;
}

/** A body gets input that was parsed. */
export type Bodies<C extends CallName = CallName> = {
  readonly [N in C]: (
    input: z.output<Calls[N]['input']>,
  ) => Promise<z.output<Calls[N]['output']>> | z.output<Calls[N]['output']>;
};
