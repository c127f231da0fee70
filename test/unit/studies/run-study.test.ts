import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { certainty } from '../../../src-main/studies/certainty.ts';
import { studies } from '../../../src-main/studies/index.ts';
import { predicates } from '../../../src-main/studies/predicates/index.ts';
import { planOf, runStudy, surveyOf } from '../../../src-main/studies/run-study.ts';
import { seriesOf } from '../../../src-main/studies/series.ts';
import type { PlannedRun, Study, StudyRun } from '../../../src-main/studies/study.ts';
import { transfer } from '../../../src-main/studies/transfer.ts';
import type { Api, FlatValues, RunDetail } from '../../../src-shared/api.ts';
import { flattenConfig } from '../../../src-shared/flatten.ts';

/** Runs that finish as soon as they are asked about; what is kept is what a store would keep. */
class FakeApp {
  readonly kept: RunDetail[] = [];
  readonly launched: string[] = [];
  readonly resumed: string[] = [];
  fails: string | null = null;
  refusal: { path: string; message: string } | null = null;
  #listeners: ((run: RunDetail) => void)[] = [];

  add(
    name: string,
    preset: string | null,
    values: FlatValues,
    status: RunDetail['status'],
    origin: { readonly format: string; readonly file: string } | null = null,
  ): RunDetail {
    const number = this.kept.length + 1;
    const config = resolveConfig({ name, preset, values });
    const run = { id: `run-${number}`, number, name, status, error: null, step: 0, steps: config.limits.steps, origin };
    // Only what a study asks of a run.
    const detail = { ...run, config } as unknown as RunDetail;
    this.kept.push(detail);
    return detail;
  }

  get api(): Api {
    const found = (runId: string) => this.kept.find(({ id }) => id === runId) as RunDetail;
    const end = (runId: string) => {
      const at = this.kept.findIndex(({ id }) => id === runId);
      const run = this.kept[at] as RunDetail;
      const failed = run.name === this.fails;
      const status = failed ? 'failed' : 'finished';
      this.kept[at] = { ...run, status, step: run.steps, error: failed ? 'no more' : null };
      for (const listener of this.#listeners) listener(this.kept[at]);
    };
    const api: Partial<Api> = {
      launchRun: async ({ name = '', preset, values }) => {
        const run = this.add(name, preset, values, 'running');
        this.launched.push(name);
        setTimeout(() => end(run.id), 1);
        return { runId: run.id };
      },
      resumeRun: async ({ runId }) => {
        const run = found(runId);
        this.resumed.push(run.name);
        this.kept[this.kept.indexOf(run)] = { ...run, status: 'queued' };
        setTimeout(() => end(runId), 1);
        return {};
      },
      runs: async () => [...this.kept],
      runOptions: async () => {
        const flat = this.kept.map(({ config }) => flattenConfig(config));
        const paths = [...new Set(flat.flatMap((values) => Object.keys(values)))];
        const options = paths.map((path) => {
          const values = [...new Set(flat.flatMap((each) => each[path] ?? []))];
          return { path, values, of: flat.map((each) => values.indexOf(each[path] ?? '')) };
        });
        return { runIds: this.kept.map(({ id }) => id), options };
      },
      run: async ({ runId }) => found(runId),
      checkpoints: async ({ runId }) => [
        {
          ...{ id: `${runId}@1`, runId, step: 1, parentId: null },
          ...{ folder: '', bytes: 0, createdAt: 0, accuracy: null },
        },
      ],
      // Only what decides whether it starts.
      estimateRuns: async () => ({ refusal: this.refusal }) as Awaited<ReturnType<Api['estimateRuns']>>,
      rolloutSteps: async () => [{ step: 0, split: 'eval', count: 40 }],
      metrics: async ({ runId }) => [{ step: 0, metrics: { 'train/reward': found(runId).number } }],
      on: (_event, listener) => {
        const heard = listener as (run: RunDetail) => void;
        this.#listeners.push(heard);
        return () => {
          this.#listeners = this.#listeners.filter((other) => other !== heard);
        };
      },
    };
    return api as Api;
  }
}

const planned = (key: string, preset: string, seed: number, from?: PlannedRun['from']): PlannedRun => ({
  ...{ key, arm: preset, seed, preset, values: { 'seeds.run': seed, 'limits.steps': 2 } },
  ...(from === undefined ? {} : { from }),
});

const study: Study = {
  ...{ id: 'trial', title: 'Trial', question: 'Does it run?', scales: ['tiny'] },
  plan: (_scale, seeds) =>
    seeds.flatMap((seed) => [
      planned(`parent ${seed}`, 'token-entropy', seed),
      planned(`child ${seed}`, 'grpo', seed, { key: `parent ${seed}`, step: 1 }),
    ]),
  predicates: ['T8'],
};

describe('a study', () => {
  test('makes its runs in order, children from the checkpoints of their parents, and concludes from them', async () => {
    const app = new FakeApp();
    const progress: string[] = [];
    const report = await runStudy(app.api, study, {
      ...{ scale: 'tiny', seeds: [1, 2] },
      onProgress: ({ done, total, run }) => void progress.push(`${done}/${total} ${run.key}`),
    });
    expect(app.launched).toEqual(['trial parent 1', 'trial child 1', 'trial parent 2', 'trial child 2']);
    expect(app.kept.map(({ config }) => config.policy.source)).toEqual([
      ...['embedded', 'checkpoint:run-1@1', 'embedded', 'checkpoint:run-3@1'],
    ]);
    expect(report.runs.map(({ key, number, steps }) => [key, number, steps[0]?.metrics['train/reward']])).toEqual([
      ['parent 1', 1, 1],
      ['child 1', 2, 2],
      ['parent 2', 3, 3],
      ['child 2', 4, 4],
    ]);
    expect(report.conclusions.map(({ predicate, finding }) => [predicate.id, finding.verdict])).toEqual([
      ['T8', 'INCONCLUSIVE'],
    ]);
    expect(progress[0]).toBe('0/4 parent 1');
    expect(progress.at(-1)).toBe('3/4 child 2');
  });

  test('takes what is there by its configuration, whatever its name, and goes on with what was cut off', async () => {
    const app = new FakeApp();
    const values = { 'seeds.run': 1, 'limits.steps': 2 };
    app.add('mine', 'token-entropy', values, 'finished');
    app.add('another seed', 'token-entropy', { ...values, 'seeds.run': 7 }, 'finished');
    app.add('cut off', 'grpo', { ...values, 'policy.source': 'checkpoint:run-1@1' }, 'interrupted');
    await runStudy(app.api, study, { scale: 'tiny', seeds: [1] });
    expect(app.launched).toEqual([]);
    expect(app.resumed).toEqual(['cut off']);
  });

  test('takes runs of another Assay that are finished, none that another program made or that would have to go on', async () => {
    const values = { 'seeds.run': 1, 'limits.steps': 2 };
    const from = async (format: string, status: RunDetail['status']) => {
      const app = new FakeApp();
      app.add('theirs', 'token-entropy', values, status, { format, file: 'theirs' });
      await runStudy(app.api, study, { scale: 'tiny', seeds: [1] });
      return app.launched;
    };
    expect(await from('assay', 'finished')).toEqual(['trial child 1']);
    expect(await from('assay', 'interrupted')).toEqual(['trial parent 1', 'trial child 1']);
    expect(await from('trl', 'finished')).toEqual(['trial parent 1', 'trial child 1']);
  });

  test('a run that failed is made anew, not taken; one that fails ends the study with its reason', async () => {
    const app = new FakeApp();
    app.add('failed once', 'token-entropy', { 'seeds.run': 1, 'limits.steps': 2 }, 'failed');
    app.fails = 'trial child 1';
    await expect(runStudy(app.api, study, { scale: 'tiny', seeds: [1] })).rejects.toThrow(
      'Run #3 of the study was failed at step 2: no more',
    );
    expect(app.launched).toEqual(['trial parent 1', 'trial child 1']);
  });

  test('a scale that it does not have, and a configuration that cannot be, are refused before anything starts', async () => {
    const app = new FakeApp();
    await expect(runStudy(app.api, study, { scale: 'paper', seeds: [1] })).rejects.toThrow(
      'scale paper: study trial has tiny',
    );
    const wrong: Study = {
      ...study,
      plan: () => [{ ...planned('a', 'grpo', 1), values: { 'rollouts.groupSize': 1 } }],
    };
    await expect(runStudy(app.api, wrong, { scale: 'tiny', seeds: [1] })).rejects.toThrow('groupSize');
    expect(app.launched).toEqual([]);
  });

  test('says what is there before it starts, and knows a run that was made before an option was', async () => {
    const app = new FakeApp();
    const old = app.add('old', 'token-entropy', { 'seeds.run': 1, 'limits.steps': 2 }, 'finished');
    const { testTime: _, ...evaluation } = old.config.evaluation;
    app.kept[0] = { ...old, config: { ...old.config, evaluation, problems: { kind: 'tinypy', options: {} } } };
    app.add('cut off', 'grpo', { 'seeds.run': 1, 'limits.steps': 2, 'policy.source': 'checkpoint:run-1@1' }, 'stopped');
    const { plan } = await surveyOf(app.api, study, { scale: 'tiny', seeds: [1, 2] });
    expect(plan.map(({ key, standing }) => [key, standing])).toEqual([
      ['parent 1', 'ready'],
      ['child 1', 'cut'],
      ['parent 2', 'missing'],
      ['child 2', 'missing'],
    ]);
    expect(app.launched).toEqual([]);
  });

  test('what does not fit this machine is not started', async () => {
    const app = new FakeApp();
    app.refusal = { path: 'rollouts.maxNewTokens', message: 'rollouts.maxNewTokens: 8192 takes 900 GB' };
    await expect(runStudy(app.api, study, { scale: 'tiny', seeds: [1] })).rejects.toThrow('takes 900 GB');
    expect(app.launched).toEqual([]);
    // What is there already need not fit.
    for (const { key, preset, values, from } of planOf(study, 'tiny', [1]))
      app.add(
        key,
        preset,
        from === undefined ? values : { ...values, 'policy.source': 'checkpoint:run-1@1' },
        'finished',
      );
    expect((await runStudy(app.api, study, { scale: 'tiny', seeds: [1] })).runs).toHaveLength(2);
  });

  test('at paper scale it asks for a policy and problems before anything starts', async () => {
    const app = new FakeApp();
    const paper = (id: string, values: FlatValues = {}) =>
      runStudy(app.api, studies.find((each) => each.id === id) as Study, { scale: 'paper', seeds: [1], values });
    await expect(paper('training-dynamics')).rejects.toThrow('also needs policy.source, problems.kind');
    await expect(paper('kl', { 'policy.source': 'embedded', 'problems.kind': 'tinypy' })).rejects.toThrow(
      /also needs policy.source$/,
    );
    await expect(paper('transfer', { 'policy.source': '/p', 'problems.kind': 'tinypy' })).rejects.toThrow('--on');
    await expect(
      paper('certainty', { 'policy.source': '/p', 'problems.kind': 'jsonl', 'problems.options.trainFile': '/none' }),
    ).rejects.toThrow('/none: there is no such file');
    expect(app.launched).toEqual([]);
  });
});

describe('the plan of a study', () => {
  test('the study wins over the reader, the reader over the scale; what the study varies is not the reader’s', () => {
    const [kl] = planOf(studies.find(({ id }) => id === 'kl') as Study, 'paper', [3], {
      values: { 'optimiser.learningRate': 2e-6 },
    });
    expect(kl?.values).toMatchObject({
      'optimiser.learningRate': 2e-6,
      'rollouts.groupSize': 16,
      'objective.options.klCoefficient': 0,
      'seeds.run': 3,
    });
    const refused = (id: string, path: string) =>
      expect(() =>
        planOf(studies.find((each) => each.id === id) as Study, 'tiny', [1], { values: { [path]: 1 } }),
      ).toThrow(`${path}: study ${id} sets it itself`);
    refused('temperature', 'rollouts.temperature');
    refused('bootstrap', 'limits.steps');
    refused('certainty', 'limits.steps');
    refused('transfer', 'seeds.run');
  });

  test('evaluations keep their 0 steps and their problems, and follow the last step of what they evaluate', () => {
    const values = { 'limits.steps': 7, 'evaluation.samples': 2, 'problems.kind': 'jsonl' };
    const files = { 'problems.options.trainFile': 'a.jsonl' };
    const plan = planOf(transfer, 'tiny', [1], { values: { ...values, ...files } });
    const of = (key: string) => plan.find((run) => run.key === key);
    expect(of('grpo seed 1')?.values).toMatchObject({ 'limits.steps': 7, ...files });
    expect(of('grpo on own problems seed 1')?.values).toMatchObject({ 'limits.steps': 0, ...files });
    expect(of('grpo on addends seed 1')).toMatchObject({
      from: { key: 'grpo seed 1', step: 7 },
      values: { 'limits.steps': 0, 'evaluation.samples': 2, 'evaluation.temperature': 0.6, 'problems.kind': 'tinypy' },
    });
    expect(of('grpo on addends seed 1')?.values).not.toHaveProperty('problems.options.trainFile');
    const sets = [{ name: 'mine', values: { 'problems.kind': 'tinypy', 'problems.options.variant': 'nested' } }];
    expect(() => planOf(transfer, 'tiny', [1], { sets })).toThrow('variant');
  });

  test('shares its runs with training-dynamics, whose arms start alike', () => {
    const keyed = (id: string) =>
      new Map(
        planOf(studies.find((each) => each.id === id) as Study, 'tiny', [1, 2]).map((run) => [run.key, run.values]),
      );
    const dynamics = keyed('training-dynamics');
    for (const id of ['transfer', 'test-time']) {
      const shared = [...keyed(id)].filter(([key]) => dynamics.has(key));
      expect(shared.length).toBeGreaterThanOrEqual(8);
      for (const [key, values] of shared) expect(values).toEqual(dynamics.get(key));
    }
  });
});

describe('transfer', () => {
  /** Accuracy of each arm on other problems, by seed; the base has 0.4. */
  const runs = (ends: Readonly<Record<string, readonly number[]>>): StudyRun[] =>
    planOf(transfer, 'tiny', [1, 2, 3]).map((planned): StudyRun => {
      const arm = planned.from?.key.replace(/ seed \d$/, '');
      const end = arm === undefined ? 0.4 : (ends[arm]?.[planned.seed - 1] ?? 0.4);
      // The mean over the sets is what counts: one is above, one below.
      const shift = planned.on === 'addends' ? 0.05 : planned.on === 'factors' ? -0.05 : 0;
      const accuracy = planned.on === 'own problems' ? 0.9 : planned.on === undefined ? 0.5 : end + shift;
      const config = resolveConfig({ name: '', preset: planned.preset, values: planned.values });
      return {
        ...{ ...planned, runId: planned.key, number: 1, problems: 256 },
        config: {
          ...planned.values,
          ...{ 'reward.kind': config.reward.kind, 'policy.source': 'embedded', 'evaluation.samples': 8 },
        },
        steps: [{ step: 0, metrics: { 'eval/avg@k': accuracy, 'eval/pass@8': 1 } }],
      };
    });
  const t23 = (all: readonly StudyRun[]) => predicates.find(({ id }) => id === 'T23')?.evaluate(seriesOf(all));

  test('T23 reads the mean over the other problem sets, before and after, seed by seed', () => {
    const lost = runs({
      ...{ 'self-certainty': [0.1, 0.12, 0.11], 'token-entropy': [0.1, 0.12, 0.11] },
      ...{ 'trajectory-entropy': [0.1, 0.12, 0.11], 'probability-disparity': [0.1, 0.12, 0.11] },
      ...{ grpo: [0.41, 0.4, 0.42], random: [0.4, 0.41, 0.4] },
    });
    const found = t23(lost);
    expect(found?.verdict).toBe('SAME');
    expect(found?.parts.find(({ of }) => of.startsWith('self-certainty'))?.effect).toBeCloseTo(0.29, 12);
    expect(found?.parts.find(({ of }) => of.startsWith('unit-tests'))?.effect).toBeCloseTo(-0.01, 12);
    expect(seriesOf(lost).transfer).toEqual({ problems: 768, samples: 8 });
    expect(t23(runs({}))?.verdict).toBe('DIFFERENT');
  });

  test('its table has a row a policy and a column a problem set, with the t interval over seeds', async () => {
    const [table] = (await transfer.tables?.(runs({ grpo: [0.5, 0.6, 0.7] }), new FakeApp().api)) ?? [];
    expect(table?.columns).toEqual(['own problems', 'addends', 'factors', 'reframed']);
    const cells = table?.values.find(({ row }) => row === 'grpo')?.cells ?? [];
    // Student's t with 2 degrees of freedom at 97.5 %: 4.302653; the standard error is 0.1 / sqrt(3).
    expect(cells[3]?.mean).toBeCloseTo(0.6, 12);
    expect(cells[3]?.low).toBeCloseTo(0.6 - (4.302653 * 0.1) / Math.sqrt(3), 6);
    expect(cells[1]?.mean).toBeCloseTo(0.65, 12);
    expect(table?.values.map(({ row }) => row).slice(0, 2)).toEqual(['base', 'grpo']);
  });
});

describe('certainty', () => {
  test('its tables compare correct with incorrect responses, over all problems and within them', async () => {
    // Problem a: correct 0.1, 0.2, incorrect 0.3; problem b: correct 0.4, incorrect 0.3; one that was not judged.
    const entropies = [0.1, 0.2, 0.3, 0.4, 0.3, 9];
    const outcomes = ['passed', 'passed', 'wrong-answer', 'passed', 'no-code', 'sandbox-error'];
    const api = {
      rollouts: async () => outcomes.map((outcome, id) => ({ id, outcome, problemId: id < 3 ? 'a' : 'b' })),
      rollout: async ({ rolloutId }: { rolloutId: number }) => {
        const of = (value: number) => [value, value];
        const entropy = of(entropies[rolloutId] ?? 0);
        return { stats: { entropy, logprob: of(-1), klUniform: of(1), top1: of(0.5), top2: of(0.25) } };
      },
    } as unknown as Api;
    const run = { runId: 'r', arm: 'x', config: {} } as unknown as StudyRun;
    const [separation, distribution] = (await certainty.tables?.([run], api)) ?? [];
    const row = (name: string) => separation?.values.find((each) => each.row === name)?.cells.map((cell) => cell?.mean);
    // Pairs of correct against incorrect (2 of 3 x 2 below): U = 2; within a 0 of 2, within b 1 of 1.
    const entropy = row('token entropy') ?? [];
    expect(entropy[0]).toBeCloseTo((2 * 2) / 6 - 1, 12);
    expect(entropy[2]).toBeCloseTo(2 / 6, 12);
    expect(entropy[3]).toBeCloseTo(0.5, 12);
    // |2 - 3| / sqrt(6 x 6 / 12) / sqrt(5)
    expect(entropy[1]).toBeCloseTo(1 / Math.sqrt(3) / Math.sqrt(5), 12);
    expect(row('self-certainty')?.[2]).toBe(0.5);
    const correct = distribution?.values.find((each) => each.row === 'token entropy, correct')?.cells;
    expect(correct?.map((cell) => Number(cell?.mean.toFixed(6)))).toEqual([3, 0.233333, 0.11, 0.15, 0.2, 0.3, 0.38]);
  });
});
