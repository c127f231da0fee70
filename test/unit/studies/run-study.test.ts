import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { runStudy } from '../../../src-main/studies/run-study.ts';
import type { PlannedRun, Study } from '../../../src-main/studies/study.ts';
import type { Api, FlatValues, RunDetail } from '../../../src-shared/api.ts';

/** Runs that finish as soon as they are asked about; what is kept is what a store would keep. */
class FakeApp {
  readonly kept: RunDetail[] = [];
  readonly launched: string[] = [];
  readonly resumed: string[] = [];
  fails: string | null = null;
  #listeners: ((run: RunDetail) => void)[] = [];

  add(name: string, preset: string | null, values: FlatValues, status: RunDetail['status']): RunDetail {
    const number = this.kept.length + 1;
    const run = { id: `run-${number}`, number, name, status, error: null, step: 0, steps: 2 };
    // Only what a study asks of a run.
    const detail = { ...run, config: resolveConfig({ name, preset, values }) } as unknown as RunDetail;
    this.kept.push(detail);
    return detail;
  }

  get api(): Api {
    const found = (runId: string) => this.kept.find(({ id }) => id === runId) as RunDetail;
    const end = (runId: string) => {
      const at = this.kept.findIndex(({ id }) => id === runId);
      const run = this.kept[at] as RunDetail;
      const failed = run.name === this.fails;
      this.kept[at] = { ...run, status: failed ? 'failed' : 'finished', step: 2, error: failed ? 'no more' : null };
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
      run: async ({ runId }) => found(runId),
      checkpoints: async ({ runId }) => [
        {
          ...{ id: `${runId}@1`, runId, step: 1, parentId: null },
          ...{ folder: '', bytes: 0, createdAt: 0, accuracy: null },
        },
      ],
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
});
