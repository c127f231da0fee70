/**
 * Metrics and rollout summaries of runs as tables for other programs, Parquet or CSV: one row a value, one row a
 * rollout. Read run by run, so that memory does not grow with their number.
 */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { type BasicType, fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { configHash } from '../runs/config-hash.ts';
import type { Store } from '../store/store.ts';
import { checkTarget } from './export.ts';

type Cell = string | number | boolean | null;
type Column<K extends string> = { readonly name: K; readonly type: BasicType; readonly nullable: boolean };
interface Table {
  readonly columns: readonly Column<string>[];
  readonly rows: () => Iterable<Readonly<Record<string, Cell>>>;
}

const text = (name: string): Column<string> => ({ name, type: 'STRING', nullable: false });
const whole = (name: string): Column<string> => ({ name, type: 'INT64', nullable: false });
const real = (name: string, nullable = false): Column<string> => ({ name, type: 'DOUBLE', nullable });

const RUN_COLUMNS = [text('run_id'), whole('number'), whole('step')];
const METRIC_COLUMNS = [...RUN_COLUMNS, text('name'), real('value'), text('config_hash')];
const ROLLOUT_COLUMNS = [
  ...RUN_COLUMNS,
  text('split'),
  text('problem_id'),
  whole('sample'),
  whole('tokens'),
  { name: 'finished', type: 'BOOLEAN', nullable: false } as const,
  text('outcome'),
  whole('tests_passed'),
  whole('tests_total'),
  real('reward', true),
  real('advantage', true),
  real('mean_entropy'),
  real('mean_logprob'),
  text('config_hash'),
];

/**
 * @param path File of the metrics, which must not exist; the rollouts go beside it, as `<name>-rollouts.<extension>`.
 * @returns Both files.
 */
export async function exportTables(
  store: Store,
  runIds: readonly string[],
  format: 'parquet' | 'csv',
  path: string,
): Promise<string[]> {
  const runs = [...new Set(runIds)].map((id) => store.runs.get(id));
  const extension = extname(path);
  const beside = `${path.slice(0, path.length - extension.length)}-rollouts${extension}`;
  await checkTarget(beside);
  const tables: [string, Table][] = [
    [path, { columns: METRIC_COLUMNS, rows: () => metricRows(store, runs) }],
    [beside, { columns: ROLLOUT_COLUMNS, rows: () => rolloutRows(store, runs) }],
  ];
  const write = format === 'parquet' ? writeParquet : writeCsv;
  for (const [target, table] of tables) {
    const partial = `${target}.partial`;
    try {
      await write(partial, table);
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }
  return tables.map(([target]) => target);
}

type Runs = readonly ReturnType<Store['runs']['get']>[];

function* metricRows(store: Store, runs: Runs) {
  for (const { id, number, config } of runs) {
    const hash = configHash(config);
    for (const { step, metrics } of store.steps.after(id, -1))
      for (const [name, value] of Object.entries(metrics))
        yield { run_id: id, number, step, name, value, config_hash: hash };
  }
}

function* rolloutRows(store: Store, runs: Runs) {
  for (const { id, number, config } of runs) {
    const hash = configHash(config);
    for (const { step, split } of store.rollouts.steps(id))
      for (const r of store.rollouts.summaries(id, step, split))
        yield {
          run_id: id,
          number,
          step,
          split,
          problem_id: r.problemId,
          sample: r.sample,
          tokens: r.tokens,
          finished: r.finished,
          outcome: r.outcome,
          tests_passed: r.testsPassed,
          tests_total: r.testsTotal,
          reward: r.reward,
          advantage: r.advantage,
          mean_entropy: r.meanEntropy,
          mean_logprob: r.meanLogprob,
          config_hash: hash,
        };
  }
}

async function writeParquet(path: string, { columns, rows }: Table): Promise<void> {
  const wholes = columns.filter(({ type }) => type === 'INT64').map(({ name }) => name);
  function* typed() {
    for (const row of rows()) {
      const cells: Record<string, Cell | bigint> = { ...row };
      for (const name of wholes) cells[name] = BigInt(row[name] as number);
      yield cells;
    }
  }
  await parquetWriteRows({ writer: fileWriter(path), rows: typed(), columns: [...columns] });
}

async function writeCsv(path: string, { columns, rows }: Table): Promise<void> {
  const stringifier = stringify({
    header: true,
    columns: columns.map(({ name }) => name),
    cast: {
      boolean: String,
      // Numbers stay as they are; a name that begins like a formula is not run by a spreadsheet.
      string: (value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value),
    },
  });
  await pipeline(Readable.from(rows()), stringifier, createWriteStream(path));
}
