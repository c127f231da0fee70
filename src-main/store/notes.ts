/** Table `notes`: what a reader of a run should know. Never deleted: they are the run's history, replays included. */
import { type RunNote, runNoteSchema } from '../../src-shared/api.ts';
import type { NoteEvent } from '../../src-shared/events.ts';
import type { Database } from './database.ts';

export class NotesTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(runId: string, note: Omit<NoteEvent, 'kind'>, at: number = Date.now()): RunNote {
    const { step, level, message } = note;
    const { id } = this.#db.run(
      'INSERT INTO notes (run_id, step, at, level, message) VALUES (@runId, @step, @at, @level, @message)',
      { runId, step, at, level, message },
    );
    return { id, runId, step, at, level, message };
  }

  /** Oldest first. */
  ofRun(runId: string): RunNote[] {
    return this.#db.all(runNoteSchema, 'SELECT * FROM notes WHERE run_id = @runId ORDER BY id', { runId });
  }
}
