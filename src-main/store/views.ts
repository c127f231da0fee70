/** Table `views`: what people keep to come back to, as saved reports, comparisons and views of a page. Any JSON. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { type NewView, type SavedView, savedViewSchema, type ViewKind } from '../../src-shared/views.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';

const row = savedViewSchema.extend({ state: jsonColumn(z.unknown()) });

export class ViewsTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Last changed first. */
  ofKind(kind: ViewKind): SavedView[] {
    return this.#db.all(row, 'SELECT * FROM views WHERE kind = @kind ORDER BY updated_at DESC, id', { kind });
  }

  /** @throws AssayError `not-found`. */
  get(id: string): SavedView {
    const view = this.#db.get(row, 'SELECT * FROM views WHERE id = @id', { id });
    if (view === null) throw new AssayError('not-found', `There is no view ${id}`);
    return view;
  }

  /** A new one without an id; else in place of the one of this id, which may not be there any more. */
  save({ id = randomUUID(), kind, name, state }: NewView, at: number = Date.now()): SavedView {
    this.#db.run(
      `INSERT INTO views (id, kind, name, state, created_at, updated_at) VALUES (@id, @kind, @name, @state, @at, @at)
       ON CONFLICT (id) DO UPDATE SET kind = @kind, name = @name, state = @state, updated_at = @at`,
      { id, kind, name, state: JSON.stringify(state), at },
    );
    return this.get(id);
  }

  delete(id: string): void {
    this.#db.run('DELETE FROM views WHERE id = @id', { id });
  }
}
