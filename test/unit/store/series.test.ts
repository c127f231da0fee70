import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Database } from '../../../src-main/store/database.ts';
import { databaseFile } from '../../../src-main/store/home.ts';
import { migrations } from '../../../src-main/store/migrations.ts';
import { openStore, Store } from '../../../src-main/store/store.ts';
import type { StepMetrics } from '../../../src-shared/metrics.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { stepEvent } from '../../fixtures/steps.ts';

function memoryStore(): Store {
  const store = new Store(new Database(':memory:', 'owner'));
  onTestFinished(() => store.close());
  return store;
}

const addRun = (store: Store) =>
  store.runs.insert({ id: store.runs.freshId(), config: runConfig(), codeVersion: '1', parentCheckpointId: null }).id;
const save = (store: Store, runId: string, step: number, metrics: StepMetrics) =>
  store.saveStep(runId, { kind: 'step', step, metrics, rollouts: [] });

/** A store as data version 2 left it: metrics by run, step and name, in two trees. */
function oldStore(home: string): void {
  const old = new Sqlite(databaseFile(home));
  for (const step of migrations.slice(0, 2)) old.exec(step);
  old.pragma('user_version = 2');
  const addRun = old.prepare(
    `INSERT INTO runs (id, number, name, status, config, code_version, created_at) VALUES (?, ?, 'Old', 'finished', ?, '1', 0)`,
  );
  const addStep = old.prepare('INSERT INTO steps (run_id, step, at) VALUES (?, ?, 0)');
  const addMetric = old.prepare('INSERT INTO metrics (run_id, step, name, value) VALUES (?, ?, ?, ?)');
  for (const [number, id] of ['first', 'second'].entries()) {
    addRun.run(id, number + 1, JSON.stringify(runConfig()));
    for (let step = 0; step < 30; step++) {
      addStep.run(id, step);
      addMetric.run(id, step, 'train/loss', number * 1000 + step / 7);
      if (step % 10 === 0) addMetric.run(id, step, 'eval/avg@k', step / 100);
    }
  }
  old.close();
}

test('metrics of an earlier data version come over, each to its run and step', async () => {
  const home = await temporaryFolder();
  oldStore(home);
  const store = openStore(home, 'owner');
  onTestFinished(() => store.close());
  for (const [number, id] of ['first', 'second'].entries()) {
    expect(store.steps.after(id, -1)).toEqual(
      Array.from({ length: 30 }, (_, step) => ({
        step,
        metrics: { 'train/loss': number * 1000 + step / 7, ...(step % 10 === 0 && { 'eval/avg@k': step / 100 }) },
      })),
    );
  }
  // And they go on as before.
  store.rewind('first', 4);
  store.saveStep('first', stepEvent(5));
  expect(store.steps.series('first', 'train/loss').map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(store.steps.series('second', 'train/loss')).toHaveLength(30);
});

test('a migration that is cut off leaves the earlier version whole', async () => {
  const home = await temporaryFolder();
  oldStore(home);
  const sqlite = new Sqlite(databaseFile(home));
  sqlite.exec('CREATE TABLE purged_runs (mine TEXT)');
  expect(() => openStore(home, 'owner')).toThrow(/purged_runs already exists/);
  expect(sqlite.pragma('user_version', { simple: true })).toBe(2);
  expect(sqlite.prepare('SELECT count(*) FROM metrics').pluck().get()).toBe(66);
  sqlite.exec('DROP TABLE purged_runs');
  sqlite.close();
  const store = openStore(home, 'owner');
  expect(store.steps.series('second', 'eval/avg@k')).toHaveLength(3);
  store.close();
});

test('last, lowest and highest stay right while a run goes on, goes back and does steps again', () => {
  const store = memoryStore();
  const [runId, other] = [addRun(store), addRun(store)];
  save(store, other, 1, { 'train/kl': 99 });
  const value = fc.double({ min: -5, max: 5, noNaN: true });
  const command = fc.oneof(
    fc.record({ kind: fc.constant('save' as const), value: fc.option(value) }),
    fc.record({ kind: fc.constant('rewind' as const), to: fc.nat(6) }),
    fc.record({ kind: fc.constant('again' as const), value }),
    fc.constant({ kind: 'read' as const }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
      store.rewind(runId, -1);
      const expected: (number | null)[] = [];
      const check = () => {
        const known = expected.filter((v) => v !== null);
        const last = known.at(-1);
        expect(store.steps.values([runId], ['train/kl', 'train/loss'])).toEqual(
          last === undefined
            ? []
            : [
                {
                  runId,
                  metric: 'train/kl',
                  last: last + 0,
                  lowest: Math.min(...known) + 0,
                  highest: Math.max(...known) + 0,
                },
              ],
        );
      };
      for (const each of commands) {
        if (each.kind === 'read') check();
        else if (each.kind === 'rewind') {
          store.rewind(runId, each.to);
          expected.splice(each.to + 1);
        } else if (each.kind === 'save') {
          save(store, runId, expected.length, each.value === null ? {} : { 'train/kl': each.value });
          expected.push(each.value);
        } else if (expected.length > 0) {
          save(store, runId, expected.length - 1, { 'train/kl': each.value });
          expected[expected.length - 1] = each.value;
        }
      }
      check();
    }),
    { numRuns: 200 },
  );
  expect(store.steps.values([runId, other], ['train/kl']).find((v) => v.runId === other)?.highest).toBe(99);
  expect(store.steps.values([], ['train/kl'])).toEqual([]);
});

test('how far runs have come is what each says by itself', () => {
  const store = memoryStore();
  const runs = [addRun(store), addRun(store), addRun(store)];
  for (const [i, id] of runs.slice(0, 2).entries())
    for (let step = 0; step <= 20 * (i + 1); step += 5)
      save(store, id, step, { 'eval/avg@k': step / 30, 'train/kl': 1 });
  const reached = store.steps.reached('eval/avg@k');
  expect(reached.size).toBe(3);
  for (const id of runs) {
    expect(reached.get(id)?.step).toBe(store.steps.last(id));
    expect(reached.get(id)?.series).toEqual(store.steps.series(id, 'eval/avg@k'));
  }
  store.runs.setDeleted([runs[0] ?? ''], 1);
  expect([...store.steps.reached('eval/avg@k').keys()].sort()).toEqual(runs.slice(1).sort());
});

test('a purged run leaves nothing but its number, which no other gets', () => {
  const database = new Database(':memory:', 'owner');
  const store = new Store(database);
  onTestFinished(() => store.close());
  const [kept, gone] = [addRun(store), addRun(store)];
  for (const id of [kept, gone]) {
    for (let step = 0; step < 3; step++) store.saveStep(id, stepEvent(step));
    store.checkpoints.replace(id, { kind: 'checkpoint', step: 2, folder: '/f', bytes: 1 }, 0);
    store.notes.insert(id, { step: 1, level: 'info', message: 'm' });
  }
  store.purgeRun(gone);
  expect(store.runs.find(gone)).toBeNull();
  expect(store.steps.after(gone, -1)).toEqual([]);
  expect(store.rollouts.steps(gone)).toEqual([]);
  expect(store.checkpoints.ofRun(gone)).toEqual([]);
  expect(store.notes.ofRun(gone)).toEqual([]);
  expect(store.steps.after(kept, -1)).toHaveLength(3);
  expect(store.rollouts.steps(kept)).toHaveLength(3);
  expect(store.runs.get(addRun(store)).number).toBe(3);
});
