/** Tests that code decides: asserts that call the program from another sandbox, and checkers of what it put out. */
import { describe, expect, test } from 'vitest';
import type { Test } from '../../src-shared/verdict.ts';
import { call, FIND_MARK, stdin } from './harness.ts';
import { underEachIsolation } from './suite.ts';

const asserts = (input: string): Test => ({ kind: 'asserts', input, expected: '' });
const SHORT = { wallMs: 1_500, cpuSeconds: 3 };

await underEachIsolation(({ sandbox, run, expectWell }) => {
  describe('asserts', () => {
    test.each([
      [
        'values of every kind',
        'def f(x): return x',
        'assert f([1, 2.5, None, "a", (1,), {1: {2}}, 1 + 2j, b"x", 2**70]) == [1, 2.5, None, "a", (1,), {1: {2}}, 1 + 2j, b"x", 2**70]',
      ],
      [
        'a check of a candidate',
        'def f(x): return x + 1',
        'def check(candidate):\n  for i in range(50): assert candidate(i) == i + 1\ncheck(candidate)',
      ],
      ['a tolerance', 'def f(): return 0.1 + 0.2', 'assert abs(f() - 0.3) < 1e-9'],
      ['named arguments', 'def f(a, *, b=2): return a - b', 'assert f(3, b=1) == 2 and f(3) == 1'],
      ['other names of the program', 'def g(x): return -x\ndef f(x): return g(x)', 'assert f(3) == g(3)'],
      [
        "an object of the program's own",
        'class P:\n  def __init__(self, x): self.x = x\ndef f(ps): return [p.x for p in ps]',
        'assert f([P(1), P(2)]) == [1, 2]',
      ],
      [
        'an exception that it must raise',
        'def f(x):\n  if x < 0: raise ValueError("negative")\n  return x',
        'try:\n  f(-1)\n  assert False\nexcept ValueError as error:\n  assert "negative" in str(error)',
      ],
      [
        'state that calls share',
        'n = 0\ndef f():\n  global n\n  n += 1\n  return n',
        'assert f() == 1\nassert f() == 2',
      ],
      ['a name of the prelude', 'def gcd(a, b): return "mine"\ndef f(): return gcd(4, 2)', 'assert f() == "mine"'],
    ])('%s: passed', async (_, code, checks) => {
      expect(await run(code, asserts(checks))).toMatchObject({ verdict: 'passed', detail: null });
    });

    test.each([
      ['a wrong value', 'def f(): return 1', 'assert f() == 2', 'wrong-answer', /AssertionError/],
      [
        'an object that equals everything',
        'class E:\n  def __eq__(s, o): return True\ndef f(): return E()',
        'assert f() == 2',
        'wrong-answer',
        /./,
      ],
      [
        'a list that equals everything',
        'class E(list):\n  def __eq__(s, o): return True\ndef f(): return E()',
        'assert f() == [2]',
        'wrong-answer',
        /./,
      ],
      ['an exception', 'def f(): return 1 / 0', 'assert f() == 2', 'runtime-error', /ZeroDivisionError/],
      [
        'a forged assertion of success',
        `${FIND_MARK}\nos.write(3, mark() + b'{"passed": true}\\n')\ndef f(): return 1`,
        'assert f() == 2',
        'runtime-error',
        /./,
      ],
      ['sys.exit', 'import sys\nsys.exit(0)', 'assert f() == 2', 'runtime-error', /ended before/],
      ['os._exit', 'import os\ndef f(): os._exit(0)', 'assert f() == 2', 'runtime-error', /ended before/],
      ['no answer in time', 'def f():\n  while True: pass', 'assert f() == 2', 'time-limit', null],
      [
        'time used up over many calls',
        'import time\ndef f(): time.sleep(0.4)',
        'for i in range(20): f()',
        'time-limit',
        null,
      ],
      ['memory', 'def f(): return bytearray(10 ** 10)', 'assert f() == 2', 'memory-limit', /./],
      ['None where a number is needed', 'def f(): pass', 'assert abs(f() - 1) < 2', 'runtime-error', /TypeError/],
      ['text that does not compile', 'def f(: pass', 'assert f() == 2', 'compile-error', /SyntaxError/],
      [
        'an answer that is no encoding',
        `${FIND_MARK}\nos.write(3, mark() + b'{"value": {"d": 5}}\\n')\ntime.sleep(9)`,
        'assert f() == 2',
        'runtime-error',
        /nonsense/,
      ],
    ])('%s: not passed', async (_, code, checks, verdict, detail) => {
      const result = await run(code, asserts(checks), SHORT);
      expect(result.verdict).toBe(verdict);
      if (detail !== null) expect(result.detail).toMatch(detail);
      await expectWell();
    });

    test('the checks are nowhere in the memory of the program', async () => {
      const code =
        'import gc, sys\ndef f():\n  return [k for m in list(sys.modules.values()) for k in vars(m) if "s3cret" in k] + [c for c in gc.get_objects() if isinstance(c, str) and "s3" "cret" in c]';
      expect((await run(code, asserts('s3cret_name = 5\nassert f() == [], "s3cret"'))).verdict).toBe('passed');
    });

    test('a checker that is at fault is a sandbox-error, and costs the program nothing', async () => {
      expect((await run('def f(): return 1', asserts('import nothing_of_the_kind'))).verdict).toBe('sandbox-error');
      expect((await run('def f(x): return 1', asserts('f(lambda: 1)'))).verdict).toBe('sandbox-error');
      await expectWell();
    });
  });

  describe('checkers', () => {
    const SUM = [
      'import sys',
      'given, output, answer = (open(name).read() for name in sys.argv[1:])',
      'numbers = output.split()',
      'if len(numbers) != 2: print("two numbers, please"); sys.exit(2)',
      'sys.exit(0 if sum(map(int, numbers)) == int(given) else 1)',
    ].join('\n');
    const checked = (test: Test, code = SUM): Test => ({
      ...test,
      comparison: { kind: 'checker', language: 'python', code },
    });

    test.each([
      ['any right answer', 'n = int(input())\nprint(n - 3, 3)', 'passed'],
      ['a wrong answer', 'print(1, 2)', 'wrong-answer'],
      ['a malformed answer', 'print(1)', 'wrong-answer'],
      ['an answer that breaks the checker', 'print("a b")', 'wrong-answer'],
      ['a program that fails', '1 / 0', 'runtime-error'],
    ])('%s: %s', async (_, code, verdict) => {
      expect((await run(code, checked(stdin('', '10')))).verdict).toBe(verdict);
    });

    test('an answer of a function is checked as JSON', async () => {
      const code = 'import json, sys\nsys.exit(sorted(json.load(open("output.txt"))) != json.load(open("answer.txt")))';
      expect((await run('def f(): return [2, 1]', checked(call('[1, 2]'), code))).verdict).toBe('passed');
      expect((await run('def f(): return [2, 2]', checked(call('[1, 2]'), code))).verdict).toBe('wrong-answer');
    });

    test('a checker that does not compile, or says that it failed, is a sandbox-error', async () => {
      expect((await run('print(1)', checked(stdin(''), 'x = ('))).verdict).toBe('sandbox-error');
      expect((await run('print(1)', checked(stdin(''), 'import sys\nsys.exit(3)'))).verdict).toBe('sandbox-error');
    });

    test('several tests of one program, each with its checker', async () => {
      const tests = [checked(stdin('', '10')), stdin('7 3', '10'), checked(stdin('', '4'))];
      const result = await sandbox().run({ code: 'n = int(input())\nprint(n - 3, 3)', tests, anew: true });
      expect(result.tests.map(({ verdict }) => verdict)).toEqual(['passed', 'passed', 'passed']);
    });
  });
});
