/**
 * The presets that differ in their reward alone, as they come: each with several seeds, 100 steps each, one file of metrics a run under
 * results/presets/. What is there is not run again, so it may be stopped and started at will.
 * `node test/bench/presets.bench.ts [--seeds 1,2,3] [--presets grpo,random] [--engine auto]`
 */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveConfig } from '../../src-main/catalogue.ts';
import { findEngine } from '../../src-main/engine/index.ts';
import { resourcePath } from '../../src-main/resources.ts';
import { openSandbox } from '../../src-main/sandbox/sandbox.ts';
import { trainOrder } from '../../src-main/training/index.ts';
import { COMPARED } from './presets/runs.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    presets: { type: 'string', default: COMPARED.join(',') },
    engine: { type: 'string', default: 'auto' },
  },
});
const results = join(import.meta.dirname, 'results', 'presets');
await mkdir(results, { recursive: true });
const engine = (await findEngine(values.engine)).id;
const sandbox = await openSandbox();
const folder = await mkdtemp(join(tmpdir(), 'assay-presets-'));
try {
  for (const seed of values.seeds.split(',').map(Number))
    for (const preset of values.presets.split(',')) {
      const path = join(results, `${preset}-${seed}.json`);
      if (
        await readFile(path).then(
          () => true,
          () => false,
        )
      )
        continue;
      const started = performance.now();
      const record = await run(preset, seed);
      const seconds = (performance.now() - started) / 1000;
      await writeFile(
        `${path}.part`,
        `${JSON.stringify({ ...record, seconds, finishedAt: new Date().toISOString() })}\n`,
      );
      await rename(`${path}.part`, path);
      console.log(`${preset} seed ${seed}: ${seconds.toFixed(0)} s, avg@k ${last(record.steps)}`);
    }
} finally {
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
}

interface Step {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

async function run(preset: string, seed: number) {
  const config = resolveConfig({ preset, values: { 'policy.engine': engine, 'seeds.run': seed } });
  const steps: Step[] = [];
  let device: Record<string, string> | null = null;
  const checkpointsFolder = join(folder, `${preset}-${seed}`);
  await mkdir(checkpointsFolder);
  const events = trainOrder(
    { runId: `${preset}-${seed}`, config, policyFolder: resourcePath('policy'), resume: null, checkpointsFolder },
    {
      execute: (programs) => Promise.all(programs.map((program) => sandbox.run(program))),
      gate: async () => ({ stop: false }),
      progress: () => undefined,
    },
  );
  for await (const event of events) {
    if (event.kind === 'started') device = { ...event.engine };
    if (event.kind === 'step') steps.push({ step: event.step, metrics: event.metrics });
  }
  await rm(checkpointsFolder, { recursive: true, force: true });
  return { preset, seed, device, config, steps };
}

function last(steps: readonly Step[]): string {
  const evaluated = steps.filter(({ metrics }) => metrics['eval/avg@k'] !== undefined);
  return evaluated
    .map(({ step, metrics }) => `${step}: ${(100 * (metrics['eval/avg@k'] as number)).toFixed(1)}`)
    .join(', ');
}
