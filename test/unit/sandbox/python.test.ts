/** The comparisons against Python itself: its ==, str.strip, decimal, fractions, math.isclose, collections.Counter, json and
 * repr, on generated words, lines and values. Needs python3; skipped by name where there is none. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameAnswer, sameOutput, strip } from '../../../src-main/sandbox/compare.ts';
import { canonicalDecimal } from '../../../src-main/sandbox/numbers.ts';
import { parsePythonJson, toPythonJson } from '../../../src-main/sandbox/python-json.ts';
import { formatPython } from '../../../src-main/sandbox/python-repr.ts';
import { decodeAnswer, pythonEquals } from '../../../src-main/sandbox/values.ts';

const ORACLE = fileURLToPath(new URL('oracle.py', import.meta.url));

/** What Python makes of each case. */
function ask(operation: string, cases: readonly unknown[]): unknown[] {
  const run = spawnSync('python3', [ORACLE], {
    input: JSON.stringify({ operation, cases }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 60_000,
  });
  if (run.status !== 0) throw new Error(`python3 ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return JSON.parse(run.stdout) as unknown[];
}

/** That ours says of each case what Python says, and that Python says each of `answers` to some case. */
function agree<T>(
  operation: string,
  cases: readonly T[],
  ours: (item: T) => unknown,
  answers: readonly unknown[],
): void {
  const theirs = ask(operation, cases);
  expect(theirs).toHaveLength(cases.length);
  cases.forEach((item, i) => {
    expect({ case: item, answer: ours(item) }).toEqual({ case: item, answer: theirs[i] });
  });
  for (const answer of answers) expect(theirs).toContainEqual(answer);
}

const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns = 3_000): T[] => fc.sample(arbitrary, { numRuns });
const pairs = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> =>
  fc.oneof(
    fc.tuple(arbitrary, arbitrary),
    arbitrary.map((item): [T, T] => [item, item]),
  );

const space = fc.constantFrom(
  ...' \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u202f\u3000',
  '\u200b',
  '\ufeff',
);
const exponent = fc.constantFrom(
  ...['', 'e0', 'E1', 'e+2', 'e-1', 'e-3', `e${'0'.repeat(30)}1`, 'e', 'e1.', 'e_1', 'e99999999999999999999'],
  ...['e999999999999999998', 'e999999999999999999', 'e1000000000000000000', 'e1000000000000000001'],
  ...['e-1999999999999999996', 'e-1999999999999999997', 'e-1999999999999999998'],
);
const digits = fc.stringMatching(/^(0|00|1|10|12|120|_1|1_0)?$/);
const word = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('', '+', '-', '--'), digits, fc.constantFrom('', '.'), digits, exponent)
      .map((parts) => parts.join('')),
  },
  fc.constantFrom('inf', '-Infinity', '+INF', 'i_nf', 'infinit', 'nan', 'NaN12', '-nan', 'snan', 'x', '0x1', 'é'),
  // Digits of other scripts, some of whose runs of ten are next to one another, and what only looks like one.
  fc.stringMatching(/^[-+]?[١٣５0𝟎𝟗𝟘𝟙𝟿]{1,3}(\.[０９৩])?$/u),
  fc.constantFrom('²', 'Ⅷ', '①', '½', '1e٣', '一'),
);
const text = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: word.filter((item) => item.length < 6) },
      fc.constantFrom('1', '1.0', 'a'),
      space,
      fc.constant('\n'),
    ),
  )
  .map((parts) => parts.join(''));
const linesOf = fc
  .array(
    fc.array(fc.constantFrom('1', '1.0', '10e-1', '2', 'a', 'nan'), { maxLength: 2 }).map((words) => words.join(' ')),
  )
  .map((lines) => lines.join('\n'));

const whole = fc.constantFrom<unknown>(
  0,
  1,
  2,
  -1,
  { i: '0x20000000000000' },
  { i: '0x20000000000001' },
  { i: '-0x1f' },
);
const real = fc.constantFrom('0.0', '-0.0', '1.0', '1.5', '2.0', 'inf', '-inf', 'nan', '9007199254740992.0', '1e+300');
const scalar = fc.oneof(
  whole,
  fc.constantFrom<unknown>(null, true, false, '', 'a', '1', { b: '' }, { b: 'YQ==' }),
  real.map((part) => ({ f: part })),
  fc.tuple(fc.constantFrom('0.0', '-0.0', '1.0'), real).map((parts) => ({ c: parts })),
);
const keep = (value: unknown) => !JSON.stringify(value).includes('nan');
/** Values that are hashable in Python; without NaN, of which Python's containers also ask whether it is the same one. */
const { hashable } = fc.letrec<{ hashable: unknown }>((tie) => ({
  hashable: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: scalar.filter(keep) },
    fc.array(tie('hashable'), { maxLength: 3 }).map((t) => ({ t })),
    fc.array(tie('hashable'), { maxLength: 3 }).map((s) => ({ s })),
  ),
}));
const distinctKeys = (entries: [unknown, unknown][]): [unknown, unknown][] =>
  entries.filter(
    ([key], i) => !entries.slice(0, i).some(([other]) => pythonEquals(decodeAnswer(key), decodeAnswer(other))),
  );
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: scalar },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 3 }).map((t) => ({ t })),
    fc.array(hashable, { maxLength: 3 }).map((s) => ({ s })),
    fc.array(fc.tuple(hashable, tie('value')), { maxLength: 3 }).map((entries) => ({ d: distinctKeys(entries) })),
  ),
}));

const python = spawnSync('python3', ['--version'], { encoding: 'utf8' });
const absent = python.status === 0 ? '' : ' (skipped: python3 is not installed)';

describe.skipIf(absent !== '')(`agrees with Python${absent}`, () => {
  test('on what white space is', () => {
    const [theirs] = ask('spaces', [0x10000]);
    const ours = Array.from({ length: 0x10000 }, (_, code) => code).filter(
      (code) => strip(String.fromCharCode(code)) === '',
    );
    expect(ours).toEqual(theirs);
  });

  test('on str.strip', () => {
    agree(
      'strip',
      sample(fc.array(fc.oneof(space, fc.constantFrom('a', 'é', '😀'))).map((parts) => parts.join(''))),
      strip,
      [''],
    );
  });

  test('on which words are numbers', () => {
    agree('is number', sample(word, 10_000), (item) => canonicalDecimal(item) !== null, [true, false]);
  });

  test('on which words are the same number', () => {
    const same = ([a, b]: [string, string]) =>
      canonicalDecimal(a) !== null && canonicalDecimal(a) === canonicalDecimal(b);
    agree('same number', sample(pairs(word), 10_000), same, [true, false]);
  });

  test('on printed output, by the rules of LiveCodeBench', () => {
    const same = ([a, b]: [string, string]) => sameOutput(a, b, { kind: 'exact' });
    agree('same output', sample(fc.oneof(pairs(text), pairs(linesOf))), same, [true, false]);
  });

  test('on printed output in any order (collections.Counter)', () => {
    const shuffled = fc
      .array(fc.constantFrom('1', '1.0 2', '1 2', 'a', 'a b'), { maxLength: 6 })
      .chain((lines) =>
        fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: Math.max(0, lines.length - 1) })),
      )
      .map(([a, b]): [string, string] => [a.join('\n'), b.join('\n')]);
    const same = ([a, b]: [string, string]) => sameOutput(a, b, { kind: 'unordered' });
    agree('unordered output', sample(fc.oneof(shuffled, pairs(linesOf))), same, [true, false]);
  });

  test('on ==', () => {
    const same = ([a, b]: [unknown, unknown]) => pythonEquals(decodeAnswer(a), decodeAnswer(b));
    agree('equals', sample(pairs(fc.oneof(scalar, value)), 10_000), same, [true, false]);
  });

  test('on lists in any order (collections.Counter, where hashable)', () => {
    const some = fc.oneof(hashable, value.filter(keep));
    const shuffled = fc
      .array(some, { maxLength: 5 })
      .chain((items) =>
        fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: Math.max(0, items.length - 1) })),
      );
    const small = fc.array(
      fc.oneof(
        whole,
        real.filter((part) => part !== 'nan').map((part) => ({ f: part })),
        fc.boolean(),
      ),
      { maxLength: 3 },
    );
    const same = ([a, b]: [unknown[], unknown[]]) =>
      sameAnswer(decodeAnswer(a), decodeAnswer(b), { kind: 'unordered' });
    agree('unordered values', sample(fc.oneof(shuffled, pairs(small))), same, [true, false]);
  });

  test('on math.isclose, and on fractions beyond 2^53, where the relative tolerance is of the expected number', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ noNaN: true, min: 0.9, max: 1.1 }),
      fc.integer().map((n) => n / 10),
      fc.integer({ min: -9, max: 9 }).map((n) => 2 ** 53 + n),
    );
    const size = fc.constantFrom(0, 1e-12, 1e-9, 1e-6, 0.1, 0.5, 1, 2);
    const nudged = fc
      .tuple(number, fc.constantFrom(0, 1e-12, -1e-9, 0.1, 0.5, 1))
      .map(([expected, by]): [number, number] => [expected + by, expected]);
    const cases = fc
      .tuple(fc.oneof(nudged, fc.tuple(number, number)), size, size)
      .map(([[got, expected], relative, absolute]): [number, number, number, number] =>
        // isclose takes the larger of both numbers: let that be the expected one, or have no relative tolerance.
        Math.abs(got) <= Math.abs(expected) ? [got, expected, relative, absolute] : [got, expected, 0, absolute],
      );
    const asText = ([got, expected, relative, absolute]: [number, number, number, number]) =>
      sameOutput(`${got}`, `${expected}`, { kind: 'tolerance', absolute, relative });
    const asValues = ([got, expected, relative, absolute]: [number, number, number, number]) =>
      sameAnswer(
        { kind: 'float', value: got },
        { kind: 'float', value: expected },
        { kind: 'tolerance', absolute, relative },
      );
    const numbers = sample(cases, 10_000);
    const readAlike = numbers.filter((item) => item.every((n) => Math.abs(n) < 2 ** 53)); // as decimals and as float64
    agree('is close', readAlike, asText, [true, false]);
    agree('is close', numbers, asValues, [true, false]);
  });

  test('on what is JSON, and which value it is', () => {
    const json = fc.oneof(
      fc.json(),
      fc.stringMatching(/^[[\]{}:,"0-9eE.+\\ntrufals -]{0,10}$/),
      fc
        .array(
          fc.constantFrom(
            '[',
            ']',
            '1',
            ',',
            'NaN',
            '-Infinity',
            '"a"',
            ' ',
            '{"a":',
            '}',
            '-0',
            '1e999',
            '9'.repeat(20),
          ),
        )
        .map((parts) => parts.join('')),
    );
    const ours = (item: string) => {
      try {
        return formatPython(parsePythonJson(item));
      } catch {
        return null;
      }
    };
    const cases = sample(json);
    ask('loads', cases).forEach((theirs, i) => {
      const shown = theirs === null ? null : formatPython(decodeAnswer((theirs as { value: unknown }).value));
      expect({ json: cases[i], shown: ours(cases[i] as string) }).toEqual({ json: cases[i], shown });
    });
  });

  test('on json.dumps', () => {
    const encoded = sample(fc.jsonValue()).map(toEncoding);
    agree('dumps', encoded, (item) => toPythonJson(decodeAnswer(item)), ['[]', 'null']);
  });

  test('on repr, where there is no text', () => {
    const number = fc.double().map((n) => ({ f: pythonFloat(n) }));
    const parts = fc.tuple(fc.double().map(pythonFloat), fc.double().map(pythonFloat));
    const shown = fc.oneof(
      number,
      fc.integer({ min: -17, max: 22 }).map((power) => ({ f: `1.5e${power}` })),
      parts.map((c) => ({ c })),
      fc.tuple(real, real).map((c) => ({ c })),
      fc.bigInt().map((n) => ({ i: n < 0n ? `-0x${(-n).toString(16)}` : `0x${n.toString(16)}` })),
      fc.uint8Array().map((bytes) => ({ b: Buffer.from(bytes).toString('base64') })),
      fc.stringMatching(/^[a'"\\\n]*$/).map((bytes) => ({ b: Buffer.from(bytes).toString('base64') })),
      fc.constantFrom<unknown>({ s: [] }, { s: [1] }, { t: [] }, { t: [1] }, { d: [] }, [null, true, false]),
    );
    const nested = fc.oneof(
      shown,
      fc.array(shown),
      fc.array(shown).map((t) => ({ t })),
      fc.tuple(fc.nat(), shown).map((entry) => ({ d: [entry] })),
    );
    agree('repr', sample(nested, 5_000), (item) => formatPython(decodeAnswer(item)), [
      'set()',
      '{1}',
      '()',
      '(1,)',
      '{}',
    ]);
  });
});

const pythonFloat = (n: number): string =>
  Number.isNaN(n) ? 'nan' : Number.isFinite(n) ? `${n}` : n > 0 ? 'inf' : '-inf';

function toEncoding(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(toEncoding);
  if (typeof json === 'number' && !Number.isSafeInteger(json)) return { f: pythonFloat(json) };
  if (typeof json !== 'object' || json === null) return Object.is(json, -0) ? 0 : json;
  return { d: Object.entries(json).map(([key, item]) => [key, toEncoding(item)]) };
}
