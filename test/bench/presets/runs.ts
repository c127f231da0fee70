/** The files that presets.bench.ts leaves: read, checked, and made sure to differ in nothing but reward and seed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { MetricName } from '../../../src-shared/metrics.ts';

/** The presets that are compared: they share every setting but the reward. */
export const COMPARED = [
  'grpo',
  'self-certainty',
  'token-entropy',
  'trajectory-entropy',
  'probability-disparity',
  'random',
  'constant',
] as const;

const choice = z.looseObject({ kind: z.string(), options: z.record(z.string(), z.unknown()) });

/** What the report states of a configuration; the rest is kept for the comparison of runs. */
const configSchema = z.looseObject({
  policy: z.looseObject({ source: z.string() }),
  problems: choice,
  reward: choice,
  advantage: choice,
  objective: choice,
  rollouts: z.looseObject({
    problemsPerStep: z.number(),
    groupSize: z.number(),
    temperature: z.number(),
    maxNewTokens: z.number(),
  }),
  optimiser: z.looseObject({
    learningRate: z.number(),
    warmupSteps: z.number(),
    weightDecay: z.number(),
    minibatchProblems: z.number(),
    epochs: z.number(),
  }),
  evaluation: z.looseObject({
    every: z.number(),
    problems: z.number(),
    samples: z.number(),
    temperature: z.number(),
  }),
  limits: z.looseObject({ steps: z.number() }),
  seeds: z.looseObject({ run: z.number() }),
});
export type Config = z.infer<typeof configSchema>;

const runSchema = z.object({
  preset: z.string(),
  seed: z.number().int(),
  device: z.object({ engine: z.string(), device: z.string(), precision: z.string(), build: z.string() }),
  config: configSchema,
  steps: z.array(z.object({ step: z.number().int(), metrics: z.record(z.string(), z.number()) })).min(2),
  /** When the run ended, UTC; absent from files that do not say. */
  finishedAt: z.iso.datetime().optional(),
});
export type Run = z.infer<typeof runSchema>;

export interface Loaded {
  /** By preset in the order asked for, then by seed. */
  readonly runs: readonly Run[];
  /** Runs without a file, as `preset seed`. */
  readonly missing: readonly { readonly preset: string; readonly seed: number }[];
}

/**
 * Read `<preset>-<seed>.json` of every preset and seed.
 * @throws Error naming the file and what is wrong, or the setting in which two runs differ.
 */
export async function loadRuns(folder: string, presets: readonly string[], seeds: readonly number[]): Promise<Loaded> {
  const runs: Run[] = [];
  const missing: { preset: string; seed: number }[] = [];
  for (const preset of presets)
    for (const seed of seeds) {
      const file = join(folder, `${preset}-${seed}.json`);
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      if (text === null) missing.push({ preset, seed });
      else runs.push(parseRun(text, file, preset, seed));
    }
  for (const run of runs) checkSame(runs[0] as Run, run);
  return { runs, missing };
}

/** @throws Error in one line with the file, the place and what is expected there. */
export function parseRun(text: string, file: string, preset: string, seed: number): Run {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: not JSON (${(error as Error).message})`);
  }
  const parsed = runSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${file}: ${issue?.path.join('.') || 'file'}: ${issue?.message ?? 'malformed'}`);
  }
  const run = parsed.data;
  const fault = (what: string) => new Error(`${file}: ${what}`);
  if (run.preset !== preset || run.seed !== seed || run.config.seeds.run !== seed)
    throw fault(
      `preset ${run.preset}, seed ${run.seed}, seeds.run ${run.config.seeds.run}; the name says ${preset}, ${seed}`,
    );
  const { steps } = run.config.limits;
  const numbers = run.steps.map(({ step }) => step);
  if (numbers.length !== steps + 1 || numbers.some((step, i) => step !== i))
    throw fault(`${numbers.length} steps from ${numbers[0]} to ${numbers.at(-1)}; expected are all from 0 to ${steps}`);
  for (const step of [0, steps])
    if (run.steps[step]?.metrics['eval/avg@k'] === undefined) throw fault(`step ${step} has no eval/avg@k`);
  return run;
}

/** Settings by path, without those in which runs of the report are meant to differ. */
function comparable({ config, device }: Run): Map<string, unknown> {
  const { name: _name, preset: _preset, reward: _reward, seeds: _seeds, ...rest } = config;
  const flat = new Map<string, unknown>();
  const add = (path: string, value: unknown) => {
    if (value === null || typeof value !== 'object') flat.set(path, value);
    else for (const [key, inner] of Object.entries(value)) add(path === '' ? key : `${path}.${key}`, inner);
  };
  add('', { ...rest, device });
  return flat;
}

/** Runs that differ in more than reward and seed must not be compared as if they did not. */
function checkSame(first: Run, other: Run): void {
  const [a, b] = [comparable(first), comparable(other)];
  for (const path of new Set([...a.keys(), ...b.keys()]))
    if (!isDeepStrictEqual(a.get(path), b.get(path)))
      throw new Error(
        `${path}: ${a.get(path)} in ${first.preset}-${first.seed} but ${b.get(path)} in ${other.preset}-${other.seed}; only reward and seed may differ`,
      );
}

/** One metric of the runs of a preset at the steps at which all of them have it. */
export interface Series {
  readonly steps: readonly number[];
  /** By step, then by run. [steps, runs] */
  readonly values: readonly (readonly number[])[];
}

export function seriesOf(runs: readonly Run[], metric: MetricName): Series {
  const steps: number[] = [];
  const values: number[][] = [];
  for (const { step } of runs[0]?.steps ?? []) {
    const row = runs.map((run) => run.steps[step]?.metrics[metric]).filter((value) => value !== undefined);
    if (row.length !== runs.length) continue;
    steps.push(step);
    values.push(row);
  }
  return { steps, values };
}
