/** The portable sandbox: verdicts of Python and JavaScript programs. */
import { describe, expect, test } from 'vitest';
import { PORTABLE_LANGUAGES, PortableRunner, portableDescription } from '../../src-main/sandbox/portable/portable.ts';
import type { Limits, Test, TestResult } from '../../src-shared/verdict.ts';
import { call, stdin } from './harness.ts';
import { type Language, run, runAll, SHORT } from './portable-suite.ts';

test('says in one line what it is and what it holds', async () => {
  const runner = await PortableRunner.start();
  expect(runner.description).toMatch(/^Python 3[^\n]*Pyodide[^\n]*QuickJS[^\n]*$/);
  expect(Object.keys(runner.versions)).toEqual([...PORTABLE_LANGUAGES]);
  expect(runner.blocksNetwork).toBe(true);
  expect(portableDescription).toMatch(/^[^\n]{80,}$/);
  expect(PORTABLE_LANGUAGES).toEqual(['python', 'javascript']);
  await runner.stop();
  await runner.stop();
});

const PASSED: readonly (readonly [Language, string, string, Test])[] = [
  ['python', 'a printed answer', 'n = int(input())\nprint(sum(map(int, input().split())))', stdin('6', '3\n1 2 3\n')],
  [
    'python',
    'standard input as a device and as bytes',
    'import os\nprint(open("/dev/stdin", "rb", 0).read(2), len(sys.stdin.buffer.read()), os.read(0, 1))',
    stdin("b'ab' 3000002 b''", `abé${'x'.repeat(3_000_000)}`),
  ],
  ['python', 'standard input as text', 'print(open(0).read()[::-1])', stdin('éß日', '日ßé')],
  [
    'python',
    'a function',
    'def f(a, b): return (a + b, Counter("aab"))',
    call('[[1, 2], {"a": 2, "b": 1}]', '[1]', '[2]'),
  ],
  [
    'python',
    'a method of Solution',
    'class Solution:\n  def f(self, a: List[int]): return max(a) ** 40',
    call(`${9n ** 40n}`, '[4, 9]'),
  ],
  [
    'python',
    'what is printed late',
    'import atexit\natexit.register(lambda: print("late"))\nout = open(1, "w", closefd=False)\nout.write("left open\\n")\nprint(1)\nsys.exit(3)',
    stdin('1\nlate\nleft open'),
  ],
  [
    'python',
    'threads and asyncio',
    'import asyncio, threading\nthreading.stack_size(1 << 27)\nt = threading.Thread(target=lambda: print(5))\nt.start()\nt.join()\nprint(t.is_alive())\nasync def g(n):\n  await asyncio.sleep(n / 100)\n  return n\nasync def main(): print(await asyncio.gather(g(2), g(1)))\nasyncio.run(main())',
    stdin('5\nFalse\n[2, 1]'),
  ],
  [
    'python',
    'recursion through C',
    '@lru_cache(None)\ndef g(n): return n and 1 + g(n - 1)\ndef f(n): return g(n)',
    call('15000', '15000'),
  ],
  [
    'python',
    'a module that the program writes',
    'open("m.py", "w").write("x = 3")\nsys.path.append(".")\nimport m\nprint(m.x)',
    stdin('3'),
  ],
  [
    'javascript',
    'a printed answer',
    'const [n, ...a] = require("fs").readFileSync("/dev/stdin").toString().split(/\\s+/);\nconsole.log(n, a.length)',
    stdin('3 3', '3\n1 2 3'),
  ],
  [
    'javascript',
    'lines of readline',
    'const lines = require("readline").createInterface({ input: process.stdin });\nlet s = 0;\nlines.on("line", (l) => { s += +l; }).on("close", () => console.log(s));',
    stdin('6', '1\n2\r\n3\n'),
  ],
  [
    'javascript',
    'lines that are waited for',
    'async function main() {\n  const lines = require("node:readline").createInterface({ input: process.stdin, output: process.stdout });\n  for await (const l of lines) console.log(l);\n  await new Promise((r) => setTimeout(r, 50));\n  console.log("late");\n}\nmain();',
    stdin('1\n2\nlate', '1\n2'),
  ],
  [
    'javascript',
    'events of standard input',
    'let s = "";\nprocess.stdin.setEncoding("utf8");\nprocess.stdin.on("data", (c) => { s += c; });\nprocess.stdin.on("end", () => process.stdout.write(s.toUpperCase()));',
    stdin('ABÉ', 'abé'),
  ],
  [
    'javascript',
    'an ECMAScript module',
    'import { readFileSync } from "node:fs";\nimport os from "os";\nconst text = await Promise.resolve(readFileSync(0, "utf8"));\nprocess.stdout.write(text.trim() + os.EOL);',
    stdin('7', ' 7 '),
  ],
  [
    'javascript',
    'values as console.log shows them',
    'console.log([1, "a", [2.5, null]], { a: "b" }, new Map([[1, 2]]), new Set([3]), 10n, -0, [], "%d", 1);\nconsole.log("%d of %s", 1, "x");',
    stdin("[ 1, 'a', [ 2.5, null ] ] { a: 'b' } Map(1) { 1 => 2 } Set(1) { 3 } 10n -0 [] %d 1\n1 of x"),
  ],
  ['javascript', 'a function', 'function f(a, b) { return a.concat(b); }', call('[1, 2]', '[1]', '[2]')],
  ['javascript', 'a function in a constant', 'const f = (a) => a.map((x) => x / 2);', call('[1, 0.5]', '[2, 1]')],
  ['javascript', 'a method of Solution', 'class Solution { f(a) { return Math.max(...a); } }', call('9', '[4, 9]')],
  ['javascript', 'an exported function', 'module.exports = { f: (a) => a + 1 };', call('3', '2')],
  ['javascript', 'a promise', 'const f = async (a) => { await null; return a; };', call('"x"', '"x"')],
  ['javascript', 'a whole float', 'const f = () => 3.0;', call('3')],
  ['javascript', 'BigInt', 'const f = (n) => BigInt(n) ** 40n;', call(`${7n ** 40n}`, '7')],
  ['javascript', 'a Map as an object', 'const f = () => new Map([["a", [undefined]]]);', call('{"a": [null]}')],
  [
    'javascript',
    'recursion',
    'const g = (n) => (n ? 1 + g(n - 1) : 0);\nfunction f(n) { return g(n); }',
    call('9000', '9000'),
  ],
  [
    'javascript',
    'what was printed before process.exit',
    'console.log(1);\ntry { process.exit(0); } finally { console.log(2); }',
    stdin('1'),
  ],
];

test.each(PASSED)('%s, %s: passed', async (language, _, code, given) => {
  expect(await run(language, code, given)).toMatchObject({ verdict: 'passed', detail: null });
});

const FAILED: readonly (readonly [
  Language,
  TestResult['verdict'],
  string,
  Test,
  string | RegExp | null,
  Partial<Limits>?,
])[] = [
  ['python', 'wrong-answer', 'print(5)', stdin('6'), null],
  ['python', 'wrong-answer', 'def f(): return [(1, 2)]', call('[[1, 2]]'), null],
  [
    'python',
    'wrong-answer',
    'class E(int):\n  def __eq__(s, o): return True\n  __hash__ = None\ndef f(): return E(2)',
    call('1'),
    null,
  ],
  ['python', 'runtime-error', 'x = 1\n1 / 0', stdin('6'), 'ZeroDivisionError: division by zero (line 2)'],
  ['python', 'runtime-error', 'def g(): pass', call('6'), /NameError: the program defines no function f/],
  ['python', 'runtime-error', 'def f(): sys.exit(0)', call('6'), 'the program ended before the function returned'],
  ['python', 'runtime-error', 'import os\nprint(6, flush=True)\nos._exit(3)', stdin('6'), /exit status 3/],
  ['python', 'runtime-error', 'sys.setrecursionlimit(5000)\ndef g(): g()\ng()', stdin('6'), /RecursionError/],
  ['python', 'runtime-error', 'import os\nos.abort()', stdin('6'), /the interpreter ended: RuntimeError/],
  ['python', 'compile-error', 'x = (\n', stdin('6'), /SyntaxError/],
  ['python', 'compile-error', `x = ${'-'.repeat(200_000)}1`, stdin('6'), /./],
  ['python', 'sandbox-error', 'def f(n): return n', call('1', 'not JSON'), /not one JSON value/],
  ['python', 'time-limit', 'while True: pass', stdin('6'), null, SHORT],
  ['python', 'time-limit', 'import time\ntime.sleep(1000)', stdin('6'), null, SHORT],
  ['python', 'time-limit', 're.match(r"(a+)+$", "a" * 60 + "b")', stdin('6'), null, SHORT],
  [
    'python',
    'time-limit',
    'for i in range(6 * 10 ** 7): pass\nprint(6)',
    stdin('6'),
    null,
    { cpuSeconds: 1, wallMs: 25_000 },
  ],
  ['python', 'memory-limit', 'x = [0] * 10 ** 9', stdin('6'), 'MemoryError'],
  [
    'python',
    'memory-limit',
    'x = []\nwhile True: x.append(" " * 10 ** 7)',
    stdin('6'),
    'MemoryError',
    { memoryMb: 256 },
  ],
  ['python', 'output-limit', 'print("x" * (5 << 20))', stdin('6'), null],
  ['python', 'output-limit', 'def f(): return "x" * 10 ** 7', call('6'), null],
  ['python', 'output-limit', 'f = open("big", "wb")\nwhile True: f.write(b"x" * 10 ** 6)', stdin('6'), /No space left/],
  ['python', 'output-limit', 'for i in range(10 ** 5): open(str(i), "w").write("x")', stdin('6'), /No space left/],
  ['javascript', 'wrong-answer', 'console.log(5)', stdin('6'), null],
  ['javascript', 'wrong-answer', 'const f = () => 0.1 + 0.2;', call('0.3'), null],
  ['javascript', 'wrong-answer', 'const f = () => ({ toJSON: () => 1, valueOf: () => 1 });', call('1'), null],
  ['javascript', 'runtime-error', '\nnull.x', stdin('6'), "TypeError: cannot read property 'x' of null (line 2)"],
  ['javascript', 'runtime-error', 'throw 5', stdin('6'), 'Uncaught 5'],
  ['javascript', 'runtime-error', 'const g = 1;', call('6'), /ReferenceError: the program defines no function f/],
  [
    'javascript',
    'runtime-error',
    'function f() { process.exit(0); }',
    call('6'),
    'the program ended before the function returned',
  ],
  ['javascript', 'runtime-error', 'const f = () => new Promise(() => {});', call('6'), /waits for what cannot happen/],
  ['javascript', 'runtime-error', 'console.log(6);\nprocess.exit(4)', stdin('6'), /exit status 4/],
  ['javascript', 'runtime-error', 'const g = () => g();\ng()', stdin('6'), /stack overflow/],
  [
    'javascript',
    'runtime-error',
    'console.log(require("fs").readFileSync("/etc/passwd", "utf8"))',
    stdin('6'),
    /ENOENT/,
  ],
  ['javascript', 'compile-error', 'let x = (', stdin('6'), /SyntaxError/],
  ['javascript', 'compile-error', 'import { x } from "fs";\nlet y = 1;\nlet y = 2;', stdin('6'), /SyntaxError/],
  ['javascript', 'sandbox-error', 'const f = (n) => n;', call('1', 'not JSON'), /not one JSON value/],
  ['javascript', 'time-limit', 'for (;;);', stdin('6'), null, SHORT],
  ['javascript', 'time-limit', '(function next() { Promise.resolve().then(next); })()', stdin('6'), null, SHORT],
  ['javascript', 'time-limit', 'setInterval(() => {}, 10)', stdin('6'), null, SHORT],
  [
    'javascript',
    'memory-limit',
    'const a = [];\nfor (;;) a.push(new Array(1e5).fill(1));',
    stdin('6'),
    null,
    { memoryMb: 128 },
  ],
  [
    'javascript',
    'memory-limit',
    'const f = () => new Uint8Array(1e9).fill(1);',
    call('6'),
    'out of memory',
    { memoryMb: 128 },
  ],
  ['javascript', 'output-limit', 'for (let i = 0; i < 5; i += 1) console.log("x".repeat(1 << 20))', stdin('6'), null],
  ['javascript', 'output-limit', 'const f = () => "x".repeat(1e7);', call('6'), null],
];

for (const [language, verdict, code, given, detail, limits] of FAILED) {
  test(`${language}: ${verdict} of ${JSON.stringify(code.slice(0, 80))}`, async () => {
    const result = await run(language, code, given, limits);
    expect(result.verdict).toBe(verdict);
    if (detail !== null) expect(result.detail).toMatch(detail);
  });
}

describe('tests of a checker', () => {
  test('asserts call a program that never sees them', async () => {
    const code = [
      'import gc',
      'count = 0',
      'class Box: pass',
      'def f(a):',
      '  global count',
      '  count += 1',
      '  return Box() if a is None else [count, sum(a)]',
      'def g(box): return type(box).__name__',
      'def h(): return len([o for o in gc.get_objects() if isinstance(o, str) and "never" + " seen" in o])',
    ].join('\n');
    const asserts = (input: string): Test => ({ kind: 'asserts', input, expected: '' });
    const { tests } = await runAll('python', code, [
      asserts(
        '"never seen"\nassert candidate([1, 2]) == [1, 3] and f([]) == [2, 0]\nassert g(f(None)) == "Box"\nassert h() == 0',
      ),
      asserts('assert f([1]) == [1, 1], "begins anew"\nassert f([2]) == [1, 2], "no: shares a module"'),
      asserts('for i in range(50): assert f([i]) == [i + 1, i]'),
    ]);
    expect(tests.map(({ verdict }) => verdict)).toEqual(['passed', 'wrong-answer', 'passed']);
    expect(tests[1]?.detail).toContain('no: shares a module');
    expect((await run('python', 'def f(: pass', asserts('assert f() == 1'))).verdict).toBe('compile-error');
    expect((await run('python', 'def f():\n  while 1: pass', asserts('f()'), SHORT)).verdict).toBe('time-limit');
    expect((await run('python', 'import os\ndef f(): os._exit(0)', asserts('f()'))).verdict).toBe('runtime-error');
    expect((await run('python', 'def f(): return 1', asserts('assert f() == 1'))).verdict).toBe('passed');
  });

  test('code judges what was printed', async () => {
    const checked = (language: Language, code: string): Test => ({
      ...stdin('any two that make 6', '6\n'),
      comparison: { kind: 'checker', language, code },
    });
    const python =
      'import sys\na, b, c = (open(p).read() for p in sys.argv[1:])\nprint("sum", sum(map(int, b.split())))\nsys.exit(int(a) != sum(map(int, b.split())))';
    const javascript =
      'const fs = require("fs");\nconst [a, b, c] = process.argv.slice(2).map((p) => fs.readFileSync(p, "utf8"));\nprocess.exit(c.startsWith("any") && +a === b.split(" ").reduce((x, y) => x + +y, 0) ? 0 : 1);';
    const { tests } = await runAll('python', 'print(int(input()) - 2, 2)', [
      checked('python', python),
      checked('javascript', javascript),
    ]);
    expect(tests.map(({ verdict }) => verdict)).toEqual(['passed', 'passed']);
    const wrong = await runAll('javascript', 'console.log("4 3")', [
      checked('python', python),
      checked('javascript', javascript),
    ]);
    expect(wrong.tests.map(({ verdict }) => verdict)).toEqual(['wrong-answer', 'wrong-answer']);
    expect(wrong.tests[0]?.detail).toBe('sum 7');
  });
});

test('what was printed before a limit is shown', async () => {
  const python = await run('python', 'print("so far", flush=True)\nwhile True: pass', stdin('6'), SHORT);
  expect(python).toMatchObject({ verdict: 'time-limit', got: 'so far\n' });
  const javascript = await run('javascript', 'console.log("so far");\nfor (;;);', stdin('6'), SHORT);
  expect(javascript).toMatchObject({ verdict: 'time-limit', got: 'so far\n' });
});

describe('apart', () => {
  test('tests: no state, no files and no input is left from one to the next', async () => {
    const python = [
      'import builtins, gc, heapq, os',
      'def f(secret):',
      '  seen = [o for o in gc.get_objects() if isinstance(o, (str, bytes, bytearray)) and "s3cr" in str(o)]',
      '  kept = globals().setdefault("kept", [])',
      '  kept.append(1)',
      '  before = os.listdir("."), len, heapq.heappop([7])',
      '  open("kept", "w").write("x")',
      '  open("/dev/stdin").close()',
      '  os.environ["X"] = "y"',
      '  builtins.len = heapq.heappop = lambda x: "tampered"',
      '  return [sum(kept), before[0], before[2], str(before[1]), sum(1 for _ in seen)]',
    ].join('\n');
    const names = ['s3cret-1', 's3cret-2', 's3cret-3'];
    const expected = '[1, [], 7, "<built-in function len>", 0]';
    const result = await runAll(
      'python',
      python,
      names.map((name) => call(expected, `"${name}"`)),
    );
    expect(result.tests.map(({ got }) => got)).toEqual(Array(3).fill(expected));
    expect(result.verdict).toBe('passed');

    const javascript = [
      'globalThis.kept ??= 0;',
      'const tampered = [].map !== Array.prototype.map || Object.prototype.x !== undefined || [2, 1].sort()[0] !== 1;',
      'function f() {',
      '  kept += 1;',
      '  Object.prototype.x = 1;',
      '  Array.prototype.sort = () => [9];',
      '  return [kept, tampered, Math.random()];',
      '}',
    ].join('\n');
    const first = await run('javascript', javascript, call('0'));
    const { tests } = await runAll('javascript', javascript, [call(first.got?.toLowerCase() ?? ''), call('0')]);
    expect(first.got).toMatch(/^\[1, False, 0\.\d+\]$/);
    expect(tests.map(({ got }) => got)).toEqual([first.got, first.got]);
  });

  test('programs: nothing of one is seen by the next', async () => {
    const leave =
      'import builtins, os, sys\nbuiltins.left = 1\nsys.modules["left"] = sys\nopen("left", "w").write("x")\nos.environ["LEFT"] = "1"\nprint(6)';
    expect((await run('python', leave, stdin('6'))).verdict).toBe('passed');
    const look =
      'import os, sys\nprint("left" in dir(__builtins__), "left" in sys.modules, os.listdir("."), "LEFT" in os.environ)';
    expect((await run('python', look, stdin('False False [] False'))).verdict).toBe('passed');
    expect((await run('javascript', 'globalThis.left = 1;\nconsole.log(6)', stdin('6'))).verdict).toBe('passed');
    expect((await run('javascript', 'console.log(typeof left)', stdin('undefined'))).verdict).toBe('passed');
  });

  test('the same answer each time: random numbers and the order of sets are seeded', async () => {
    const code = 'print(random.random(), list({str(i) for i in range(50)}))';
    const answers = [await run('python', code, stdin('')), await run('python', code, stdin(''))];
    expect(answers[0]?.got).toBe(answers[1]?.got);
  });
});
