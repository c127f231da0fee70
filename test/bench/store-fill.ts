/**
 * Makes a big store to measure and look at: runs of every preset with series of several shapes, some rollouts each, one
 * run with a series of a million points. `node test/bench/store-fill.ts <folder> [--runs 2000] [--points 50000000]`
 */
import { existsSync, statSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import Sqlite from 'better-sqlite3';
import { catalogue, resolveConfig } from '../../src-main/catalogue.ts';
import { databaseFile, ensureFolder } from '../../src-main/store/home.ts';
import { openStore } from '../../src-main/store/store.ts';
import { METRICS } from '../../src-shared/metrics.ts';
import { type Random, stream } from '../../src-shared/random.ts';
import { rolloutRecord } from '../fixtures/steps.ts';

const LONG_SERIES = 1_000_000;
const ROLLOUTS = 20;
const VALIDATION_EVERY = 10;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '2000' }, points: { type: 'string', default: '50000000' } },
});
const home = resolve(positionals[0] ?? '');
const runs = Number(given.runs);
const points = Number(given.points);
if (positionals.length !== 1 || !Number.isInteger(runs) || runs < 1 || !Number.isInteger(points) || points < 0)
  throw new Error('Usage: node test/bench/store-fill.ts <folder> [--runs <count>] [--points <count>]');
if (existsSync(databaseFile(home))) throw new Error(`${home} has a store already; name an empty folder`);

setPriority(10);
ensureFolder(home);
const store = openStore(home, 'owner');
const sqlite = new Sqlite(databaseFile(home));
sqlite.pragma('synchronous = OFF');
const addStep = sqlite.prepare('INSERT INTO steps (run_id, step, at) VALUES (?, ?, ?)');
const addSeries = sqlite.prepare('INSERT INTO series (run_id, name) VALUES (?, ?)');
const addPoint = sqlite.prepare('INSERT INTO points (series_id, step, value) VALUES (?, ?, ?)');
const setRun = sqlite.prepare(
  'UPDATE runs SET status = ?, created_at = ?, started_at = ?, ended_at = ?, error = ?, engine = ?, tags = ? WHERE id = ?',
);

const training = METRICS.filter(({ name }) => !isValidation(name));
const validation = METRICS.filter(({ name }) => isValidation(name));
/** Points that a run has for each of its steps, on average. */
const perStep = training.length + validation.length / VALIDATION_EVERY;
const isLong = points > 2 * LONG_SERIES;
const meanSteps = (points - (isLong ? LONG_SERIES : 0)) / runs / perStep;
const presets = (await catalogue()).presets.map(({ id }) => id);

const began = performance.now();
let written = 0;
for (let number = 1; number <= runs; number++) {
  const random = stream('store-fill', number);
  const preset = presets[number % presets.length] ?? null;
  // The last takes what is left, so that the count is the one asked for, to within a step.
  const share =
    number === runs
      ? (points - (isLong ? LONG_SERIES : 0) - written) / perStep
      : meanSteps * (0.4 + 1.2 * random.next());
  const steps = Math.max(1, Math.round(share));
  const config = resolveConfig({
    preset,
    values: {
      'limits.steps': steps,
      'seeds.run': 1 + (number % 10),
      'rollouts.temperature': random.pick([0.8, 1, 1.2]),
      'rollouts.groupSize': random.pick([8, 12, 16]),
      'optimiser.learningRate': random.pick([1e-5, 3e-5, 1e-4]),
    },
  });
  const id = store.runs.freshId();
  store.runs.insert({
    id,
    config: { ...config, name: `${preset ?? 'run'} ${String(number).padStart(4, '0')}` },
    codeVersion: 'store-fill',
    parentCheckpointId: null,
    study: number % 3 === 0 ? `study-${Math.ceil(number / 60)}` : undefined,
  });
  const status = random.pick(['finished', 'finished', 'finished', 'finished', 'stopped', 'failed', 'interrupted']);
  const startedAt = START + number * HOUR_MS;
  setRun.run(
    status,
    startedAt - 5000,
    startedAt,
    startedAt + steps * 4000,
    status === 'failed' ? 'The gradient of step 12 is not finite' : null,
    random.pick(['kernels-wasm', 'kernels-native']),
    JSON.stringify(random.shuffle(['paper', 'ablation', 'sweep', 'keep']).slice(0, random.int(0, 2))),
    id,
  );
  sqlite.transaction(() => {
    for (let step = 0; step <= steps; step++) addStep.run(id, step, startedAt + step * 4000);
    for (const [i, metric] of training.entries())
      fill(id, metric.name, 1, steps, 1, shapeOf(metric.unit, i + number, steps, random));
    for (const [i, metric] of validation.entries())
      fill(id, metric.name, 0, steps, VALIDATION_EVERY, shapeOf(metric.unit, i + number, steps, random));
  })();
  store.transaction(() => {
    for (let sample = 0; sample < ROLLOUTS; sample++)
      store.rollouts.insert(
        id,
        sample % 2 === 0 ? 0 : Math.min(steps, VALIDATION_EVERY),
        rolloutRecord(sample, { split: 'eval' }),
      );
  });
  if (number % 100 === 0 || number === runs) say(number);
}
if (isLong) addLongRun();
store.close();
sqlite.pragma('wal_checkpoint(TRUNCATE)');
sqlite.close();
say(runs);
const bytes = statSync(databaseFile(home)).size;
console.log(
  JSON.stringify({
    runs,
    points: written,
    bytes,
    bytesPerPoint: bytes / Math.max(1, written),
    cores: availableParallelism(),
  }),
);

function isValidation(name: string): boolean {
  return name.startsWith('eval/') || name === 'time/evaluation';
}

function fill(
  runId: string,
  name: string,
  from: number,
  to: number,
  by: number,
  shape: (step: number) => number,
): void {
  const series = addSeries.run(runId, name).lastInsertRowid;
  for (let step = from; step <= to; step += by) {
    addPoint.run(series, step, shape(step));
    written++;
  }
}

/** Curves as training logs have them: learning, collapse, decay, wandering, spikes, a count that grows. */
function shapeOf(unit: string, kind: number, steps: number, random: Random): (step: number) => number {
  const at = (step: number) => step / Math.max(1, steps);
  const noise = (size: number) => size * random.normal();
  const scale = unit === 'fraction' ? 1 : unit === 'tokens' ? 60 : unit === 'seconds' ? 4 : 2;
  const bounded = (value: number) => (unit === 'fraction' ? Math.min(1, Math.max(0, value)) : scale * value);
  const top = 0.5 + 0.4 * random.next();
  const onset = 0.3 + 0.5 * random.next();
  let level = random.next();
  if (unit === 'count') return (step) => Math.round(200 * step);
  const shapes = [
    (step: number) => bounded(top - (top - 0.3) * Math.exp(-5 * at(step)) + noise(0.03)),
    (step: number) => bounded(at(step) < onset ? 0.3 + at(step) * 0.5 + noise(0.03) : 0.05 + noise(0.01)),
    (step: number) => bounded(0.8 * Math.exp(-3 * at(step)) + 0.1 + noise(0.02)),
    () => {
      level += noise(0.02);
      return bounded(level);
    },
    () => bounded(0.2 + noise(0.02) + (random.next() < 0.005 ? 3 * random.next() : 0)),
  ] as const;
  return shapes[kind % shapes.length] ?? shapes[0];
}

/** One run whose loss has a million points. */
function addLongRun(): void {
  const random = stream('store-fill', 'long');
  const id = store.runs.freshId();
  const config = resolveConfig({ preset: null, values: { 'limits.steps': LONG_SERIES } });
  store.runs.insert({
    id,
    config: { ...config, name: 'a million steps' },
    codeVersion: 'store-fill',
    parentCheckpointId: null,
  });
  setRun.run('finished', START, START, START + LONG_SERIES * 100, null, 'kernels-wasm', '["long"]', id);
  sqlite.transaction(() => {
    for (let step = 0; step <= LONG_SERIES; step++) addStep.run(id, step, START + step * 100);
    fill(id, 'train/loss', 1, LONG_SERIES, 1, shapeOf('number', 4, LONG_SERIES, random));
    fill(id, 'eval/avg@k', 0, 1000, VALIDATION_EVERY, shapeOf('fraction', 0, 1000, random));
  })();
}

function say(number: number): void {
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${number} runs, ${(written / 1e6).toFixed(2)} M points, ${Math.round(written / seconds / 1000)} k points/s`,
  );
}
