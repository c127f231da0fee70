import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitCompletion } from '../../../src-renderer/lib/completion.ts';
import { tokenizePython } from '../../../src-renderer/lib/python.ts';

/** Strings with the characters that these parsers care about, in any order. */
const tricky = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '```',
        '```python\n',
        '\n',
        '<think>',
        '</think>',
        '"""',
        "'",
        '"',
        '\\',
        '#',
        'def f',
        ' ',
        '0x1f',
        '1e5',
      ),
      fc.string(),
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.join(''));

describe('completions', () => {
  test('fall into reasoning, text and code', () => {
    const parts = splitCompletion('<think>\nhm\n</think>\nSo:\n```python\nx = 1\n```\ndone');
    expect(parts).toEqual([
      { kind: 'reasoning', text: '<think>\nhm\n</think>' },
      { kind: 'text', text: '\nSo:\n' },
      { kind: 'code', text: '```python\nx = 1\n```' },
      { kind: 'text', text: '\ndone' },
    ]);
  });

  test('that never end are what they began as', () => {
    expect(splitCompletion('<think> and on').map((p) => p.kind)).toEqual(['reasoning']);
    expect(splitCompletion('a\n```py\ncut of').map((p) => p.kind)).toEqual(['text', 'code']);
  });

  test('are reasoning up to the end of thinking even without its start', () => {
    expect(splitCompletion('because</think>x')[0]).toEqual({ kind: 'reasoning', text: 'because</think>' });
  });

  test('lose no character', () => {
    fc.assert(
      fc.property(
        tricky,
        (text) =>
          splitCompletion(text)
            .map((p) => p.text)
            .join('') === text,
      ),
    );
  });
});

describe('Python', () => {
  const kinds = (code: string) =>
    tokenizePython(code)
      .filter((t) => t.kind !== 'plain')
      .map((t) => [t.kind, t.text]);

  test('is told apart by kind', () => {
    expect(kinds('def area(r):  # circle\n    return 3.14 * r ** 2')).toEqual([
      ['keyword', 'def'],
      ['name', 'area'],
      ['comment', '# circle'],
      ['keyword', 'return'],
      ['number', '3.14'],
      ['number', '2'],
    ]);
    expect(kinds('print(f"if {x}", 0xFF, 1e-5)')).toEqual([
      ['builtin', 'print'],
      ['string', 'f"if {x}"'],
      ['number', '0xFF'],
      ['number', '1e-5'],
    ]);
  });

  test('strings end where they end: escapes, lines, three quotes, never', () => {
    expect(kinds('"a\\"b" c')).toEqual([['string', '"a\\"b"']]);
    expect(kinds('"open\nx')).toEqual([['string', '"open']]);
    expect(kinds('"""a\n"b\n""" x')).toEqual([['string', '"""a\n"b\n"""']]);
    expect(kinds("'''never")).toEqual([['string', "'''never"]]);
  });

  test('loses no character', () => {
    fc.assert(
      fc.property(
        tricky,
        (code) =>
          tokenizePython(code)
            .map((t) => t.text)
            .join('') === code,
      ),
    );
  });
});
