/** What cannot be run in a sandbox is refused by name: the language, the kind of test, the checker. */
import { describe, expect, test } from 'vitest';
import { type LanguageReport, refuseWhatCannotRun, whyNotRun } from '../../../src-main/sandbox/can-run.ts';
import type { Test } from '../../../src-shared/verdict.ts';

const python: LanguageReport = {
  language: 'python',
  title: 'Python',
  kinds: ['functional', 'stdin'],
  version: '3.11',
  missing: null,
};
const cpp: LanguageReport = { ...python, language: 'cpp', title: 'C++', version: null, missing: 'install g++' };
const plain: Test = { kind: 'stdin', input: '', expected: '' };
const judged = (language: 'python' | 'cpp' | 'javascript'): Test => ({
  ...plain,
  comparison: { kind: 'checker', language, code: '' },
});

describe('a program', () => {
  test.each([
    ['python', [plain, judged('python')], null],
    ['cpp', [plain], 'C++: install g++'],
    ['java', [plain], 'java: is not known'],
    [
      'python',
      [plain, { ...plain, kind: 'asserts' }],
      'Python: programs have no asserts tests here, only functional, stdin',
    ],
    ['python', [plain, judged('cpp')], 'the checker, C++: install g++'],
    ['python', [judged('javascript')], 'the checker, javascript: is not known'],
  ] as const)('in %s on %j: %s', (language, tests, why) => {
    const languages = [python, cpp];
    expect(whyNotRun(languages, language, tests)).toBe(why);
    const run = () => refuseWhatCannotRun(languages, language, null, tests);
    if (why === null) expect(run).not.toThrow();
    else expect(run).toThrow(new RangeError(`This program cannot be judged here: ${why}`));
  });

  test('needs the name of the function that tests call', () => {
    const call: Test = { ...plain, kind: 'functional' };
    expect(() => refuseWhatCannotRun([python], 'python', null, [plain, call])).toThrow(TypeError);
    expect(() => refuseWhatCannotRun([python], 'python', 'f', [plain, call])).not.toThrow();
  });
});
