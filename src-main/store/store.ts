/** The store: all tables over one connection, and the writes that touch several of them at once. */
import { existsSync } from 'node:fs';
import type { StepEvent } from '../../src-shared/events.ts';
import { CheckpointsTable } from './checkpoints.ts';
import { type Access, Database } from './database.ts';
import { databaseFile } from './home.ts';
import { NotesTable } from './notes.ts';
import { OutcomesTable } from './outcomes.ts';
import { RequestsTable } from './requests.ts';
import { RolloutsTable } from './rollouts.ts';
import { RunsTable } from './runs.ts';
import { SeriesTable } from './series.ts';
import { StepsTable } from './steps.ts';
import { Transfer } from './transfer.ts';
import { ViewsTable } from './views.ts';

export class Store {
  readonly runs: RunsTable;
  readonly steps: StepsTable;
  readonly series: SeriesTable;
  readonly rollouts: RolloutsTable;
  readonly outcomes: OutcomesTable;
  readonly checkpoints: CheckpointsTable;
  readonly notes: NotesTable;
  readonly requests: RequestsTable;
  readonly views: ViewsTable;
  readonly transfer: Transfer;
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    this.runs = new RunsTable(db);
    this.steps = new StepsTable(db);
    this.series = new SeriesTable(db);
    this.rollouts = new RolloutsTable(db);
    this.outcomes = new OutcomesTable(db);
    this.checkpoints = new CheckpointsTable(db);
    this.notes = new NotesTable(db);
    this.requests = new RequestsTable(db);
    this.views = new ViewsTable(db);
    this.transfer = new Transfer(db);
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

  /** A run and all that belongs to it, gone for good; its number and name are kept, so that none comes twice. */
  purgeRun(runId: string, at: number = Date.now()): void {
    this.#db.transaction(() => {
      const key = { runId };
      this.#db.run(
        'INSERT INTO purged_runs (id, number, name, at) SELECT id, number, name, @at FROM runs WHERE id = @runId',
        { runId, at },
      );
      // Whole series at once; by way of the steps each point would be looked up by itself.
      this.#db.run('DELETE FROM points WHERE series_id IN (SELECT id FROM series WHERE run_id = @runId)', key);
      this.#db.run('DELETE FROM series WHERE run_id = @runId', key);
      this.#db.run('DELETE FROM runs WHERE id = @runId', key);
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
