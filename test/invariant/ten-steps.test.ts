/**
 * Ten fixed steps of GRPO from the embedded policy against stored numbers: a guard against silent numeric drift. After
 * an intended change: UPDATE_REFERENCES=1 npx vitest run test/invariant, and say in the commit why they moved.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src-main/catalogue.ts';
import { engines } from '../../src-main/engine/index.ts';
import { resourcePath } from '../../src-main/resources.ts';
import { trainOrder } from '../../src-main/training/index.ts';
import type { RunEvent } from '../../src-shared/events.ts';
import { judgeTinyPy } from '../fixtures/tinypy-judge.ts';

/** Wall-clock times are no numbers of the method. */
const isInvariant = (name: string) => !name.startsWith('time/');

type Numbers = Record<string, Record<string, number>>;

interface Part {
  readonly steps: number;
  readonly resume?: { readonly step: number; readonly folder: string };
}

async function tenSteps(
  engine: string,
  checkpointsFolder: string,
  part: Part,
): Promise<{ numbers: Numbers; events: RunEvent[] }> {
  const config = resolveConfig({
    preset: 'grpo',
    values: {
      'policy.engine': engine,
      'rollouts.problemsPerStep': 8,
      'optimiser.minibatchProblems': 4,
      'rollouts.groupSize': 4,
      'rollouts.maxNewTokens': 48,
      'evaluation.problems': 16,
      'evaluation.samples': 2,
      'evaluation.every': 5,
      'optimiser.epochs': 2,
      'objective.options.klCoefficient': 0.01,
      'limits.steps': part.steps,
      'limits.checkpointEvery': 0,
      'seeds.run': 7,
    },
  });
  const numbers: Numbers = {};
  const events: RunEvent[] = [];
  const training = trainOrder(
    {
      runId: 'invariant',
      config,
      policyFolder: resourcePath('policy'),
      resume: part.resume ?? null,
      checkpointsFolder,
    },
    {
      execute: async (programs) => programs.map(judgeTinyPy),
      gate: async () => ({ stop: false }),
      progress: () => undefined,
    },
  );
  for await (const event of training) {
    events.push(event);
    if (event.kind === 'step')
      numbers[event.step] = Object.fromEntries(Object.entries(event.metrics).filter(([name]) => isInvariant(name)));
  }
  return { numbers, events };
}

const referenceFile = (engine: string) => join(import.meta.dirname, 'references', `${engine}.json`);

/** Engines whose arithmetic is the same on every machine, but for the last digits of fused multiply-adds. */
const STORED = ['kernels-wasm', 'tfjs-wasm'];
/** Engines that repeat their own numbers, though on another processor they may have others. */
const REPEATABLE = [...STORED, 'kernels-native'];

describe.each(engines.filter((e) => REPEATABLE.includes(e.id)))('$id', ({ id, unavailable }) => {
  const stored = STORED.includes(id) ? ', and those that are stored' : '';
  test(`ten steps are five resumed by five, bit for bit${stored}`, async ({ skip }) => {
    const reason = await unavailable();
    if (reason !== null) skip(`${id}: ${reason}`);
    const folder = await mkdtemp(join(tmpdir(), 'assay-invariant-'));
    try {
      await mkdir(join(folder, 'whole'));
      await mkdir(join(folder, 'parts'));
      const whole = await tenSteps(id, join(folder, 'whole'), { steps: 10 });

      const first = await tenSteps(id, join(folder, 'parts'), { steps: 5 });
      const checkpoint = first.events.find((e) => e.kind === 'checkpoint');
      if (checkpoint === undefined) throw new Error('no checkpoint was written');
      const rest = await tenSteps(id, join(folder, 'parts'), { steps: 10, resume: checkpoint });
      expect({ ...first.numbers, ...rest.numbers }).toEqual(whole.numbers);

      if (!STORED.includes(id)) return;
      const file = referenceFile(id);
      if (process.env.UPDATE_REFERENCES === '1' || !existsSync(file)) {
        if (process.env.CI) throw new Error(`${file} is missing: references are made by hand, never by a check`);
        await mkdir(join(import.meta.dirname, 'references'), { recursive: true });
        await writeFile(file, `${JSON.stringify(whole.numbers, null, 1)}\n`);
      }
      const expected = JSON.parse(await readFile(file, 'utf8')) as Numbers;
      expect(Object.keys(whole.numbers)).toEqual(Object.keys(expected));
      for (const [step, metrics] of Object.entries(expected))
        for (const [name, value] of Object.entries(metrics))
          expect([step, name, whole.numbers[step]?.[name]]).toEqual([step, name, expect.closeTo(value, 5)]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 240_000);
});
