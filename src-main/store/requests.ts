/** Table `requests`: what other processes ask of the owner of the folder, and its answers. */
import { z } from 'zod';
import { type ErrorData, errorSchema } from '../../src-shared/errors.ts';
import { flagColumn, jsonColumn } from './columns.ts';
import type { Database } from './database.ts';

export const REQUEST_ACTIONS = ['pause', 'resume', 'stop'] as const;

const row = z.object({
  id: z.number().int(),
  runId: z.string(),
  action: z.enum(REQUEST_ACTIONS),
  steps: z.number().int().nullable(),
});
export type RunRequest = z.infer<typeof row>;
const answerRow = z.object({ answered: flagColumn, error: jsonColumn(errorSchema).nullable() });

export class RequestsTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @returns The id under which the answer will be found. */
  insert({ runId, action, steps }: Omit<RunRequest, 'id'>): number {
    return this.#db.run('INSERT INTO requests (run_id, action, steps, at) VALUES (@runId, @action, @steps, @at)', {
      runId,
      action,
      steps,
      at: Date.now(),
    }).id;
  }

  /** Oldest first. */
  open(): RunRequest[] {
    return this.#db.all(row, 'SELECT id, run_id, action, steps FROM requests WHERE answered = 0 ORDER BY id');
  }

  answer(id: number, error: ErrorData | null): void {
    this.#db.run('UPDATE requests SET answered = 1, error = @error WHERE id = @id', {
      id,
      error: error === null ? null : JSON.stringify(error),
    });
  }

  /** Null until there is one. */
  answerOf(id: number): { readonly error: ErrorData | null } | null {
    const found = this.#db.get(answerRow, 'SELECT answered, error FROM requests WHERE id = @id', { id });
    return found?.answered ? { error: found.error } : null;
  }

  delete(id: number): void {
    this.#db.run('DELETE FROM requests WHERE id = @id', { id });
  }

  /** What was asked of an owner that is gone. */
  deleteAll(): void {
    this.#db.run('DELETE FROM requests');
  }
}
