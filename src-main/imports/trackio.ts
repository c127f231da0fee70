/**
 * Trackio's SQLite file of a project (trackio/sqlite_storage.py): table `metrics` with a JSON object a row, `configs`
 * with one a run. Runs are told apart by `run_id`, which older files do not have, then by `run_name`.
 */
import { basename } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { ForeignDatabase } from '../store/foreign.ts';
import { type ForeignReader, type ForeignRun, numbersOf, Points, parseRecord } from './foreign-run.ts';
import { beginsWith } from './look.ts';

/** Text, or its bytes. */
const json = z.union([z.string(), z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes).toString('utf8'))]);
const metricRow = z.object({
  run: z.string(),
  name: z.string(),
  step: z.number(),
  timestamp: z.string(),
  metrics: json,
});
const configRow = z.object({ run: z.string(), config: json });
const sizeRow = z.object({ size: z.number().nullable() });
const MAX_ROW_BYTES = 2 ** 24;

export const trackio: ForeignReader = {
  format: 'trackio',
  reads: 'an SQLite file of Trackio',
  recognises: (path, { isFolder, head }) => !isFolder && beginsWith(head, 'SQLite format 3\0') && isTrackio(path),
  async read(path) {
    const file = basename(path);
    const database = new ForeignDatabase(path);
    try {
      const columns = database.columns('metrics');
      for (const needed of ['run_name', 'step', 'timestamp', 'metrics'])
        if (!columns.includes(needed))
          throw new AssayError('corrupt', `${file} is not of Trackio: its table metrics has no column ${needed}`);
      return { runs: readRuns(database, file, columns.includes('run_id') ? 'run_id' : 'run_name'), refused: [] };
    } finally {
      database.close();
    }
  },
};

function isTrackio(path: string): boolean {
  const database = new ForeignDatabase(path);
  try {
    return database.tables().includes('metrics') && database.columns('metrics').includes('run_name');
  } finally {
    database.close();
  }
}

function readRuns(database: ForeignDatabase, file: string, key: 'run_id' | 'run_name'): ForeignRun[] {
  const [longest] = database.rows(sizeRow, 'SELECT max(length(metrics)) AS size FROM metrics');
  if ((longest?.size ?? 0) > MAX_ROW_BYTES)
    throw new AssayError('corrupt', `${file}: a row has ${longest?.size} bytes; at most ${MAX_ROW_BYTES} are allowed`);
  const runs = new Map<string, { name: string; first: number; last: number; points: Points }>();
  const sql = `SELECT coalesce(${key}, run_name) AS run, run_name AS name, step, timestamp, metrics FROM metrics ORDER BY id`;
  for (const row of database.rows(metricRow, sql)) {
    const at = Date.parse(row.timestamp);
    const run = runs.get(row.run) ?? { name: row.name, first: at, last: at, points: new Points(file) };
    runs.set(row.run, run);
    run.first = Math.min(run.first, at);
    run.last = Math.max(run.last, at);
    const time = Number.isFinite(at) ? at : null;
    for (const [name, value] of numbersOf(parseRecord(row.metrics, `${file}: step ${row.step} of ${row.name}`)))
      run.points.add(row.step, time, name, value);
  }
  const configs = readConfigs(database, file, key);
  return [...runs].map(([id, { name, first, last, points }]) => ({
    name,
    startedAt: Number.isFinite(first) ? first : null,
    endedAt: Number.isFinite(last) ? last : null,
    config: configs.get(id) ?? {},
    points,
  }));
}

function readConfigs(database: ForeignDatabase, file: string, key: 'run_id' | 'run_name') {
  const configs = new Map<string, Record<string, unknown>>();
  const columns = database.columns('configs');
  if (!columns.includes('config') || !columns.includes(key)) return configs;
  for (const { run, config } of database.rows(configRow, `SELECT ${key} AS run, config FROM configs`)) {
    const own = Object.entries(parseRecord(config, `${file}: the configuration of ${run}`));
    // What begins with _ is Trackio's own: user, time, group.
    configs.set(run, Object.fromEntries(own.filter(([name]) => !name.startsWith('_'))));
  }
  return configs;
}
