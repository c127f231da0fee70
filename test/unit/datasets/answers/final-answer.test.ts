import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finalAnswer, finalAnswerSpan } from '../../../../src-main/datasets/answers/final-answer.ts';

describe('a box', () => {
  it.each([
    ['The sum is \\boxed{42}.', '42'],
    ['\\boxed{1}, no: \\boxed{2}', '2'],
    ['\\boxed{\\frac{1}{2}}', '\\frac{1}{2}'],
    ['\\boxed{ 7 }', '7'],
    ['$\\boxed {\\{1, 2\\}}$', '\\{1, 2\\}'],
    ['\\fbox{C}', 'C'],
    ['\\boxed{\\boxed{5}}', '5'],
    ['\\boxed{x^{2}} and then \\boxed{cut off', 'x^{2}'],
    ['\\boxed{open {\\boxed{3}', '3'],
    ['The final answer is 4, that is \\boxed{5}', '5'],
  ])('%s', (text, answer) => {
    expect(finalAnswer(text)).toBe(answer);
  });
});

describe('no box', () => {
  it.each([
    ['2 + 2\n#### 4', '4'],
    ['#### 1,234\nmore', '1,234'],
    ['The final answer is $\\frac12$.', '$\\frac12$'],
    ['The answer is 3. The final answer is: **4**.', '4'],
    ['So the answer is 12.\nDone.', '12'],
    ['Answer: (C)', '(C)'],
    ['ANSWER: 9', '9'],
  ])('%s', (text, answer) => {
    expect(finalAnswer(text)).toBe(answer);
  });
});

it.each(['', 'It is 42.', '\\boxed{}', '\\boxed{ }', '\\boxed 5', 'The answer is', '#### ', '}{', '\\boxed{5'])(
  'says nothing: %s',
  (text) => {
    expect(finalAnswer(text)).toBeNull();
  },
);

it('reads only what follows the reasoning', () => {
  expect(finalAnswer('<think>\\boxed{1}</think> #### 2')).toBe('2');
  expect(finalAnswer('<think>\\boxed{1}</think> hm')).toBeNull();
  expect(finalAnswer('<think>\\boxed{1}')).toBe('1');
});

it('finds any answer with balanced braces, where it stands', () => {
  const inner = fc
    .array(fc.constantFrom('a', '1', '\\frac{1}{2}', '{x}', '\\{', '\\}', ' ', '+'), { minLength: 1 })
    .map((parts) => parts.join('').trim())
    .filter((text) => text !== '' && !/[.*:\s]$|^[:*]/.test(text));
  fc.assert(
    fc.property(inner, fc.string(), (answer, before) => {
      const text = `${before.replace(/[{}\\]/g, '')}\\boxed{${answer}} end`;
      const span = finalAnswerSpan(text);
      expect(span === null ? null : text.slice(...span)).toBe(answer);
    }),
  );
});

it('takes linear time on hostile text', () => {
  for (const part of ['\\boxed{', '\\boxed ', '{', '}', '\\', 'answer is ', '####', '</think>', '\\boxed{}']) {
    const start = performance.now();
    finalAnswer(part.repeat(200_000));
    expect(performance.now() - start, part).toBeLessThan(2_000);
  }
});
