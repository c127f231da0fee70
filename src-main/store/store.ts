/** The store: all tables over one connection, and the writes that touch several of them at once. */
import { existsSync } from 'node:fs';
import type { StepEvent } from '../../src-shared/events.ts';
import { CheckpointsTable } from './checkpoints.ts';
import { type Access, Database } from './database.ts';
import { databaseFile } from './home.ts';
import { NotesTable } from './notes.ts';
import { RequestsTable } from './requests.ts';
import { RolloutsTable } from './rollouts.ts';
import { RunsTable } from './runs.ts';
import { StepsTable } from './steps.ts';

export class Store {
  readonly runs: RunsTable;
  readonly steps: StepsTable;
  readonly rollouts: RolloutsTable;
  readonly checkpoints: CheckpointsTable;
  readonly notes: NotesTable;
  readonly requests: RequestsTable;
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    this.runs = new RunsTable(db);
    this.steps = new StepsTable(db);
    this.rollouts = new RolloutsTable(db);
    this.checkpoints = new CheckpointsTable(db);
    this.notes = new NotesTable(db);
    this.requests = new RequestsTable(db);
  }

  /** Metrics and rollouts of a step, in one transaction, in place of an earlier attempt at the same step. */
  saveStep(runId: string, { step, metrics, rollouts }: StepEvent, at: number = Date.now()): void {
    this.#db.transaction(() => {
      this.steps.replace(runId, step, metrics, at);
      for (const rollout of rollouts) this.rollouts.insert(runId, step, rollout);
    });
  }

  /** Forget what came after `step`, in one transaction: the run is about to train it again. -1 forgets all. */
  rewind(runId: string, step: number): void {
    this.#db.transaction(() => {
      this.steps.deleteAfter(runId, step);
      this.checkpoints.deleteAfter(runId, step);
    });
  }

  transaction<T>(body: () => T): T {
    return this.#db.transaction(body);
  }

  close(): void {
    this.#db.close();
  }
}

/**
 * Open the store of an existing data folder. A reader of a folder that has none sees an empty one, and creates nothing.
 * @throws AssayError `locked`, `disk-full`, `corrupt`, or `conflict` when another version of Assay wrote it.
 */
export function openStore(home: string, access: Access): Store {
  const path = databaseFile(home);
  const isMissing = access === 'reader' && !existsSync(path);
  return new Store(isMissing ? new Database(':memory:', 'owner') : new Database(path, access));
}
