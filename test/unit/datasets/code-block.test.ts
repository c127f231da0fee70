import { expect, it } from 'vitest';
import { extractCode } from '../../../src-main/datasets/code-block.ts';

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
