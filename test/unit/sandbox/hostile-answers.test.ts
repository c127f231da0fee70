/** Answers made to keep the main process busy, or to bring it down. Each would take minutes, or the stack, were any step
 * of reading, comparing or showing it quadratic: 10^5 to 10^6 parts, squared, are 10^10 to 10^12. */
import { expect, test } from 'vitest';
import { judge, outputToCheck } from '../../../src-main/sandbox/judge.ts';
import type { Observation } from '../../../src-main/sandbox/protocol.ts';
import type { Comparison, Test, Verdict } from '../../../src-shared/verdict.ts';

const MILLION = 1_000_000;
const MOST_MS = 20_000;

const EXACT: Comparison = { kind: 'exact' };
const UNORDERED: Comparison = { kind: 'unordered' };
const NEAR: Comparison = { kind: 'tolerance', absolute: 1e-9, relative: 1e-9 };
const CHECKER: Comparison = { kind: 'checker', language: 'python', code: '' };

const seen = (stdout: string, report = ''): Observation => ({
  status: 'exited',
  code: 0,
  detail: '',
  wallMs: 0,
  memoryMb: null,
  stderr: '',
  stdout: Buffer.from(stdout),
  report: Buffer.from(report),
});
const many = (part: string, times = MILLION) => part.repeat(times);
const list = (item: string, times = MILLION) => `[${many(`${item},`, times).slice(0, -1)}]`;
const nested = (open: string, inside: string, close: string, depth = 190) =>
  many(open, depth) + inside + many(close, depth);
/** A permutation of 0 ... n - 1, n being prime to 7919. */
const permuted = <T>(n: number, name: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => name((i * 7919) % n));

const printed: [string, string, string, Comparison, Verdict][] = [
  ['spaces before', `${many(' ')}x`, 'x', EXACT, 'passed'],
  ['spaces between', `1${many(' ')}1`, '1 1', EXACT, 'passed'],
  [
    'spaces on both sides of each line',
    many(`${many(' ', 1000)}x${many(' ', 1000)}\n`, 1000),
    many('x\n', 1000),
    EXACT,
    'passed',
  ],
  ['digits', many('1'), many('2'), NEAR, 'wrong-answer'],
  ['digits that are no number', `${many('1')}x`, '1', EXACT, 'wrong-answer'],
  ['a fraction that is no number', `1.${many('1')}x`, '1', NEAR, 'wrong-answer'],
  ['zeros before', `${many('0')}1`, '1', EXACT, 'passed'],
  ['zeros inside', `1${many('0')}1`, `1${many('0')}2`, EXACT, 'wrong-answer'],
  ['zeros behind the point', `0.${many('0')}1`, '0', NEAR, 'passed'],
  ['zeros in the exponent', `1e${many('0')}1`, '10', EXACT, 'passed'],
  ['zeros in an exponent that is none', `1e${many('0')}x`, '10', EXACT, 'wrong-answer'],
  ['a great exponent', '1e999999999999999999', '1', NEAR, 'wrong-answer'],
  ['a great negative exponent', '1e-1999999999999999997', '0', NEAR, 'passed'],
  ['underscores', `1${many('_')}`, '1', EXACT, 'passed'],
  ['words', many('1 '), `${many('1.0 ')}1`, NEAR, 'wrong-answer'],
  ['long whole numbers', many(`${many('1', 4299)} `, 200), many(`${many('1', 4298)}2 `, 200), NEAR, 'passed'],
  ['lines', many('1\n'), many('1.0\n'), EXACT, 'passed'],
  ['empty lines', `x${many('\n')}x`, 'x', UNORDERED, 'wrong-answer'],
  ['one line a million times, in any order', `${many('a b\n')}1`, `1.0\n${many('a b\n')}`, UNORDERED, 'passed'],
  [
    'different lines in any order',
    permuted(300_000, (i) => `${i}.0`).join('\n'),
    permuted(300_000, (i) => `${299_999 - i}`).join('\n'),
    UNORDERED,
    'passed',
  ],
];

test.each(printed)('printed: %s', { timeout: MOST_MS }, (_, stdout, expected, comparison, verdict) => {
  const given: Test = { kind: 'stdin', input: '', expected, comparison };
  expect(judge(given, seen(stdout)).verdict).toBe(verdict);
});

const numbers = (n: number) => JSON.stringify(permuted(n, (i) => i));
const lists = (n: number, order: (i: number) => number) =>
  JSON.stringify(permuted(n, (i) => [order(i), [`${order(i)}`]]));
const dict = (entry: (i: number) => unknown) => JSON.stringify({ d: permuted(200_000, (i) => [`k${i}`, entry(i)]) });
const object = (entry: (i: number) => unknown) =>
  JSON.stringify(Object.fromEntries(permuted(200_000, (i) => [`k${i}`, entry(i)])));

const returned: [string, string, string, Comparison, Verdict][] = [
  [
    'numbers in any order',
    numbers(300_000),
    JSON.stringify(Array.from({ length: 300_000 }, (_, i) => i)),
    UNORDERED,
    'passed',
  ],
  ['equal numbers in any order', list('1'), list('1'), UNORDERED, 'passed'],
  ['lists in any order', lists(100_000, (i) => i), lists(100_000, (i) => 99_999 - i), UNORDERED, 'passed'],
  ['lists that are not the expected ones', lists(100_000, (i) => i), list('[0]', 100_000), UNORDERED, 'wrong-answer'],
  ['NaN in any order', list('{"f":"nan"}', 300_000), list('NaN', 300_000), UNORDERED, 'wrong-answer'],
  ['a dict', dict((i) => i), object((i) => i), EXACT, 'passed'],
  ['a dict of near numbers', dict((i) => ({ f: `${i}.000000000001` })), object((i) => i), NEAR, 'passed'],
  ['a dict with one key many times', `{"d":${list('["a",1]', 200_000)}}`, object(() => 1), EXACT, 'wrong-answer'],
  ['empty lists', list('[]'), '[1]', EXACT, 'wrong-answer'],
  ['floats', list('{"f":"0.1"}', 300_000), list('0.1', 300_000), NEAR, 'passed'],
  ['sets', list('{"s":[1,2]}', 300_000), '[]', EXACT, 'wrong-answer'],
  ['a set', `{"s":${numbers(MILLION)}}`, '[]', UNORDERED, 'wrong-answer'],
  ['a whole number', `{"i":"0x${many('f')}"}`, '1', EXACT, 'wrong-answer'],
  ['a whole number near another', `{"i":"0x${many('f')}"}`, `1${many('0', 400)}`, NEAR, 'wrong-answer'],
  ['a whole number as a key', `{"d":[[{"i":"0x${many('f')}"},1]]}`, '{"a":1}', EXACT, 'wrong-answer'],
  ['a whole number in a list', `[{"i":"0x${many('f')}"}]`, '[1]', UNORDERED, 'wrong-answer'],
  ['a key of nested tuples', `{"d":[[${nested('{"t":[1,', '1', ']}')},1]]}`, '{"a":1}', EXACT, 'wrong-answer'],
  [
    'a key of nested tuples of long text',
    `{"d":[[${nested('{"t":["a",', `"${many('a')}"`, ']}')},1]]}`,
    '{"a":1}',
    EXACT,
    'wrong-answer',
  ],
  ['nested sets of long text', `[${nested('{"s":["a",', `"${many('a')}"`, ']}')}]`, '[[1]]', UNORDERED, 'wrong-answer'],
  [
    'nested dicts of long text',
    `[${nested('{"d":[["a",1],["b",', `"${many('a')}"`, ']]}', 120)}]`,
    '[{"a":1}]',
    UNORDERED,
    'wrong-answer',
  ],
  ['nested twice as often as it may', nested('{"d":[["a",', '1', ']]}', 512), '1', EXACT, 'runtime-error'],
  ['nested without end', nested('[', '', ']', MILLION), '1', EXACT, 'runtime-error'],
  ['nested in tuples without end', nested('{"t":[', '', ']}', MILLION), '1', EXACT, 'runtime-error'],
  ['nested and never closed', many('['), '1', EXACT, 'runtime-error'],
  ['text to escape', `"${many('\\u0000')}"`, '""', EXACT, 'wrong-answer'],
  ['bytes', `{"b":"${many('AAAA', 250_000)}"}`, '""', EXACT, 'wrong-answer'],
  ['bytes that are none', `{"b":"${many('=')}"}`, '""', EXACT, 'runtime-error'],
  ['a float that is none', `{"f":"${many('1')}x"}`, '""', EXACT, 'runtime-error'],
  ['a whole number that is none', `{"i":"0x${many('1')}x"}`, '""', EXACT, 'runtime-error'],
  ['a name', `{"o":"${many('x')}"}`, '""', EXACT, 'wrong-answer'],
  ['a tag', `{"${many('x')}":1}`, '""', EXACT, 'runtime-error'],
];

test.each(returned)('returned: %s', { timeout: MOST_MS }, (_, value, expected, comparison, verdict) => {
  const given: Test = { kind: 'functional', input: '', expected, comparison };
  const report = `{"value":${value}}`;
  const result = judge(given, seen('', report));
  expect(result.verdict).toBe(verdict);
  expect(result.got?.length ?? 0).toBeLessThanOrEqual(4000);
  expect(outputToCheck({ ...given, comparison: CHECKER }, seen('', report)) ?? '').not.toContain('undefined');
});

test('a report of a million fields is none', () => {
  const fields = JSON.stringify(Object.fromEntries(permuted(MILLION, (i) => [`${i}`, 1])));
  for (const report of [fields, `{"value":${fields}}`]) {
    expect(judge({ kind: 'functional', input: '', expected: '1' }, seen('', report)).verdict).toBe('runtime-error');
  }
});
