import { describe, expect, test } from 'vitest';
import type { TokenStats } from '../../../src-main/engine/engine.ts';
import { evalDiagnostics, problemCounts, trainDiagnostics } from '../../../src-main/training/diagnostics.ts';
import type { Rollout } from '../../../src-main/training/rollouts.ts';
import { DIAGNOSTIC_METRICS } from '../../../src-shared/diagnostics.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import type { Outcome } from '../../../src-shared/rollout.ts';

const problem = (id: string): Problem => ({
  id,
  statement: '',
  functionName: 'f',
  starterCode: '',
  difficulty: '',
  visibleTests: [
    { kind: 'functional', input: '1', expected: '1' },
    { kind: 'asserts', input: 'assert f(1) == 1', expected: '' },
  ],
  hiddenTests: [{ kind: 'functional', input: '2', expected: '2' }],
  meaning: '',
});

/** A program that puts out `got` on the visible input; null: it fails there. */
function rollout(id: string, outcome: Outcome, tokens: number, code: string | null = null, got: string | null = null) {
  const none = new Float32Array(tokens);
  const stats: TokenStats = { logprob: none, entropy: none, klUniform: none, top1: none, top2: none };
  const verdict = got === null ? ('runtime-error' as const) : ('passed' as const);
  const result = { verdict, got, detail: null, wallMs: 1, input: '1', expected: '1' };
  const made: Rollout = {
    problem: problem(id),
    sample: 0,
    prompt: '',
    promptIds: new Int32Array(),
    completion: '',
    tokens: new Int32Array(tokens),
    finished: true,
    stats,
    code,
    outcome,
    tests: code === null ? [] : [result],
    fault: null,
  };
  return made;
}

const groups = [
  [
    rollout('a', 'passed', 10, 'x', ' 1 '),
    rollout('a', 'passed', 20, 'y', '1'),
    rollout('a', 'wrong-answer', 30, 'x', '3'),
    rollout('a', 'runtime-error', 40, 'z'),
  ],
  [
    rollout('b', 'no-code', 50),
    rollout('b', 'time-limit', 60, 'x'),
    rollout('b', 'sandbox-error', 70, 'x'),
    rollout('b', 'no-code', 80),
  ],
];

describe('by hand', () => {
  const rewards = [
    [1, 0.5, 0.75, 0],
    [0, 0, null, 0],
  ];
  const train = trainDiagnostics(groups, rewards);
  const evaluated = evalDiagnostics(groups, [
    { problemId: 'a', samples: 4, passed: 0 },
    { problemId: 'b', samples: 4, passed: 4 },
    { problemId: 'elsewhere', samples: 4, passed: 4 },
  ]);

  test('lengths: linear between order statistics, as NumPy has it', () => {
    // Of 10, 20, ..., 80 the 10 % quantile is at place 0.7, the 90 % quantile at 6.3.
    const expected = { p10: 17, p50: 45, p90: 73, max: 80 };
    for (const [name, value] of Object.entries(expected))
      for (const [split, metrics] of [['train', train] as const, ['eval', evaluated] as const])
        expect([name, metrics[`${split}/length-${name as keyof typeof expected}`]]).toEqual([
          name,
          expect.closeTo(value, 10),
        ]);
  });

  test('diversity: texts of programs, and what they put out; what has none is no part of it', () => {
    // Texts: x, y, x, z of problem a; x, x of problem b. Behaviours: 1, 1, 3 of problem a, those of b all fail.
    expect(train['train/distinct-programs']).toBeCloseTo((3 / 4 + 1 / 2) / 2, 12);
    expect(train['train/distinct-outputs']).toBeCloseTo(2 / 3, 12);
    expect(train['train/output-entropy']).toBeCloseTo(-(2 / 3) * Math.log(2 / 3) - (1 / 3) * Math.log(1 / 3), 12);
    const none = evalDiagnostics([groups[1] ?? []], null);
    expect([none['eval/distinct-programs'], none['eval/distinct-outputs']]).toEqual([0.5, undefined]);
  });

  test('groups with a signal, and solved or never solved', () => {
    expect(train['train/informative-groups']).toBe(0.5);
    expect([train['train/solved-groups'], train['train/unsolved-groups']]).toEqual([0, 0.5]);
    const solved = trainDiagnostics([(groups[0] ?? []).slice(0, 2)], [[1, 1]]);
    expect([solved['train/solved-groups'], solved['train/informative-groups']]).toEqual([1, 0]);
  });

  test('reward against accuracy', () => {
    // Correct 1 and 0.5, wrong 0.75 and 0 in one group: three of four pairs are in order.
    expect(train['train/reward-accuracy-within']).toBe(0.75);
    expect(train['train/reward-accuracy-across']).toBeCloseTo(1, 12);
    expect(train['train/reward-correct']).toBe(0.75);
    expect(train['train/reward-wrong']).toBeCloseTo(0.75 / 5, 12);
    // x = 1, .5, .75, 0, 0, 0, 0 and y = 1, 1, 0, 0, 0, 0, 0: sums of squares 0.9196, 10/7, products 6/7.
    const [xx, yy, xy] = [1.8125 - 2.25 ** 2 / 7, 2 - 4 / 7, 1.5 - (2.25 * 2) / 7];
    expect(train['train/reward-accuracy']).toBeCloseTo(xy / Math.sqrt(xx * yy), 12);
  });

  test('verdicts of validation add up to 1', () => {
    const names = ['passed', 'no-code', 'wrong-answer', 'runtime-error', 'compile-error', 'limits', 'sandbox-error'];
    const mix = names.map((name) => evaluated[`eval/${name}` as 'eval/passed']);
    expect(mix).toEqual([0.25, 0.25, 0.125, 0.125, 0, 0.125, 0.125]);
  });

  test('pass@k over pass@1, k the fewest judged samples', () => {
    // Problem a: 2 of 4, pass@3 = 1; problem b: 0 of 3. pass@3 is 1/2, pass@1 is 1/4.
    expect(evaluated['eval/pass-ratio']).toBeCloseTo(2, 12);
    expect(evalDiagnostics([groups[1] ?? []], null)['eval/pass-ratio']).toBeUndefined();
  });

  test('support against the start, over problems judged both times', () => {
    expect([evaluated['eval/support-kept'], evaluated['eval/support-lost'], evaluated['eval/support-gained']]).toEqual([
      0, 0.5, 0.5,
    ]);
    expect(evalDiagnostics(groups, null)['eval/support-kept']).toBeUndefined();
    expect(problemCounts([...groups, [rollout('c', 'sandbox-error', 1)]])).toEqual([
      { problemId: 'a', samples: 4, passed: 2 },
      { problemId: 'b', samples: 3, passed: 0 },
    ]);
  });

  test('every series is described', () => {
    const names: readonly string[] = DIAGNOSTIC_METRICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(Object.keys({ ...train, ...evaluated })));
  });
});

test('nothing to say is a gap, never 0', () => {
  const silent = trainDiagnostics([[rollout('a', 'sandbox-error', 3)]], [[null]]);
  expect(Object.keys(silent).sort()).toEqual([
    'train/length-max',
    'train/length-p10',
    'train/length-p50',
    'train/length-p90',
  ]);
  expect(trainDiagnostics([], [])).toEqual({});
});
