/** The head and the tail of text. How they look is in judge.test.ts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Excerpt, excerpt, oneLine } from '../../../src-main/sandbox/excerpt.ts';

test('is the same however the text is cut into pieces', () => {
  const size = fc.oneof(fc.nat(10), fc.nat(5_000), fc.integer({ min: 64_000, max: 80_000 }));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 6 }), (sizes) => {
      const kept = new Excerpt();
      let text = '';
      sizes.forEach((length, i) => {
        const piece = Array.from({ length }, (_, j) => String.fromCharCode(97 + ((i + j * 7) % 26))).join('');
        kept.write(piece);
        text += piece;
      });
      expect(kept.toString()).toBe(excerpt(text));
      if (text.length > 4000) expect(kept.toString().endsWith(`…\n${text.slice(-900)}`)).toBe(true);
    }),
  );
});

test('keeps lone surrogates that were there', () => {
  expect(excerpt('a\ud800b\udc00')).toBe('a\ud800b\udc00');
});

test.each([
  [' a\r\n\tb  c\n', 5, 'a b c'],
  [' a\r\n\tb  c\n', 3, 'a …'],
  ['', 5, ''],
  ['a'.repeat(9), 9, 'a'.repeat(9)],
  ['a'.repeat(10), 9, `${'a'.repeat(8)}…`],
  [`${'a'.repeat(7)}😀b`, 9, `${'a'.repeat(7)}…`],
  ['line 1\nline 2', 20, 'line 1 line 2'],
])('%j in one line of %d characters is %j', (text, most, line) => {
  expect(oneLine(text, most)).toBe(line);
});
