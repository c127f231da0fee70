import { describe, expect, test } from 'vitest';
import { compare } from '../../../src-main/comparison/compare.ts';
import { matchedCompletions } from '../../../src-main/comparison/matched.ts';
import { compareInputSchema, comparisonSchema } from '../../../src-shared/comparison.ts';
import { runStore } from '../../fixtures/compared-runs.ts';

const input = (runIds: readonly string[], more: object = {}) => compareInputSchema.parse({ runIds, ...more });

describe('groups', () => {
  test('by configuration without seed, named by what differs', async () => {
    const { store, addRun } = await runStore();
    const metrics = { 0: { 'eval/avg@k': 0.5 } };
    const ids = [
      addRun({ seed: 2, metrics }),
      addRun({ seed: 1, metrics }),
      addRun({ seed: 1, reward: 'random', metrics }),
    ];
    const { groups, differences } = compare(store, input(ids));
    expect(groups.map(({ label, seeds, runIds }) => ({ label, seeds, runIds }))).toEqual([
      { label: 'unit-tests', seeds: [1, 2], runIds: [ids[0], ids[1]] },
      { label: 'random', seeds: [1], runIds: [ids[2]] },
    ]);
    const [plain, random] = groups.map(({ key }) => key);
    expect(differences.find(({ path }) => path === 'reward.kind')?.values).toEqual({
      [plain ?? '']: ['unit-tests'],
      [random ?? '']: ['random'],
    });
    expect(differences.map(({ path }) => path)).not.toContain('seeds.run');
    expect(compare(store, input(ids.toReversed())).groups.map(({ key }) => key)).toEqual([random, plain]);
  });

  test('bootstrapped runs of several seeds are one group, though each has a checkpoint of its own', async () => {
    const { store, addRun, addCheckpoint } = await runStore();
    const made = await Promise.all(
      (['self-certainty', 'random'] as const).flatMap((reward) =>
        [1, 2].map(async (seed) => {
          const { id } = await addCheckpoint(addRun({ seed, reward }), 50);
          return addRun({ seed, source: `checkpoint:${id}`, parent: id });
        }),
      ),
    );
    const { groups } = compare(store, input(made));
    expect(groups.map(({ label, seeds }) => [label, seeds])).toEqual([
      ['from self-certainty step 50', [1, 2]],
      ['from random step 50', [1, 2]],
    ]);
  });

  test('an option that an older run does not have is no difference from its default', async () => {
    const { store, addRun } = await runStore();
    const older = addRun({
      config: (config) => {
        const { onCollapse: _, ...limits } = config.limits;
        return { ...config, limits: limits as typeof config.limits };
      },
    });
    const { groups, differences } = compare(store, input([older, addRun({ seed: 2 })]));
    expect(groups).toHaveLength(1);
    expect(differences).toEqual([]);
  });

  test('by option paths, by tags, and every run by itself', async () => {
    const { store, addRun } = await runStore();
    const warm = (config: Parameters<NonNullable<NonNullable<Parameters<typeof addRun>[0]>['config']>>[0]) => ({
      ...config,
      rollouts: { ...config.rollouts, temperature: 1.2 },
    });
    const ids = [addRun(), addRun({ reward: 'random' }), addRun({ config: warm })];
    const labels = (grouping: object) => compare(store, input(ids, { grouping })).groups.map(({ label }) => label);
    expect(labels({ by: 'paths', paths: ['rollouts.temperature'] })).toEqual(['temperature 1', 'temperature 1.2']);
    expect(labels({ by: 'none' })).toEqual(['#1 Test', '#2 Test', '#3 Test']);
    store.runs.setTags(ids[0] ?? '', ['b', 'a']);
    expect(labels({ by: 'tag' })).toEqual(['a, b', 'no tag']);
    const { groups, differences } = compare(
      store,
      input(ids, { grouping: { by: 'paths', paths: ['rollouts.temperature'] } }),
    );
    // A group may hold several values of what it is not grouped by.
    expect(differences.find(({ path }) => path === 'reward.kind')?.values[groups[0]?.key ?? '']).toEqual([
      'unit-tests',
      'random',
    ]);
    expect(() => labels({ by: 'paths', paths: ['rollouts.heat'] })).toThrow(
      'grouping.paths: rollouts.heat: none of these runs has such an option',
    );
  });
});

test('curves, last and best values and areas by hand', async () => {
  const { store, addRun } = await runStore();
  const ids = [
    addRun({ seed: 1, passed: { 0: [0, 2], 10: [4, 4], 20: [2, 2] } }),
    addRun({ seed: 2, passed: { 0: [2, 4], 10: [4, 4], 20: [4, 4] } }),
    // Longer than the others: areas are over what all have.
    addRun({ seed: 1, reward: 'random', passed: { 0: [2, 2], 40: [0, 0] } }),
  ];
  const of = compare(store, input(ids, { metrics: ['eval/avg@k', 'eval/length'], lines: true }));
  expect(comparisonSchema.parse(of)).toEqual(of);
  const [accuracy, length] = of.metrics;
  expect(accuracy?.areaSteps).toEqual({ from: 0, to: 20 });
  const [tests, random] = of.groups.map(({ key }) => accuracy?.byGroup[key]);
  expect(tests?.curve).toMatchObject({ x: [0, 10, 20], mean: [0.5, 1, 0.75], n: [2, 2, 2], band: 'seeds' });
  expect(tests?.final).toMatchObject({ mean: 0.75, perSeed: [0.5, 1] });
  expect(tests?.best).toMatchObject({ mean: 1, perSeed: [1, 1] });
  // (0.25 + 1) / 2 and (1 + 0.5) / 2 of half of the steps each; for the other seed 0.875 and 1.
  expect(tests?.area?.perSeed).toEqual([0.6875, 0.9375]);
  expect(random?.area?.mean).toBeCloseTo(0.375, 12);
  expect(random?.curve.band).toBe('validation');
  expect(random?.curve.low[0]).toBe(0.5);
  expect(tests?.lines[ids[0] ?? '']).toEqual({ x: [0, 10, 20], step: [0, 10, 20], value: [0.25, 1, 0.5] });
  expect(length?.byGroup).toEqual({});
  expect(of.issues.map(({ aspect }) => aspect)).toEqual(['reward', 'prompt', 'budget']);
});

test('over tokens and over seconds of work', async () => {
  const { store, addRun } = await runStore();
  const metrics = {
    0: { 'eval/avg@k': 0.1, 'time/evaluation': 5 },
    1: { 'train/tokens': 100, 'time/step': 2 },
    2: { 'train/tokens': 250, 'time/step': 3, 'eval/avg@k': 0.4, 'time/evaluation': 7 },
  };
  const ids = [addRun({ metrics }), addRun({ reward: 'random', metrics })];
  const xOf = (x: string) => Object.values(compare(store, input(ids, { x })).metrics[0]?.byGroup ?? {})[0]?.curve.x;
  expect(xOf('step')).toEqual([0, 2]);
  expect(xOf('tokens')).toEqual([0, 250]);
  expect(xOf('time')).toEqual([5, 17]);
});

test('what is refused', async () => {
  const { store, addRun } = await runStore();
  const id = addRun();
  expect(() => compare(store, input([id, id]))).toThrow('runIds: 1 different run; at least 2 are compared');
  expect(() => compare(store, input([id, 'nobody']))).toThrow('There is no run nobody');
  expect(() => compare(store, input([id, addRun()], { metrics: ['eval/luck'] }))).toThrow('metrics: eval/luck');
  expect(compareInputSchema.safeParse({ runIds: [id] }).success).toBe(false);
});

describe('matched completions', () => {
  test('the common validation nearest to a step, problems that all have, and their completions', async () => {
    const { store, addRun } = await runStore();
    const [a, b] = [
      addRun({ passed: { 0: [1, 2, 3], 10: [4, 0, 1], 20: [4, 4, 4] } }),
      addRun({ reward: 'random', passed: { 0: [0, 0], 10: [2, 3], 30: [0, 0] } }),
    ];
    const last = matchedCompletions(store, { runIds: [a, b] });
    expect(last).toEqual({
      steps: [
        { runId: a, step: 10 },
        { runId: b, step: 10 },
      ],
      common: true,
      problems: [
        {
          problemId: 'p0',
          outcomes: [
            { passed: 4, samples: 4 },
            { passed: 2, samples: 4 },
          ],
        },
        {
          problemId: 'p1',
          outcomes: [
            { passed: 0, samples: 4 },
            { passed: 3, samples: 4 },
          ],
        },
      ],
      completions: null,
    });
    expect(matchedCompletions(store, { runIds: [a, b], step: 4 }).steps.map(({ step }) => step)).toEqual([0, 0]);
    const { completions } = matchedCompletions(store, { runIds: [a, b], problemId: 'p1' });
    expect(completions?.map(({ rollouts }) => rollouts.map(({ outcome }) => outcome))).toEqual([
      ['wrong-answer', 'wrong-answer', 'wrong-answer', 'wrong-answer'],
      ['passed', 'passed', 'passed', 'wrong-answer'],
    ]);
    expect(completions?.[0]?.rollouts[0]).toMatchObject({ sample: 0, prompt: 'Return 2n.', finished: true });
    expect(() => matchedCompletions(store, { runIds: [a, b], problemId: 'p2' })).toThrow('problemId: p2');
  });

  test('without a common step each run’s own nearest; without any samples none', async () => {
    const { store, addRun } = await runStore();
    const [a, b] = [addRun({ passed: { 0: [1] } }), addRun({ passed: { 10: [1], 30: [1] } })];
    const { steps, common } = matchedCompletions(store, { runIds: [a, b], step: 25 });
    expect([common, steps.map(({ step }) => step)]).toEqual([false, [0, 30]]);
    expect(() => matchedCompletions(store, { runIds: [a, addRun()] })).toThrow(
      'Run #3 has no stored validation samples',
    );
  });
});
