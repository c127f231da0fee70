/** What the bodies of the calls work with. */
import type { z } from 'zod';
import type { CallName, Calls } from '../../src-shared/api.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { LazySandbox } from '../runs/lazy-sandbox.ts';
import type { RunLinks, StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

/** Doing something to runs: in the process that owns the data folder, or by asking that process. */
export interface RunControl {
  /** Store a run and queue it. @returns Its id. */
  launch(config: RunConfig, links?: RunLinks): Promise<string>;
  pause(runId: string): Promise<void>;
  resume(runId: string, steps: number | undefined): Promise<void>;
  stop(runId: string): Promise<void>;
  /** A stored run as it really stands. */
  present(run: StoredRun): StoredRun;
}

export interface ApiContext {
  readonly home: string;
  readonly store: Store;
  readonly control: RunControl;
  /** Null in a process that only reads: it opens none. */
  readonly sandbox: LazySandbox | null;
}

/** A body gets input that was parsed. */
export type Bodies<C extends CallName = CallName> = {
  readonly [N in C]: (
    input: z.output<Calls[N]['input']>,
  ) => Promise<z.output<Calls[N]['output']>> | z.output<Calls[N]['output']>;
};
