/** Another program's SQLite file, to be read only: nothing in it is run, and nothing is written, not even beside it. */
import { basename } from 'node:path';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';

const nameRow = z.object({ name: z.string() });

export class ForeignDatabase {
  readonly #sqlite: Sqlite.Database;
  readonly #file: string;

  /** @throws AssayError `corrupt` when it is not SQLite or damaged. */
  constructor(path: string) {
    this.#file = basename(path);
    this.#sqlite = this.#guard(() => new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 5000 }));
    this.#guard(() => {
      // Views, triggers and default values of the file call no function that could do harm.
      this.#sqlite.pragma('trusted_schema = OFF');
      this.#sqlite.pragma('cell_size_check = ON');
      this.#sqlite.pragma('query_only = ON');
    });
  }

  /** Names of real tables; views are left out. */
  tables(): string[] {
    return [...this.rows(nameRow, "SELECT name FROM sqlite_master WHERE type = 'table'")].map(({ name }) => name);
  }

  columns(table: string): string[] {
    return [...this.rows(nameRow, 'SELECT name FROM pragma_table_info(@table)', { table })].map(({ name }) => name);
  }

  /** Row by row. @throws AssayError `corrupt` for a row that does not parse. */
  *rows<T>(row: z.ZodType<T>, sql: string, parameters: Readonly<Record<string, string>> = {}): Generator<T> {
    const iterator = this.#guard(() => this.#sqlite.prepare(sql).iterate(parameters));
    try {
      for (;;) {
        const next = this.#guard(() => iterator.next());
        if (next.done === true) return;
        const parsed = row.safeParse(next.value);
        if (!parsed.success) {
          const issue = parsed.error.issues[0];
          throw new AssayError(
            'corrupt',
            `${this.#file}: a row is malformed: ${issue?.path.join('.')}: ${issue?.message}`,
          );
        }
        yield parsed.data;
      }
    } finally {
      iterator.return?.();
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  #guard<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new AssayError('corrupt', `${this.#file} cannot be read as an SQLite file: ${reason}`, { cause: error });
    }
  }
}
