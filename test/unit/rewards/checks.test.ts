import { describe, expect, test } from 'vitest';
import { catalogue, checkConfig, checkProblems, resolveConfig } from '../../../src-main/catalogue.ts';
import { problemFault } from '../../../src-main/rewards/checks.ts';
import { rewards } from '../../../src-main/rewards/index.ts';
import { runConfigOf } from '../../../src-main/runs/order.ts';
import type { StoredRun } from '../../../src-main/store/runs.ts';
import { type FlatValues, runDetailSchema } from '../../../src-shared/api.ts';
import { defaultsOf } from '../../../src-shared/options.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import { shapingOptions } from '../../../src-shared/shaping.ts';

const faults = (values: FlatValues) => checkConfig({ preset: 'grpo', values });
const only = (path: string, message: string) => [{ path, message: `${path}: ${message}` }];
const BOUNDED = 'unit-tests, probability-disparity, majority, random, constant, format';

describe('what is refused before a run exists', () => {
  test.each<[FlatValues, string, string]>([
    [
      { 'shaping.rewardWeight': 0 },
      'shaping.rewardWeight',
      '0 leaves no reward, since every other weight is 0 too; at least one must not be 0',
    ],
    [
      { 'reward.kind': 'majority', 'rollouts.groupSize': 2 },
      'rollouts.groupSize',
      '2 is too small for reward.kind majority; at least 3 are needed',
    ],
    [
      { 'shaping.second': 'majority', 'rollouts.groupSize': 2 },
      'rollouts.groupSize',
      '2 is too small for shaping.second majority; at least 3 are needed',
    ],
    [
      { 'limits.stopAtFirstFailure': true, 'reward.options.credit': 'fraction' },
      'limits.stopAtFirstFailure',
      'true leaves tests out that reward.kind unit-tests needs; allowed is false',
    ],
    [
      { 'limits.stopAtFirstFailure': true, 'shaping.second': 'majority' },
      'limits.stopAtFirstFailure',
      'true leaves tests out that shaping.second majority needs; allowed is false',
    ],
    [
      { 'shaping.second': 'coin' },
      'shaping.second',
      `"coin" is unknown; allowed is none, ${rewards.map((r) => r.id).join(', ')}`,
    ],
    [
      { 'reward.kind': 'token-entropy', 'shaping.flipProbability': 0.1 },
      'shaping.flipProbability',
      `0.1 is not allowed with reward token-entropy, whose scores have no bounds and so no opposite; allowed is 0, or one of ${BOUNDED}`,
    ],
    [
      { 'shaping.overlongWeight': 1, 'shaping.overlongWindow': 97 },
      'shaping.overlongWindow',
      '97 is more than rollouts.maxNewTokens 96',
    ],
    [
      { 'shaping.lengthWeight': 1, 'shaping.minLength': 97 },
      'shaping.minLength',
      '97 is more than rollouts.maxNewTokens 96',
    ],
    [
      { 'shaping.flipProbability': 1.5 },
      'shaping.flipProbability',
      '1.5 is out of range; allowed is a number from 0 to 1',
    ],
  ])('%o', (values, path, message) => {
    expect(faults(values)).toEqual(only(path, message));
  });

  test('what is off is not checked, and any weight will do', () => {
    expect(faults({ 'shaping.overlongWindow': 97, 'shaping.minLength': 97 })).toEqual([]);
    for (const weight of ['formatWeight', 'overlongWeight', 'lengthWeight'])
      expect(faults({ 'shaping.rewardWeight': 0, [`shaping.${weight}`]: 1 })).toEqual([]);
    expect(faults({ 'shaping.rewardWeight': 0, 'shaping.second': 'random' })).toEqual([]);
    expect(faults({ 'shaping.rewardWeight': 0, 'shaping.second': 'random', 'shaping.secondWeight': 0 })).toHaveLength(
      1,
    );
  });

  const problem = (visibleTests: Problem['visibleTests'], hiddenTests: Problem['hiddenTests'] = []): Problem => ({
    id: 'p7',
    statement: '',
    functionName: 'f',
    starterCode: '',
    difficulty: '',
    visibleTests,
    hiddenTests,
    meaning: '',
  });
  const value = { kind: 'functional', input: '1', expected: '2' } as const;
  const asserts = { kind: 'asserts', input: 'assert f(1) == 2', expected: '' } as const;

  test('problems that the reward cannot score', () => {
    const config = (values: FlatValues) => resolveConfig({ preset: 'grpo', values });
    const unfit = { path: 'reward.kind', message: 'unit-tests needs tests, and problem p7 has none' };
    expect(problemFault(config({}), [problem([value]), problem([])])).toEqual(unfit);
    expect(problemFault(config({}), [problem([], [asserts])])).toBeNull();
    const majority = config({ 'reward.kind': 'self-certainty', 'shaping.second': 'majority' });
    const message = 'majority needs visible tests that have an output, and problem p7 has none';
    expect(problemFault(majority, [problem([asserts], [value])])).toEqual({ path: 'shaping.second', message });
    expect(problemFault(majority, [problem([asserts, value])])).toBeNull();
    expect(problemFault(config({ 'reward.kind': 'self-certainty' }), [problem([])])).toBeNull();
  });

  test('the problems that come with Assay suit every reward', async () => {
    for (const { id } of rewards) await checkProblems(resolveConfig({ preset: 'grpo', values: { 'reward.kind': id } }));
  });
});

test('the second reward is offered from the list of rewards', async () => {
  const group = (await catalogue()).groups.find((g) => g.id === 'shaping');
  expect(group?.options.second).toMatchObject({
    kind: 'choice',
    default: 'none',
    choices: ['none', ...rewards.map((r) => r.id)].map((v) => ({ value: v })),
  });
});

test('a run stored before there was shaping opens with nothing shaped', () => {
  const { shaping: _, ...before } = resolveConfig({ preset: 'grpo', values: {} });
  const stored = { config: runDetailSchema.shape.config.parse(before) } as StoredRun;
  expect(runConfigOf(stored).shaping).toEqual(defaultsOf(shapingOptions));
});
