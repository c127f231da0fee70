/** The portable sandbox: verdicts of Python and JavaScript programs, programs that are hostile, and its own life. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pool } from '../../src-main/sandbox/pool.ts';
import {
  PORTABLE_KINDS,
  PORTABLE_LANGUAGES,
  PortableRunner,
  portableDescription,
} from '../../src-main/sandbox/portable/portable.ts';
import { DEFAULT_LIMITS } from '../../src-main/sandbox/sandbox.ts';
import type { Limits, ProgramResult, Test, TestResult } from '../../src-shared/verdict.ts';
import { alive, call, descendants, ProcessWatch, stdin } from './harness.ts';

type Language = (typeof PORTABLE_LANGUAGES)[number];

const SECRET = 'a secret of the test process';
const SHORT = { wallMs: 800 };
const outside = { TMPDIR: process.env.TMPDIR };
let folder: string;
let watch: ProcessWatch;
let pool: Pool;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  process.env.TMPDIR = folder;
  process.env.ASSAY_TEST_SECRET = SECRET;
  watch = new ProcessWatch();
  pool = new Pool(1, await PortableRunner.start(), () => PortableRunner.start());
});

afterAll(async () => {
  watch.look();
  watch.stop();
  await pool.close();
  if (outside.TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = outside.TMPDIR;
  delete process.env.ASSAY_TEST_SECRET;
  const left = readdirSync(folder);
  rmSync(folder, { recursive: true });
  expect(watch.count).toBeGreaterThan(0);
  expect(await watch.survivors()).toEqual([]);
  expect(left).toEqual([]);
});

/** The result of a program whose function is `f`. */
function runAll(
  language: Language,
  code: string,
  tests: readonly Test[],
  limits: Partial<Limits> = {},
): Promise<ProgramResult> {
  const program = { language, code, functionName: 'f', limits: { ...DEFAULT_LIMITS, ...limits } };
  return pool.run({ program, tests, stopAtFirstFailure: false, signal: undefined });
}

async function run(language: Language, code: string, given: Test, limits?: Partial<Limits>): Promise<TestResult> {
  const { tests } = await runAll(language, code, [given], limits);
  const [result] = tests;
  if (result === undefined || tests.length !== 1) throw new Error(`${tests.length} results for one test`);
  return result;
}

const WELL: Readonly<Record<Language, string>> = {
  python: 'print(input())',
  javascript: 'console.log(require("fs").readFileSync(0, "utf8"))',
};

/** The next program is judged as if nothing had been before it. */
async function expectWell(language: Language): Promise<void> {
  expect(await run(language, WELL[language], stdin('still well', 'still well'))).toMatchObject({ verdict: 'passed' });
}

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

/** Python that finds what a name is bound to anywhere in the interpreter's memory. */
const FIND = [
  'import gc',
  'def find(wanted):',
  '  seen, stack = set(), list(gc.get_objects())',
  '  while stack:',
  '    o = stack.pop()',
  '    if id(o) in seen: continue',
  '    seen.add(id(o))',
  '    if type(o).__name__ == "builtin_function_or_method" and o.__name__ == wanted: return o',
  '    stack.extend(gc.get_referents(o))',
  'array = find("to_js")([1])',
].join('\n');
/** A WebAssembly module as dlopen wants it. */
const SIDE_MODULE = 'AGFzbQEAAAAADwhkeWxpbmsuMAEEAAAAAA==';
/** What the sandbox's process sends when a test has ended. */
const FORGED = JSON.stringify({
  kind: 'result',
  status: 'exited',
  code: 0,
  detail: '',
  stderr: '',
  memoryMb: 1,
  cpuMs: 1,
  spent: false,
});

/** What raises an exception in Python, each in place of an escape. */
const REFUSED = [
  'import js',
  'import pyodide_js',
  'from pyodide.code import run_js',
  'from _pyodide_core import to_js',
  'for m in ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core"): sys.modules.pop(m, None)\nfrom pyodide.code import run_js\nrun_js("1")',
  'array.constructor.constructor("return 1")()',
  'array.constructor.prototype.push = 1',
  'array.constructor.constructor.prototype.call = 1',
  '[o for o in gc.get_objects() if "JsProxy" in str(type(o)) and hasattr(o, "_module")][0]',
  'assert any(hasattr(array.constructor.constructor, n) for n in ("process", "require", "fetch"))',
  'import os\nassert os.system("true") == 0',
  'import ctypes\nassert ctypes.CDLL(None).system(b"true") == 0',
  'import subprocess\nsubprocess.run(["true"])',
  'import os\nos.fork()',
  'import os\nos.kill(os.getppid(), 0)\nassert os.getppid() > 1',
  'open("/etc/passwd")',
  'import socket\nsocket.socket()',
  'import os\nos.pipe()',
  'import glob\nopen(glob.glob("/lib/*.zip")[0], "r+b", 0).write(b"x")',
  'open("/lib/evil.py", "w")',
  'import os\nos.read(os.open("/dev/exchange", os.O_RDWR), 9)',
  `import base64, ctypes\nopen("x.so", "wb").write(base64.b64decode("${SIDE_MODULE}"))\nctypes.CDLL("./x.so")`,
];

/** Each prints `escaped`, which is expected, where it gets at what it should not; none may pass. */
const HOSTILE: readonly (readonly [Language, string, string])[] = [
  ['python', 'scripts from C', 'import ctypes\nctypes.CDLL(None).emscripten_run_script(b"1")\nprint("escaped")'],
  [
    'python',
    'a forged result',
    `import os, struct\nh = b'${FORGED}'\nos.write(1, struct.pack("<II", len(h), 0) + h)\nos._exit(0)`,
  ],
  ['python', "the interpreter's memory", 'import ctypes\nctypes.memset(1024, 0, 30 << 20)\nprint("escaped")'],
  ['python', 'memory that is none', 'import ctypes\nctypes.string_at(0xfffffff0, 64)\nprint("escaped")'],
  [
    'python',
    'memory beyond the heap',
    `${FIND}\nkept = []\nwhile True: kept.append(find("to_js")(bytearray(10 ** 8)))`,
  ],
  ['python', 'a signal', 'import os\nos.kill(os.getpid(), 9)\nprint("escaped")'],
  [
    'python',
    'a loop that catches everything',
    'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
  ],
  [
    'javascript',
    "Node's process by the Function constructor",
    'const p = this.constructor.constructor("return process")();\nconsole.log(p.getBuiltinModule || p.binding || p.mainModule || p.dlopen ? "escaped" : "nothing");',
  ],
  [
    'javascript',
    'the realm outside by the constructors of its functions',
    'const g = console.log.constructor("return globalThis")();\nconsole.log(g !== globalThis || g.WebAssembly || g.fetch || g.Worker ? "escaped" : "nothing");',
  ],
  ['javascript', 'child_process', 'require("child_process").execSync("true");\nconsole.log("escaped");'],
  ['javascript', 'net', 'require("node:net");\nconsole.log("escaped");'],
  [
    'javascript',
    'modules by import',
    'for (const m of ["std", "os:", "qjs:std", "node:net", "child_process", "/etc/passwd"]) {\n  try { await import(m); console.log("escaped"); } catch {}\n}',
  ],
  ['javascript', 'the network', 'fetch("http://127.0.0.1/").then(() => console.log("escaped"))'],
  [
    'javascript',
    "this machine's files",
    'console.log(require("fs").existsSync("/etc/passwd") ? "escaped" : "nothing");',
  ],
  [
    'javascript',
    'call sites',
    'Error.prepareStackTrace = (_, sites) => sites;\nconst sites = new Error().stack;\nfor (const s of Array.isArray(sites) ? sites : []) if (s.getFunction?.() || s.getThis?.()) console.log("escaped");',
  ],
  [
    'javascript',
    "values on their way to the sandbox's functions",
    'let caught = [];\nfor (const k of ["call", "apply", "bind"]) Function.prototype[k] = function (...a) { caught.push(this); };\nfor (const k of ["then", "write", "evaluate", "exit"]) Object.defineProperty(Object.prototype, k, { set(v) { caught.push(v); }, get() { caught.push(this); } });\nconsole.log(caught.some((c) => c?.evaluate) ? "escaped" : "nothing");',
  ],
  [
    'javascript',
    'an exit in a getter of the answer',
    'const f = 1;\nObject.defineProperty(globalThis, "x", { get() { process.exit(0); } });\nx;\nconsole.log("escaped");',
  ],
  ['javascript', 'a loop that catches everything', 'for (;;) try { for (;;); } catch {} finally { continue; }'],
  ['javascript', 'a string beyond the heap', 'let s = "x";\nfor (;;) s += s;'],
];

describe('hostile programs', () => {
  test.each(HOSTILE)('%s: %s', async (language, _, code) => {
    const { faults } = pool.stats();
    const result = await run(language, code, stdin('escaped'), { ...SHORT, memoryMb: 256 });
    expect(['wrong-answer', 'runtime-error', 'time-limit', 'memory-limit']).toContain(result.verdict);
    expect(result.got ?? '').not.toContain('escaped');
    await expectWell(language);
    expect(pool.stats().faults).toBe(faults);
  });

  test('python: what is refused with an exception', async () => {
    const code = `${FIND}\nfor attempt in json.loads(input()):\n  try: exec(attempt)\n  except BaseException: continue\n  print("escaped by", attempt)`;
    expect(await run('python', code, stdin('', JSON.stringify(REFUSED)))).toMatchObject({ verdict: 'passed', got: '' });
    await expectWell('python');
  });

  test('the environment is empty but for what Python needs', async () => {
    const python = await run('python', 'import os\nprint(sorted(os.environ), os.environ)', stdin(''));
    expect(python.got).toMatch(/^\['HOME', 'LANG', 'PATH', 'TMPDIR'\]/);
    expect(python.got).not.toContain(SECRET);
    expect((await run('javascript', 'console.log(process.env)', stdin('{}'))).verdict).toBe('passed');
  });

  test('files of this machine, where the process itself may not read them, are not there', async () => {
    const file = join(folder, 'tests.json');
    writeFileSync(file, SECRET, { mode: 0o644 });
    const paths = JSON.stringify(['/etc', '/root', '/usr', '/var', file, process.cwd(), import.meta.filename]);
    const code = `import os\nprint([p for p in ${paths} if os.path.exists(p)])`;
    expect((await run('python', code, stdin('[]'))).verdict).toBe('passed');
    const javascript = `console.log(${paths}.filter((p) => require("fs").existsSync(p)))`;
    expect((await run('javascript', javascript, stdin('[]'))).verdict).toBe('passed');
    rmSync(file);
  });

  test('a server of this machine cannot be reached', async () => {
    let connections = 0;
    const server = createServer(() => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const code = `import urllib.request\nprint(urllib.request.urlopen("http://127.0.0.1:${port}/", timeout=2))`;
    expect((await run('python', code, stdin(''))).verdict).toBe('runtime-error');
    expect(connections).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('its own life', () => {
  const SLEEP = 'import time\ntime.sleep(1)\nprint(6)';
  const interpreters = () => [...descendants().keys()];

  test('an interpreter that is killed from outside is replaced, and the result is right', async () => {
    const { faults } = pool.stats();
    const running = run('python', SLEEP, stdin('6'));
    await sleep(600);
    for (const pid of interpreters()) process.kill(pid, 'SIGKILL');
    expect((await running).verdict).toBe('passed');
    expect(pool.stats().faults).toBe(faults + 1);
  });

  test('a spare that is killed is replaced unnoticed', async () => {
    const { faults } = pool.stats();
    await expectWell('python');
    for (const pid of interpreters()) process.kill(pid, 'SIGKILL');
    await sleep(100);
    await expectWell('python');
    expect(pool.stats().faults).toBe(faults);
  });

  test('stopping ends what runs, and all processes', async () => {
    const own = new Pool(1, await PortableRunner.start(), () => PortableRunner.start());
    const before = new Set(descendants().values());
    const program = { language: 'python', code: SLEEP, functionName: null, limits: DEFAULT_LIMITS } as const;
    const running = own.run({ program, tests: [stdin('6')], stopAtFirstFailure: false, signal: undefined });
    const settled = Promise.allSettled([running]);
    await sleep(400);
    const started = [...descendants().values()].filter((identity) => !before.has(identity));
    expect(started.length).toBeGreaterThan(0);
    await own.close();
    expect((await settled)[0]).toMatchObject({ status: 'rejected', reason: { message: 'The sandbox was closed' } });
    await expect.poll(() => started.filter(alive), { timeout: 5_000 }).toEqual([]);
  });

  test('interpreters end by themselves when this process is killed', async () => {
    const url = new URL('../../src-main/sandbox/portable/portable.ts', import.meta.url).href;
    const script = `
      const { PortableRunner } = await import(${JSON.stringify(url)});
      const runner = await PortableRunner.start();
      const limits = ${JSON.stringify({ ...DEFAULT_LIMITS, wallMs: 500 })};
      runner.begin({ language: 'python', code: 'while True: pass', functionName: null, limits: { ...limits, wallMs: 100 } });
      process.stdout.write('runs');
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
      await runner.run({ kind: 'stdin', input: '' });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const below = [...descendants(child.pid).values()];
    await new Promise((resolve) => child.once('close', resolve));
    expect(below.length).toBeGreaterThan(0);
    await expect.poll(() => below.filter(alive), { timeout: 10_000 }).toEqual([]);
  }, 30_000);

  test('a language that it does not run is said to be none of its', async () => {
    const program = { language: 'cpp', code: '', functionName: null, limits: DEFAULT_LIMITS } as const;
    const runner = await PortableRunner.start();
    runner.begin(program);
    await expect(runner.run({ kind: 'stdin', input: '' })).rejects.toThrow(/^The portable sandbox does not run cpp$/);
    await runner.stop();
    expect(Object.keys(PORTABLE_KINDS)).toEqual([...PORTABLE_LANGUAGES]);
  });
});
