/** From an observation to a verdict. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, judgeChecked, outputToCheck } from '../../../src-main/sandbox/judge.ts';
import type { Observation } from '../../../src-main/sandbox/protocol.ts';
import type { Comparison, Test } from '../../../src-shared/verdict.ts';

const CHECKER: Comparison = { kind: 'checker', language: 'python', code: 'print("never run here")' };

type Seen = Partial<Omit<Observation, 'stdout' | 'report'>> & { stdout?: string | Buffer; report?: unknown };

const seen = ({ stdout = '', report = '', ...rest }: Seen = {}): Observation => ({
  status: 'exited',
  code: 0,
  detail: '',
  wallMs: 12,
  memoryMb: 3.5,
  stderr: '',
  stdout: Buffer.from(stdout as string),
  report: Buffer.from(typeof report === 'string' ? report : JSON.stringify(report)),
  ...rest,
});
const stdin = (expected: string, more: Partial<Test> = {}): Test => ({ kind: 'stdin', input: '', expected, ...more });
const call = (expected: string, more: Partial<Test> = {}): Test => ({ ...stdin(expected, more), kind: 'functional' });
const asserts: Test = { kind: 'asserts', input: 'assert candidate(1) == 2', expected: '' };
const printing = (stdout: string) => seen({ stdout });
const returning = (value: unknown) => seen({ report: { value } });

describe('a test', () => {
  test.each([
    [stdin('1.0'), printing('1\n'), { verdict: 'passed', got: '1\n', detail: null }],
    [stdin('2'), printing('1\n'), { verdict: 'wrong-answer', got: '1\n', detail: null }],
    [stdin('2', { accepted: ['3', '1'] }), printing('1'), { verdict: 'passed' }],
    [stdin('2', { accepted: ['3'] }), printing('1'), { verdict: 'wrong-answer' }],
    [stdin('1', { comparison: { kind: 'exact' } }), printing('1.1'), { verdict: 'wrong-answer' }],
    [
      stdin('1', { comparison: { kind: 'tolerance', absolute: 0.2, relative: 0 } }),
      printing('1.1'),
      { verdict: 'passed' },
    ],
    [stdin('a\nb', { comparison: { kind: 'unordered' } }), printing('b\na'), { verdict: 'passed' }],
    [stdin('x', { accepted: ['a\nb'], comparison: { kind: 'unordered' } }), printing('b\na'), { verdict: 'passed' }],
    [call('[1, 2]'), returning({ t: [1, 2] }), { verdict: 'passed', got: '(1, 2)' }],
    [call('1', { accepted: ['"a"'] }), returning('a'), { verdict: 'passed', got: '"a"' }],
    [call('[1, 2]', { comparison: { kind: 'unordered' } }), returning([2, 1]), { verdict: 'passed' }],
    [
      call('[1]', { comparison: { kind: 'tolerance', absolute: 0, relative: 1 } }),
      returning([2]),
      { verdict: 'passed' },
    ],
    [call('[1, 2]'), returning({ s: [1, 2] }), { verdict: 'wrong-answer', got: '{1, 2}' }],
    [call('null'), returning({ s: [] }), { verdict: 'wrong-answer', got: 'set()' }],
    [call('1'), returning({ c: ['1.0', '2.0'] }), { verdict: 'wrong-answer', got: '(1+2j)' }],
    [call('"ab"'), returning({ b: 'YWI=' }), { verdict: 'wrong-answer', got: "b'ab'" }],
    [call('1'), returning({ o: 'deque' }), { verdict: 'wrong-answer', got: '<deque>' }],
  ])('%j', (given, observed, expected) => {
    expect(judge(given, observed)).toMatchObject({ ...expected, wallMs: 12, memoryMb: 3.5 });
  });

  test.each([
    ['not JSON', undefined],
    ['1', ['2', 'not JSON']],
    ['2', ['not JSON']],
  ])('whose answer is %j or %j cannot be compared, whatever the program answers', (expected, accepted) => {
    for (const value of [1, 2, 'a', { s: [] }]) {
      const result = judge(call(expected, accepted && { accepted }), returning(value));
      expect(result).toMatchObject({
        verdict: 'sandbox-error',
        detail: expect.stringContaining('cannot be compared: JSON: unexpected'),
      });
    }
  });

  test.each([
    [seen({ status: 'compile-error', detail: 'SyntaxError: no' }), 'compile-error', 'SyntaxError: no'],
    [seen({ status: 'time-limit' }), 'time-limit', null],
    [seen({ status: 'memory-limit' }), 'memory-limit', null],
    [seen({ status: 'output-limit' }), 'output-limit', null],
    [seen({ status: 'signal', code: 11 }), 'runtime-error', 'killed by signal 11'],
    [seen({ status: 'fault', detail: 'no space' }), 'sandbox-error', 'no space'],
    [seen({ status: 'bad-test', detail: 'Extra data' }), 'sandbox-error', /not one JSON value a line: Extra data/],
    [seen({ code: 3, stderr: 'a\nwhy\n' }), 'runtime-error', 'exit status 3: why'],
    [seen({ code: 1, report: { error: 'E: x', verdict: 'memory-limit' } }), 'memory-limit', 'E: x'],
    [seen({ code: 1, report: { error: 'E', verdict: 'passed' } }), 'runtime-error', 'exit status 1'],
    [seen({ code: 1, report: { error: 'E', verdict: 'sandbox-error' } }), 'runtime-error', 'exit status 1'],
    [seen({ code: 1, report: { value: 1 } }), 'runtime-error', 'exit status 1'],
  ])('that ended in %j: %s', (observed, verdict, detail) => {
    for (const given of [stdin('1'), call('1'), call('1', { comparison: CHECKER })]) {
      const result = judge(given, observed);
      expect(result.verdict).toBe(verdict);
      if (detail === null) expect(result.detail).toBeNull();
      else expect(result.detail).toMatch(detail);
    }
  });

  test.each([
    '',
    'null',
    '[]',
    '{"value": 1',
    '{"error": "x"}',
    '{"value": {"x": 1}}',
    '{"__proto__": {"value": 1}}',
    '[[[[',
    `{"value": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    `{"value": ${'[{"t":'.repeat(300)}1${'}]'.repeat(300)}}`,
  ])('whose report is forged (%#) is the program’s fault', (report) => {
    const detail = 'the program ended before the function returned';
    const result = { verdict: 'runtime-error', detail, got: null };
    expect(judge(call('1'), seen({ report }))).toMatchObject(result);
    expect(outputToCheck(call('1', { comparison: CHECKER }), seen({ report }))).toBeNull();
  });

  test('of asserts never passes here', () => {
    for (const observed of [seen(), returning(null), seen({ report: { passed: true } })]) {
      expect(judge(asserts, observed)).toMatchObject({ verdict: 'sandbox-error', got: null });
    }
  });

  test('is judged whatever bytes the process left', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
    const json = fc.json().map((text) => Buffer.from(`{"value":${text}}`));
    fc.assert(
      fc.property(bytes, fc.oneof(bytes, json), fc.nat(3), (stdout, report, code) => {
        const observed = { ...seen({ code, stderr: stdout.toString() }), stdout, report };
        for (const given of [stdin('1'), call('1')]) {
          const { verdict } = judge(given, observed);
          if (code !== 0) expect(verdict).not.toBe('passed');
          expect(verdict).not.toBe('sandbox-error');
        }
      }),
    );
  });
});

describe('a test with a checker', () => {
  const printed = stdin('answer', { comparison: CHECKER, accepted: ['1'] });
  const called = call('[1]', { comparison: CHECKER });

  test('hands the checker what the program printed, byte for byte', () => {
    expect(outputToCheck(printed, printing(' 1 \r\n\n'))).toBe(' 1 \r\n\n');
    expect(outputToCheck(printed, printing(''))).toBe('');
  });

  test('hands the checker what the function returned, as JSON', () => {
    expect(outputToCheck(called, returning({ t: [1, { f: '2.0' }, 'é'] }))).toBe('[1, 2.0, "é"]');
  });

  test('runs no checker where another has decided', () => {
    expect(outputToCheck(stdin('1'), printing('1'))).toBeNull();
    expect(outputToCheck(call('1'), returning(1))).toBeNull();
    expect(outputToCheck({ ...asserts, comparison: CHECKER }, seen({ report: { passed: true } }))).toBeNull();
    for (const status of ['signal', 'time-limit', 'memory-limit', 'output-limit', 'compile-error', 'fault'] as const) {
      expect(outputToCheck(printed, seen({ status }))).toBeNull();
    }
    expect(outputToCheck(printed, seen({ code: 1, stdout: '1' }))).toBeNull();
  });

  test('is wrong where the function returned what JSON does not have', () => {
    const observed = returning([{ s: [1] }]);
    expect(outputToCheck(called, observed)).toBeNull();
    expect(judge(called, observed)).toMatchObject({
      verdict: 'wrong-answer',
      got: '[{1}]',
      detail: expect.stringContaining('JSON'),
    });
  });

  test('never passes without the checker', () => {
    for (const result of [judge(printed, printing('answer')), judge(called, returning([1]))]) {
      expect(result).toMatchObject({ verdict: 'sandbox-error', detail: "The test's checker was not run" });
    }
  });

  test.each([
    [seen({ stdout: 'ok 5 numbers' }), 'passed', null],
    [seen({ code: 1, stdout: 'line 1:\n  too  long\n' }), 'wrong-answer', 'line 1: too long'],
    [seen({ code: 2, stderr: 'wrong output format\n' }), 'wrong-answer', 'wrong output format'],
    [seen({ code: 1, stdout: ' \n', stderr: 'expected 1, found 2' }), 'wrong-answer', 'expected 1, found 2'],
    [seen({ code: 1, report: { error: 'ValueError: x', verdict: 'runtime-error' } }), 'wrong-answer', 'ValueError: x'],
    [seen({ code: 1 }), 'wrong-answer', null],
    [
      seen({ code: 3, stderr: 'jury has no answer' }),
      'sandbox-error',
      "The test's checker failed: exit status 3: jury has no answer",
    ],
    [seen({ code: 7 }), 'sandbox-error', "The test's checker failed: exit status 7"],
    [seen({ status: 'signal', code: 6 }), 'wrong-answer', "the test's checker ended in signal"],
    [seen({ status: 'time-limit' }), 'wrong-answer', "the test's checker ended in time-limit"],
    [seen({ status: 'output-limit', stdout: 'aaa' }), 'wrong-answer', "the test's checker ended in output-limit: aaa"],
    [
      seen({ status: 'compile-error', detail: 'expected ;' }),
      'sandbox-error',
      "The test's checker failed: compile-error: expected ;",
    ],
    [seen({ status: 'fault', detail: 'no space' }), 'sandbox-error', "The test's checker failed: fault: no space"],
  ])('whose checker ended in %j: %s', (checkerSeen, verdict, detail) => {
    const observed = seen({ stdout: '1', wallMs: 5, memoryMb: 7 });
    const expected = { verdict, got: '1', detail, wallMs: 5, memoryMb: 7 };
    expect(judgeChecked(printed, observed, checkerSeen)).toEqual(expected);
    expect(judgeChecked(called, returning({ t: [1] }), checkerSeen)).toMatchObject({ verdict, got: '(1,)', detail });
  });
});

describe('what is shown', () => {
  const shown = (text: string) => judge(stdin('x'), printing(text)).got ?? '';

  test('is all of what has 4,000 characters', () => {
    const text = `${'a'.repeat(2000)}\n${'b'.repeat(1999)}`;
    expect(shown(text)).toBe(text);
  });

  test('is the head and the tail of what has more, and how much is left out', () => {
    const text = `${'a'.repeat(2000)}\n${'b'.repeat(2000)}`;
    expect(shown(text)).toBe(`${text.slice(0, 3000)}\n… 101 characters left out …\n${text.slice(-900)}`);
    for (const status of ['time-limit', 'output-limit'] as const) {
      expect(judge(stdin('x'), seen({ status, stdout: text })).got).toBe(shown(text));
    }
  });

  test('is cut alike where an answer comes in pieces', () => {
    const items = Array.from({ length: 100_000 }, (_, i) => i);
    const text = `[${items.join(', ')}]`;
    const { got } = judge(call('1'), returning(items));
    const left = text.length - 3900;
    expect(got).toBe(`${text.slice(0, 3000)}\n… ${left} characters left out …\n${text.slice(-900)}`);
  });

  test('has at most 4,000 characters and no half of a surrogate pair, and counts what is left out', () => {
    fc.assert(
      fc.property(fc.nat(6000), fc.nat(6000), fc.constantFrom('', 'b', '\ud83d'), (before, after, between) => {
        const text = `${'a'.repeat(before % 7)}${'😀'.repeat(before)}${between}${'é'.repeat(after)}${'😀'.repeat(after % 600)}`;
        const whole = Buffer.from(text).toString();
        const got = shown(text);
        expect(got.length).toBeLessThanOrEqual(4000);
        expect(got.isWellFormed()).toBe(true);
        const [, head, left, tail] = /^(.*)\n… (\d+) characters left out …\n(.*)$/s.exec(got) ?? [null, got, '0', ''];
        expect(whole.startsWith(head as string) && whole.endsWith(tail as string)).toBe(true);
        expect((head as string).length + Number(left) + (tail as string).length).toBe(whole.length);
        if (whole.length > 4000) expect(got.length).toBeGreaterThan(3900);
      }),
    );
  });

  test('explains in one line of at most 1,000 characters', () => {
    const { detail } = judge(
      call('1'),
      seen({ code: 1, report: { error: 'a\n😀'.repeat(9999), verdict: 'runtime-error' } }),
    );
    expect(detail).toMatch(/^a 😀a 😀.*…$/);
    expect(detail?.length).toBeLessThanOrEqual(1000);
    expect(detail?.isWellFormed()).toBe(true);
  });
});
