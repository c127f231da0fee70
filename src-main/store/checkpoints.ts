/** Table `checkpoints`: complete folders on disk, and which one each was trained from. */
import { z } from 'zod';
import { type Checkpoint, checkpointSchema } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { CheckpointEvent } from '../../src-shared/events.ts';
import type { Database } from './database.ts';

const columns = `id, run_id, step, parent_id, folder, bytes, created_at,
  (SELECT value FROM metrics m WHERE m.run_id = c.run_id AND m.name = 'eval/avg@k' AND m.step <= c.step
   ORDER BY m.step DESC LIMIT 1) AS accuracy`;

export class CheckpointsTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Record a folder, in place of an earlier one of the same step: that is the same state, trained again. */
  replace(runId: string, { step, folder, bytes }: CheckpointEvent, at: number): Checkpoint {
    const id = `${runId}-${step}`;
    return this.#db.transaction(() => {
      this.#db.run(
        `INSERT OR REPLACE INTO checkpoints (id, run_id, step, parent_id, folder, bytes, created_at)
         VALUES (@id, @runId, @step,
           coalesce((SELECT id FROM checkpoints WHERE run_id = @runId AND step < @step ORDER BY step DESC LIMIT 1),
                    (SELECT parent_checkpoint_id FROM runs WHERE id = @runId)),
           @folder, @bytes, @at)`,
        { id, runId, step, folder, bytes, at },
      );
      return this.get(id);
    });
  }

  /** In order of steps. */
  ofRun(runId: string): Checkpoint[] {
    return this.#db.all(checkpointSchema, `SELECT ${columns} FROM checkpoints c WHERE run_id = @runId ORDER BY step`, {
      runId,
    });
  }

  last(runId: string): Checkpoint | null {
    return this.#db.get(
      checkpointSchema,
      `SELECT ${columns} FROM checkpoints c WHERE run_id = @runId ORDER BY step DESC LIMIT 1`,
      { runId },
    );
  }

  find(id: string): Checkpoint | null {
    return this.#db.get(checkpointSchema, `SELECT ${columns} FROM checkpoints c WHERE id = @id`, { id });
  }

  /** @throws AssayError `not-found`. */
  get(id: string): Checkpoint {
    const checkpoint = this.find(id);
    if (checkpoint === null) throw new AssayError('not-found', `There is no checkpoint ${id}`);
    return checkpoint;
  }

  /** Ids of all runs' newest checkpoints, for messages that say what exists. */
  newestIds(count: number): string[] {
    return this.#db
      .all(z.object({ id: z.string() }), 'SELECT id FROM checkpoints ORDER BY created_at DESC LIMIT @count', { count })
      .map((row) => row.id);
  }

  /** Forget one that no run started from; what came after it then comes after the one before it. @returns Whether it did. */
  drop(id: string): boolean {
    return this.#db.transaction(() => {
      const { parentId } = this.get(id);
      const { changes } = this.#db.run(
        'DELETE FROM checkpoints WHERE id = @id AND NOT EXISTS (SELECT 1 FROM runs WHERE parent_checkpoint_id = @id)',
        { id },
      );
      if (changes > 0)
        this.#db.run('UPDATE checkpoints SET parent_id = @parentId WHERE parent_id = @id', { id, parentId });
      return changes > 0;
    });
  }

  deleteAfter(runId: string, step: number): void {
    this.#db.run('DELETE FROM checkpoints WHERE run_id = @runId AND step > @step', { runId, step });
  }
}
