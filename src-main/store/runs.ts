/** Table `runs`: what a run is and how it stands. Status changes come from runs/lifecycle.ts alone. */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { runDetailSchema } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { StartedEvent } from '../../src-shared/events.ts';
import { fingerprintsSchema } from '../../src-shared/fingerprints.ts';
import { RUN_STATUSES, type RunConfig, type RunStatus } from '../../src-shared/run.ts';
import { jsonColumn, remembered } from './columns.ts';
import type { Database } from './database.ts';

const row = z.object({
  id: z.string(),
  number: z.number().int(),
  name: z.string(),
  status: z.enum(RUN_STATUSES),
  config: remembered(jsonColumn(runDetailSchema.shape.config)),
  codeVersion: z.string(),
  datasetHash: z.string().nullable(),
  engine: z.string().nullable(),
  device: z.string().nullable(),
  precision: z.string().nullable(),
  build: z.string().nullable(),
  parameters: z.number().nullable(),
  isolation: z.string().nullable(),
  fingerprints: jsonColumn(fingerprintsSchema).nullable(),
  parentCheckpointId: z.string().nullable(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  error: z.string().nullable(),
  controlOf: z.string().nullable(),
  study: z.string().nullable(),
  tags: jsonColumn(z.array(z.string())),
  origin: jsonColumn(runDetailSchema.shape.origin.unwrap()).nullable(),
  deletedAt: z.number().nullable(),
});
export type StoredRun = z.infer<typeof row>;
const lineRow = z.object({ parentId: z.string(), childId: z.string(), childNumber: z.number().int() });

/** What a run belongs to. */
export interface RunLinks {
  /** The run that this one is the matched control of. */
  readonly controlOf?: string | undefined;
  /** Id of the study that has it launched. */
  readonly study?: string | undefined;
}

export interface NewRun extends RunLinks {
  readonly id: string;
  readonly config: RunConfig;
  readonly codeVersion: string;
  readonly parentCheckpointId: string | null;
}

export class RunsTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Eight letters and digits, none that look alike, a letter first: never mistaken for a run's number. */
  freshId(): string {
    const letters = 'abcdefghjkmnpqrstuvwxyz';
    const pick = (alphabet: string) => alphabet.charAt(randomInt(alphabet.length));
    for (;;) {
      const id = pick(letters) + Array.from({ length: 7 }, () => pick(`${letters}23456789`)).join('');
      if (this.find(id) === null) return id;
    }
  }

  /** A new run, queued, with the next number. */
  insert(run: NewRun, at: number = Date.now()): StoredRun {
    return this.#db.transaction(() => {
      this.#db.run(
        `INSERT INTO runs (id, number, name, status, config, code_version, parent_checkpoint_id, control_of, study,
                           created_at)
         VALUES (@id, (SELECT coalesce(max(number), 0) + 1
                      FROM (SELECT number FROM runs UNION ALL SELECT number FROM purged_runs)), @name, 'queued', @config, @codeVersion,
                 @parentCheckpointId, @controlOf, @study, @at)`,
        {
          ...run,
          controlOf: run.controlOf ?? null,
          study: run.study ?? null,
          name: run.config.name,
          config: JSON.stringify(run.config),
          at,
        },
      );
      return this.get(run.id);
    });
  }

  find(id: string): StoredRun | null {
    return this.#db.get(row, 'SELECT * FROM runs WHERE id = @id', { id });
  }

  /** @throws AssayError `not-found`. */
  get(id: string): StoredRun {
    const run = this.find(id);
    if (run === null) throw new AssayError('not-found', `There is no run ${id}`);
    return run;
  }

  /** All but those in the bin, newest first. */
  all(): StoredRun[] {
    return this.#db.all(row, 'SELECT * FROM runs WHERE deleted_at IS NULL ORDER BY number DESC');
  }

  /** Those in the bin, newest deletion first. */
  binned(): StoredRun[] {
    return this.#db.all(row, 'SELECT * FROM runs WHERE deleted_at IS NOT NULL ORDER BY deleted_at DESC, number DESC');
  }

  /** Which runs started from a checkpoint of which, those in the bin included. */
  startedFrom(): { parentId: string; childId: string; childNumber: number }[] {
    return this.#db.all(
      lineRow,
      `SELECT c.run_id AS parent_id, r.id AS child_id, r.number AS child_number
       FROM runs r JOIN checkpoints c ON c.id = r.parent_checkpoint_id ORDER BY r.number`,
    );
  }

  /** Oldest first. */
  withStatus(status: RunStatus): StoredRun[] {
    return this.#db.all(row, 'SELECT * FROM runs WHERE status = @status ORDER BY number', { status });
  }

  setStatus(
    id: string,
    to: { status: RunStatus; startedAt: number | null; endedAt: number | null; error: string | null },
  ): void {
    this.#db.run(
      `UPDATE runs SET status = @status, started_at = @startedAt, ended_at = @endedAt, error = @error WHERE id = @id`,
      { id, ...to },
    );
  }

  /** What the worker found out when it had everything open. */
  setStarted(id: string, { engine, parameters, datasetHash, fingerprints }: StartedEvent): void {
    this.#db.run(
      `UPDATE runs SET engine = @engine, device = @device, precision = @precision, build = @build,
              parameters = @parameters, dataset_hash = @datasetHash, fingerprints = @fingerprints WHERE id = @id`,
      {
        id,
        ...engine,
        parameters,
        datasetHash,
        fingerprints: fingerprints === null ? null : JSON.stringify(fingerprints),
      },
    );
  }

  setIsolation(id: string, isolation: string): void {
    this.#db.run('UPDATE runs SET isolation = @isolation WHERE id = @id', { id, isolation });
  }

  rename(id: string, name: string): void {
    this.#db.run(`UPDATE runs SET name = @name, config = json_set(config, '$.name', @name) WHERE id = @id`, {
      id,
      name,
    });
  }

  setTags(id: string, tags: readonly string[]): void {
    this.#db.run('UPDATE runs SET tags = @tags WHERE id = @id', { id, tags: JSON.stringify(tags) });
  }

  /** @param at When they went into the bin; null: out of it. */
  setDeleted(ids: readonly string[], at: number | null): void {
    this.#db.run('UPDATE runs SET deleted_at = @at WHERE id IN (SELECT value FROM json_each(@ids))', {
      ids: JSON.stringify(ids),
      at,
    });
  }

  setSteps(id: string, steps: number): void {
    this.#db.run(`UPDATE runs SET config = json_set(config, '$.limits.steps', @steps) WHERE id = @id`, { id, steps });
  }
}
