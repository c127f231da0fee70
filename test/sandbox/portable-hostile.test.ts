/** The portable sandbox: programs that are hostile, and its own life. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Pool } from '../../src-main/sandbox/pool.ts';
import { PORTABLE_KINDS, PORTABLE_LANGUAGES, PortableRunner } from '../../src-main/sandbox/portable/portable.ts';
import { DEFAULT_LIMITS } from '../../src-main/sandbox/sandbox.ts';
import { alive, descendants, stdin } from './harness.ts';
import { expectWell, folder, type Language, pool, run, SECRET, SHORT } from './portable-suite.ts';

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
    await expect.poll(() => started.filter(alive), { timeout: 20_000 }).toEqual([]);
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
    await expect.poll(() => below.filter(alive), { timeout: 30_000 }).toEqual([]);
  }, 90_000);

  test('a language that it does not run is said to be none of its', async () => {
    const program = { language: 'cpp', code: '', functionName: null, limits: DEFAULT_LIMITS } as const;
    const runner = await PortableRunner.start();
    runner.begin(program);
    await expect(runner.run({ kind: 'stdin', input: '' })).rejects.toThrow(/^The portable sandbox does not run cpp$/);
    await runner.stop();
    expect(Object.keys(PORTABLE_KINDS)).toEqual([...PORTABLE_LANGUAGES]);
  });
});
