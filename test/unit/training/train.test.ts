import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { groupRelative } from '../../../src-main/advantages/group-relative.ts';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import {
  type OnGenerated,
  OutOfMemoryError,
  type PolicyEngine,
  type Sampling,
  type Scored,
  type TokenIds,
  type TokenStats,
} from '../../../src-main/engine/engine.ts';
import { grpo } from '../../../src-main/objectives/grpo.ts';
import { unitTests } from '../../../src-main/rewards/unit-tests.ts';
import { NOTHING_DONE, readManifest } from '../../../src-main/training/checkpoint.ts';
import type { Program, TrainingOrder } from '../../../src-main/training/order.ts';
import { runSeeds } from '../../../src-main/training/seeds.ts';
import { type PreparedRun, train } from '../../../src-main/training/train.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import type { RunEvent, StepEvent } from '../../../src-shared/events.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import { stream } from '../../../src-shared/random.ts';
import type { ProgramResult } from '../../../src-shared/verdict.ts';

const EOS = 0;

/**
 * A policy of one number, the chance of a right answer, that moves with the sign of the derivative: enough to see what
 * the loop asks of an engine, and in which order.
 */
class ScriptedEngine implements PolicyEngine {
  skill = 0.5;
  readonly calls: string[] = [];
  readonly accumulated: Scored[] = [];
  readonly seeds: number[] = [];
  private gradient = 0;
  readonly device = { engine: 'scripted', device: 'test', precision: 'float32', build: '1' } as const;
  readonly config = {} as PolicyEngine['config'];

  async generate(prompts: readonly TokenIds[], sampling: Sampling, onGenerated?: OnGenerated) {
    this.calls.push('generate');
    this.seeds.push(sampling.seed);
    const generated = prompts.map((_, i) => {
      const right = stream(sampling.seed, i).next() < this.skill;
      const tokens = Int32Array.from(right ? [2, EOS] : [1, 1, 1, EOS]);
      return { tokens, finished: true, stats: statsOf(tokens.length) };
    });
    // In reverse: the last may be finished first.
    for (const [i, response] of [...generated.entries()].reverse()) {
      onGenerated?.(i, response);
      await Promise.resolve();
    }
    this.calls.push('generated');
    return generated;
  }
  async score(sequences: readonly Scored[]) {
    return sequences.map((s) => statsOf(s.response.length));
  }
  async accumulate(
    batch: Parameters<PolicyEngine['accumulate']>[0],
    objective: Parameters<PolicyEngine['accumulate']>[1],
  ) {
    this.calls.push('accumulate');
    this.accumulated.push(...batch.sequences);
    const { loss, derivatives } = objective(
      batch.sequences.map((s) => statsOf(s.response.length)),
      0,
    );
    batch.sequences.forEach((s, i) => {
      const slope = derivatives[i]?.logprob[0] ?? 0;
      this.gradient += s.response[0] === 2 ? -slope : slope;
    });
    return { loss, tokens: 0 };
  }
  async update(step: { learningRate: number }) {
    this.calls.push('update');
    const gradNorm = Math.abs(this.gradient);
    this.skill = Math.min(0.95, Math.max(0.05, this.skill + step.learningRate * this.gradient));
    this.gradient = 0;
    return { gradNorm };
  }
  async freeze() {
    return { score: this.score.bind(this), dispose: () => undefined };
  }
  async save(dir: string) {
    this.calls.push('save');
    await writeFile(join(dir, 'skill'), String(this.skill));
  }
  async restore() {
    this.calls.push('restore');
  }
  memory() {
    return { bytes: 0 };
  }
  dispose() {
    this.calls.push('dispose');
  }
}

function statsOf(length: number): TokenStats {
  const of = (value: number) => new Float32Array(length).fill(value);
  return { logprob: of(-0.5), entropy: of(0.7), klUniform: of(1.2), top1: of(0.6), top2: of(0.3) };
}

const problems: Problem[] = Array.from({ length: 5 }, (_, i) => ({
  id: `p${i}`,
  statement: `problem ${i}`,
  functionName: 'f',
  starterCode: '',
  difficulty: 'easy',
  visibleTests: [{ kind: 'functional', input: '1', expected: '1' }],
  hiddenTests: [],
  meaning: `m${i}`,
}));

function judge(program: Program): ProgramResult {
  const verdict = program.code.includes('right') ? 'passed' : 'wrong-answer';
  return { verdict, tests: program.tests.map(() => ({ verdict, got: '1', detail: null, wallMs: 1, memoryMb: null })) };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-train-'));
  await mkdir(join(folder, 'policy'));
  await writeFile(join(folder, 'policy', 'tokenizer.json'), '{}');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Setup {
  readonly values?: FlatValues;
  readonly engine?: ScriptedEngine;
  readonly done?: PreparedRun['done'];
  readonly execute?: PreparedRun['services']['execute'];
  readonly gate?: PreparedRun['services']['gate'];
}

function prepare({ values, engine = new ScriptedEngine(), done = NOTHING_DONE, execute, gate }: Setup): PreparedRun {
  const config = resolveConfig({
    preset: 'grpo',
    values: {
      'rollouts.problemsPerStep': 4,
      'optimiser.minibatchProblems': 2,
      'rollouts.groupSize': 4,
      'limits.steps': 6,
      'limits.checkpointEvery': 0,
      'evaluation.every': 3,
      'evaluation.samples': 2,
      'optimiser.learningRate': 0.05,
      ...values,
    },
  });
  const order: TrainingOrder = {
    runId: 'r',
    config,
    policyFolder: join(folder, 'policy'),
    resume: null,
    checkpointsFolder: join(folder, 'checkpoints'),
  };
  const services: PreparedRun['services'] = {
    execute: execute ?? (async (programs) => programs.map(judge)),
    gate: gate ?? (async () => ({ stop: false })),
    progress: () => undefined,
  };
  const seeds = runSeeds(config.seeds.run);
  return {
    order,
    services,
    seeds,
    reward: unitTests,
    secondReward: null,
    advantage: groupRelative,
    plan: { engine, objective: grpo, reference: null, config, seeds },
    source: {
      engine,
      tokenizer: {
        encode: (text) => Int32Array.from(text, (c) => c.charCodeAt(0)),
        decode: (ids) => (ids[0] === 2 ? '```python\nright\n```' : '```python\nwrong\n```'),
        tokenText: String,
        vocabSize: 3,
        eosId: EOS,
        template: 'plain',
        chatTemplate: null,
        opening: '',
        special: { bos_token: '', eos_token: '' },
      },
      promptOf: (p) => p.statement,
      execute: services.execute,
      judging: { limits: { wallMs: 1000, memoryMb: 64 }, anew: false, stopAtFirstFailure: false },
    },
    train: problems,
    validation: problems.slice(0, 2),
    done,
  };
}

async function collect(run: PreparedRun): Promise<{ events: RunEvent[]; steps: StepEvent[]; end: string }> {
  const events: RunEvent[] = [];
  const loop = train(run);
  for (;;) {
    const next = await loop.next();
    if (next.done) return { events, steps: events.filter((e) => e.kind === 'step'), end: next.value };
    events.push(next.value);
  }
}

const timeless = (steps: readonly StepEvent[]) =>
  steps.map((s) => ({
    ...s,
    metrics: Object.fromEntries(Object.entries(s.metrics).filter(([name]) => !name.startsWith('time/'))),
  }));

describe('train', () => {
  test('validates before the first step, at the interval and at the end, and leaves a checkpoint', async () => {
    const { events, steps, end } = await collect(prepare({ values: { 'limits.steps': 5 } }));
    expect(end).toBe('finished');
    expect(steps.map((s) => s.step)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(steps.filter((s) => s.metrics['eval/avg@k'] !== undefined).map((s) => s.step)).toEqual([0, 3, 5]);
    expect(events.at(-1)).toMatchObject({ kind: 'checkpoint', step: 5 });
    expect((await readdir(join(folder, 'checkpoints', 'step-000005'))).sort()).toEqual([
      'checkpoint.json',
      'skill',
      'tokenizer.json',
    ]);
  });

  test('the reward moves the policy the right way', async () => {
    const engine = new ScriptedEngine();
    await collect(
      prepare({ engine, values: { 'limits.steps': 30, 'evaluation.every': 0, 'optimiser.warmupSteps': 0 } }),
    );
    expect(engine.skill).toBeGreaterThan(0.6);
  });

  test('a resumed run repeats an uninterrupted one, number for number', async () => {
    const whole = await collect(prepare({}));
    const engine = new ScriptedEngine();
    const first = await collect(prepare({ engine, values: { 'limits.steps': 3 } }));
    const done = await readManifest(join(folder, 'checkpoints', 'step-000003'));
    const rest = await collect(prepare({ engine, done }));
    expect(timeless([...first.steps, ...rest.steps])).toEqual(timeless(whole.steps));
  });

  test('takes the tokens of one rollout a problem again under the policy that the step made', async () => {
    class Telling extends ScriptedEngine {
      override async score(sequences: readonly Scored[]) {
        const of = (length: number) => new Float32Array(length).fill(Math.log(this.skill));
        return sequences.map(({ response }) => ({ ...statsOf(response.length), logprob: of(response.length) }));
      }
    }
    const engine = new Telling();
    const { steps } = await collect(prepare({ engine, values: { 'limits.steps': 1, 'optimiser.warmupSteps': 0 } }));
    expect(engine.skill).not.toBe(0.5);
    const rollouts = steps[1]?.rollouts.filter(({ split }) => split === 'train') ?? [];
    expect(rollouts).toHaveLength(16);
    for (const { sample, tokenIds, logprobAfter } of rollouts)
      expect(logprobAfter).toEqual(
        sample === 0 ? new Float32Array(tokenIds.length).fill(Math.log(engine.skill)) : null,
      );
  });

  test('another seed draws other rollouts, the same seed the same', async () => {
    const seedsOf = async (seed: number) => {
      const engine = new ScriptedEngine();
      await collect(prepare({ engine, values: { 'seeds.run': seed, 'limits.steps': 2 } }));
      return engine.seeds;
    };
    expect(await seedsOf(1)).toEqual(await seedsOf(1));
    expect(await seedsOf(1)).not.toEqual(await seedsOf(2));
  });

  test('each pass over the problems uses every one once', async () => {
    const { steps } = await collect(prepare({ values: { 'limits.steps': 5, 'evaluation.every': 0 } }));
    const seen = steps.flatMap((s) => s.rollouts.filter((r) => r.sample === 0).map((r) => r.problemId));
    expect(seen).toHaveLength(20);
    for (let pass = 0; pass < 4; pass++)
      expect(seen.slice(pass * 5, pass * 5 + 5).sort()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
  });

  test('updates a step = epochs x problems per step / problems per update; flat groups are not trained on', async () => {
    const engine = new ScriptedEngine();
    const { steps } = await collect(
      prepare({ engine, values: { 'limits.steps': 1, 'optimiser.epochs': 3, 'evaluation.every': 0 } }),
    );
    expect(engine.calls.filter((c) => c === 'update')).toHaveLength(6);
    const flat = steps[0]?.metrics['train/flat-groups'] as number;
    expect(engine.accumulated).toHaveLength(3 * 16 * (1 - flat));
  });

  test('warm-up raises the learning rate linearly', async () => {
    const { steps } = await collect(prepare({ values: { 'optimiser.warmupSteps': 4, 'evaluation.every': 0 } }));
    const rates = steps.map((s) => s.metrics['train/learning-rate'] as number);
    [0.0125, 0.025, 0.0375, 0.05, 0.05, 0.05].forEach((rate, i) => {
      expect(rates[i]).toBeCloseTo(rate, 12);
    });
  });

  test('identical programs of one problem run once a call', async () => {
    const programs: Program[] = [];
    const execute: Setup['execute'] = async (batch) => {
      programs.push(...batch);
      return batch.map(judge);
    };
    await collect(prepare({ execute, values: { 'limits.steps': 1, 'evaluation.every': 0 } }));
    // Four problems, two different programs at most.
    expect(programs.length).toBeLessThanOrEqual(8);
  });

  test('programs are judged while others are still being sampled', async () => {
    const engine = new ScriptedEngine();
    const execute: Setup['execute'] = async (batch) => {
      engine.calls.push('execute');
      return batch.map(judge);
    };
    await collect(prepare({ engine, execute, values: { 'limits.steps': 1, 'evaluation.every': 0 } }));
    expect(engine.calls.indexOf('execute')).toBeGreaterThan(engine.calls.indexOf('generate'));
    expect(engine.calls.indexOf('execute')).toBeLessThan(engine.calls.indexOf('generated'));
  });

  test('a sandbox fault is no wrong answer: the rollout has no reward, and a group without two rewards is dropped', async () => {
    const execute: Setup['execute'] = async (batch) =>
      batch.map((p) => (p.code.includes('right') ? judge(p) : { verdict: 'sandbox-error', tests: [] }));
    const { steps } = await collect(prepare({ execute, values: { 'limits.steps': 4, 'evaluation.every': 0 } }));
    const rollouts = steps.flatMap((s) => s.rollouts);
    for (const r of rollouts) {
      if (r.outcome === 'sandbox-error') expect([r.reward, r.fault?.stage]).toEqual([null, 'sandbox']);
      else expect(r.reward).toBe(1);
    }
    expect(rollouts.some((r) => r.outcome === 'sandbox-error')).toBe(true);
    for (const s of steps) {
      const groups = Map.groupBy(s.rollouts, (r) => r.problemId);
      const dropped = [...groups.values()].filter((g) => g.filter((r) => r.reward !== null).length < 2).length;
      expect(s.metrics['train/dropped-groups']).toBe(dropped);
    }
  });

  test('stop ends after the step with a checkpoint', async () => {
    let asked = 0;
    const { events, steps, end } = await collect(prepare({ gate: async () => ({ stop: ++asked === 4 }) }));
    expect(end).toBe('stopped');
    expect(steps.at(-1)?.step).toBe(3);
    expect(events.at(-1)).toMatchObject({ kind: 'checkpoint', step: 3 });
  });

  test('a checkpoint that cannot be written leaves nothing behind, and the earlier one as it was', async () => {
    const engine = new ScriptedEngine();
    await collect(prepare({ engine, values: { 'limits.steps': 1 } }));
    engine.save = async (dir) => {
      await writeFile(join(dir, 'half'), '');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    const done = { ...NOTHING_DONE, step: 1 };
    await expect(collect(prepare({ engine, done, values: { 'limits.steps': 2 } }))).rejects.toThrow('no space left');
    expect(await readdir(join(folder, 'checkpoints'))).toEqual(['step-000001']);
  });

  describe('a device without memory for step 3', () => {
    /** @param method That lacks memory; for the call of step 3. */
    const failing = (method: 'accumulate' | 'update', at: number) => {
      const engine = new ScriptedEngine();
      const whole = engine[method].bind(engine) as (...args: unknown[]) => Promise<never>;
      let calls = 0;
      engine[method] = async (...args: unknown[]) => {
        if (++calls === at) throw new OutOfMemoryError('no memory for 4096 more bytes');
        return whole(...args);
      };
      return engine;
    };
    // Two updates a step, each after one call of accumulate: the fifth is the first of step 3.
    const values = { 'limits.steps': 4, 'evaluation.every': 0 };
    const until = async (run: PreparedRun) => {
      const events: RunEvent[] = [];
      try {
        for await (const event of train(run)) events.push(event);
      } catch (error) {
        return { events, error };
      }
      throw new Error('the run did not fail');
    };

    test('leaves a checkpoint of the last whole step, says what helps, and goes on as if nothing had been', async () => {
      const undisturbed = await collect(prepare({ values }));
      const engine = failing('accumulate', 5);
      const { events, error } = await until(prepare({ engine, values }));
      expect(error).toMatchObject({
        code: 'out-of-memory',
        message: 'Out of memory at step 3: no memory for 4096 more bytes',
        hint: expect.stringMatching(/recomputed activations.*micro-batch.*LoRA.*96 tokens/),
      });
      expect(events.at(-1)).toMatchObject({ kind: 'checkpoint', step: 2 });
      const done = await readManifest(join(folder, 'checkpoints', 'step-000002'));
      const rest = await collect(prepare({ engine, done, values }));
      const first = events.filter((event) => event.kind === 'step');
      expect(timeless([...first, ...rest.steps])).toEqual(timeless(undisturbed.steps));
    });

    test.each([
      ['the step has updated the policy already', failing('accumulate', 6)],
      ['the update itself lacks memory', failing('update', 5)],
    ])('leaves no checkpoint where %s', async (_, engine) => {
      const { events, error } = await until(prepare({ engine, values }));
      expect(error).toMatchObject({ code: 'out-of-memory' });
      expect(events.at(-1)).toMatchObject({ kind: 'step', step: 2 });
    });

    test('says so where even the checkpoint cannot be written', async () => {
      const engine = failing('accumulate', 5);
      engine.save = async () => {
        throw new OutOfMemoryError('nothing can be read back');
      };
      const { events, error } = await until(prepare({ engine, values }));
      expect(error).toMatchObject({ code: 'out-of-memory', message: expect.stringContaining('4096') });
      expect(events.at(-1)).toMatchObject({
        kind: 'note',
        level: 'warning',
        message: expect.stringContaining('step 2'),
      });
    });
  });

  test('keeps the best validation, in place of the one that was kept so before; a resumed run goes on so', async () => {
    const values = { 'limits.keepBest': true, 'limits.steps': 12, 'limits.checkpointEvery': 6, 'evaluation.every': 2 };
    // What the policy scores at each validation, step 0 first: better at 2 and 4, no better at 6, better at 8 and 10.
    const course = [0, 0.5, 0.75, 0.5, 1, 1, 0];
    const scripted = (from: number) => {
      const engine = new ScriptedEngine();
      let at = from;
      engine.update = async () => ({ gradNorm: 0 });
      const generate = engine.generate.bind(engine);
      engine.generate = async (prompts, sampling, onGenerated) => {
        if (prompts.length !== 8) return generate(prompts, sampling, onGenerated);
        const right = (course[at++] ?? 0) * 8;
        const generated = prompts.map((_, i) => {
          const tokens = Int32Array.from(i < right ? [2, EOS] : [1, 1, 1, EOS]);
          return { tokens, finished: true, stats: statsOf(tokens.length) };
        });
        for (const [i, response] of generated.entries()) onGenerated?.(i, response);
        return generated;
      };
      return prepare({ engine, values: { ...values, 'evaluation.samples': 4 } });
    };
    const kept = (events: readonly RunEvent[]) =>
      events.flatMap((e) => (e.kind === 'checkpoint' ? [[e.step, e.replaces ?? null]] : []));
    const whole = await collect(scripted(0));
    expect(whole.steps.flatMap((s) => s.metrics['eval/avg@k'] ?? [])).toEqual(course);
    expect(kept(whole.events)).toEqual([
      [2, null],
      [4, 2],
      [6, null],
      [8, 4],
      [12, null],
    ]);
    const done = await readManifest(join(folder, 'checkpoints', 'step-000006'));
    expect(done.best).toEqual({ accuracy: 0.75, kept: 4 });
    const rest = await collect({ ...scripted(4), done });
    expect(kept(rest.events)).toEqual(kept(whole.events).slice(3));
    // Support, against the validation before the first step, which solved nothing.
    const support = (steps: readonly StepEvent[]) => steps.flatMap((s) => s.metrics['eval/support-gained'] ?? []);
    expect(support(whole.steps)).toEqual([0, 0.5, 1, 0.5, 1, 1, 0]);
    expect(support(rest.steps)).toEqual([1, 1, 0]);
  });

  test('a sandbox that cannot run ends the run with its error', async () => {
    const run = prepare({ execute: () => Promise.reject(new Error('no python3')) });
    await expect(collect(run)).rejects.toThrow('no python3');
  });
});
