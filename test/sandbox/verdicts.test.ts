/** How programs are judged, under each isolation that works on this machine. */
import { describe, expect, test } from 'vitest';
import { call, stdin } from './harness.ts';
import { underEachIsolation } from './suite.ts';

await underEachIsolation(({ level, isolated, sandbox, run }) => {
  test('says what it is, in one line', () => {
    expect(sandbox().isolation.level).toBe(level);
    expect(sandbox().isolation.detail).toMatch(/^[^\n]*Python 3[^\n]*$/);
    if (isolated) expect(sandbox().isolation.network).toBe(false);
  });

  describe('judges', () => {
    test.each([
      ['a printed answer', 'n = int(input())\nprint(sum(map(int, input().split())))', stdin('6', '3\n1 2 3\n')],
      ['decimals', 'print(0.50, "1e3")', stdin('0.5 1000')],
      ['a function', 'def f(a, b): return a + b', call('[1, 2]', '[1]', '[2]')],
      [
        'a method of Solution',
        'class Solution:\n  def f(self, a: List[int]) -> int: return max(a)',
        call('9', '[4, 9]'),
      ],
      ['a tuple as a list', 'def f(): return (1, 2)', call('[1, 2]')],
      ['True as 1', 'def f(): return True', call('1')],
      ['whole numbers of any size', 'def f(n): return n ** 40', call(`${7n ** 40n}`, '7')],
      ['dicts of a subclass', 'def f(): return Counter("aab")', call('{"a": 2, "b": 1}')],
      ['an integral Fraction', 'from fractions import Fraction\ndef f(): return Fraction(4, 2)', call('2')],
      ['what was printed before sys.exit', 'print(1)\nsys.exit(3)', stdin('1')],
      ['output that atexit writes', 'import atexit\natexit.register(lambda: print("late"))', stdin('late')],
      [
        'a thread that is not joined',
        'import threading\nthreading.Thread(target=lambda: print(5)).start()',
        stdin('5'),
      ],
      ['a file object left open', 'out = open(1, "w", closefd=False)\nout.write("7")', stdin('7')],
      ['deep recursion', 'def g(n): return n and 1 + g(n - 1)\ndef f(n): return g(n)', call('20000', '20000')],
      ['bytes of standard input', 'print(len(sys.stdin.buffer.read()))', stdin('4', 'éab')],
      ['unicode', 'print(input()[::-1])', stdin('éß日', '日ßé')],
      [
        'a module that the program writes',
        'open("m.py", "w").write("x = 3")\nsys.path.append(".")\nimport m\nprint(m.x)',
        stdin('3'),
      ],
      ['a long input', 'print(len(input()))', stdin('3000000', 'x'.repeat(3_000_000))],
      ['an unread long input', 'print(1)', stdin('1', 'x'.repeat(3_000_000))],
      [
        'subprocesses',
        'import subprocess\nprint(subprocess.run(["/bin/echo", "hi"], capture_output=True).stdout)',
        stdin("b'hi\\n'"),
      ],
    ])('%s: passed', async (_, code, given) => {
      const result = await run(code, given);
      expect(result).toMatchObject({ verdict: 'passed', detail: null });
    });

    test.each([
      ['other text', 'print(5)', stdin('6')],
      ['no text', 'pass', stdin('6')],
      ['a nested tuple', 'def f(): return [(1, 2)]', call('[[1, 2]]')],
      ['a number near', 'def f(): return 0.1 + 0.2', call('0.3')],
      ['None', 'def f(): pass', call('0')],
      ['NaN', 'def f(): return float("nan")', call('NaN')],
      ['a set', 'def f(): return {1}', call('[1]')],
      ['a list that contains itself', 'def f():\n  a = []\n  a.append(a)\n  return a', call('[]')],
      ['an object equal to everything', 'class E:\n  def __eq__(s, o): return True\ndef f(): return E()', call('1')],
      [
        'an int equal to everything',
        'class E(int):\n  def __eq__(s, o): return True\n  __hash__ = None\ndef f(): return E(2)',
        call('1'),
      ],
      [
        'a list that iterates as another',
        'class E(list):\n  def __iter__(s): return iter([1])\ndef f(): return E([2])',
        call('[1]'),
      ],
      ['sys.exit before the answer', 'sys.exit(0)', stdin('6')],
      ['bytes that are not UTF-8', 'sys.stdout.buffer.write(b"\\xff\\xfe")', stdin('6')],
    ])('%s: wrong-answer', async (_, code, given) => {
      expect((await run(code, given)).verdict).toBe('wrong-answer');
    });

    test.each([
      ['an exception', 'x = 1\n1 / 0', stdin('6'), 'ZeroDivisionError: division by zero (line 2)'],
      ['sys.exit in a function', 'def f(): sys.exit(0)', call('6'), 'the program ended before the function returned'],
      [
        'os._exit in a function',
        'import os\ndef f(): os._exit(0)',
        call('6'),
        'the program ended before the function returned',
      ],
      ['os._exit at once', 'import os\nos._exit(0)', call('6'), 'the program ended before the function returned'],
      ['an exit status', 'import os\nprint(6, flush=True)\nos._exit(3)', stdin('6'), 'exit status 3'],
      ['a missing function', 'def g(): pass', call('6'), 'NameError: the program defines no function f'],
      ['endless recursion', 'def g(): g()\ng()', stdin('6'), /RecursionError|signal 11/],
      ['abort', 'import os\nos.abort()', stdin('6'), 'killed by signal 6'],
      ['an exception that cannot be printed', 'class E(Exception):\n  def __str__(s): 1/0\nraise E', stdin('6'), /E/],
      ['an exception in place of an answer', 'print(6)\nraise KeyboardInterrupt', stdin('6'), /KeyboardInterrupt/],
    ])('%s: runtime-error', async (_, code, given, detail) => {
      const result = await run(code, given);
      expect(result.verdict).toBe('runtime-error');
      expect(result.detail).toMatch(detail);
    });

    test.each([
      ['bad syntax', 'x = (\n'],
      ['bad indentation', 'if 1:\nx'],
      ['a null byte', 'x = 1\0'],
      ['nesting that no parser takes', '('.repeat(100_000)],
      ['an expression too deep', `x = ${'-'.repeat(200_000)}1`],
      ['lone surrogates', 'x = \ud800'],
    ])('%s: compile-error', async (_, code) => {
      const result = await run(code);
      expect(result.verdict).toBe('compile-error');
      expect(result.detail).not.toBeNull();
    });

    test('tests apart: no state, no files and no input is left from one to the next', async () => {
      const code = [
        'import gc, os',
        'def f(secret):',
        '  seen = [o for o in gc.get_objects() if isinstance(o, (str, bytes, bytearray)) and "s3cr" in str(o)]',
        '  kept = globals().setdefault("kept", [])',
        '  kept.append(1)',
        '  before = os.listdir(".")',
        '  open("kept", "w").write("x")',
        '  return [len(kept), before, len(seen)]',
      ].join('\n');
      const tests = ['one', 'two', 'three'].map((name) => call('[1, [], 0]', `"${name}"`));
      const { verdict, tests: results } = await sandbox().run({ code, functionName: 'f', tests });
      expect(results.map(({ got }) => got)).toEqual(Array(3).fill('[1, [], 0]'));
      expect(verdict).toBe('passed');
    });

    test('the same answer each time: random numbers and the order of sets are seeded', async () => {
      const code = 'print(random.random(), list({str(i) for i in range(50)}))';
      const answers = new Set<string | null>();
      for (let i = 0; i < 3; i += 1) answers.add((await run(code)).got);
      expect(answers.size).toBe(1);
    });

    test('stops at the first failure where asked', async () => {
      const tests = [call('1', '1'), call('3', '2'), call('3', '3')];
      const program = { code: 'def f(n): return n', functionName: 'f', tests };
      const all = await sandbox().run(program);
      expect(all.verdict).toBe('wrong-answer');
      expect(all.tests.map(({ verdict }) => verdict)).toEqual(['passed', 'wrong-answer', 'passed']);
      expect((await sandbox().run({ ...program, stopAtFirstFailure: true })).tests).toHaveLength(2);
    });

    test('a test that is no test is a sandbox-error, never a wrong answer', async () => {
      expect((await run('def f(n): return n', call('1', 'not JSON'))).verdict).toBe('sandbox-error');
      expect((await run('def f(n): return n', call('not JSON', '1'))).verdict).toBe('sandbox-error');
      expect((await sandbox().run({ code: '', tests: [] })).verdict).toBe('sandbox-error');
    });
  });
});
