import { describe, expect, test } from 'vitest';
import { comparability, type RunConditions } from '../../../src-main/comparison/comparability.ts';
import type { ComparabilityIssue } from '../../../src-shared/comparison.ts';
import { concerns } from '../../../src-shared/comparison.ts';
import type { Fingerprints } from '../../../src-shared/fingerprints.ts';
import type { OptionValue } from '../../../src-shared/options.ts';
import { runConfig } from '../../fixtures/configs.ts';

const prints: Fingerprints = {
  problems: 'a'.repeat(64),
  tests: 'b'.repeat(64),
  prompt: 'c'.repeat(64),
  policy: 'd'.repeat(64),
  validationProblems: 256,
  trainedOn: 0,
};

function run(id: string, changes: Partial<RunConditions> = {}): RunConditions {
  return {
    id,
    config: runConfig(),
    step: 100,
    codeVersion: '1',
    datasetHash: 'e'.repeat(64),
    engine: 'kernels-wasm',
    device: 'CPU',
    precision: 'float32',
    isolation: 'bubblewrap',
    origin: null,
    fingerprints: prints,
    ...changes,
  };
}

function withOption(group: 'evaluation' | 'rollouts' | 'limits' | 'policy', key: string, value: OptionValue) {
  const config = runConfig();
  return { config: { ...config, [group]: { ...config[group], [key]: value } } };
}

const withPrint = (changes: Partial<Fingerprints>) => ({ fingerprints: { ...prints, ...changes } });

const aspects = (issues: readonly ComparabilityIssue[]) =>
  issues.map(({ aspect, severity }) => `${aspect}: ${severity}`);

test('runs that were measured alike, and a run alone', () => {
  expect(comparability([run('a'), run('b'), run('c')])).toEqual([]);
  expect(comparability([run('a')])).toEqual([]);
});

describe('one respect after the other', () => {
  const z = 'f'.repeat(64);
  const cases: [string, Partial<RunConditions>, string[], [string | null, string | null]][] = [
    [
      'other problems',
      withPrint({ problems: z, validationProblems: 64 }),
      ['problems: differs'],
      ['aaaaaaaaaaaa (256 problems)', 'ffffffffffff (64 problems)'],
    ],
    ['other tests', withPrint({ tests: z }), ['tests: differs'], ['bbbbbbbbbbbb', 'ffffffffffff']],
    ['another prompt', withPrint({ prompt: z }), ['prompt: differs'], ['cccccccccccc', 'ffffffffffff']],
    [
      'validation temperature',
      withOption('evaluation', 'temperature', 0.6),
      ['decoding: differs'],
      ['temperature 0.8, top-p 1', 'temperature 0.6, top-p 1'],
    ],
    [
      'validation top-p',
      withOption('evaluation', 'topP', 0.95),
      ['decoding: differs'],
      ['temperature 0.8, top-p 1', 'temperature 0.8, top-p 0.95'],
    ],
    ['length cap', withOption('rollouts', 'maxNewTokens', 192), ['length-cap: differs'], ['96 tokens', '192 tokens']],
    [
      'samples a problem',
      withOption('evaluation', 'samples', 8),
      ['pass-at-k: differs', 'samples: caution'],
      ['k = 4', 'k = 8'],
    ],
    [
      'time of a test',
      withOption('limits', 'testWallMs', 6000),
      ['test-limits: differs'],
      ['2000 ms, 256 MB', '6000 ms, 256 MB'],
    ],
    [
      'memory of a test',
      withOption('limits', 'testMemoryMb', 1024),
      ['test-limits: differs'],
      ['2000 ms, 256 MB', '2000 ms, 1024 MB'],
    ],
    [
      'stop at first failure',
      withOption('limits', 'stopAtFirstFailure', true),
      ['stop-at-first-failure: caution'],
      ['all are run', 'left out'],
    ],
    ['another sandbox', { isolation: 'portable' }, ['sandbox: caution'], ['bubblewrap', 'portable']],
    [
      'an unsafe sandbox',
      { isolation: 'bubblewrap · UNSAFE: network, fork' },
      ['unsafe-sandbox: differs'],
      ['holds', 'does not hold: network, fork'],
    ],
    [
      'test-time training by option',
      withOption('evaluation', 'testTime', true),
      ['test-time: differs'],
      ['held out', 'trained on the validation problems'],
    ],
    [
      'test-time training by what it trains on',
      withPrint({ trainedOn: 256 }),
      ['test-time: differs'],
      ['held out', 'trained on the validation problems'],
    ],
    [
      'some problems trained on',
      withPrint({ trainedOn: 3 }),
      ['test-time: differs'],
      ['held out', '3 of 256 validation problems are trained on'],
    ],
    [
      'temperature of training',
      withOption('rollouts', 'temperature', 1.2),
      ['training-temperature: differs'],
      ['1', '1.2'],
    ],
    ['another policy of that name', withPrint({ policy: z }), ['policy: caution'], ['dddddddddddd', 'ffffffffffff']],
    ['fewer steps', { step: 40 }, ['budget: caution'], ['100 steps', '40 steps']],
    ['another version', { codeVersion: '2' }, ['code-version: caution'], ['1', '2']],
    [
      'another engine',
      { engine: 'kernels-native' },
      ['engine: caution'],
      ['kernels-wasm, CPU, float32', 'kernels-native, CPU, float32'],
    ],
    ['imported', { origin: { format: 'trl', file: 'x' } }, ['origin: caution'], ['here', 'imported (trl)']],
  ];
  test.each(cases)('%s', (_, changes, expected, values) => {
    const issues = comparability([run('a'), run('b', changes), run('c')]);
    expect(aspects(issues)).toEqual(expected);
    expect(issues[0]?.values).toEqual([
      { value: values[0], runIds: ['a', 'c'] },
      { value: values[1], runIds: ['b'] },
    ]);
  });
});

test('another policy by another name is a difference of the configuration, not of measurement', () => {
  const other = run('b', { ...withOption('policy', 'source', '/elsewhere'), ...withPrint({ policy: '0'.repeat(64) }) });
  expect(comparability([run('a'), other])).toEqual([]);
});

describe('what an older Assay did not record', () => {
  const old = { fingerprints: null };

  test('the whole data set stands in for problems and tests; the prompt stays unknown', () => {
    const issues = comparability([run('a', old), run('b', old)]);
    expect(aspects(issues)).toEqual(['prompt: caution']);
    expect(issues[0]?.values).toEqual([{ value: null, runIds: ['a', 'b'] }]);
    expect(issues[0]?.why).toMatch(/^not recorded, so it may differ/);
  });

  test('beside a run of now', () => {
    expect(aspects(comparability([run('a', old), run('b')]))).toEqual(['prompt: caution']);
    const other = run('b', { datasetHash: '0'.repeat(64) });
    expect(aspects(comparability([run('a', old), other]))).toEqual([
      'problems: differs',
      'tests: differs',
      'prompt: caution',
    ]);
  });

  test('known values that differ count, whoever else is unknown', () => {
    const issues = comparability([run('a'), run('b', { isolation: null }), run('c', { isolation: 'portable' })]);
    expect(issues.find(({ aspect }) => aspect === 'sandbox')?.values).toContainEqual({ value: null, runIds: ['b'] });
  });

  test('an option that did not exist had its default, but not in a run from elsewhere', () => {
    const config = runConfig();
    const { stopAtFirstFailure: _, ...limits } = config.limits;
    const without = { config: { ...config, limits } };
    expect(comparability([run('a'), run('b', without)])).toEqual([]);
    const imported = run('b', { ...without, origin: { format: 'trl', file: 'x' } });
    expect(aspects(comparability([run('a'), imported]))).toEqual(['stop-at-first-failure: caution', 'origin: caution']);
  });
});

test('all in an unsafe sandbox is a caution still', () => {
  const unsafe = { isolation: 'rlimits · UNSAFE: network' };
  expect(aspects(comparability([run('a', unsafe), run('b', unsafe)]))).toEqual(['unsafe-sandbox: caution']);
});

test('what must not be compared comes first, and says which metrics it is about', () => {
  const issues = comparability([
    run('a'),
    run('b', { codeVersion: '2', ...withOption('rollouts', 'temperature', 0.5), isolation: 'portable' }),
  ]);
  expect(aspects(issues)[0]).toBe('training-temperature: differs');
  const [temperature] = issues;
  const about = (metric: string) => temperature !== undefined && concerns(temperature, metric);
  expect(about('train/token-entropy')).toBe(true);
  expect(about('eval/avg@k')).toBe(false);
  expect(about('eval/token-entropy')).toBe(false);
  expect(concerns({ metrics: [] }, 'train/loss')).toBe(true);
  expect(concerns({ metrics: ['eval/'] }, 'eval/length')).toBe(true);
  expect(concerns({ metrics: ['eval/avg@k'] }, 'eval/avg@k-se')).toBe(false);
});

test('rewards of different kinds are different quantities, and accuracies are not', () => {
  const other = { config: { ...runConfig(), reward: { kind: 'self-certainty', options: {} } } };
  const issues = comparability([run('a'), run('b', other)]);
  expect(aspects(issues)).toEqual(['reward: differs']);
  const [reward] = issues;
  const about = (metric: string) => reward !== undefined && concerns(reward, metric);
  expect([about('train/reward'), about('reward/source'), about('eval/avg@k')]).toEqual([true, true, false]);
});
