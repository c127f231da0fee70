/** Tables for other programs hold what the store holds. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { exportTables } from '../../../src-main/bundle/tables.ts';
import { configHash } from '../../../src-main/runs/config-hash.ts';
import type { Store } from '../../../src-main/store/store.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { freshStore } from '../imports/harness.ts';
import { addRun } from './harness.ts';

const metricsOf = (store: Store, ids: readonly string[]) =>
  ids.flatMap((id) => {
    const { number, config } = store.runs.get(id);
    return store.steps.after(id, -1).flatMap(({ step, metrics }) =>
      Object.entries(metrics).map(([name, value]) => ({
        run_id: id,
        number,
        step,
        name,
        value,
        config_hash: configHash(config),
      })),
    );
  });

const rolloutsOf = (store: Store, ids: readonly string[]) =>
  ids.flatMap((id) =>
    store.rollouts.steps(id).flatMap(({ step, split }) =>
      store.rollouts.summaries(id, step, split).map((r) => ({
        run_id: id,
        number: store.runs.get(id).number,
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
        config_hash: configHash(store.runs.get(id).config),
      })),
    ),
  );

async function twoRuns() {
  const { store } = await freshStore();
  const ids = [await addRun(store, { name: 'a', steps: 40 }), await addRun(store, { name: 'b', steps: 3 })];
  // A name from another tool, and one that a spreadsheet would run.
  store.saveStep(ids[1] ?? '', {
    kind: 'step',
    step: 9,
    metrics: { 'µ, "own"': 5e-324, '=1+1': -0.5 } as never,
    rollouts: [],
  });
  return { store, ids, folder: await temporaryFolder() };
}

test('Parquet, read back with hyparquet, equals the store', async () => {
  const { store, ids, folder } = await twoRuns();
  const files = await exportTables(store, ids, 'parquet', join(folder, 'runs.parquet'));
  expect(files).toEqual([join(folder, 'runs.parquet'), join(folder, 'runs-rollouts.parquet')]);
  const wanted = [metricsOf(store, ids), rolloutsOf(store, ids)];
  for (const [index, path] of files.entries()) {
    const file = await asyncBufferFromFile(path);
    const rows = await parquetReadObjects({ file });
    // Whole numbers are 64 bits wide in the file.
    const plain = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, cell]) => [name, typeof cell === 'bigint' ? Number(cell) : cell]),
      ),
    );
    expect(plain).toEqual(wanted[index]);
  }
  const { schema } = await parquetMetadataAsync(await asyncBufferFromFile(files[0] ?? ''));
  expect(schema.slice(1).map(({ name, type }) => [name, type])).toEqual([
    ['run_id', 'BYTE_ARRAY'],
    ['number', 'INT64'],
    ['step', 'INT64'],
    ['name', 'BYTE_ARRAY'],
    ['value', 'DOUBLE'],
    ['config_hash', 'BYTE_ARRAY'],
  ]);
});

test('CSV has the same values, and no name that a spreadsheet would run', async () => {
  const { store, ids, folder } = await twoRuns();
  const [metrics = '', rollouts = ''] = await exportTables(store, ids, 'csv', join(folder, 'runs.csv'));
  const rows: Record<string, string>[] = parse(await readFile(metrics), { columns: true });
  expect(
    rows.map((row) => ({ ...row, number: Number(row.number), step: Number(row.step), value: Number(row.value) })),
  ).toEqual(metricsOf(store, ids).map((row) => (row.name === '=1+1' ? { ...row, name: "'=1+1" } : row)));
  expect(parse(await readFile(rollouts), { columns: true })).toHaveLength(rolloutsOf(store, ids).length);
});

test('files that exist, or folders that do not, are left alone', async () => {
  const { store, ids, folder } = await twoRuns();
  await exportTables(store, ids, 'csv', join(folder, 'x.csv'));
  await expect(exportTables(store, ids, 'csv', join(folder, 'x.csv'))).rejects.toMatchObject({ code: 'conflict' });
  await expect(exportTables(store, ids, 'csv', join(folder, 'no', 'x.csv'))).rejects.toMatchObject({ code: 'usage' });
});
