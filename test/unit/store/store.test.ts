import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Database } from '../../../src-main/store/database.ts';
import { databaseFile, ensureFolder } from '../../../src-main/store/home.ts';
import { migrations } from '../../../src-main/store/migrations.ts';
import { openStore, Store } from '../../../src-main/store/store.ts';
import { METRICS, type MetricName } from '../../../src-shared/metrics.ts';
import { rolloutSchema } from '../../../src-shared/rollout.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { rolloutRecord, stepEvent } from '../../fixtures/steps.ts';

async function freshStore(): Promise<{ home: string; store: Store; runId: string }> {
  const home = await temporaryFolder();
  const store = openStore(home, 'owner');
  onTestFinished(() => store.close());
  return { home, store, runId: addRun(store) };
}

function addRun(store: Store): string {
  const id = store.runs.freshId();
  return store.runs.insert({ id, config: runConfig(), codeVersion: '1', parentCheckpointId: null }).id;
}

describe('runs', () => {
  test('come back as they went in, numbered in order, newest first', async () => {
    const { store, runId } = await freshStore();
    const second = addRun(store);
    const run = store.runs.get(runId);
    expect(run).toMatchObject({ number: 1, status: 'queued', name: 'Test', engine: null, error: null });
    expect(run.config).toEqual(runConfig());
    expect(store.runs.all().map((r) => [r.number, r.id])).toEqual([
      [2, second],
      [1, runId],
    ]);
    expect(runId).toMatch(/^[a-z][a-z2-9]{7}$/);
    expect(() => store.runs.get('none')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });

  test('an extended limit is part of the configuration', async () => {
    const { store, runId } = await freshStore();
    store.runs.setSteps(runId, 900);
    const base = runConfig();
    expect(store.runs.get(runId).config).toEqual({ ...base, limits: { ...base.limits, steps: 900 } });
  });
});

describe('steps', () => {
  test('metrics come back by step, gaps stay gaps', async () => {
    const { store, runId } = await freshStore();
    const names = METRICS.map((metric) => metric.name);
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.constantFrom(...names), fc.double({ noNaN: true, noDefaultInfinity: true })), {
          maxLength: 6,
        }),
        (all) => {
          store.rewind(runId, -1);
          all.forEach((metrics, step) => {
            store.saveStep(runId, { kind: 'step', step, metrics, rollouts: [] });
          });
          // SQLite keeps no negative zero.
          const expected = all.map((metrics, step) => ({
            step,
            metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value + 0])),
          }));
          expect(store.steps.after(runId, -1)).toEqual(expected);
          expect(store.steps.after(runId, 2)).toEqual(expected.slice(3));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a metric that this Assay does not log is kept under its name', async () => {
    const { home, store, runId } = await freshStore();
    store.saveStep(runId, stepEvent(1));
    const other = new Sqlite(databaseFile(home));
    other.prepare(`INSERT INTO metrics VALUES (?, 1, 'train/forgotten', 3)`).run(runId);
    other.close();
    expect(store.steps.after(runId, 0)).toEqual([
      { step: 1, metrics: { ...stepEvent(1).metrics, 'train/forgotten': 3 } },
    ]);
  });

  test('saving a step again replaces it, rollouts included', async () => {
    const { store, runId } = await freshStore();
    store.saveStep(runId, stepEvent(1, 5));
    store.saveStep(runId, { ...stepEvent(1, 3), metrics: { 'train/loss': 7 } });
    expect(store.steps.after(runId, 0)).toEqual([{ step: 1, metrics: { 'train/loss': 7 } }]);
    expect(store.rollouts.steps(runId)).toEqual([{ step: 1, split: 'train', count: 3 }]);
  });

  test('rewinding forgets later steps and checkpoints of this run only', async () => {
    const { store, runId } = await freshStore();
    const other = addRun(store);
    for (const id of [runId, other])
      for (let step = 0; step <= 4; step++) {
        store.saveStep(id, stepEvent(step));
        store.checkpoints.replace(id, { kind: 'checkpoint', step, folder: `/f${step}`, bytes: 1 }, 0);
      }
    store.rewind(runId, 2);
    expect(store.steps.last(runId)).toBe(2);
    expect(store.rollouts.steps(runId).map((s) => s.step)).toEqual([0, 1, 2]);
    expect(store.checkpoints.ofRun(runId).map((c) => c.step)).toEqual([0, 1, 2]);
    expect(store.steps.last(other)).toBe(4);
    expect(store.checkpoints.ofRun(other)).toHaveLength(5);
  });

  test('a step that cannot be stored whole is not stored at all', async () => {
    const { store, runId } = await freshStore();
    store.saveStep(runId, stepEvent(1));
    // NaN is no value: SQLite would keep it as NULL, which the column refuses.
    const broken = { ...stepEvent(2), rollouts: [rolloutRecord(0), rolloutRecord(1, { temperature: Number.NaN })] };
    expect(() => store.saveStep(runId, broken)).toThrow(/NOT NULL/);
    expect(store.steps.after(runId, -1).map((s) => s.step)).toEqual([1]);
    expect(store.rollouts.summaries(runId, 2, 'train')).toEqual([]);
  });

  test('a process killed at any moment leaves whole steps only', async () => {
    const { home, store, runId } = await freshStore();
    const script = join(import.meta.dirname, '../../fixtures/stepping-owner.ts');
    let before = -1;
    for (let round = 0; round < 4; round++) {
      const owner = spawn(process.execPath, [script, home, runId], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(owner.stdout, 'data');
      await delay(17 * round);
      owner.kill('SIGKILL');
      await once(owner, 'exit');

      const steps = store.steps.after(runId, -1);
      const last = steps.at(-1)?.step ?? -1;
      expect(last).toBeGreaterThan(before);
      before = last;
      expect(steps.map((s) => s.step)).toEqual(Array.from({ length: last + 1 }, (_, i) => i));
      for (const { step, metrics } of steps) expect(metrics).toEqual(stepEvent(step).metrics);
      expect(store.rollouts.steps(runId)).toEqual(steps.map(({ step }) => ({ step, split: 'train', count: 20 })));
    }
  });
});

describe('rollouts', () => {
  test('come back whole', async () => {
    const { store, runId } = await freshStore();
    const odd = rolloutRecord(1, {
      split: 'eval',
      finished: false,
      code: null,
      outcome: 'no-code',
      tests: [],
      fault: { stage: 'sandbox', message: 'gone' },
      reward: null,
      advantage: null,
      parts: null,
      completion: 'naïve ✓ \u0000 end',
    });
    const logprobAfter = Float32Array.of(-0.25, -1.5, -2);
    store.saveStep(runId, { kind: 'step', step: 3, metrics: {}, rollouts: [rolloutRecord(0, { logprobAfter }), odd] });
    expect(store.rollouts.steps(runId)).toEqual([
      { step: 3, split: 'train', count: 1 },
      { step: 3, split: 'eval', count: 1 },
    ]);
    const [summary] = store.rollouts.summaries(runId, 3, 'train');
    expect(summary).toMatchObject({
      tokens: 3,
      testsPassed: 1,
      testsTotal: 1,
      meanEntropy: 0.5,
      meanLogprob: -1,
      reward: 1,
    });
    const detail = store.rollouts.get(summary?.id ?? 0);
    const source = rolloutRecord(0);
    expect(rolloutSchema.parse(detail)).toEqual(detail);
    expect(detail).toMatchObject({
      prompt: source.prompt,
      tests: source.tests,
      tokenTexts: source.tokenTexts,
      finished: true,
      parts: source.parts,
    });
    for (const key of ['logprob', 'entropy', 'klUniform', 'top1', 'top2'] as const)
      expect(detail.stats[key]).toEqual([...source.stats[key]]);
    expect(detail.stats.logprobAfter).toEqual([...logprobAfter]);

    const [second] = store.rollouts.summaries(runId, 3, 'eval');
    expect(store.rollouts.get(second?.id ?? 0)).toMatchObject({
      finished: false,
      code: null,
      outcome: 'no-code',
      fault: odd.fault,
      reward: null,
      parts: null,
      completion: odd.completion,
      stats: { logprobAfter: null },
    });
    expect(() => store.rollouts.get(999)).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});

describe('checkpoints', () => {
  test('know their parent and the last validation before them', async () => {
    const { store, runId } = await freshStore();
    const accuracy = (step: number, value: number) => {
      store.saveStep(runId, {
        kind: 'step',
        step,
        metrics: { 'eval/avg@k': value } as Record<MetricName, number>,
        rollouts: [],
      });
    };
    accuracy(0, 0.1);
    accuracy(10, 0.4);
    for (const step of [5, 12])
      store.checkpoints.replace(runId, { kind: 'checkpoint', step, folder: '/f', bytes: 9 }, 1);
    expect(store.checkpoints.ofRun(runId).map((c) => [c.id, c.parentId, c.accuracy])).toEqual([
      [`${runId}-5`, null, 0.1],
      [`${runId}-12`, `${runId}-5`, 0.4],
    ]);
    const child = store.runs.freshId();
    store.runs.insert({ id: child, config: runConfig(), codeVersion: '1', parentCheckpointId: `${runId}-12` });
    expect(store.checkpoints.replace(child, { kind: 'checkpoint', step: 3, folder: '/g', bytes: 9 }, 1).parentId).toBe(
      `${runId}-12`,
    );
  });
});

describe('opening', () => {
  test('a reader sees what the owner writes, and cannot write', async () => {
    const { home, store, runId } = await freshStore();
    const reader = openStore(home, 'reader');
    onTestFinished(() => reader.close());
    store.saveStep(runId, stepEvent(1));
    expect(reader.steps.last(runId)).toBe(1);
    expect(() => reader.saveStep(runId, stepEvent(2))).toThrow(expect.objectContaining({ code: 'locked' }));
  });

  test('a reader works when nobody has the store open', async () => {
    const home = await temporaryFolder();
    const owner = openStore(home, 'owner');
    const runId = addRun(owner);
    owner.close();
    const reader = openStore(home, 'reader');
    onTestFinished(() => reader.close());
    expect(reader.runs.get(runId).number).toBe(1);
  });

  test('a reader of a folder without a store sees none and makes none', async () => {
    const home = await temporaryFolder();
    const reader = openStore(home, 'reader');
    expect(reader.runs.all()).toEqual([]);
    reader.close();
    expect(readdirSync(home)).toEqual([]);
  });

  test('a newer version is refused and left alone', async () => {
    const home = await temporaryFolder();
    openStore(home, 'owner').close();
    const raw = new Sqlite(databaseFile(home));
    raw.pragma(`user_version = ${migrations.length + 1}`);
    raw.close();
    for (const access of ['owner', 'guest', 'reader'] as const)
      expect(() => openStore(home, access)).toThrow(
        expect.objectContaining({
          code: 'conflict',
          message: expect.stringMatching(/^[^\n]*assay\.db was written by a newer Assay[^\n]*$/),
        }),
      );
  });

  test('a migration that fails leaves nothing behind', async () => {
    const home = await temporaryFolder();
    const raw = new Sqlite(databaseFile(home));
    raw.exec('CREATE TABLE notes (mine TEXT)');
    raw.close();
    expect(() => openStore(home, 'owner')).toThrow(/notes already exists/);
    const after = new Sqlite(databaseFile(home));
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'notes' }]);
    expect(after.pragma('user_version', { simple: true })).toBe(0);
    after.close();
  });

  test('a file that is no database is corrupt', async () => {
    const home = await temporaryFolder();
    writeFileSync(databaseFile(home), 'this is not a database, but it is longer than a header'.repeat(100));
    for (const access of ['owner', 'reader'] as const)
      expect(() => openStore(home, access)).toThrow(
        expect.objectContaining({ code: 'corrupt', message: expect.stringContaining('assay.db') }),
      );
  });

  test('a damaged page or row is corrupt, not a wrong answer', async () => {
    const { home, store, runId } = await freshStore();
    const raw = new Sqlite(databaseFile(home));
    raw.prepare(`UPDATE runs SET config = '{"name": 1}' WHERE id = ?`).run(runId);
    raw.close();
    expect(() => store.runs.get(runId)).toThrow(
      expect.objectContaining({
        code: 'corrupt',
        message: expect.stringMatching(/a row of runs is damaged: config\.name/),
      }),
    );
  });

  test('a home that is a file is locked, by name', async () => {
    const home = join(await temporaryFolder(), 'file');
    writeFileSync(home, '');
    expect(() => ensureFolder(home)).toThrow(
      expect.objectContaining({
        code: 'locked',
        message: expect.stringContaining(home),
        hint: expect.stringContaining('ASSAY_HOME'),
      }),
    );
    expect(() => ensureFolder(join(home, 'below'))).toThrow(expect.objectContaining({ code: 'locked' }));
  });

  test.skipIf(process.platform !== 'linux')('a home below /proc is refused, not waited for (Linux)', () => {
    expect(() => ensureFolder('/proc/assay/home')).toThrow(
      expect.objectContaining({ code: 'locked', message: expect.stringContaining('/proc/assay/home') }),
    );
  });

  test.skipIf(process.getuid?.() === 0)('a folder without write permission is locked (not as root)', async () => {
    const home = await temporaryFolder();
    chmodSync(home, 0o500);
    expect(() => openStore(home, 'owner')).toThrow(expect.objectContaining({ code: 'locked' }));
  });
});

/** A small file system of its own, where this user may make one. */
function tryMount(folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'assay-test', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('disk', () => {
  test('a full database is disk-full and keeps what it has', async () => {
    const { home, store, runId } = await freshStore();
    store.saveStep(runId, stepEvent(1));
    const database = new Database(databaseFile(home), 'owner');
    onTestFinished(() => database.close());
    // The connection's own limit fails as a full disk does, in the same places.
    database.get(z.unknown(), 'PRAGMA max_page_count = 60');
    const limited = new Store(database);
    let step = 1;
    const fill = () => {
      for (;;) limited.saveStep(runId, stepEvent(++step, 20));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'disk-full', message: expect.stringContaining(home) }));
    expect(store.steps.last(runId)).toBe(step - 1);
    expect(store.rollouts.summaries(runId, step, 'train')).toEqual([]);
  });

  test('a full and a read-only file system say so', async (context) => {
    const home = await temporaryFolder();
    if (!tryMount(home, 'size=512k')) context.skip('this user cannot mount a file system');
    onTestFinished(() => void execFileSync('umount', ['-l', home]));
    const store = openStore(home, 'owner');
    const runId = addRun(store);
    let step = 0;
    const fill = () => {
      for (;;) store.saveStep(runId, stepEvent(++step, 20));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'disk-full' }));
    expect(store.steps.last(runId)).toBe(step - 1);
    store.close();

    execFileSync('mount', ['-o', 'remount,ro', home]);
    expect(existsSync(databaseFile(home))).toBe(true);
    expect(() => openStore(home, 'owner')).toThrow(
      expect.objectContaining({ code: 'locked', message: expect.stringContaining(home) }),
    );
  });
});
