/** Tables `steps` and `metrics`: a step exists or it does not, with all its metrics. */
import { z } from 'zod';
import { METRICS, type MetricName, type StepMetrics } from '../../src-shared/metrics.ts';
import type { Database } from './database.ts';

const metricRow = z.object({ step: z.number().int(), name: z.string().nullable(), value: z.number().nullable() });
const pointRow = z.object({ step: z.number().int(), value: z.number() });
const lastRow = z.object({ step: z.number().int().nullable() });

const known: ReadonlySet<string> = new Set(METRICS.map((metric) => metric.name));
/** A name that an older Assay logged and this one no longer has is left out. */
const isMetricName = (name: string): name is MetricName => known.has(name);

export interface StoredStep {
  readonly step: number;
  readonly metrics: StepMetrics;
}

export class StepsTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Replaces the step, its rollouts included, where it exists: a replayed step leaves no double. */
  replace(runId: string, step: number, metrics: StepMetrics, at: number): void {
    this.#db.run('DELETE FROM steps WHERE run_id = @runId AND step = @step', { runId, step });
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
    const rows = this.#db.all(
      metricRow,
      `SELECT step, name, value FROM steps LEFT JOIN metrics USING (run_id, step)
       WHERE run_id = @runId AND step > @afterStep ORDER BY step`,
      { runId, afterStep },
    );
    const steps = new Map<number, Partial<Record<MetricName, number>>>();
    for (const { step, name, value } of rows) {
      const metrics = steps.get(step) ?? {};
      steps.set(step, metrics);
      if (name !== null && value !== null && isMetricName(name)) metrics[name] = value;
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
    return this.#db.run('DELETE FROM steps WHERE run_id = @runId AND step > @step', { runId, step }).changes;
  }
}
