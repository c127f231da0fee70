/** Rollouts looked at across the steps of a run. */
import { expect, onTestFinished, test } from 'vitest';
import { rolloutCalls } from '../../../src-main/api/rollouts.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { failurePatternsSchema, problemHistorySchema } from '../../../src-shared/rollouts.ts';
import { runConfig } from '../../fixtures/configs.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { rolloutRecord } from '../../fixtures/steps.ts';

async function storeWithRun() {
  const store = openStore(await temporaryFolder(), 'owner');
  onTestFinished(() => store.close());
  const add = () => {
    const id = store.runs.freshId();
    return store.runs.insert({ id, config: runConfig(), codeVersion: '1', parentCheckpointId: null }).id;
  };
  const save = (runId: string, step: number, rollouts: ReturnType<typeof rolloutRecord>[]) =>
    store.saveStep(runId, { kind: 'step', step, metrics: {}, rollouts });
  return { store, add, save, calls: rolloutCalls({ store }) };
}

test('a problem comes back step by step, each group in its order, of its run and split only', async () => {
  const { add, save, calls } = await storeWithRun();
  const [runId, other] = [add(), add()];
  const problem = { problemId: 'sum' };
  save(runId, 2, [
    rolloutRecord(0, { ...problem, reward: 0.25, tokenIds: Int32Array.of(1) }),
    rolloutRecord(1, { ...problem, outcome: 'wrong-answer', reward: null }),
    rolloutRecord(0, { problemId: 'product' }),
    rolloutRecord(0, { ...problem, split: 'eval' }),
  ]);
  save(runId, 10, [rolloutRecord(0, problem)]);
  save(other, 3, [rolloutRecord(0, problem)]);

  const history = problemHistorySchema.parse(await calls.problemHistory({ runId, problemId: 'sum', split: 'train' }));
  expect(history).toMatchObject([
    {
      step: 2,
      meanTokens: 2,
      rollouts: [
        { sample: 0, outcome: 'passed', reward: 0.25, tokens: 1 },
        { sample: 1, outcome: 'wrong-answer', reward: null, tokens: 3 },
      ],
    },
    { step: 10, meanTokens: 3, rollouts: [{ sample: 0 }] },
  ]);
  expect(await calls.problemHistory({ runId, problemId: 'none', split: 'train' })).toEqual([]);
  await expect(async () =>
    calls.problemHistory({ runId: 'none', problemId: 'sum', split: 'train' }),
  ).rejects.toMatchObject({ code: 'not-found' });
});

test('failures are looked for in the last steps that have rollouts of the split', async () => {
  const { add, save, calls } = await storeWithRun();
  const runId = add();
  const wrong = (problemId: string, reward: number, got: string) =>
    rolloutRecord(0, {
      problemId,
      reward,
      outcome: 'wrong-answer',
      tests: ['1', '2'].map((expected) => ({
        verdict: 'wrong-answer',
        got,
        detail: null,
        wallMs: 1,
        input: expected,
        expected,
      })),
    });
  save(runId, 1, [wrong('a', 1, '0')]);
  save(runId, 4, [rolloutRecord(0, { split: 'eval' })]);
  save(runId, 5, [wrong('b', 5, ' 0\n'), wrong('c', 4, '0'), rolloutRecord(1)]);
  save(runId, 6, [wrong('d', 9, '0')]);

  const of = async (step: number, steps: number) =>
    failurePatternsSchema.parse(await calls.failurePatterns({ runId, step, split: 'train', steps }));
  const one = await of(5, 1);
  expect(one).toMatchObject({ steps: [5], selection: 'highest', threshold: 5 });
  expect(one.examples.map(({ problemId }) => problemId)).toEqual(['b']);
  expect(one.cohorts).toMatchObject({ others: { rollouts: 1 }, correct: { rollouts: 1 } });
  expect(one.features.find(({ id }) => id === 'constant')?.chosen).toEqual({ count: 1, of: 1 });
  expect((await of(5, 2)).steps).toEqual([1, 5]);
  expect((await of(0, 3)).cohorts.chosen.rollouts).toBe(0);
});
