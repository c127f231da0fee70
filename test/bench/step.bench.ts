/**
 * Seconds a step of the default GRPO preset takes on each CPU engine that is present, sandbox included, against a limit
 * of 15 s. `node test/bench/step.bench.ts`; the last line is JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../../src-main/catalogue.ts';
import { engines } from '../../src-main/engine/index.ts';
import { resourcePath } from '../../src-main/resources.ts';
import { openSandbox } from '../../src-main/sandbox/sandbox.ts';
import { mean } from '../../src-main/stats/describe.ts';
import { trainOrder } from '../../src-main/training/index.ts';

const LIMIT_SECONDS = 15;
const STEPS = 6;
/** Plain JavaScript is a reference, not something to train with. */
const measured = engines.filter((e) => e.id !== 'tfjs-cpu');

const folder = await mkdtemp(join(tmpdir(), 'assay-bench-'));
const rows: Record<string, string | number>[] = [];
try {
  for (const { id, unavailable } of measured) {
    const reason = await unavailable();
    if (reason !== null) {
      console.log(`skipped ${id}: ${reason}`);
      continue;
    }
    const config = resolveConfig({
      preset: 'grpo',
      values: { 'policy.engine': id, 'limits.steps': STEPS, 'evaluation.every': 0 },
    });
    // One of its own: verdicts that another engine's rollouts made known would be had for nothing.
    const sandbox = await openSandbox();
    const training = trainOrder(
      { runId: 'bench', config, policyFolder: resourcePath('policy'), resume: null, checkpointsFolder: folder },
      {
        execute: (programs) => Promise.all(programs.map((program) => sandbox.run(program))),
        gate: async () => ({ stop: false }),
        progress: () => undefined,
      },
    );
    const seconds: Record<'step' | 'rollouts' | 'rewards' | 'updates', number[]> = {
      step: [],
      rollouts: [],
      rewards: [],
      updates: [],
    };
    // The first step warms up what is compiled late.
    for await (const event of training)
      if (event.kind === 'step' && event.step > 1)
        for (const part of Object.keys(seconds) as (keyof typeof seconds)[])
          seconds[part].push(event.metrics[`time/${part}`] ?? Number.NaN);
    await sandbox.close();
    const of = (part: keyof typeof seconds) => Number(mean(seconds[part]).toFixed(2));
    rows.push({
      engine: id,
      rollouts: config.rollouts.problemsPerStep * config.rollouts.groupSize,
      secondsPerStep: of('step'),
      sampling: of('rollouts'),
      scoring: of('rewards'),
      updating: of('updates'),
      'step/limit': Number((of('step') / LIMIT_SECONDS).toFixed(3)),
    });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.table(rows);
console.log(JSON.stringify(rows));
