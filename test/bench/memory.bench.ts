/**
 * Peak memory of real runs beside what is estimated for them: each run in a process of its own, on each engine that can
 * run here. `node test/bench/memory.bench.ts [engine...] [--shapes=name;...] [--again]`; needs Linux, which keeps the
 * most memory that a process had (VmHWM). `--again` estimates anew, and takes what was measured before. The results
 * stand in test/bench/results/memory.json.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { resolveConfig } from '../../src-main/catalogue.ts';
import { engines } from '../../src-main/engine/index.ts';
import { factsOf } from '../../src-main/estimate/facts.ts';
import { estimateMemory } from '../../src-main/estimate/memory.ts';
import { formatModelConfig } from '../../src-main/model/config.ts';
import { writeSafetensors } from '../../src-main/model/safetensors.ts';
import { initialWeights } from '../../src-main/model/weights.ts';
import { resourcePath } from '../../src-main/resources.ts';
import { policyTraining } from '../../src-main/training/policy-training.ts';
import { modelOf, type Shape, shapes, valuesOf } from './memory-shapes.ts';

const WANTED = 0.15;
const RESULTS = join(import.meta.dirname, 'results', 'memory.json');
const run = promisify(execFile);

const rowSchema = z.object({
  engine: z.string(),
  shape: z.string(),
  /** Bytes; `after` what was reached when the run had started, after its last step, and after its checkpoint. */
  estimated: z.number(),
  measured: z.number(),
  error: z.number(),
  phase: z.string(),
  parts: z.record(z.string(), z.number()),
  after: z.record(z.string(), z.number()),
});
type Row = z.infer<typeof rowSchema>;
const measuredSchema = z.object({ most: z.number(), after: z.record(z.string(), z.number()) });

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { shapes: { type: 'string' }, again: { type: 'boolean', default: false } },
});
const wantedEngines = positionals.length > 0 ? positionals : ['kernels-native', 'kernels-wasm', 'tfjs-wasm'];
const wantedShapes = given.shapes?.split(';') ?? Object.keys(shapes);
const before = existsSync(RESULTS)
  ? z.object({ rows: z.array(rowSchema) }).parse(JSON.parse(await readFile(RESULTS, 'utf8'))).rows
  : [];
const rows: Row[] = [];
const isOf = (engine: string, shape: string) => (row: Row) => row.engine === engine && row.shape === shape;

/** With what earlier runs of this bench measured of other shapes and engines. */
async function keep(): Promise<void> {
  const others = before.filter((row) => !rows.some(isOf(row.engine, row.shape)));
  const made = new Date().toISOString().slice(0, 10);
  const all = { made, node: process.version, wanted: WANTED, rows: [...others, ...rows] };
  await writeFile(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
}

async function writePolicy(folder: string, shape: Shape): Promise<void> {
  await mkdir(folder, { recursive: true });
  const model = modelOf(shape);
  await writeFile(join(folder, 'config.json'), formatModelConfig(model));
  if (!given.again)
    await writeSafetensors(join(folder, 'model.safetensors'), initialWeights(model, 1), { format: 'pt' });
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await copyFile(resourcePath('policy', name), join(folder, name));
}

async function measure(policyFolder: string, values: object): Promise<z.infer<typeof measuredSchema>> {
  const checkpointsFolder = join(policyFolder, 'checkpoints');
  await mkdir(checkpointsFolder);
  const order = JSON.stringify({ policyFolder, checkpointsFolder, values });
  const script = join(import.meta.dirname, 'memory-run.ts');
  const { stdout } = await run(process.execPath, [script, order], { maxBuffer: 1 << 26 });
  await rm(checkpointsFolder, { recursive: true });
  return measuredSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

const folder = await mkdtemp(join(tmpdir(), 'assay-memory-'));
try {
  for (const [name, shape] of Object.entries(shapes)) {
    if (!wantedShapes.includes(name)) continue;
    const policyFolder = join(folder, name.replaceAll(/\W+/g, '-'));
    await writePolicy(policyFolder, shape);
    for (const factory of engines) {
      const { id } = factory;
      if (!wantedEngines.includes(id)) continue;
      const values = valuesOf(shape, id);
      // An engine that cannot train so is no choice for the run.
      const { policy } = resolveConfig({ preset: null, values: { ...values, 'policy.engine': 'auto' } });
      const reason = factory.unsupported?.(policyTraining(policy, 1)) ?? (await factory.unavailable());
      const known = before.find(isOf(id, name));
      if (reason !== null || (given.again && known === undefined)) {
        console.log(`skipped ${id}, ${name}: ${reason ?? 'never measured'}`);
        continue;
      }
      const config = resolveConfig({ preset: null, values });
      const facts = await factsOf(config, policyFolder);
      const { peakBytes, peakPhase, parts } = await estimateMemory(config, facts, factory, 0);
      const found =
        given.again && known ? { most: known.measured, after: known.after } : await measure(policyFolder, values);
      const error = peakBytes / found.most - 1;
      rows.push({
        ...{ engine: id, shape: name, estimated: peakBytes, measured: found.most, error, phase: peakPhase },
        parts: Object.fromEntries(parts.map((part) => [part.id, part.peakBytes])),
        after: found.after,
      });
      await keep();
      const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`.padStart(8);
      const percent = `${(100 * error).toFixed(1)} %`.padStart(8);
      console.log([id.padEnd(15), name.padEnd(36), megabytes(peakBytes), megabytes(found.most), percent].join('  '));
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const beyond = rows.filter(({ error }) => Math.abs(error) > WANTED);
console.log(`${rows.length} runs, ${rows.length - beyond.length} within ${WANTED * 100} %`);
