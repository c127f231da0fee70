import fc from 'fast-check';
import { expect, it } from 'vitest';
import { answerSpan, codeSpan } from '../../../src-main/datasets/code-block.ts';

const extractCode = (text: string): string | null => {
  const span = codeSpan(text);
  return span === null ? null : text.slice(...span);
};
const fence = (code: string, language = 'python') => `\`\`\`${language}\n${code}\n\`\`\``;

it('takes the last python block after the last </think>', () => {
  expect(extractCode(`<think>${fence('a')}</think>\n${fence('b')} or ${fence('c = 1\nd')}`)).toBe('c = 1\nd');
  expect(extractCode(`</think>${fence('a')}</think>${fence('b')}`)).toBe('b');
});

it('takes the whole text where there is no </think>', () => {
  expect(extractCode(`<think>${fence('a')}`)).toBe('a');
  expect(extractCode(fence('a\r'))).toBe('a');
});

it('finds nothing in other languages, open blocks, thoughts alone and plain text', () => {
  expect(extractCode(fence('a', 'js'))).toBeNull();
  expect(extractCode(fence('a', 'python3'))).toBeNull();
  expect(extractCode('```python\na = 1')).toBeNull();
  expect(extractCode(`<think>${fence('a')}</think> none`)).toBeNull();
  expect(extractCode('')).toBeNull();
});

it('says where the program and the answer stand', () => {
  const text = `<think>${fence('no')}</think>so ${fence('a')} and ${fence('b = 1  ')} done`;
  const at = text.indexOf('b = 1');
  expect(codeSpan(text)).toEqual([at, at + 5]);
  expect(text.slice(...answerSpan(text))).toBe(`so ${fence('a')} and ${fence('b = 1  ')} done`);
  expect([answerSpan('no tag'), answerSpan('x</think>'), codeSpan('none')]).toEqual([[0, 6], [9, 9], null]);
});

it('the span of the program is its text, whatever surrounds it', () => {
  const piece = fc.constantFrom('<think>', '</think>', '```', '```python\n', 'x = 1\n', '\n', ' ', 'é😀');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const text = pieces.join('');
      const [start] = answerSpan(text);
      const span = codeSpan(text);
      const open = text.indexOf('```python\n', start);
      const closed = open >= 0 && text.indexOf('```', open + '```python\n'.length) >= 0;
      expect(span === null).toBe(!closed);
      if (span === null) return;
      expect(span[0]).toBeGreaterThanOrEqual(start);
      expect(text.slice(0, span[0])).toMatch(/```python\n$/);
      expect(text.slice(span[1])).toMatch(/^\s*```/);
      expect(text.slice(...span)).not.toContain('```');
    }),
  );
});
