import { describe, expect, test } from 'vitest';
import { failurePatterns, type ReadRollout } from '../../../src-main/diagnostics/failure-patterns.ts';
import { commonPhrases } from '../../../src-main/diagnostics/phrases.ts';

let next = 0;
const rollout = (more: Partial<ReadRollout>): ReadRollout => ({
  id: ++next,
  step: 1,
  problemId: 'p',
  sample: 0,
  outcome: 'wrong-answer',
  reward: 0,
  tokens: 10,
  finished: true,
  completion: '',
  code: null,
  answers: [],
  expected: [],
  ...more,
});
const passed = (more: Partial<ReadRollout> = {}) => rollout({ outcome: 'passed', reward: 1, ...more });

describe('the failures that are looked at', () => {
  test('are the quarter with the highest rewards, ties included', () => {
    const failures = [9, 7, 7, 5, 4, 3, 2, 1].map((reward) => rollout({ reward }));
    const found = failurePatterns([...failures, passed()]);
    // A quarter of eight is two; the third has the reward of the second.
    expect(found).toMatchObject({ selection: 'highest', threshold: 7, steps: [1] });
    expect(found.cohorts).toMatchObject({
      chosen: { rollouts: 3, meanReward: 23 / 3 },
      others: { rollouts: 5, meanReward: 3 },
      correct: { rollouts: 1 },
    });
    expect(found.examples.map(({ reward }) => reward)).toEqual([9, 7, 7]);
  });

  test('are chosen step by step', () => {
    const found = failurePatterns([
      ...[1, 2].map((reward) => rollout({ step: 1, reward })),
      ...[101, 102].map((reward) => rollout({ step: 2, reward })),
    ]);
    expect(found.examples.map(({ reward }) => reward)).toEqual([102, 2]);
    expect(found.steps).toEqual([1, 2]);
  });

  test('are all where rewards do not tell them apart, or there are none', () => {
    expect(failurePatterns([rollout({}), rollout({}), passed()])).toMatchObject({
      selection: 'all-equal',
      threshold: 0,
      cohorts: { chosen: { rollouts: 2 }, others: { rollouts: 0 } },
    });
    expect(failurePatterns([rollout({ reward: null }), passed({ reward: null })])).toMatchObject({
      selection: 'unscored',
      threshold: null,
      cohorts: { chosen: { rollouts: 1, meanReward: null } },
    });
  });

  test('leave out what could not be judged, and may be none', () => {
    const found = failurePatterns([rollout({ outcome: 'sandbox-error', reward: 9 }), passed()]);
    expect(found.cohorts.chosen.rollouts).toBe(0);
    expect(found.features).toEqual([]);
    expect(failurePatterns([])).toMatchObject({ steps: [], phrases: [], examples: [] });
  });
});

describe('features', () => {
  const featureOf = (rollouts: readonly ReadRollout[], id: string) => {
    const found = failurePatterns(rollouts).features.find((feature) => feature.id === id);
    return found === undefined
      ? undefined
      : [found.chosen, found.others, found.correct].map(({ count, of }) => `${count}/${of}`);
  };

  test('are counted in each cohort', () => {
    const high = { reward: 9, finished: false };
    const rollouts = [rollout(high), rollout(high), ...Array.from({ length: 6 }, () => rollout({})), passed()];
    expect(featureOf(rollouts, 'truncated')).toEqual(['2/2', '0/6', '0/1']);
    expect(featureOf(rollouts, 'no-code')).toEqual(['2/2', '6/6', '1/1']);
  });

  test('of length are against the correct ones', () => {
    const correct = [10, 20, 30, 40, 50].map((tokens) => passed({ tokens }));
    // Median 30; the 90 % quantile, linear between order statistics, is 46.
    const rollouts = [29, 30, 46, 47].map((tokens) => rollout({ tokens }));
    expect(featureOf([...rollouts, ...correct], 'short')).toEqual(['1/4', '0/0', '2/5']);
    expect(featureOf([...rollouts, ...correct], 'long')).toEqual(['1/4', '0/0', '1/5']);
    expect(featureOf(rollouts, 'short')).toBeUndefined();
  });

  test('tell a constant answer from one to tests that all expect the same', () => {
    const expected = ['1', '2', '3'];
    const constant = rollout({ answers: ['7', '7', null], expected });
    const varied = rollout({ answers: ['7', '8', '9'], expected });
    const nothing = rollout({ answers: ['7', '7'], expected: ['5', '5'] });
    expect(featureOf([constant, varied, nothing], 'constant')?.[0]).toBe('1/2');
  });

  test('find the same program and the same behaviour, in the group and out of it', () => {
    const expected = ['1', '2'];
    const rollouts = [
      rollout({ problemId: 'a', code: 'x', answers: ['0', '0'], expected }),
      rollout({ problemId: 'a', code: 'x\n', answers: ['0', '0'], expected }),
      rollout({ problemId: 'a', code: 'y', answers: ['0', '0'], expected }),
      rollout({ problemId: 'b', code: 'x', answers: ['0', null], expected }),
      rollout({ problemId: 'b', code: 'z', answers: ['0', '1'], expected }),
    ];
    expect(featureOf(rollouts, 'same-program')?.[0]).toBe('2/5');
    expect(featureOf(rollouts, 'same-behaviour')?.[0]).toBe('3/4');
    expect(featureOf(rollouts, 'other-problem')?.[0]).toBe('3/5');
  });

  test('of the text are what its own diagnostics find', () => {
    const line = 'a b c d e f g h i j k l m n o p q r s t u ';
    const rollouts = [
      rollout({ completion: `<think>so</think>${line.repeat(3)}` }),
      rollout({ completion: line.repeat(1) }),
      rollout({ completion: 'short' }),
    ];
    expect(featureOf(rollouts, 'repeats')?.[0]).toBe('1/2');
    expect(featureOf(rollouts, 'no-reasoning')?.[0]).toBe('2/3');
  });
});

describe('phrases', () => {
  const text = (problemId: string, completion: string) => ({ problemId, completion });

  test('are those that the failures share across problems and the correct do not, whole and counted exactly', () => {
    const chosen = [
      text('a', 'I am sure.\n  The answer is surely 42 apples'),
      text('b', 'well: The answer is surely 42 pears'),
      text('c', 'nothing at all of this kind here'),
    ];
    const correct = [text('a', 'compute it, then return it'), text('b', 'The answer is surely 41')];
    expect(commonPhrases(chosen, [text('a', 'The answer is surely 42!')], correct)).toEqual([
      { text: 'The answer is surely 42', chosen: 2, others: 1, correct: 0, problems: 2 },
    ]);
  });

  test('of one problem only say something of the problem', () => {
    const chosen = [text('a', 'one two three four'), text('a', 'one two three four'), text('b', 'five')];
    expect(commonPhrases(chosen, [], [])).toEqual([]);
    expect(commonPhrases(chosen.slice(0, 2), [], [])).toMatchObject([{ text: 'one two three four', chosen: 2 }]);
  });

  test('that the correct have as often are none', () => {
    const same = ['a', 'b'].map((problemId) => text(problemId, 'def f ( x ): return x'));
    expect(commonPhrases(same, [], same)).toEqual([]);
  });

  test('of a text that repeats without end are few and short', () => {
    const endless = 'again and again '.repeat(20_000);
    const found = commonPhrases([text('a', endless), text('b', endless)], [], [text('a', 'no')]);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(10);
    for (const phrase of found) expect(phrase).toMatchObject({ chosen: 2, correct: 0, problems: 2 });
  });
});
