/** Python values outside Python: their encoding, ==, JSON and repr, against JavaScript's where both agree. That they
 * agree with Python is in python.test.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePythonJson, toPythonJson } from '../../../src-main/sandbox/python-json.ts';
import { formatPython } from '../../../src-main/sandbox/python-repr.ts';
import { decodeAnswer, Identities, MOST_DEPTH, type PyValue, pythonEquals } from '../../../src-main/sandbox/values.ts';

const same = (json: unknown, expected: string) => pythonEquals(decodeAnswer(json), parsePythonJson(expected));
const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;

describe('the encoding of answers', () => {
  test.each([
    [{ i: '12' }],
    [{ i: '0x' }],
    [{ i: '0xg' }],
    [{ f: 1 }],
    [{ f: '' }],
    [{ f: '0x10' }],
    [{ f: ' 1' }],
    [{ f: 'Infinity' }],
    [{ x: 1 }],
    [{ t: 1 }],
    [{ s: 'ab' }],
    [{ d: [[1]] }],
    [{ d: [1] }],
    [{ c: ['1.0'] }],
    [{ c: [1, 2] }],
    [{ c: '1j' }],
    [{ b: 'YQ' }],
    [{ b: 'Y Q==' }],
    [{ b: 1 }],
    [{ o: null }],
    [1.5],
    [1e300],
    [{}],
    [{ i: '0x1', f: '1' }],
    [[[{ z: 1 }]]],
    [undefined],
  ])('refuses the forged %j', (forged) => expect(() => decodeAnswer(forged)).toThrow(SyntaxError));

  test(`is read to a depth of ${MOST_DEPTH} and refused below it`, () => {
    const deepest = decodeAnswer(nested(MOST_DEPTH + 1));
    expect(pythonEquals(deepest, deepest)).toBe(true);
    expect(new Identities().add(deepest)).toBe(MOST_DEPTH + 1);
    expect(formatPython(deepest)).toBe('['.repeat(MOST_DEPTH + 1) + ']'.repeat(MOST_DEPTH + 1));
    expect(() => decodeAnswer(nested(MOST_DEPTH + 2))).toThrow(`nested deeper than ${MOST_DEPTH}`);
    expect(() => decodeAnswer(nested(1_000_000))).toThrow(SyntaxError);
  });
});

describe('equality', () => {
  test('of JSON values is that of JavaScript, where numbers and booleans are kept apart by neither', () => {
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
        expect(same({ i: hex }, `${value}`)).toBe(true);
        expect(same({ i: hex }, `${value + 1n}`)).toBe(false);
        expect(formatPython(decodeAnswer({ i: hex }))).toBe(`${value}`);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const exact = Number.isInteger(value) ? `${BigInt(value)}` : `${value}`;
        expect(same({ f: `${value}` }, exact)).toBe(true);
      }),
    );
  });

  test.each([
    [{ s: [1, 2] }, { s: [2, { f: '1.0' }] }, true],
    [{ s: [1, 2] }, { s: [1, 3] }, false],
    [{ s: [1] }, { s: [1, 2] }, false],
    [{ s: [{ s: [1] }, { s: [] }] }, { s: [{ s: [] }, { s: [1] }] }, true],
    [{ s: [] }, { d: [] }, false],
    [{ s: [{ f: 'nan' }] }, { s: [{ f: 'nan' }] }, false],
    [{ c: ['1.0', '2.0'] }, { c: ['1.0', '2.0'] }, true],
    [{ c: ['0.0', '2.0'] }, { c: ['-0.0', '2.0'] }, true],
    [{ c: ['1.0', 'nan'] }, { c: ['1.0', 'nan'] }, false],
    [{ c: ['1.0', '-0.0'] }, true, true],
    [{ b: 'YWI=' }, { b: 'YWI=' }, true],
    [{ b: 'YWI=' }, { b: 'YWE=' }, false],
    [{ b: '' }, '', false],
    [{ o: 'deque' }, { o: 'deque' }, false],
    [{ d: [[{ t: [1, 'a'] }, 1]] }, { d: [[{ t: [{ f: '1.0' }, 'a'] }, true]] }, true],
    [{ d: [[{ t: [1, { t: [2] }] }, 1]] }, { d: [[{ t: [1, { t: [3] }] }, 1]] }, false],
    [{ t: [1, 2] }, [1, 2], false],
    [{ t: ['1,2'] }, { t: ['1', '2'] }, false],
  ])('of %j and %j: %s', (a, b, equal) => {
    const [left, right] = [decodeAnswer(a), decodeAnswer(b)];
    expect(pythonEquals(left, right)).toBe(equal);
    expect(pythonEquals(right, left)).toBe(equal);
    const identities = new Identities();
    expect(identities.add(left) === identities.find(right)).toBe(equal);
  });

  test('is told by Identities as by pythonEquals', () => {
    const leaf = fc.constantFrom<PyValue>(0, 1, true, null, '', '1', 2n ** 60n, { kind: 'float', value: 2 ** 60 });
    const { value } = fc.letrec<{ value: PyValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', maxDepth: 3 },
        leaf,
        fc.record({
          kind: fc.constantFrom('list' as const, 'tuple' as const),
          items: fc.array(tie('value'), { maxLength: 3 }),
        }),
        fc.record({
          kind: fc.constant('dict' as const),
          entries: fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), tie('value')), {
            maxLength: 3,
            selector: ([key]) => key,
          }),
        }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), value, (known, sought) => {
        const identities = new Identities();
        const numbers = known.map((item) => identities.add(item));
        const found = identities.find(sought);
        expect(known.map((item) => pythonEquals(item, sought))).toEqual(numbers.map((number) => number === found));
      }),
      { numRuns: 2_000 },
    );
  });
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
  test('refuses what is nested too deep, in one line', () => {
    expect(() => parsePythonJson('[{"a":'.repeat(100_000))).toThrow(/^JSON: nested deeper than 256 at character \d+$/);
  });
});

describe('JSON as Python writes it', () => {
  test('is read back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const value = parsePythonJson(JSON.stringify(json));
        expect(pythonEquals(parsePythonJson(toPythonJson(value) ?? ''), value)).toBe(true);
      }),
    );
  });

  test.each([
    [[1, { f: '1.0' }, { i: '-0x20000000000000' }], '[1, 1.0, -9007199254740992]'],
    [{ t: [{ t: [] }, true, null] }, '[[], true, null]'],
    [{ d: [['é"\n', { f: '-inf' }]] }, '{"é\\"\\n": -Infinity}'],
    [{ f: 'nan' }, 'NaN'],
    [{ d: [[1, 1]] }, null],
    [[{ s: [] }], null],
    [{ c: ['1.0', '0.0'] }, null],
    [{ b: '' }, null],
    [{ o: 'deque' }, null],
    [{ i: `0x${'f'.repeat(4000)}` }, null],
  ])('%j: %s', (encoded, json) => expect(toPythonJson(decodeAnswer(encoded))).toBe(json));
});

test.each([
  [[null, true, false, 1, 'a"\n'], '[None, True, False, 1, "a\\"\\n"]'],
  [[{ f: '1.0' }, { f: '-0.0' }, { f: '1.5' }, { f: 'nan' }, { f: '-inf' }], '[1.0, -0.0, 1.5, nan, -inf]'],
  [[{ f: '1e16' }, { f: '1e-05' }, { f: '0.0001' }, { f: '1e+100' }], '[1e+16, 1e-05, 0.0001, 1e+100]'],
  [{ t: [{ t: [] }, { t: [1] }] }, '((), (1,))'],
  [{ d: [['k', { t: [1, 2] }]] }, '{"k": (1, 2)}'],
  [{ d: [] }, '{}'],
  [{ s: [1, { s: [] }] }, '{1, set()}'],
  [[{ c: ['1.0', '2.0'] }, { c: ['0.0', '-1.5'] }, { c: ['-0.0', '1.0'] }], '[(1+2j), -1.5j, (-0+1j)]'],
  [{ b: Buffer.from('a\0\n\\\'"\xe9', 'latin1').toString('base64') }, "b'a\\x00\\n\\\\\\'\"\\xe9'"],
  [{ b: Buffer.from("it's").toString('base64') }, 'b"it\'s"'],
  [{ o: 'deque' }, '<deque>'],
  [{ i: `-0x${'f'.repeat(4000)}` }, `-0x${'f'.repeat(4000)}`],
])('%j is shown as %s', (encoded, shown) => expect(formatPython(decodeAnswer(encoded))).toBe(shown));
