/** Programs in JavaScript, under bubblewrap: how they read and print, and their functions' arguments and answers. */
import { expect, test } from 'vitest';
import { call, stdin } from './harness.ts';
import { forLanguages } from './language-suite.ts';

const LONG = 'x'.repeat(3_000_000);

await forLanguages({
  javascript(suite) {
    const { run, runAll, sandbox } = suite;

    test.each([
      [
        'readline',
        'const rl = require("readline").createInterface({ input: process.stdin }); let n = 0; rl.on("line", (l) => { n += +l }); rl.on("close", () => console.log(n))',
      ],
      [
        'asynchronous iteration',
        '(async () => { let n = 0; for await (const l of require("readline").createInterface({ input: process.stdin })) n += +l; console.log(n) })()',
      ],
      [
        'events',
        'let text = ""; process.stdin.on("data", (d) => { text += d }).on("end", () => console.log(text.split("\\n").reduce((a, b) => a + +b, 0)))',
      ],
      ['a descriptor', 'console.log(eval(require("fs").readFileSync(0, "utf8").trim().split("\\n").join("+")))'],
      [
        'an ES module',
        'import { readFileSync } from "node:fs";\nconst text = await Promise.resolve(readFileSync("/dev/stdin", "utf8"));\nconsole.log(eval(text.trim().split("\\n").join("+")));',
      ],
      [
        'promises',
        'require("fs").promises.readFile("/dev/stdin", "utf8").then((text) => setTimeout(() => console.log(eval(text.trim().replaceAll("\\n", "+"))), 5))',
      ],
      [
        'a stream of /dev/stdin',
        'let text = ""; require("fs").createReadStream("/dev/stdin").on("data", (d) => { text += d }).on("end", () => console.log(eval(text.trim().replaceAll("\\n", "+"))))',
      ],
      ['an interpreter line', '#!/usr/bin/env node\nrequire("fs").writeFileSync("/dev/stdout", "6")'],
    ])('standard input by %s: passed', async (_, code) => {
      expect(await run(code, stdin('6', '1\n2\n3\n'))).toMatchObject({ verdict: 'passed', detail: null });
    });

    test.each([
      ['console.log', 'console.log("x".repeat(3e6)); process.exit(0)'],
      ['process.stdout.write', 'process.stdout.write("x".repeat(3e6)); process.exit()'],
      ['a file', 'require("fs").writeFileSync(1, "x".repeat(3e6))'],
    ])('all of 3 MB printed by %s arrives, test after test', async (_, code) => {
      const { verdict } = await runAll(code, [stdin(LONG), stdin(LONG), stdin(LONG)]);
      expect(verdict).toBe('passed');
    });

    test.each([
      ['a function', 'function f(a, b) { return a + b }', call('[5, "ab"]', '[5]', '["ab"]'), '"5ab"'],
      [
        'whole numbers',
        'const f = (n) => [n, -n, n ** 2, -0, 2 ** 53 - 1]',
        call('[4, -4, 16, 0, 9007199254740991]', '4'),
        null,
      ],
      [
        'whole numbers beyond 2^53',
        'const f = (n) => [2 ** n, -(2 ** n), 1e300]',
        call(`[${2n ** 70n}, -${2n ** 70n}, 1e300]`, '70'),
        null,
      ],
      [
        'BigInt',
        'const f = (n) => [1n, BigInt(n) ** 40n, -(BigInt(n) ** 40n)]',
        call(`[1, ${7n ** 40n}, -${7n ** 40n}]`, '7'),
        null,
      ],
      [
        'numbers that are not whole',
        'const f = (n) => [n + 0.2, 1e-7, -1.5e-300, n * 3]',
        call('[0.30000000000000004, 1e-7, -1.5e-300, 0.30000000000000004]', '0.1'),
        null,
      ],
      [
        'infinities',
        'const f = (a) => [...a, -Infinity]',
        call('[Infinity, 1, "NaN", -Infinity]', '[Infinity, 1, "NaN"]'),
        null,
      ],
      [
        'objects, maps and undefined',
        'const f = () => [{ a: 1, b: { c: [true] } }, new Map([["k", null]]), undefined, , 5]',
        call('[{"b": {"c": [true]}, "a": 1}, {"k": null}, null, null, 5]'),
        null,
      ],
      [
        'typed arrays',
        'const f = () => [new Uint8Array([1, 2]), new Float64Array([0.5]), new BigInt64Array([-3n])]',
        call('[[1, 2], [0.5], [-3]]'),
        null,
      ],
      [
        'text',
        'const f = (s) => [...s].reverse().join("")',
        call('"é\\u0000😀a\\"\\\\"', '"\\\\\\"a😀\\u0000é"'),
        null,
      ],
      [
        'a method of Solution',
        'class Solution { constructor() { this.n = 1 } f(a) { return Math.max(...a) + this.n } }',
        call('10', '[4, 9]'),
        null,
      ],
      ['an exported function', 'module.exports = { f: (n) => 2 * n }', call('6', '3'), null],
      ['a function by arrow, by var and by let', 'var g = (n) => n; let f = (n) => g(n) + 1', call('4', '3'), null],
      [
        'an asynchronous function',
        'async function f(n) { await new Promise((done) => setTimeout(done, 5)); return n }',
        call('3', '3'),
        null,
      ],
      [
        'arguments of its own realm',
        'const f = (a) => [a instanceof Array, a.constructor === Array, a[0] instanceof Object, Object.getPrototypeOf(a[0]) === Object.prototype]',
        call('[true, true, true, true]', '[{}]'),
        null,
      ],
      [
        'what it prints is no answer',
        'const f = (n) => { console.log("x", n); process.stdout.write("y"); return n }',
        call('3', '3'),
        null,
      ],
      ['deep recursion', 'const g = (n) => n && 1 + g(n - 1), f = (n) => g(n)', call('100000', '100000'), null],
      [
        'modules of Node.js',
        'const { strictEqual } = require("assert"); const { cpus } = require("os"); const f = (n) => { strictEqual(n, 3); return n }',
        call('3', '3'),
        null,
      ],
    ])('%s: passed', async (_, code, given, got) => {
      const result = await run(code, got === null ? given : { ...given, expected: got });
      expect(result).toMatchObject({ verdict: 'passed', detail: null });
    });

    test.each([
      ['a set', 'const f = () => new Set([1])', '[1]', '{1}'],
      ['NaN', 'const f = () => NaN', 'NaN', 'nan'],
      ['a function', 'const f = () => () => 1', '1', '<function>'],
      ['a symbol', 'const f = () => Symbol("x")', '1', '<symbol>'],
      ['an instance of a class', 'class Point { x = 1 }; const f = () => new Point()', '{"x": 1}', '<Point>'],
      ['a date', 'const f = () => new Date(0)', '0', '<Date>'],
      ['a list that contains itself', 'const f = () => { const a = []; a.push(a); return a }', '[]', /^\[\[\[/],
      [
        'an object that says what it is not',
        'const f = () => ({ toJSON: () => 1, valueOf: () => 1 })',
        '1',
        /^\{"toJSON"/,
      ],
    ])('%s: wrong-answer', async (_, code, expected, got) => {
      const result = await run(code, call(expected));
      expect(result.verdict).toBe('wrong-answer');
      if (typeof got === 'string') expect(result.got).toContain(got.replace(/^<(.*)>$/, '$1'));
      else expect(result.got?.replaceAll("'", '"')).toMatch(got);
    });

    test.each([
      ['an exception', 'const f = (n) => {\n  throw new RangeError("no " + n)\n}', 'RangeError: no 3 (line 2)'],
      ['what is no exception', 'const f = () => { throw "text" }', 'Uncaught text'],
      [
        'what cannot be printed',
        'const f = () => { throw { toString() { throw 1 } } }',
        'an exception that cannot be printed',
      ],
      [
        'a rejection',
        'const f = async (n) => { null.x }',
        "TypeError: Cannot read properties of null (reading 'x') (line 1)",
      ],
      ['a missing function', 'const g = 1', 'ReferenceError: the program defines no function f'],
      ['an end', 'const f = () => process.exit(0)', 'the program ended before the function returned'],
      [
        'a promise that is never kept',
        'const f = () => new Promise(() => {})',
        'the program ended before the function returned',
      ],
      ['endless recursion', 'const f = () => f() + 1', 'RangeError: Maximum call stack size exceeded (line 1)'],
    ])('%s: runtime-error', async (_, code, detail) => {
      expect(await run(code, call('3', '3'))).toMatchObject({ verdict: 'runtime-error', detail });
    });

    test('an unhandled rejection of a program that prints: runtime-error', async () => {
      const result = await run('console.log(1); Promise.reject(new Error("later"))', stdin('1'));
      expect(result).toMatchObject({ verdict: 'runtime-error', detail: 'Error: later (line 1)' });
    });

    test('memory for a buffer is refused: memory-limit', async () => {
      const result = await run('const f = () => new ArrayBuffer(1e11)', call('1'));
      expect(result).toMatchObject({ verdict: 'memory-limit', detail: expect.stringContaining('allocation failed') });
    });

    test('calls apart: globals, prototypes, timers and memory of one are not those of the next', async () => {
      const code = [
        'globalThis.n = (globalThis.n ?? 0) + 1; var m = 0',
        'function f(input) {',
        '  Array.prototype.seen = (Array.prototype.seen ?? 0) + 1; JSON.parse = null; Promise.prototype.then = null',
        '  setTimeout(() => { m = 100 }, 0); setInterval(() => { process.exit(1) }, 1)',
        '  return [n, ++m, [].seen, input]',
        '}',
      ].join('\n');
      const { verdict, tests } = await runAll(
        code,
        ['1', '2', '3'].map((n) => call(`[1, 1, 1, ${n}]`, n)),
      );
      expect(tests.map(({ got }) => got)).toEqual(['[1, 1, 1, 1]', '[1, 1, 1, 2]', '[1, 1, 1, 3]']);
      expect(verdict).toBe('passed');
    });

    test('calls apart: what a call has set going does not go on in the next', async () => {
      const code =
        'async function f(n) { if (n === 1) setInterval(() => process.exit(1), 20); else await new Promise((done) => setTimeout(done, 100)); return n }';
      const { tests } = await runAll(
        code,
        ['1', '2'].map((n) => call(n, n)),
      );
      expect(tests.map(({ verdict }) => verdict)).toEqual(['passed', 'passed']);
    });

    test('a test that is no test is a sandbox-error, never a wrong answer', async () => {
      expect((await run('const f = (n) => n', call('1', 'not JSON'))).verdict).toBe('sandbox-error');
    });

    test('a bad call, and the calls after it', async () => {
      const code =
        'const f = (n) => { if (n === 2) for (;;); if (n === 4) process.exit(0); if (n === 6) process.abort(); return n }';
      const { tests } = await runAll(
        code,
        ['1', '2', '3', '4', '5', '6', '7'].map((n) => call(n, n)),
        { wallMs: 700 },
      );
      expect(tests.map(({ verdict }) => verdict)).toEqual([
        ...['passed', 'time-limit', 'passed', 'runtime-error', 'passed', 'runtime-error', 'passed'],
      ]);
      expect(sandbox().stats().faults).toBe(0);
    });

    test('300 calls, in one process', async () => {
      const tests = Array.from({ length: 300 }, (_, i) => call(`${i * i}`, `${i}`));
      const start = performance.now();
      expect((await runAll('const f = (n) => n * n', tests)).verdict).toBe('passed');
      expect(performance.now() - start).toBeLessThan(15_000); // as a process each they would take far longer
    });
  },
});
