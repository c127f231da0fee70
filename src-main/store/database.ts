/**
 * One SQLite connection: opening, migrating, transactions, and rows that are parsed before they are believed. Knows no
 * table. Columns are snake_case in SQL and camelCase in rows and parameters.
 */
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { storeError } from './errors.ts';
import { migrations } from './migrations.ts';

/** `owner` migrates and writes; `guest` writes beside an owner and never migrates; `reader` only reads. */
export type Access = 'owner' | 'guest' | 'reader';

type Value = string | number | null | Uint8Array;
export type Parameters = Readonly<Record<string, Value>>;

/** How long to wait for another process's write to end. */
const BUSY_MS = 5000;

export class Database {
  readonly path: string;
  readonly #folder: string;
  readonly #sqlite: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement<[Parameters], Record<string, unknown>>>();

  /** @param path A file, or `:memory:`. @throws AssayError `locked`, `disk-full`, `corrupt` or `conflict` (wrong version). */
  constructor(path: string, access: Access) {
    this.path = path;
    this.#folder = dirname(path);
    this.#sqlite = this.#guard(
      () => new Sqlite(path, { readonly: access === 'reader', fileMustExist: access !== 'owner', timeout: BUSY_MS }),
    );
    try {
      this.#guard(() => {
        this.#checkVersion(access);
        if (access === 'owner') this.#sqlite.pragma('journal_mode = WAL');
        this.#sqlite.pragma('synchronous = NORMAL');
        this.#sqlite.pragma('foreign_keys = ON');
        if (access === 'owner') this.#migrate();
        // SQLite opens a file that it may not write, and says so only at the first write: so let this be the first.
        if (access !== 'reader') this.#sqlite.pragma(`user_version = ${migrations.length}`);
      });
    } catch (error) {
      this.#sqlite.close();
      throw error;
    }
  }

  all<T>(row: z.ZodType<T>, sql: string, parameters: Parameters = {}): T[] {
    return this.#guard(() => this.#prepare(sql).all(parameters)).map((raw) => this.#parse(row, raw, sql));
  }

  get<T>(row: z.ZodType<T>, sql: string, parameters: Parameters = {}): T | null {
    const raw = this.#guard(() => this.#prepare(sql).get(parameters));
    return raw === undefined ? null : this.#parse(row, raw, sql);
  }

  /** @returns How many rows changed, and the id of the last row inserted. */
  run(sql: string, parameters: Parameters = {}): { changes: number; id: number } {
    const { changes, lastInsertRowid } = this.#guard(() => this.#prepare(sql).run(parameters));
    return { changes, id: Number(lastInsertRowid) };
  }

  /** All of the body or nothing of it; inside another transaction it joins that one. */
  transaction<T>(body: () => T): T {
    if (this.#sqlite.inTransaction) return body();
    return this.#guard(() => this.#sqlite.transaction(body).immediate());
  }

  close(): void {
    this.#sqlite.close();
  }

  #checkVersion(access: Access): void {
    const version = this.#version();
    if (version > migrations.length)
      throw new AssayError(
        'conflict',
        `${this.path} was written by a newer Assay (data version ${version}; this one knows up to ${migrations.length})`,
        { hint: 'Update Assay, or choose another folder with ASSAY_HOME.' },
      );
    if (access !== 'owner' && version < migrations.length)
      throw new AssayError(
        'conflict',
        `${this.path} has data version ${version}; this Assay needs ${migrations.length}`,
        { hint: 'Start Assay once with this folder: it brings the data up to date.' },
      );
  }

  #migrate(): void {
    for (let version = this.#version(); version < migrations.length; version++) {
      this.#sqlite
        .transaction(() => {
          this.#sqlite.exec(migrations[version] as string);
          this.#sqlite.pragma(`user_version = ${version + 1}`);
        })
        .exclusive();
    }
  }

  #version(): number {
    return this.#sqlite.pragma('user_version', { simple: true }) as number;
  }

  #prepare(sql: string): Sqlite.Statement<[Parameters], Record<string, unknown>> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#sqlite.prepare<[Parameters], Record<string, unknown>>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #parse<T>(row: z.ZodType<T>, raw: Record<string, unknown>, sql: string): T {
    const named = Object.fromEntries(Object.entries(raw).map(([column, value]) => [camelCase(column), value]));
    const parsed = row.safeParse(named);
    if (parsed.success) return parsed.data;
    const table = /(?:FROM|INTO|UPDATE)\s+(\w+)/.exec(sql)?.[1] ?? 'a table';
    const issue = parsed.error.issues[0];
    throw new AssayError(
      'corrupt',
      `${this.path}: a row of ${table} is damaged: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`,
      { cause: parsed.error },
    );
  }

  #guard<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      // A long call that is still under way when Assay ends.
      if (!this.#sqlite.open) throw new AssayError('conflict', `${this.path} is closed: Assay is ending`);
      throw storeError(error, this.#folder, this.path);
    }
  }
}

const camelNames = new Map<string, string>();
function camelCase(column: string): string {
  const known = camelNames.get(column);
  if (known !== undefined) return known;
  const name = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  camelNames.set(column, name);
  return name;
}
