/** Which answers are right: against the public grader math-verify (fixtures/math-verify), and by cases and properties of
 * our own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answerKey, equalAnswers } from '../../../../src-main/datasets/answers/compare.ts';

const { pairs } = z
  .object({
    grader: z.literal('math-verify'),
    version: z.literal('0.9.0'),
    pairs: z.array(z.object({ group: z.string(), expected: z.string(), given: z.string(), equal: z.boolean() })),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/math-verify/verdicts.json'), 'utf8')));

/** [expected, given]: what the grader says otherwise, and why it is said so here. */
const DIFFERENCES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'A full stop, a space of LaTeX, or the sign ° says nothing.': [
    ['7', '7.'],
    ['A', 'A.'],
    ['42', '42\\ '],
    ['30', '30°'],
    ['1000', '1\\,000'],
  ],
  'The grader reads no repeating decimals.': [['0.\\overline{3}', '\\frac{1}{3}']],
  'The grader takes the principal root, which is not real.': [['-2', '\\sqrt[3]{-8}']],
  'The grader does not work out these, which are equal.': [
    ['i', '-\\frac{1}{i}'],
    ['2i', '\\sqrt{-4}'],
    ['-1', 'i^2'],
    ['5', '|3+4i|'],
  ],
  'The grader leaves the base out: 2516 has no digits of base 7 either way, but 8 is not 7.': [['2516_8', '2516_7']],
};

describe('math-verify 0.9.0', () => {
  it('is asked many pairs, equal ones and others, in every group', () => {
    expect(pairs.length).toBeGreaterThanOrEqual(220);
    for (const group of new Set(pairs.map((pair) => pair.group)))
      expect(new Set(pairs.filter((pair) => pair.group === group).map(({ equal }) => equal)), group).toEqual(
        new Set([true, false]),
      );
  });

  it('says the same, but for the listed differences', () => {
    const different = pairs.filter(({ expected, given, equal }) => equalAnswers(given, expected) !== equal);
    const listed = Object.values(DIFFERENCES).flat();
    expect(different.map(({ expected, given }) => `${expected} | ${given}`).sort()).toEqual(
      listed.map(([expected, given]) => `${expected} | ${given}`).sort(),
    );
  });

  it('lets equal answers vote together, but for roundings and signs of percent', () => {
    const apart = pairs.filter(
      (p) => equalAnswers(p.given, p.expected) && answerKey(p.expected) !== answerKey(p.given),
    );
    // A number has no one rounding, and 10% is 10 to some and 0.1 to others.
    expect(apart.filter(({ given, expected }) => !/\.\d{6}|%/.test(given + expected))).toEqual([]);
    const together = pairs.filter(
      (p) => !equalAnswers(p.given, p.expected) && answerKey(p.expected) === answerKey(p.given),
    );
    expect(together).toEqual([]);
  });
});

it.each([
  // A decimal stands for a number that no decimal is, not for another decimal.
  ['0.5', '0.5000001', false],
  ['\\frac{1}{3}', '0.33333', false],
  ['0.333333', '\\frac{1}{3}', true],
  ['2.999999', '3', false],
  ['3.14', '\\pi', false],
  ['-\\pi', '-3.141593', true],
  // Beyond float64.
  ['2^{200}+1', '2^{200}', false],
  ['10^{400}', '10^{400}+1', false],
  ['10^{5000}', '10^{5001}', false],
  ['10^{5000}', '10^{5000}', true],
  ['\\frac{10^{300}}{10^{299}}', '10', true],
  ['100!', '99! \\cdot 100', true],
  ['100!', '99!', false],
  // Lists and thousands.
  ['100,200', '100, 200', true],
  ['100,200', '100200', true],
  ['(1,234)', '(1, 234)', true],
  ['(1,234)', '1234', false],
  ['1,1,2', '1,2,2', false],
  ['1,2,3', '(1,2,3)', true],
  ['1,2,3', '(3,2,1)', false],
  ['\\begin{pmatrix}1\\\\2\\end{pmatrix}', '(1,2)', true],
  // Letters in another order are no word.
  ['\\text{even}', 'neve', false],
  ['xyz', 'xyz', true],
  ['x', 'X', false],
  ['\\frac{1}{12}', '\\frac{11}{2}', false],
  ['1 23', '12 3', false],
  ['\\sqrt{x^2}', 'x', false],
  ['x = 3 \\text{ or } x = 5', '5, 3', true],
  ['1 < x < 2', '2 > x > 1', true],
  ['1 < x < 2', '1 < x \\le 2', false],
  ['2x + 4y = 6', 'x + 2y = 3', true],
  ['2x + 4y = 6', 'x + 2y = 4', false],
  ['\\frac{1}{0}', '\\frac{2}{0}', false],
  ['', '', false],
  ['5', '', false],
] as const)('%s, given %s: %s', (expected, given, equal) => {
  expect(equalAnswers(given, expected)).toBe(equal);
  expect(equalAnswers(expected, given)).toBe(equal);
});

const whole = fc.integer({ min: -10_000, max: 10_000 });
const positive = fc.integer({ min: 1, max: 500 });

it('knows a fraction in every spelling, and no other one', () => {
  fc.assert(
    fc.property(whole, positive, positive, fc.integer({ min: 1, max: 50 }), (a, b, c, by) => {
      const spellings = [
        `\\frac{${a * by}}{${b * by}}`,
        `${a}/${b}`,
        `\\dfrac{${-a}}{${-b}}`,
        `$\\frac {${a}} {${b}}$`,
      ];
      const [first = '', ...others] = spellings;
      for (const other of others) expect(equalAnswers(other, first)).toBe(true);
      expect(new Set(spellings.map(answerKey)).size).toBe(1);
      expect(equalAnswers(`\\frac{${a}}{${b}}`, `\\frac{${a + 1}}{${b}}`)).toBe(false);
      expect(equalAnswers(`${a}/${b}`, `${a}/${c}`)).toBe(a === 0 || b === c);
    }),
  );
});

it('knows whole numbers, grouped or with zeros before them', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 40n }), (n) => {
      const grouped = n.toString().replace(/\B(?=(\d{3})+$)/g, ',');
      for (const text of [grouped, grouped.replaceAll(',', '{,}'), `00${n}`, `${n}.0`, `\\text{${n}}`, `$${n}$.`])
        expect(equalAnswers(text, String(n)), text).toBe(true);
      expect(equalAnswers(String(n + 1n), grouped)).toBe(false);
    }),
  );
});

it('compares sets in any order and tuples in theirs', () => {
  const items = fc.uniqueArray(whole, { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(
      items.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => {
        expect(equalAnswers(`\\{${shuffled.join(', ')}\\}`, `\\{${list.join(',')}\\}`)).toBe(true);
        expect(answerKey(`\\{${shuffled.join(', ')}\\}`)).toBe(answerKey(list.join(', ')));
        expect(equalAnswers(`(${shuffled.join(', ')})`, `(${list.join(', ')})`)).toBe(list.join() === shuffled.join());
        expect(equalAnswers(`\\{${list.slice(1).join(',')}\\}`, `\\{${list.join(',')}\\}`)).toBe(false);
      },
    ),
  );
});

it('expands products of sums as algebra does', () => {
  fc.assert(
    fc.property(whole, whole, whole, (a, b, c) => {
      const sign = (n: number): string => (n < 0 ? `- ${-n}` : `+ ${n}`);
      const product = `(x ${sign(a)})(x ${sign(b)}) ${sign(c)}`;
      expect(equalAnswers(`x^2 ${sign(a + b)}x ${sign(a * b + c)}`, product)).toBe(true);
      expect(equalAnswers(`x^2 ${sign(a + b)}x ${sign(a * b + c + 1)}`, product)).toBe(false);
    }),
  );
});

describe('hostile text', () => {
  const PARTS = [
    ...[
      '\\frac',
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      '\\{',
      '\\}',
      '|',
      '^',
      '_',
      '!',
      '%',
      ',',
      '\\sqrt',
      '\\pm',
      '\\cup',
      '=',
      '<',
    ],
    ...[
      '9',
      '99',
      '0',
      '1.5',
      'x',
      'e',
      'i',
      '\\pi',
      '\\text{',
      '\\mathrm{',
      '\\begin{pmatrix}',
      '\\end{pmatrix}',
      '\\\\',
      '&',
    ],
    ...[
      '\\infty',
      '\\sin',
      '\\log',
      '-',
      '+',
      '/',
      '*',
      ' ',
      '\\left',
      '\\right',
      '\\',
      "'",
      '\\overline',
      '\\circ',
      '.',
      'and',
    ],
  ];
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.constantFrom(...PARTS), { maxLength: 400 }).map((parts) => parts.join('')),
  );

  it('throws nothing, says no in bounded time, and equals itself', () => {
    let slowest = 0;
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const start = performance.now();
        const equal = equalAnswers(a, b);
        if (equal) expect(equalAnswers(b, a)).toBe(true);
        expect(typeof answerKey(a)).toBe('string');
        expect(equalAnswers(a, a)).toBe(a.trim() !== '');
        slowest = Math.max(slowest, performance.now() - start);
      }),
      { numRuns: 2_000 },
    );
    // Milliseconds on an idle machine.
    expect(slowest).toBeLessThan(2_000);
  });

  it.each([
    ['powers', '9^'.repeat(900)],
    ['a tower', `${'9^{'.repeat(70)}9${'}'.repeat(70)}`],
    ['factorials', `1000${'!'.repeat(500)}`],
    ['a sum of fractions', Array.from({ length: 110 }, (_, i) => `1/${9_999 - i}`).join('+')],
    ['products', '9999999999*'.repeat(180)],
    ['brackets', '('.repeat(1_999)],
    ['braces', '{'.repeat(1_999)],
    ['fractions inside', `${'\\frac{1}{'.repeat(100)}2${'}'.repeat(100)}`],
    ['texts inside', `${'\\text{'.repeat(250)}`],
    ['fonts inside', `${'\\mathrm{\\pi'.repeat(150)}${'}'.repeat(150)}`],
    ['lists', '1,'.repeat(999)],
    ['signs', '\\pm'.repeat(600)],
    ['spaces', ' '.repeat(1_999)],
    ['percents', `5${'%'.repeat(590)}`],
    ['bars', '|'.repeat(1_999)],
    ['digits', '9'.repeat(2_000)],
    ['digits in groups', '999,'.repeat(499)],
    ['sets', `${'\\{1,'.repeat(70)}1${'\\}'.repeat(70)}`],
    ['megabytes', `\\boxed{${'{'.repeat(1 << 20)}`],
  ])('%s', (_name, text) => {
    const start = performance.now();
    expect(equalAnswers(text, '1')).toBe(false);
    equalAnswers(text, `${text}+1`);
    answerKey(text);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
