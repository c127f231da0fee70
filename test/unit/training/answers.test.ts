/** Problems that ask for an answer, from the response to its rewards, without a sandbox. */
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { failurePatterns } from '../../../src-main/diagnostics/failure-patterns.ts';
import type { PolicyEngine } from '../../../src-main/engine/engine.ts';
import { loadTokenizer, type Tokenizer } from '../../../src-main/model/tokenizer.ts';
import { resourcePath } from '../../../src-main/resources.ts';
import { rewards } from '../../../src-main/rewards/index.ts';
import { fingerprintsOf } from '../../../src-main/training/fingerprints.ts';
import { judgedRollouts, type Rollout } from '../../../src-main/training/rollouts.ts';
import { outputsOf, scoredGroups } from '../../../src-main/training/scoring.ts';
import { runSeeds } from '../../../src-main/training/seeds.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import { scriptedEngine } from '../../fixtures/scripted-engine.ts';

const problem: Problem = {
  ...{ id: 'p', statement: 'What is one half of three?', functionName: '', starterCode: '', difficulty: '' },
  ...{ visibleTests: [], meaning: 'p' },
  hiddenTests: [{ kind: 'answer', input: '', expected: '\\frac{3}{2}', accepted: ['15/10 \\text{ of it}', '7'] }],
};
const RESPONSES = [
  'Half of 3 is \\boxed{1.5}.',
  '<think>\\boxed{2}</think> The final answer is $1\\frac12$',
  'It is \\boxed{4}',
  'It is 1.5',
  '```python\nprint(1.5)\n```',
  '\\boxed{4.0}',
  '\\boxed{7}',
];

let tokenizer: Tokenizer;
let group: readonly Rollout[];
beforeAll(async () => {
  tokenizer = await loadTokenizer(resourcePath('policy'));
  const engine = scriptedEngine(tokenizer, (n) => RESPONSES[n] ?? '');
  const judged = await judgedRollouts(
    {
      ...{ engine, tokenizer, promptOf: ({ statement }: Problem) => statement },
      execute: () => Promise.reject(new Error('no sandbox is asked')),
      judging: { limits: { wallMs: 1, memoryMb: 64 }, anew: false, stopAtFirstFailure: false },
    },
    {
      ...{ problems: [problem], samples: RESPONSES.length, seedOf: () => 1 },
      sampling: { temperature: 1, topP: 1, topK: 0, maxNewTokens: 64 },
    },
    () => Promise.resolve(),
  );
  group = judged.groups[0] ?? [];
});

test('each response has the verdict on its final answer', () => {
  expect(group.map(({ outcome }) => outcome)).toEqual([
    ...['passed', 'passed', 'wrong-answer', 'no-code', 'no-code', 'wrong-answer', 'passed'],
  ]);
  expect(group.map(({ code }) => code)).toEqual(['1.5', '$1\\frac12$', '4', null, null, '4.0', '7']);
  expect(group[2]?.tests).toEqual([
    { verdict: 'wrong-answer', got: '4', detail: null, wallMs: 0, memoryMb: null, input: '', expected: '\\frac{3}{2}' },
  ]);
  expect(group.every(({ fault }) => fault === null)).toBe(true);
});

test('answers that are equal are one output, whatever they are written as', () => {
  const [a, b, c, none, program, d, e] = group.map((rollout) => outputsOf(rollout));
  expect(a).toEqual(b);
  expect(c).toEqual(d);
  expect(new Set([a, c, e].map(String)).size).toBe(3);
  expect([none, program]).toEqual([[null], [null]]);
});

describe('rewards', () => {
  const scoresOf = async (kind: string, values: Readonly<Record<string, string>> = {}) => {
    const config = resolveConfig({ preset: 'grpo', values: { 'reward.kind': kind, ...values } });
    const reward = rewards.find((each) => each.id === kind);
    if (reward === undefined) throw new Error(`no reward ${kind}`);
    const source = { engine: {} as unknown as PolicyEngine, tokenizer };
    const scored = await scoredGroups(
      { order: { config }, source, reward, secondReward: null, seeds: runSeeds(1) },
      [group],
      1,
    );
    return scored.rewards[0];
  };

  test('of verdicts, of the form and of agreement', async () => {
    expect(await scoresOf('unit-tests')).toEqual([1, 1, 0, 0, 0, 0, 1]);
    expect(await scoresOf('format')).toEqual([1, 1, 1, 0, 0, 1, 1]);
    // 1.5 and 4 have two votes each, and 1.5 was seen first.
    expect(await scoresOf('majority')).toEqual([1, 1, 0, 0, 0, 0, 0]);
    expect(await scoresOf('majority', { 'reward.options.credit': 'soft' })).toEqual(
      [2, 2, 2, 0, 0, 2, 1].map((votes) => votes / 7),
    );
  });

  test('of the certainty over the answer alone', async () => {
    const scores = await scoresOf('probability-disparity', { 'reward.options.span': 'code' });
    expect(scores?.map((score) => score !== null)).toEqual([true, true, true, false, false, true, true]);
  });
});

test('the failure patterns count responses without an answer', () => {
  const read = group.map((rollout, sample) => ({
    ...{ id: sample, step: 1, problemId: 'p', sample, reward: rollout.outcome === 'passed' ? 1 : 0 },
    ...{ outcome: rollout.outcome, tokens: rollout.tokens.length, finished: true, completion: rollout.completion },
    ...{ code: rollout.code, answers: outputsOf(rollout) ?? [], expected: ['\\frac{3}{2}'] },
  }));
  const { features } = failurePatterns(read);
  const row = features.find(({ id }) => id === 'no-code');
  expect((row?.chosen.count ?? 0) + (row?.others.count ?? 0)).toBe(2);
});

test('the fingerprint of the prompt has a problem of this kind in it only where there is one', async () => {
  const asked: string[] = [];
  const promptOf = (each: Problem) => {
    asked.push(each.hiddenTests[0]?.kind ?? 'program');
    return each.statement;
  };
  const policyFolder = resourcePath('policy');
  await fingerprintsOf({ policyFolder, promptOf, train: [], validation: [problem] });
  await fingerprintsOf({ policyFolder, promptOf, train: [], validation: [{ ...problem, hiddenTests: [] }] });
  expect(asked).toEqual(['program', 'program', 'answer', 'program', 'program']);
});
