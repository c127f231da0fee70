/** The playground's program: kept, checked and sent; and what the keys do to its code. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Edit, indent, newLine, outdent } from '../../../src-renderer/lib/indent.ts';
import {
  type Draft,
  EXAMPLES,
  firstDraft,
  newTest,
  programOf,
  readDraft,
} from '../../../src-renderer/lib/program-draft.ts';
import { calls, PROGRAM_BOUNDS } from '../../../src-shared/api.ts';

const faultsOf = (change: Partial<Draft>) => {
  const program = programOf({ ...firstDraft, ...change });
  return 'faults' in program ? program.faults : {};
};
const sent = (change: Partial<Draft>) => {
  const program = programOf({ ...firstDraft, ...change });
  return 'input' in program ? program.input : null;
};

describe('what is sent', () => {
  test.each(EXAMPLES.map(({ id, draft }) => [id, draft] as const))(
    'the example %s is what the app takes',
    (_, draft) => {
      const program = programOf(draft);
      expect('input' in program && calls.runProgram.input.safeParse(program.input).error).toBeUndefined();
    },
  );

  test('tests with their comparison, and the function only where tests call one', () => {
    const tests = [newTest('1', '2'), newTest('1', '2', 'unordered'), newTest('1', '2', 'tolerance')];
    expect(sent({ tests })).toMatchObject({
      functionName: 'longest_run',
      limits: { wallMs: 2000, memoryMb: 256 },
      tests: [
        { kind: 'functional', input: '1', expected: '2' },
        { comparison: { kind: 'unordered' } },
        { comparison: { kind: 'tolerance', absolute: 1e-9, relative: 1e-9 } },
      ],
    });
    expect(sent({ tests })?.tests[0]).not.toHaveProperty('comparison');
    expect(sent({ kind: 'stdin', functionName: 'f' })).not.toHaveProperty('functionName');
    // Asserts bring their own comparison.
    expect(sent({ kind: 'asserts', tests })?.tests[2]).toEqual({ kind: 'asserts', input: '1', expected: '' });
  });

  test.each([
    [{ code: ' \n' }, 'code'],
    [{ code: 'x'.repeat(PROGRAM_BOUNDS.codeChars + 1) }, 'code'],
    [{ functionName: ' ' }, 'functionName'],
    [{ tests: [] }, 'tests'],
    [{ tests: Array.from({ length: PROGRAM_BOUNDS.tests + 1 }, () => newTest()) }, 'tests'],
    [{ wallMs: '' }, 'wallMs'],
    [{ wallMs: '49' }, 'wallMs'],
    [{ wallMs: '1e9' }, 'wallMs'],
    [{ memoryMb: '100.5' }, 'memoryMb'],
    [{ tests: [{ ...newTest('', '', 'tolerance'), absolute: '-1' }] }, 'tests.0.absolute'],
    [{ tests: [{ ...newTest('', '', 'tolerance'), relative: 'much' }] }, 'tests.0.relative'],
  ] satisfies [Partial<Draft>, string][])('%j is not sent: %s', (change, path) => {
    expect(Object.keys(faultsOf(change))).toEqual([path]);
  });

  test('a tolerance that is not used is not looked at', () => {
    expect(faultsOf({ tests: [{ ...newTest(), absolute: 'much' }] })).toEqual({});
  });
});

describe('what is kept', () => {
  test('comes back; what is none is the first example', () => {
    const mine: Draft = { ...firstDraft, code: 'print(1)', wallMs: '12' };
    expect(readDraft(JSON.stringify(mine))).toEqual(mine);
    for (const text of [undefined, '', '{', 'null', JSON.stringify({ ...mine, kind: 'other' })])
      expect(readDraft(text)).toEqual(firstDraft);
  });
});

/** `|` stands for the cursor, two of them for a selection. */
function typed(marked: string, edit: (code: string, start: number, end: number) => Edit): string {
  const start = marked.indexOf('|');
  const code = marked.replaceAll('|', '');
  const end = marked.lastIndexOf('|') === start ? start : marked.lastIndexOf('|') - 1;
  const { from, to, text, start: s, end: e } = edit(code, start, end);
  const after = code.slice(0, from) + text + code.slice(to);
  return s === e
    ? `${after.slice(0, s)}|${after.slice(s)}`
    : `${after.slice(0, s)}|${after.slice(s, e)}|${after.slice(e)}`;
}

describe('keys', () => {
  test.each([
    ['a|b', 'a   |b'],
    ['|ab', '    |ab'],
    ['    |x', '        |x'],
    ['a|bc|d', 'a   |d'],
    ['x\n|a\n\nb|\n', 'x\n    |a\n\n    b|\n'],
    ['|a\n|b', '    |a\n|b'],
    ['|\na|', '|\n    a|'],
  ])('Tab: %j becomes %j', (before, after) => expect(typed(before, indent)).toBe(after));

  test.each([
    ['    a|b', 'a|b'],
    ['  |ab', '|ab'],
    ['\t|ab', '|ab'],
    ['a|b', 'a|b'],
    ['|        a\n  b|', '|    a\nb|'],
  ])('Shift+Tab: %j becomes %j', (before, after) => expect(typed(before, outdent)).toBe(after));

  test.each([
    ['a|', 'a\n|'],
    ['    a|b', '    a\n    |b'],
    ['if x:|', 'if x:\n    |'],
    ['  {  |', '  {  \n      |'],
    ['a|bc|d', 'a\n|d'],
  ])('Enter: %j becomes %j', (before, after) => expect(typed(before, newLine)).toBe(after));

  test('Tab and then Shift+Tab over whole lines gives the code back', () => {
    const line = fc.stringMatching(/^[ a-z]{0,6}$/);
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 5 }), (lines) => {
        const code = lines.join('\n');
        const apply = (before: string, { from, to, text }: Edit) => before.slice(0, from) + text + before.slice(to);
        const far = indent(code, 0, code.length);
        const moved = apply(code, far);
        expect(apply(moved, outdent(moved, far.start, far.end))).toBe(code);
      }),
      { numRuns: 500 },
    );
  });
});
