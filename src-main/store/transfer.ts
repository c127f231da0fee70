/**
 * Rows as they leave one store and enter another: all columns as they are, whatever later steps of the schema add. Only
 * columns of this store's own tables are ever named in SQL. Who inserts reads the row back with the schema of its table
 * before the transaction ends.
 */
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import type { Database } from './database.ts';

const cell = z.union([z.null(), z.number(), z.string(), z.instanceof(Uint8Array)]);
const row = z.record(z.string(), cell);
export type Row = z.infer<typeof row>;

type Table = 'runs' | 'rollouts' | 'checkpoints' | 'views';
const columnRow = z.object({ name: z.string() });
const stepRow = z.object({ step: z.number().int(), at: z.number() });
const pointRow = z.object({ step: z.number().int(), name: z.string(), value: z.number() });
const numberRow = z.object({ number: z.number().int() });

export interface LoggedStep {
  readonly step: number;
  readonly at: number;
  /** By name, in the order of names. */
  readonly metrics: Readonly<Record<string, number>>;
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export class Transfer {
  readonly #db: Database;
  readonly #columns = new Map<Table, readonly string[]>();

  constructor(db: Database) {
    this.#db = db;
  }

  run(id: string): Row | null {
    return this.#db.get(row, 'SELECT * FROM runs WHERE id = @id', { id });
  }

  checkpoints(runId: string): Row[] {
    return this.#db.all(row, 'SELECT * FROM checkpoints WHERE run_id = @runId ORDER BY step', { runId });
  }

  /** Views whose state names one of the runs. */
  viewsOf(runIds: readonly string[]): Row[] {
    return this.#db
      .all(row, 'SELECT * FROM views ORDER BY created_at, id')
      .filter(({ state }) => typeof state === 'string' && runIds.some((id) => state.includes(id)));
  }

  view(id: string): Row | null {
    return this.#db.get(row, 'SELECT * FROM views WHERE id = @id', { id });
  }

  /** Up to `limit` steps after `afterStep`, in order. */
  steps(runId: string, afterStep: number, limit: number): LoggedStep[] {
    const steps = this.#db.all(
      stepRow,
      'SELECT step, at FROM steps WHERE run_id = @runId AND step > @afterStep ORDER BY step LIMIT @limit',
      { runId, afterStep, limit },
    );
    const last = steps.at(-1);
    if (last === undefined) return [];
    const metrics = new Map<number, Record<string, number>>(steps.map(({ step }) => [step, {}]));
    const points = this.#db.all(
      pointRow,
      'SELECT step, name, value FROM metrics WHERE run_id = @runId AND step > @afterStep AND step <= @last',
      { runId, afterStep, last: last.step },
    );
    points.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const { step, name, value } of points) {
      const ofStep = metrics.get(step);
      if (ofStep !== undefined) ofStep[name] = value;
    }
    return steps.map(({ step, at }) => ({ step, at, metrics: metrics.get(step) ?? {} }));
  }

  /** Rollouts of a step and split, in group order. @param firstOf Only the first rollout of so many problems. */
  rollouts(runId: string, step: number, split: 'train' | 'eval', firstOf: number | null): Row[] {
    return this.#db.all(
      row,
      `SELECT * FROM rollouts WHERE run_id = @runId AND step = @step AND split = @split
         AND (@firstOf IS NULL OR sample = 0) ORDER BY id LIMIT coalesce(@firstOf, -1)`,
      { runId, step, split, firstOf },
    );
  }

  /** Insert a row; columns that it leaves out get their defaults. @returns Its row number.
   * @throws AssayError `corrupt` for a column that the table does not have. */
  insert(table: Table, values: Row): number {
    const known = this.#columnsOf(table);
    const names = Object.keys(values);
    for (const name of names)
      if (!known.includes(snake(name)))
        throw new AssayError('corrupt', `${table}: unknown column ${name.slice(0, 60)}`);
    const columns = known.filter((column) => names.some((name) => snake(name) === column));
    const parameters = Object.fromEntries(names.map((name) => [snake(name), values[name] ?? null]));
    return this.#db.run(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`,
      parameters,
    ).id;
  }

  /** The number of a run that comes in: the next one, or the one that it had here before it was deleted for good. */
  takeNumber(id: string): number {
    const purged = this.#db.get(numberRow, 'SELECT number FROM purged_runs WHERE id = @id', { id });
    this.#db.run('DELETE FROM purged_runs WHERE id = @id', { id });
    if (purged !== null) return purged.number;
    const next = this.#db.get(
      numberRow,
      `SELECT max(coalesce((SELECT max(number) FROM runs), 0), coalesce((SELECT max(number) FROM purged_runs), 0)) + 1
         AS number`,
    );
    return next?.number ?? 1;
  }

  #columnsOf(table: Table): readonly string[] {
    const known = this.#columns.get(table);
    if (known !== undefined) return known;
    const columns = this.#db.all(columnRow, `PRAGMA table_info(${table})`).map(({ name }) => name);
    this.#columns.set(table, columns);
    return columns;
  }
}
