/** The comparison rules against Python's own documentation of them, and against JavaScript's where both agree. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalDecimal, sameAnswer, sameOutput, strip } from '../../../src-main/sandbox/compare.ts';
import { decodeAnswer, formatPython, parsePythonJson, pythonEquals } from '../../../src-main/sandbox/values.ts';

const answer = (json: unknown, expected: string) => sameAnswer(decodeAnswer(json), expected);
const digits = fc.stringMatching(/^[0-9]{1,12}$/);

describe('printed output', () => {
  test.each([
    ['a\nb', 'a\nb\n\n', true],
    ['  a  \n  b', 'a\nb', true],
    ['a\n\nb', 'a\nb', false],
    ['a b', 'a  b', false],
    ['1 2', '1  2.0', true],
    ['1 x', '1.0 x', false],
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
    ['x\u0085', 'x', true],
    ['x\ufeff', 'x', false],
    ['True', 'true', false],
    ['Yes', 'YES', false],
  ])('%j against %j: %s', (printed, expected, same) => expect(sameOutput(printed, expected)).toBe(same));

  test('any text equals itself, with space around it and around its lines', () => {
    const line = fc.stringMatching(/^[!-~]{1,8}( [!-~]{1,8})*$/);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.stringMatching(/^[ \t]*$/), (lines, space) => {
        expect(
          sameOutput(`${space}\n${lines.map((text) => space + text + space).join('\n')}\n`, lines.join('\n')),
        ).toBe(true);
      }),
    );
  });

  test('is symmetric', () => {
    const text = fc.stringMatching(/^[0-9e.+ \n-]{0,20}$/);
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(sameOutput(a, b)).toBe(sameOutput(b, a));
      }),
    );
  });

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

  test('takes linear time on long runs of zeros and spaces', () => {
    const zeros = '0'.repeat(200_000);
    expect(sameOutput(`1${zeros}1`, `1${zeros}2`)).toBe(false);
    expect(strip(`${' '.repeat(200_000)}x${' '.repeat(200_000)}y`)).toHaveLength(200_002);
  });
});

describe('the answer of a function', () => {
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
    [
      {
        d: [
          ['a', 1],
          ['b', 2],
        ],
      },
      '{"b": 2, "a": 1.0}',
      true,
    ],
    [{ d: [['a', 1]] }, '{"a": 1, "b": 2}', false],
    [{ d: [[1, 1]] }, '{"1": 1}', false],
    [{ d: [['__proto__', 1]] }, '{"__proto__": 1}', true],
    [{ d: [] }, '[]', false],
    [{ o: 'set' }, '[]', false],
    ['\u0000\ud800', '"\\u0000\\ud800"', true],
  ])('%j against %s: %s', (encoded, expected, same) => expect(answer(encoded, expected)).toBe(same));

  test('equals any JSON value that it was made of', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = parsePythonJson(JSON.stringify(value));
        expect(pythonEquals(parsed, parsed)).toBe(true);
      }),
    );
  });

  test('equality of JSON values is that of JavaScript, where numbers and booleans are kept apart by neither', () => {
    const value = fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.stringify(json).replaceAll(/true|false/g, '"b"'));
    const canonical = (json: unknown): unknown => {
      if (Array.isArray(json)) return json.map(canonical);
      if (typeof json === 'object' && json !== null) {
        return {
          object: Object.entries(json)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, canonical(v)]),
        };
      }
      return Object.is(json, -0) ? 0 : json;
    };
    const text = (json: string) => JSON.stringify(canonical(JSON.parse(json)));
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(pythonEquals(parsePythonJson(a), parsePythonJson(b))).toBe(text(a) === text(b));
      }),
    );
  });

  test('keeps whole numbers exact at any size, against floats too', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const hex = value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
        expect(answer({ i: hex }, `${value}`)).toBe(true);
        expect(answer({ i: hex }, `${value + 1n}`)).toBe(false);
        expect(formatPython(decodeAnswer({ i: hex }))).toBe(`${value}`);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const exact = Number.isInteger(value) ? `${BigInt(value)}` : `${value}`;
        expect(answer({ f: `${value}` }, exact)).toBe(true);
      }),
    );
  });

  test.each([
    [{ i: '12' }],
    [{ f: 1 }],
    [{ x: 1 }],
    [{ t: 1 }],
    [{ d: [[1]] }],
    [1.5],
    [{}],
    [{ i: '0x1', f: '1' }],
    [undefined],
  ])('refuses the forged encoding %j', (forged) => expect(() => decodeAnswer(forged)).toThrow(SyntaxError));
});

describe('JSON as Python reads it', () => {
  test('reads what JSON.parse reads, and refuses what it refuses', () => {
    const text = fc.oneof(fc.json(), fc.stringMatching(/^[[\]{}:,"0-9eE.+\\ntrufals -]{0,12}$/));
    fc.assert(
      fc.property(text, (json) => {
        let plain: string | null;
        try {
          plain = JSON.stringify(JSON.parse(json));
        } catch {
          plain = null;
        }
        if (plain === null) expect(() => parsePythonJson(json)).toThrow(SyntaxError);
        else expect(pythonEquals(parsePythonJson(json), parsePythonJson(plain))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(['NaN', '-Infinity', ' [1, NaN]\n', '1e999', '-0'])('reads %j', (json) => {
    expect(() => parsePythonJson(json)).not.toThrow();
  });
  test.each(['', 'nan', '01', '1.', '.5', '[1,]', '{"a" 1}', "'a'", '"a', '"\n"', '1 2', 'Nan', '+1'])(
    'refuses %j',
    (json) => {
      expect(() => parsePythonJson(json)).toThrow(SyntaxError);
    },
  );
});

test('values are shown as Python shows them', () => {
  const value = {
    t: [
      null,
      true,
      { f: '1.0' },
      { f: '-0.0' },
      { f: '1.5' },
      { f: 'nan' },
      [1, 'a'],
      { d: [['k', { t: [1] }]] },
      { o: 'set' },
    ],
  };
  expect(formatPython(decodeAnswer(value))).toBe('(None, True, 1.0, -0.0, 1.5, nan, [1, "a"], {"k": (1,)}, <set>)');
});
