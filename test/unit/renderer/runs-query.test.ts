import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findFields, runFields } from '../../../src-renderer/lib/runs/fields.ts';
import { compileQuery } from '../../../src-renderer/lib/runs/match.ts';
import { parseQuery, printQuery, type Term, tokenise } from '../../../src-renderer/lib/runs/query.ts';
import { suggest } from '../../../src-renderer/lib/runs/suggest.ts';
import type { RunOptions } from '../../../src-shared/organise.ts';
import { runSummary } from '../../fixtures/summaries.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const key = fc.stringMatching(/^[A-Za-z][\w.@/-]{0,10}$/);
const term: fc.Arbitrary<Term> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text, negated: fc.boolean() }),
  fc.record({
    kind: fc.constant('field' as const),
    key,
    comparison: fc.constantFrom(':' as const, '>' as const, '>=' as const, '<' as const, '<=' as const),
    values: fc.array(text, { minLength: 1, maxLength: 3 }),
    negated: fc.boolean(),
  }),
);

describe('the language', () => {
  test('what is printed parses to the same', () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 5 }), (terms) => {
        expect(parseQuery(printQuery(terms))).toEqual({ terms, unfinished: [] });
      }),
      { numRuns: 2000 },
    );
  });

  test('anything that is typed parses, and prints to what parses the same', () => {
    const typed = fc.string({ unit: fc.constantFrom(...'ab1 :=<>!-,"\\*#%.\t'), maxLength: 24 });
    fc.assert(
      fc.property(typed, (query) => {
        const { terms } = parseQuery(query);
        expect(parseQuery(printQuery(terms)).terms).toEqual(terms);
      }),
      { numRuns: 5000 },
    );
  });

  test('tokens are the query without its white space', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab "\\,'), maxLength: 20 }), (query) => {
        const tokens = tokenise(query);
        for (const { text, from, to } of tokens) expect(query.slice(from, to)).toBe(text);
        let at = 0;
        for (const { from, to } of tokens) {
          expect(query.slice(at, from).trim()).toBe('');
          at = to;
        }
        expect(query.slice(at).trim()).toBe('');
      }),
    );
  });

  test.each<[string, Term[]]>([
    ['grpo', [{ kind: 'text', text: 'grpo', negated: false }]],
    ['-"to do"', [{ kind: 'text', text: 'to do', negated: true }]],
    ['tag:a,"b c"', [{ kind: 'field', key: 'tag', comparison: ':', values: ['a', 'b c'], negated: false }]],
    ['seed!=3', [{ kind: 'field', key: 'seed', comparison: ':', values: ['3'], negated: true }]],
    ['-seed!=3', [{ kind: 'field', key: 'seed', comparison: ':', values: ['3'], negated: false }]],
    ['temp>=1.2', [{ kind: 'field', key: 'temp', comparison: '>=', values: ['1.2'], negated: false }]],
    ['"reward:x"', [{ kind: 'text', text: 'reward:x', negated: false }]],
    ['-', [{ kind: 'text', text: '-', negated: false }]],
    ['', []],
  ])('%s', (query, terms) => {
    expect(parseQuery(query)).toEqual({ terms, unfinished: [] });
  });

  test('a key without a value is not finished, and no fault', () => {
    expect(parseQuery('reward: temp> grpo')).toEqual({
      terms: [{ kind: 'text', text: 'grpo', negated: false }],
      unfinished: ['reward', 'temp'],
    });
  });
});

const runs = [
  runSummary(1, { name: 'First GRPO', tags: ['paper', 'to redo'], seed: 1, accuracy: [{ step: 0, value: 0.438 }] }),
  runSummary(2, { name: 'Entropy', reward: 'token-entropy', status: 'running', seed: null, study: 'dynamics' }),
  runSummary(3, { name: 'Check', reward: 'self-certainty', steps: 0, testTime: true, tags: ['paper2'] }),
];
const options: RunOptions = {
  runIds: runs.map(({ id }) => id),
  options: [
    { path: 'rollouts.temperature', values: [1, 1.2], of: [0, 1, 1] },
    { path: 'evaluation.temperature', values: [0.8], of: null },
    { path: 'optimiser.learningRate', values: [1e-4, 1e-5], of: [0, 1, -1] },
    { path: 'limits.judgeAnew', values: [false, true], of: [0, 0, 1] },
  ],
};
const fields = runFields(options);
const found = (query: string) => {
  const { matches, faults } = compileQuery(query, fields);
  expect(faults).toEqual([]);
  return runs.filter(matches).map(({ number }) => number);
};

describe('what it finds', () => {
  test.each<[string, number[]]>([
    ['', [1, 2, 3]],
    ['grpo', [1]],
    ['#2', [2]],
    ['-grpo', [2, 3]],
    ['tag:paper', [1]],
    ['tag:paper*', [1, 3]],
    ['tag:"to redo"', [1]],
    ['-tag:paper', [2, 3]],
    ['reward:self-certainty,token-entropy', [2, 3]],
    ['reward:SELF*', [3]],
    ['name:tro', [2]],
    ['status:running', [2]],
    ['study:dynamics', [2]],
    ['seed:1', [1, 3]],
    ['seed!=1', [2]],
    ['temp>1', [2, 3]],
    ['rollouts.temperature:1.2', [2, 3]],
    ['lr<5e-5', [2]],
    ['learningRate:1e-4', [1]],
    ['judge:true', [3]],
    ['is:evaluation', [3]],
    ['is:test-time', [3]],
    ['accuracy>43%', [1]],
    ['accuracy:43.8%', [1]],
    ['number:>1', []],
    ['number>=2 -is:evaluation', [2]],
    ['reward:', [1, 2, 3]],
  ])('%s', (query, numbers) => {
    expect(found(query)).toEqual(numbers);
  });

  test('faults are said in one line, and match nothing', () => {
    const fault = (query: string) => {
      const { matches, faults } = compileQuery(query, fields);
      expect(runs.filter(matches)).toEqual([]);
      return faults;
    };
    expect(fault('colour:red')).toEqual(['There is no key "colour"']);
    expect(fault('temp>warm')).toEqual(['temp>warm: "warm" is not a number']);
    expect(fault('temperatur:1')).toEqual(['"temperatur" can mean rollouts.temperature, evaluation.temperature']);
    // Options are on their way: nobody can know yet.
    expect(compileQuery('rollouts.topP:1', runFields(null), false).faults).toEqual([]);
  });

  test('a term and its opposite part the runs', () => {
    fc.assert(
      fc.property(term, (t) => {
        const ask = (negated: boolean) => compileQuery(printQuery([{ ...t, negated }]), fields);
        const [yes, no] = [ask(false), ask(true)];
        if (yes.faults.length > 0) return;
        for (const run of runs) expect(yes.matches(run)).toBe(!no.matches(run));
      }),
    );
  });

  test('keys: exact before short before endings before beginnings', () => {
    const keys = (typed: string) => findFields(fields, typed).map((field) => field.key);
    expect(keys('TEMP')).toEqual(['rollouts.temperature']);
    expect(keys('evaluation.temperature')).toEqual(['evaluation.temperature']);
    expect(keys('judgeanew')).toEqual(['limits.judgeAnew']);
    expect(keys('nonsense')).toEqual([]);
  });
});

describe('suggestions', () => {
  const labels = (query: string, caret = query.length) => suggest(query, caret, fields, runs).map(({ label }) => label);

  test('keys for a word, values for a key, the most frequent first', () => {
    expect(labels('rew')).toEqual(['reward:']);
    expect(labels('learn')).toEqual(['optimiser.learningRate:']);
    expect(labels('seed:')).toEqual(['1']);
    expect(labels('temp:')).toEqual(['1.2', '1']);
    expect(labels('tag:pa')).toEqual(['paper', 'paper2']);
    expect(labels('tag:paper,to')).toEqual(['to redo']);
    expect(labels('grpo ')).toEqual([]);
  });

  test('taking one keeps the rest of the query', () => {
    const query = 'rew status:running';
    expect(suggest(query, 3, fields, runs)[0]).toMatchObject({ query: 'reward: status:running', caret: 7 });
    const [redo] = suggest('-tag:paper,to', 13, fields, runs);
    expect(redo?.query).toBe('-tag:paper,"to redo" ');
    expect(parseQuery(redo?.query ?? '').terms).toMatchObject([{ values: ['paper', 'to redo'], negated: true }]);
  });
});
