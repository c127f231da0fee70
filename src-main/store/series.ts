/** Series as charts read them: whole where they are short, as buckets on a grid of steps where they are long. */
import { z } from 'zod';
import { type Bucket, gridFor, single } from '../../src-shared/charts/buckets.ts';
import type { Point } from '../../src-shared/charts/series.ts';
import type { LoggedMetrics } from '../../src-shared/metrics.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';

const point = z.object({ step: z.number().int(), value: z.number() });
const nameRow = z.object({
  name: z.string(),
  first: z.number().int(),
  firstValue: z.number(),
  last: z.number().int(),
  lastValue: z.number(),
});
const extentRow = z.object({ series: z.number().int(), first: z.number().nullable(), last: z.number().nullable() });
const stepRow = z.object({ step: z.number().int(), metrics: jsonColumn(z.record(z.string(), z.number())) });
const startRow = z.object({ at: z.number() });
const endsRow = z.object({ first: z.number().nullable(), last: z.number().nullable() });
const countRow = z.object({ count: z.number().int() });
const bucketRow = z.object({
  first: z.number().nullable(),
  last: z.number().nullable(),
  values: jsonColumn(z.tuple([z.number().int(), z.number(), z.number().nullable(), z.number().nullable()])),
});

/** Starts of ranges of `width` steps. */
const GRID = `WITH RECURSIVE grid(start) AS (
  SELECT @begin UNION ALL SELECT start + @width FROM grid WHERE start + @width <= @to)`;

export interface SeriesName {
  readonly name: string;
  readonly first: { readonly step: number; readonly value: number };
  readonly last: { readonly step: number; readonly value: number };
}

/** Inclusive. */
export interface StepRange {
  readonly from: number;
  readonly to: number;
}

export class SeriesTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** In order of names. */
  names(runId: string): SeriesName[] {
    return this.#db
      .all(
        nameRow,
        `SELECT e.name, e.first, a.value AS first_value, e.last, b.value AS last_value FROM (
           SELECT id, name, (SELECT min(step) FROM points WHERE series_id = id) AS first,
                  (SELECT max(step) FROM points WHERE series_id = id) AS last FROM series WHERE run_id = @runId) e
         JOIN points a ON a.series_id = e.id AND a.step = e.first
         JOIN points b ON b.series_id = e.id AND b.step = e.last ORDER BY e.name`,
        { runId },
      )
      .map(({ name, first, firstValue, last, lastValue }) => ({
        name,
        first: { step: first, value: firstValue },
        last: { step: last, value: lastValue },
      }));
  }

  /** The steps that have one of these metrics, with those, in order. */
  steps(runId: string, names: readonly string[]): { step: number; metrics: LoggedMetrics }[] {
    return this.#db.all(
      stepRow,
      `SELECT step, json_group_object(name, value) AS metrics FROM series JOIN points ON series_id = id
       WHERE run_id = @runId AND name IN (SELECT value FROM json_each(@names)) GROUP BY step ORDER BY step`,
      { runId, names: JSON.stringify(names) },
    );
  }

  /** At most `limit` buckets of one metric, in order; every measurement by itself where there are no more than that. */
  buckets(runId: string, name: string, range: StepRange, limit: number): Bucket[] {
    const extent = this.#db.get(
      extentRow,
      `SELECT id AS series, (SELECT min(step) FROM points WHERE series_id = id AND step >= @from) AS first,
              (SELECT max(step) FROM points WHERE series_id = id AND step <= @to) AS last
       FROM series WHERE run_id = @runId AND name = @name`,
      { runId, name, ...range },
    );
    if (extent === null || extent.first === null || extent.last === null) return [];
    const { series, first, last } = extent;
    const width = gridFor(first, last, limit);
    const key = { series, from: first, to: last };
    if (width === 1 || this.#isShort(key, limit)) {
      const all = `SELECT step, value FROM points WHERE series_id = @series AND step >= @from AND step <= @to ORDER BY step`;
      return this.#db.all(point, all, key).map(({ step, value }) => single(step, value));
    }
    // One range after the other: grouping would sort a million rows first. The ends of each are found by the index.
    const inRange = `FROM points WHERE series_id = @series AND step >= max(start, @from) AND step < min(start + @width, @to + 1)`;
    const rows = this.#db.all(
      bucketRow,
      `${GRID} SELECT (SELECT min(step) ${inRange}) AS first, (SELECT max(step) ${inRange}) AS last,
         (SELECT json_array(count(*), total(value), min(value), max(value)) ${inRange}) AS "values" FROM grid`,
      { ...key, width, begin: Math.floor(first / width) * width },
    );
    return rows.flatMap(({ first: from, last: to, values: [n, sum, low, high] }) =>
      from === null || to === null || low === null || high === null
        ? []
        : [{ first: from, last: to, low, high, mean: sum / n, n }],
    );
  }

  /** Tokens trained so far, at about `limit` steps, the first and the last among them. */
  tokens(runId: string, limit: number): Point[] {
    const source = `FROM points WHERE series_id = (SELECT id FROM series WHERE run_id = @runId AND name = 'train/tokens')`;
    return this.#sample(source, 'value', { runId }, limit);
  }

  /** Seconds from the first step that was stored to others, at about `limit` of them, the last among them. */
  seconds(runId: string, limit: number): Point[] {
    const points = this.#sample('FROM steps WHERE run_id = @runId', 'at', { runId }, limit);
    const start = points[0]?.value ?? 0;
    return points.map(({ step, value }) => ({ step, value: (value - start) / 1000 }));
  }

  /** When the first step was stored, in milliseconds since 1970; null before it. */
  startedAt(runId: string): number | null {
    const first = this.#db.get(startRow, 'SELECT at FROM steps WHERE run_id = @runId ORDER BY step LIMIT 1', { runId });
    return first?.at ?? null;
  }

  #isShort(key: { series: number; from: number; to: number }, limit: number): boolean {
    const counted = this.#db.get(
      countRow,
      `SELECT count(*) AS count FROM (
         SELECT 1 FROM points WHERE series_id = @series AND step >= @from AND step <= @to LIMIT @limit + 1)`,
      { ...key, limit },
    );
    return (counted?.count ?? 0) <= limit;
  }

  /** What stands at the first step of every range of a grid, and at the last of all. */
  #sample(source: string, value: string, key: { runId: string }, limit: number): Point[] {
    const ends = this.#db.get(
      endsRow,
      `SELECT (SELECT min(step) ${source}) AS first, (SELECT max(step) ${source}) AS last`,
      key,
    );
    if (ends === null || ends.first === null || ends.last === null) return [];
    const width = gridFor(ends.first, ends.last, limit);
    return this.#db.all(
      point,
      `${GRID} SELECT step, ${value} AS value ${source}
         AND step IN (SELECT (SELECT min(step) ${source} AND step >= start) FROM grid UNION SELECT @to) ORDER BY step`,
      { ...key, to: ends.last, width, begin: Math.floor(ends.first / width) * width },
    );
  }
}
