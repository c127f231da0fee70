import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasReasoning, repetitionRatio, thinkingWords } from '../../../src-main/diagnostics/text.ts';

test('thinking words are whole words, in any case, with punctuation around', () => {
  expect(thinkingWords('Think! I conclude: (reasoning) is a LOGIC-free thought.')).toBe(5);
  expect(thinkingWords('wait hmm rethink thinker unreasonable')).toBe(0);
  expect(thinkingWords('think_think')).toBe(0);
});

test('repetition: share of 20-grams already seen', () => {
  const words = (n: number) => Array.from({ length: n }, (_, i) => `w${i}`).join(' ');
  expect(repetitionRatio(words(19))).toBe(0);
  expect(repetitionRatio(words(200))).toBe(0);
  // 60 times one word: 41 grams, one of them new.
  expect(repetitionRatio('a '.repeat(60))).toBeCloseTo(40 / 41, 12);
  // Two equal halves of 20 words: 21 grams; only the last repeats the first.
  expect(repetitionRatio(`${words(20)} ${words(20)}`)).toBeCloseTo(1 / 21, 12);
});

test('repetition is a share', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b'), { maxLength: 80 }), (words) => {
      const ratio = repetitionRatio(words.join(' '));
      expect(ratio >= 0 && ratio < 1).toBe(true);
    }),
  );
});

test('reasoning is text inside think tags', () => {
  expect(hasReasoning('<think>x+1</think> code')).toBe(true);
  expect(hasReasoning('<think> \n</think> code')).toBe(false);
  expect(hasReasoning('<think>cut off')).toBe(true);
  expect(hasReasoning('def f(x): return x')).toBe(false);
});
