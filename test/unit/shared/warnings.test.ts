import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { presets } from '../../../src-main/presets.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import { flattenConfig } from '../../../src-shared/flatten.ts';
import { whyInert } from '../../../src-shared/inert.ts';
import { mostStandardError, warningsOf } from '../../../src-shared/warnings.ts';

const resolved = (preset: string, values: FlatValues = {}) => flattenConfig(resolveConfig({ preset, values }));
const warned = (preset: string, values: FlatValues = {}, rewards: readonly string[] = []) => {
  const all = resolved(preset, values);
  return warningsOf(all, { rewards: new Set([all['reward.kind'] ?? '', ...rewards]) });
};
const paths = (...args: Parameters<typeof warned>) => warned(...args).map(({ path }) => path);

describe('warnings', () => {
  test('the presets of tests and controls have none, so that a warning means something', () => {
    for (const id of ['grpo', 'random', 'constant', 'grpo-study', 'dr-grpo', 'dapo', 'raft'])
      expect([id, paths(id)]).toEqual([id, []]);
  });

  test('each names an option of the run, a reason and a source', () => {
    const values = {
      'rollouts.groupSize': 2,
      'evaluation.problems': 20,
      'evaluation.testTime': true,
      'optimiser.learningRate': 0.5,
      'limits.unsafeSandbox': true,
    };
    const found = warned('self-certainty', values);
    expect(found.length).toBeGreaterThan(5);
    for (const { path, why, source } of found) {
      expect(Object.keys(resolved('self-certainty'))).toContain(path);
      expect(why.length).toBeGreaterThan(10);
      expect(source.length).toBeGreaterThan(3);
    }
  });

  test.each([
    ['grpo', { 'evaluation.every': 0 }, 'evaluation.every'],
    ['grpo', { 'optimiser.learningRate': 0 }, 'optimiser.learningRate'],
    ['grpo', { 'optimiser.learningRate': 0.01 }, 'optimiser.learningRate'],
    ['grpo', { 'optimiser.learningRate': 1e-6 }, 'optimiser.learningRate'],
    ['grpo', { 'policy.source': '/models/qwen' }, 'optimiser.learningRate'],
    ['grpo', { 'limits.steps': 10 }, 'optimiser.warmupSteps'],
    ['grpo', { 'rollouts.temperature': 1.2 }, 'evaluation.temperature'],
    ['grpo', { 'rollouts.groupSize': 2 }, 'rollouts.groupSize'],
    ['grpo', { 'reward.kind': 'majority', 'rollouts.groupSize': 4 }, 'rollouts.groupSize'],
    ['grpo', { 'evaluation.testTime': true }, 'evaluation.testTime'],
  ] as const)('%s with %o: %s', (preset, values, path) => {
    expect(paths(preset, values)).toEqual([path]);
  });

  test('a certainty reward wants a control beside it, and says no more once there is one', () => {
    expect(paths('token-entropy')).toEqual(['reward.kind']);
    expect(paths('token-entropy', {}, ['random'])).toEqual([]);
    expect(paths('token-entropy', {}, ['self-certainty'])).toEqual(['reward.kind']);
  });

  test('says the standard error of few problems: sqrt(0.25 / 64) is 6.25 points', () => {
    expect(mostStandardError(64)).toBe(0.0625);
    const [warning] = warned('grpo', { 'evaluation.problems': 64 });
    expect(warning?.text).toBe('With 64 problems the standard error of accuracy is up to 6.3 points.');
    // 2.8 x sqrt(2) x 6.25.
    expect(warning?.why).toContain('about 25 points');
    expect(paths('grpo', { 'evaluation.problems': 100 })).toEqual([]);
  });

  test('an adapter has another usual rate', () => {
    expect(paths('grpo', { 'policy.adapter': 'lora', 'optimiser.learningRate': 1e-3 })).toEqual([]);
    expect(paths('grpo', { 'policy.adapter': 'lora', 'optimiser.learningRate': 1e-5 })).toEqual([
      'optimiser.learningRate',
    ]);
  });

  test('what has no effect is not warned of', () => {
    expect(paths('token-entropy', { 'limits.steps': 0, 'optimiser.learningRate': 0.5 })).toEqual([]);
    expect(paths('token-entropy', { 'limits.steps': 0, 'evaluation.problems': 10 })).toEqual(['evaluation.problems']);
  });
});

describe('options without effect', () => {
  test.each([
    ['policy.rank', {}, 'there is no adapter'],
    ['policy.rank', { 'policy.adapter': 'lora' }, null],
    ['shaping.overlongWindow', {}, 'its penalty has no weight'],
    ['shaping.overlongWindow', { 'shaping.overlongWeight': 1 }, null],
    ['objective.options.klEstimator', {}, 'the KL coefficient is 0'],
    ['objective.options.klEstimator', { 'objective.options.klCoefficient': 0.1 }, null],
    ['evaluation.samples', { 'evaluation.every': 0 }, 'validation is off'],
    ['reward.kind', { 'limits.steps': 0 }, 'an evaluation does not train'],
    ['optimiser.learningRate', { 'limits.steps': 0 }, 'an evaluation does not train'],
    ['evaluation.samples', { 'limits.steps': 0 }, null],
    ['rollouts.maxNewTokens', { 'limits.steps': 0 }, null],
    ['problems.options.testShare', { 'problems.options.testFile': '/t.jsonl' }, 'there is a test file'],
  ] as const)('%s with %o: %s', (path, values, why) => {
    expect(whyInert({ ...flattenConfig(resolveConfig({ preset: 'grpo', values: {} })), ...values }, path)).toBe(why);
  });

  test('no preset sets one, but for what it keeps ready', () => {
    const set = presets.flatMap(({ id, values }) =>
      Object.keys(values).flatMap((path) => (whyInert(resolved(id), path) === null ? [] : [`${id} ${path}`])),
    );
    expect(set).toEqual([]);
  });
});
