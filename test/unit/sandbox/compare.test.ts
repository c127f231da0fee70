/** The three comparisons, rule by rule as compare.ts states them. That they agree with Python is in python.test.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Rule, sameAnswer, sameOutput, strip } from '../../../src-main/sandbox/compare.ts';
import { canonicalDecimal, isNear, numberOfDecimal } from '../../../src-main/sandbox/numbers.ts';
import { parsePythonJson } from '../../../src-main/sandbox/python-json.ts';
import { decodeAnswer } from '../../../src-main/sandbox/values.ts';

const EXACT: Rule = { kind: 'exact' };
const UNORDERED: Rule = { kind: 'unordered' };
const within = (absolute: number, relative = 0): Rule => ({ kind: 'tolerance', absolute, relative });

const answer = (json: unknown, expected: string, rule: Rule = EXACT) =>
  sameAnswer(decodeAnswer(json), parsePythonJson(expected), rule);
const digits = fc.stringMatching(/^[0-9]{1,12}$/);
const somePrintable = fc.stringMatching(/^[0-9e.+ \nan-]{0,20}$/);
const someRule = fc.constantFrom<Rule[]>(EXACT, UNORDERED, within(0), within(0.5), within(0, 0.1), within(1e-9, 1e-9));

describe('exact: printed output', () => {
  test.each([
    ['a\nb', 'a\nb\n\n', true],
    ['  a  \n  b', 'a\nb', true],
    ['a\r\nb\r\n', 'a\nb', true],
    ['a\n\nb', 'a\nb', false],
    ['a', 'a\nb', false],
    ['a\nb', 'a', false],
    ['a b', 'a  b', false],
    ['1 2', '1  2.0', true],
    ['1 x', '1.0 x', false],
    ['1 2', '1.0', false],
    ['0.30000000000000004', '0.3', false],
    ['1e3', '1000', true],
    ['+1_0', '10.', true],
    ['.5', '0.5', true],
    ['-0', '0', true],
    ['Infinity', 'inf', true],
    ['inf', '-inf', false],
    ['nan 1', 'nan 1.0', false],
    ['nan', 'nan', true],
    ['1e99999999999999999999999', '1e99999999999999999999999.0', false],
    ['0x10', '16', false],
    ['', '', true],
    ['', '\n \t', true],
    ['', '0', false],
    ['x\u0085', 'x', true],
    ['x\ufeff', 'x', false],
    ['True', 'true', false],
    ['Yes', 'YES', false],
  ])('%j against %j: %s', (printed, expected, same) => expect(sameOutput(printed, expected, EXACT)).toBe(same));

  test('equals numbers exactly when they are equal as fractions of whole numbers', () => {
    const number = fc.tuple(digits, digits, fc.integer({ min: -9, max: 9 }));
    const text = ([whole, fraction, power]: [string, string, number]) => `${whole}.${fraction}e${power}`;
    const scaled = ([whole, fraction, power]: [string, string, number]) =>
      BigInt(whole + fraction) * 10n ** BigInt(power + 30 - fraction.length);
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(canonicalDecimal(text(a)) === canonicalDecimal(text(b))).toBe(scaled(a) === scaled(b));
      }),
    );
  });

  test('a number equals its other spellings', () => {
    fc.assert(
      fc.property(digits, digits, fc.nat(20), (whole, fraction, zeros) => {
        const plain = canonicalDecimal(`${whole}.${fraction}`);
        expect(canonicalDecimal(`+00${whole}.${fraction}${'0'.repeat(zeros)}`)).toBe(plain);
        expect(canonicalDecimal(`${whole}${fraction}E-${fraction.length}`)).toBe(plain);
      }),
    );
  });
});

describe('exact: the answer of a function', () => {
  test.each([
    [true, '1', true],
    [{ f: '1.0' }, '1', true],
    [{ f: '1.0' }, 'true', true],
    [0, 'false', true],
    [0, 'null', false],
    [null, 'null', true],
    ['1', '1', false],
    [{ f: 'nan' }, 'NaN', false],
    [{ f: 'inf' }, 'Infinity', true],
    [{ f: '-inf' }, '-Infinity', true],
    [{ f: '1e+16' }, '10000000000000000', true],
    [{ i: '0x20000000000001' }, '9007199254740993', true],
    [{ f: '9007199254740992.0' }, '9007199254740993', false],
    [{ i: '-0x10' }, '-16', true],
    [{ t: [1, 2] }, '[1, 2]', true],
    [{ t: [{ t: [1] }] }, '[[1]]', false],
    [[[1]], '[[1.0]]', true],
    [[1, 2], '[2, 1]', false],
    [[1], '[1, 2]', false],
    [{ d: Object.entries({ a: 1, b: 2 }) }, '{"b": 2, "a": 1.0}', true],
    [{ d: [['a', 1]] }, '{"a": 1, "b": 2}', false],
    [{ d: [[1, 1]] }, '{"1": 1}', false],
    [{ d: [['__proto__', 1]] }, '{"__proto__": 1}', true],
    [{ d: [] }, '[]', false],
    [{ s: [1, 2] }, '[1, 2]', false],
    [{ s: [] }, '[]', false],
    [{ s: [] }, 'null', false],
    [{ c: ['1.0', '2.0'] }, '1', false],
    [{ c: ['1.0', '0.0'] }, '1', true], // as Python has it: 1 == (1+0j)
    [{ b: 'YQ==' }, '"a"', false],
    [{ o: 'deque' }, '[]', false],
    ['\u0000\ud800', '"\\u0000\\ud800"', true],
  ])('%j against %s: %s', (encoded, expected, same) => expect(answer(encoded, expected)).toBe(same));

  test('a dict forged with one key many times equals no dict of as many keys', () => {
    const forged = { d: Array(2).fill(['a', 1]) };
    for (const rule of [EXACT, UNORDERED, within(1)]) expect(answer(forged, '{"a": 1, "b": 1}', rule)).toBe(false);
  });
});

describe('tolerance: printed output', () => {
  test.each([
    ['1.0000005', '1', within(1e-6), true],
    ['1.000002', '1', within(1e-6), false],
    ['1000001', '1000000', within(0, 1e-6), true],
    ['1000002', '1000000', within(0, 1e-6), false],
    ['1000001', '1000000', within(1e-3, 1e-6), true],
    ['0.5', '0', within(0, 1e9), false],
    ['0', '0.5', within(0, 1), true],
    ['-1', '1', within(0, 1.9), false],
    ['1 2  3', '1 2 3', within(0), true],
    ['a 1.1 b', 'a 1 b', within(0.2), true],
    ['a 1.1 c', 'a 1 b', within(0.2), false],
    ['1 2', '1', within(1), false],
    ['1', '1 2', within(1), false],
    ['1\n2', '1 2', within(1), false],
    ['1\n\n2', '1\n2', within(1), false],
    ['abc', '1', within(1e9), false],
    ['1', 'abc', within(1e9), false],
    ['0x10', '16', within(1), false],
    ['inf', 'Infinity', within(0), true],
    ['inf', '-inf', within(1e300, 1e300), false],
    ['inf', '1e308', within(1e308, 1e300), false],
    ['1e308', 'inf', within(1e308, 1e300), false],
    ['nan', '1', within(1e9), false],
    ['NaN', 'nan', within(1e9), false],
    ['nan', 'nan', within(0), true],
    ['9007199254740993', '9007199254740992', within(0.5), false],
    ['9007199254740993', '9007199254740992', within(1), true],
    ['9007199254740993.0', '9007199254740992e0', within(0.5), false],
    ['12345678901234567890123', '12345678901234567890124', within(0.9), false],
    ['12345678901234567890123', '12345678901234567890124', within(0, 1e-22), true],
    ['12345678901234567890123', '12345678901234567890124', within(0, 8e-23), false],
    [`${'9'.repeat(400)}`, `1${'0'.repeat(400)}`, within(0, 1e-9), true],
    ['1e5000', '1e5001', within(1e300, 1e300), false],
    ['1e5000', '10e4999', within(0), true],
  ])('%j against %j within %j: %s', (printed, expected, rule, same) =>
    expect(sameOutput(printed, expected, rule)).toBe(same),
  );

  test('accepts whatever exact accepts', () => {
    fc.assert(
      fc.property(somePrintable, somePrintable, fc.double({ min: 0, noNaN: true, max: 10 }), (a, b, size) => {
        for (const expected of [a, b, ` ${a}\n`]) {
          if (sameOutput(a, expected, EXACT)) expect(sameOutput(a, expected, within(size, size))).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('tolerance: the answer of a function', () => {
  test.each([
    [{ f: '1.5' }, '1', within(0.5), true],
    [{ f: '1.6' }, '1', within(0.5), false],
    [2, '1', within(1), true],
    [{ t: [{ f: '0.1' }, [{ f: '2.1' }]] }, '[0, [2]]', within(0.2), true],
    [[{ t: [1] }], '[[1]]', within(0.2), false],
    [[1], '[1, 1]', within(9), false],
    [{ d: [['a', { f: '1.1' }]] }, '{"a": 1}', within(0.2), true],
    [{ d: [['a', { d: [['b', { f: '1.3' }]] }]] }, '{"a": {"b": 1}}', within(0.2), false],
    [{ d: [[1, 1]] }, '{"1": 1}', within(9), false],
    ['1.1', '"1"', within(9), false],
    ['a', '"a"', within(9), true],
    [true, 'true', within(9), true],
    [false, 'true', within(9), false],
    [{ f: '0.9' }, 'true', within(9), false],
    [1, 'true', within(9), true],
    [null, '0', within(9), false],
    [{ f: 'nan' }, 'NaN', within(9, 9), false],
    [{ f: 'nan' }, '0', within(9, 9), false],
    [0, 'NaN', within(9, 9), false],
    [{ f: 'inf' }, 'Infinity', within(0), true],
    [{ f: 'inf' }, '-Infinity', within(1e300, 1e300), false],
    [{ f: 'inf' }, '1', within(1e300, 1e300), false],
    [1, 'Infinity', within(1e300, 1e300), false],
    [{ i: `0x1${'0'.repeat(400)}` }, 'Infinity', within(1e300, 1e300), false],
    [{ f: 'inf' }, `1${'0'.repeat(400)}`, within(1e300, 1e300), false],
    [1, `1${'0'.repeat(400)}`, within(0, 0.5), false],
    [{ f: '1.5' }, `1${'0'.repeat(400)}`, within(0, 1), true],
    [{ i: '0x20000000000001' }, '9007199254740992', within(0.5), false],
    [{ i: '0x20000000000001' }, '9007199254740992.0', within(0.5), false],
    [{ i: '0x20000000000001' }, '9007199254740992', within(1), true],
    [{ i: '0x20000000000001' }, '9007199254740992', within(0, 1e-15), true],
    [{ i: '0x20000000000000' }, '4503599627370495.5', within(0, 1.1), true],
    [{ c: ['1.1', '0.0'] }, '1', within(0.2), true],
    [{ c: ['1.0', '0.1'] }, '1', within(0.2), false],
    [{ s: [1] }, '[1]', within(9), false],
    [{ o: 'deque' }, '[]', within(9), false],
  ])('%j against %s within %j: %s', (encoded, expected, rule, same) =>
    expect(answer(encoded, expected, rule)).toBe(same),
  );

  test('of whole numbers of any size is exact', () => {
    const power = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: -1000n, max: 1000n }), power, (expected, difference, bits) => {
        const got = numberOfDecimal(canonicalDecimal(`${expected + difference}`) ?? '');
        const wanted = numberOfDecimal(canonicalDecimal(`${expected}`) ?? '');
        if (got === null || wanted === null) throw new Error('a whole number was not read');
        const [distance, size] = [difference, expected].map((value) => (value < 0n ? -value : value)) as [
          bigint,
          bigint,
        ];
        expect(isNear(got, wanted, { absolute: 500, relative: 0 })).toBe(distance <= 500n);
        // Relative to a power of two, float64 does not round either.
        const near = distance * 2n ** BigInt(bits) <= size;
        expect(isNear(got, wanted, { absolute: 0, relative: 2 ** -bits })).toBe(near);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a tolerance that is not finite is refused, not waited for', () => {
    expect(() => isNear(2n ** 60n, 2n ** 61n, { absolute: 0, relative: Infinity })).toThrow(RangeError);
    expect(() => isNear(2n ** 60n, 2n ** 61n, { absolute: 0, relative: NaN })).toThrow(RangeError);
  });
});

describe('unordered: printed output', () => {
  test.each([
    ['b\na', 'a\nb', true],
    ['b\na\n', '\n a\nb', true],
    ['a\na\nb', 'a\nb\nb', false],
    ['a\nb', 'a\nb\nb', false],
    ['a\nb\nb', 'a\nb', false],
    ['2.0 1\n1e1', '10\n2 1', true],
    ['1 2', '2 1', false],
    ['nan 1\nx', 'x\nnan 1', true],
    ['nan 1.0\nx', 'x\nnan 1', false],
    ['a\n\nb', 'a\nb\n', false],
    ['a\n\nb', 'b\n\na', true],
    ['numbers 1e0', '1', false],
    ['text a', 'a', false],
    ['', '', true],
  ])('%j against %j: %s', (printed, expected, same) => expect(sameOutput(printed, expected, UNORDERED)).toBe(same));

  test('accepts any order of lines that exact accepts, and nothing else', () => {
    const line = fc.constantFrom('1', '1.0', '2', 'a', 'a b', 'a  b', 'nan', '1 2', '1.0 2.00', '1e1 x', '10 x');
    const some = fc.array(line, { minLength: 1, maxLength: 4 });
    const orders = (items: readonly string[]): string[][] =>
      items.length === 0
        ? [[]]
        : items.flatMap((item, i) => orders(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
    fc.assert(
      fc.property(some, some, (printed, expected) => {
        const text = expected.join('\n');
        const accepted = orders(printed).some((order) => sameOutput(order.join('\n'), text, EXACT));
        expect(sameOutput(printed.join('\n'), text, UNORDERED)).toBe(accepted);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('unordered: the answer of a function', () => {
  test.each([
    [[2, 1], '[1, 2]', true],
    [{ t: [2, 1] }, '[1, 2]', true],
    [[1, 1, 2], '[1, 2, 2]', false],
    [[1, 2], '[1, 2, 2]', false],
    [[1, 2, 2], '[1, 2]', false],
    [[[2, 1], [3]], '[[3], [2, 1]]', true],
    [[[1, 2], [3]], '[[3], [2, 1]]', false],
    [[{ t: [1] }], '[[1]]', false],
    [[true, { f: '2.0' }, null], '[null, 2, 1]', true],
    [['1'], '[1]', false],
    [[{ f: 'nan' }], '[NaN]', false],
    [[{ f: 'inf' }, 1], '[1, Infinity]', true],
    [[{ d: Object.entries({ a: [1], b: 2 }) }, 0], '[0, {"b": 2, "a": [1.0]}]', true],
    [[{ d: Object.entries({ a: [1, 2] }) }], '[{"a": [2, 1]}]', false],
    [[], '[]', true],
    [[], '{}', false],
    [{ s: [1, 2] }, '[1, 2]', false],
    [[{ s: [1] }], '[[1]]', false],
    [[{ o: 'deque' }], '[[]]', false],
    [3, '3.0', true],
    [[1], '1', false],
    [{ d: Object.entries({ a: 1, b: 2 }) }, '{"b": 2, "a": 1}', true],
  ])('%j against %s: %s', (encoded, expected, same) => expect(answer(encoded, expected, UNORDERED)).toBe(same));

  test('accepts any order of the expected elements', () => {
    const shuffled = fc
      .array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 })
      .chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })));
    fc.assert(
      fc.property(shuffled, ([items, order]) => {
        const got = parsePythonJson(JSON.stringify(order));
        expect(sameAnswer(got, parsePythonJson(JSON.stringify(items)), UNORDERED)).toBe(true);
      }),
    );
  });
});

describe('every comparison', () => {
  test('takes any text for itself, with space around it and around its lines', () => {
    const line = fc.stringMatching(/^[!-~]{1,8}( [!-~]{1,8})*$/);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.stringMatching(/^[ \t]*$/), someRule, (lines, space, rule) => {
        const printed = `${space}\n${lines.map((text) => space + text + space).join('\n')}\n`;
        expect(sameOutput(printed, lines.join('\n'), rule)).toBe(true);
      }),
    );
  });

  test('is symmetric, but for a relative tolerance', () => {
    const symmetric = fc.constantFrom<Rule[]>(EXACT, UNORDERED, within(0), within(0.5));
    fc.assert(
      fc.property(somePrintable, somePrintable, symmetric, (a, b, rule) => {
        expect(sameOutput(a, b, rule)).toBe(sameOutput(b, a, rule));
      }),
    );
  });

  test('takes any JSON value for itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), someRule, (value, rule) => {
        const parsed = parsePythonJson(JSON.stringify(value));
        expect(sameAnswer(parsed, parsePythonJson(JSON.stringify(value)), rule)).toBe(true);
      }),
    );
  });
});

test('strip takes off white space alone', () => {
  expect(strip('\u2003\x1f a \u00a0b\u3000\n')).toBe('a \u00a0b');
  expect(strip('\u200b\ufeff')).toBe('\u200b\ufeff');
  expect(strip(' \t\n')).toBe('');
});
