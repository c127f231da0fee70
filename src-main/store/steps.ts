/**
 * Tables `steps`, `series` and `points`: a step exists or it does not, with all its metrics. The view `metrics` reads
 * them as (run_id, step, name, value), and what is inserted into it lands in them.
 */
import { z } from 'zod';
import type { LoggedMetrics, MetricName } from '../../src-shared/metrics.ts';
import type { RunValue } from '../../src-shared/organise.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';

const metricRow = z.object({ step: z.number().int(), name: z.string().nullable(), value: z.number().nullable() });
const pointRow = z.object({ step: z.number().int(), value: z.number() });
const reachedRow = z.object({
  id: z.string(),
  step: z.number().int().nullable(),
  series: jsonColumn(z.array(z.tuple([z.number().int(), z.number()]))).transform((points) =>
    points.map(([step, value]) => ({ step, value })),
  ),
});
const headRow = z.object({
  series: z.number().int(),
  runId: z.string(),
  metric: z.string(),
  step: z.number().int(),
  last: z.number(),
});
const extremesRow = z.object({ lowest: z.number().nullable(), highest: z.number().nullable() });
const lastRow = z.object({ step: z.number().int().nullable() });

/** Newest step, null before the first, and a series in order. */
export interface Reached {
  readonly step: number | null;
  readonly series: readonly { readonly step: number; readonly value: number }[];
}

interface Extremes {
  readonly upTo: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface StoredStep {
  readonly step: number;
  readonly metrics: LoggedMetrics;
}

export class StepsTable {
  readonly #db: Database;
  /** By run and series, as far as they were looked through: what comes after is all that is read the next time. */
  readonly #extremes = new Map<string, Map<number, Extremes>>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Replaces the step, its rollouts included, where it exists: a replayed step leaves no double. */
  replace(runId: string, step: number, metrics: LoggedMetrics, at: number): void {
    const { changes } = this.#db.run('DELETE FROM steps WHERE run_id = @runId AND step = @step', { runId, step });
    if (changes > 0) this.#extremes.delete(runId);
    this.#db.run('INSERT INTO steps (run_id, step, at) VALUES (@runId, @step, @at)', { runId, step, at });
    for (const [name, value] of Object.entries(metrics))
      this.#db.run('INSERT INTO metrics (run_id, step, name, value) VALUES (@runId, @step, @name, @value)', {
        runId,
        step,
        name,
        value,
      });
  }

  /** In order. */
  after(runId: string, afterStep: number): StoredStep[] {
    // One statement, so that what another process writes meanwhile is seen whole or not at all.
    const rows = this.#db.all(
      metricRow,
      `SELECT step, NULL AS name, NULL AS value FROM steps WHERE run_id = @runId AND step > @afterStep
       UNION ALL SELECT step, name, value FROM metrics WHERE run_id = @runId AND step > @afterStep ORDER BY step`,
      { runId, afterStep },
    );
    const steps = new Map<number, Record<string, number>>();
    for (const { step, name, value } of rows) {
      const metrics = steps.get(step) ?? {};
      steps.set(step, metrics);
      if (name !== null && value !== null) metrics[name] = value;
    }
    return Array.from(steps, ([step, metrics]) => ({ step, metrics }));
  }

  /** Null before the first. */
  last(runId: string): number | null {
    return this.#db.get(lastRow, 'SELECT max(step) AS step FROM steps WHERE run_id = @runId', { runId })?.step ?? null;
  }

  /** One metric over all steps that have it, in order. */
  series(runId: string, name: MetricName): { step: number; value: number }[] {
    return this.#db.all(
      pointRow,
      'SELECT step, value FROM metrics WHERE run_id = @runId AND name = @name ORDER BY step',
      { runId, name },
    );
  }

  /** How far every listed run has come, and one short series of it: what a list of runs shows. */
  reached(name: MetricName): ReadonlyMap<string, Reached> {
    const rows = this.#db.all(
      reachedRow,
      `SELECT r.id, (SELECT max(step) FROM steps WHERE run_id = r.id) AS step,
              (SELECT json_group_array(json_array(step, value)) FROM points
               WHERE series_id = (SELECT id FROM series WHERE run_id = r.id AND name = @name)) AS series
       FROM runs r WHERE deleted_at IS NULL`,
      { name },
    );
    return new Map(rows.map(({ id, step, series }) => [id, { step, series }]));
  }

  /** Last, lowest and highest value of each of these metrics, for each of these runs that has it. */
  values(runIds: readonly string[], metrics: readonly string[]): RunValue[] {
    const heads = this.#db.all(
      headRow,
      `SELECT s.id AS series, s.run_id, s.name AS metric, p.step, p.value AS last
       FROM series s JOIN points p ON p.series_id = s.id AND p.step = (SELECT max(step) FROM points WHERE series_id = s.id)
       WHERE s.name IN (SELECT value FROM json_each(@metrics)) AND s.run_id IN (SELECT value FROM json_each(@runIds))`,
      { metrics: JSON.stringify(metrics), runIds: JSON.stringify(runIds) },
    );
    return heads.map(({ series, runId, metric, step, last }) => {
      const { lowest, highest } = this.#extremesOf(runId, series, step, last);
      return { runId, metric, last, lowest, highest };
    });
  }

  #extremesOf(runId: string, series: number, upTo: number, last: number): Extremes {
    const known = this.#extremes.get(runId) ?? new Map<number, Extremes>();
    this.#extremes.set(runId, known);
    const before = known.get(series);
    if (before?.upTo === upTo) return before;
    const since = this.#db.get(
      extremesRow,
      'SELECT min(value) AS lowest, max(value) AS highest FROM points WHERE series_id = @series AND step > @after',
      { series, after: before?.upTo ?? -1 },
    );
    const extremes = {
      upTo,
      lowest: Math.min(before?.lowest ?? last, since?.lowest ?? last),
      highest: Math.max(before?.highest ?? last, since?.highest ?? last),
    };
    known.set(series, extremes);
    return extremes;
  }

  /** Mean of the newest `count` values; null where there are none. */
  recentMean(runId: string, name: MetricName, count: number): number | null {
    return (
      this.#db.get(
        z.object({ mean: z.number().nullable() }),
        `SELECT avg(value) AS mean FROM (SELECT value FROM metrics WHERE run_id = @runId AND name = @name
         ORDER BY step DESC LIMIT @count)`,
        { runId, name, count },
      )?.mean ?? null
    );
  }

  /** Metrics and rollouts of the steps go with them. */
  deleteAfter(runId: string, step: number): number {
    this.#extremes.delete(runId);
    return this.#db.run('DELETE FROM steps WHERE run_id = @runId AND step > @step', { runId, step }).changes;
  }
}
