/** How programs in JavaScript, C++ and Java are judged, under bubblewrap. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openSandbox } from '../../src-main/sandbox/sandbox.ts';
import { descendants, stdin } from './harness.ts';
import { forLanguages, javaMain, type LanguageSuite, type OtherLanguage, SUM } from './language-suite.ts';

const LONG = 'x'.repeat(3_000_000);

/** Programs of which each language has one, with what they come to. */
interface Same {
  readonly lengthOfInput: string;
  readonly wrong: string;
  readonly printsThenFails: string;
  readonly failure: RegExp;
  readonly exitStatus: string;
  readonly doesNotCompile: string;
  readonly compilerSays: RegExp;
  readonly endless: string;
  readonly memory: string;
  readonly endlessOutput: string;
  /** Prints how often it was run, by what it keeps in variables and in files. */
  readonly counts: string;
  /** In the command line of the processes that build the program. */
  readonly builder: RegExp;
}

const SAME: Readonly<Record<OtherLanguage, Same>> = {
  javascript: {
    lengthOfInput: 'console.log(require("fs").readFileSync("/dev/stdin", "utf8").length)',
    wrong: 'console.log(41)',
    printsThenFails: 'console.log("before");\nlet x = null;\nx.y;',
    failure: /^TypeError: Cannot read properties of null \(reading 'y'\) \(line 3\)$/,
    exitStatus: 'console.log("before"); process.exit(3)',
    doesNotCompile: 'let a = 1;\nlet b = (;\n',
    compilerSays: /^SyntaxError: Unexpected token ';' \(line 2\)$/,
    endless: 'for (;;);',
    memory: 'const all = []; for (;;) all.push(new Array(100000).fill(1.5))',
    endlessOutput: 'for (;;) console.log("x".repeat(100000))',
    counts: 'globalThis.n = (globalThis.n ?? 0) + 1; console.log(n, require("fs").readdirSync(".").length)',
    builder: /javascript\.cjs\0check/,
  },
  cpp: {
    lengthOfInput:
      '#include <iostream>\n#include <iterator>\n#include <string>\nint main() { std::string s(std::istreambuf_iterator<char>(std::cin), {}); std::cout << s.size(); }',
    wrong: '#include <cstdio>\nint main() { puts("41"); }',
    printsThenFails: '#include <cstdio>\nint main() { puts("before"); fflush(stdout); *(volatile int*)0 = 1; }',
    failure: /^killed by signal 11\b/,
    exitStatus: '#include <cstdio>\nint main() { puts("before"); return 3; }',
    doesNotCompile: 'int main() {\n  return missing +\n    other;\n}',
    compilerSays: /program\.cpp:2:10: error: .missing. was not declared in this scope/,
    endless: 'int main() { for (volatile int x = 0;; x = x + 1); }',
    memory:
      '#include <cstring>\n#include <vector>\nint main() { std::vector<char*> all; for (;;) { all.push_back(new char[1 << 20]); memset(all.back(), 1, 1 << 20); } }',
    endlessOutput:
      '#include <cstdio>\nint main() { for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }',
    counts:
      '#include <cstdio>\n#include <filesystem>\nint n;\nint main() { int files = 0; for (auto& e : std::filesystem::directory_iterator(".")) files += e.exists(); fclose(fopen("kept", "w")); printf("%d %d", ++n, files); }',
    builder: /cc1plus/,
  },
  java: {
    lengthOfInput: javaMain(
      'System.out.println(new BufferedReader(new InputStreamReader(System.in)).readLine().length());',
    ),
    wrong: javaMain('System.out.println(41);'),
    printsThenFails: javaMain('System.out.println("before");\nint[] a = new int[2];\na[2] = 1;'),
    failure: /^java\.lang\.ArrayIndexOutOfBoundsException: Index 2 out of bounds for length 2 \(line 8\)$/,
    exitStatus: javaMain('System.out.println("before"); System.exit(3);'),
    doesNotCompile: javaMain('int x = missing;\nint y = other;'),
    compilerSays: /^Main\.java:6: error: cannot find symbol int x = missing;/,
    endless: javaMain('for (;;);'),
    memory: javaMain('List<int[]> all = new ArrayList<>(); for (;;) all.add(new int[1 << 18]);'),
    endlessOutput: javaMain('for (;;) System.out.println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");'),
    counts: javaMain(
      'int files = new File(".").list().length; new File("kept").createNewFile(); System.out.println(++n + " " + files);',
      'static int n;',
    ),
    builder: /bin\/javac/,
  },
};

/** Whether a process with such a command line lived while `work` was done. */
async function lived(pattern: RegExp, work: Promise<unknown>): Promise<boolean> {
  let found = false;
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  while (!done) {
    for (const pid of descendants().keys()) {
      try {
        found ||= pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        // It has ended since.
      }
    }
    await sleep(2);
  }
  await finished;
  return found;
}

function common({ language, sandbox, run, runAll, expectWell }: LanguageSuite): void {
  const same = SAME[language];

  test('passed: what it reads and prints, in each test anew', async () => {
    const result = await runAll(SUM[language], [stdin('6', '1 2 3\n'), stdin('-1', '-1'), stdin('0', '')]);
    expect(result.tests.map(({ verdict }) => verdict)).toEqual(['passed', 'passed', 'passed']);
    expect(result.tests[0]).toMatchObject({ detail: null, memoryMb: expect.any(Number) });
  });

  test('passed: an input of 3 MB', async () => {
    expect((await run(same.lengthOfInput, stdin(`${LONG.length}`, LONG))).verdict).toBe('passed');
  });

  test('passed: an input of 3 MB that is never read', async () => {
    expect((await run(same.wrong, stdin('41', LONG))).verdict).toBe('passed');
  });

  test('wrong-answer', async () => {
    expect(await run(same.wrong, stdin('42'))).toMatchObject({ verdict: 'wrong-answer', got: '41\n' });
  });

  test('runtime-error says why, and what was printed before', async () => {
    const result = await run(same.printsThenFails, stdin('before'));
    expect(result).toMatchObject({ verdict: 'runtime-error', got: 'before\n' });
    expect(result.detail).toMatch(same.failure);
  });

  test('runtime-error: an exit status', async () => {
    const expected = { verdict: 'runtime-error', detail: 'exit status 3', got: 'before\n' };
    expect(await run(same.exitStatus, stdin('before'))).toMatchObject(expected);
  });

  test('compile-error, with the first thing that the compiler says, for each test', async () => {
    const { verdict, tests } = await runAll(same.doesNotCompile, [stdin('1'), stdin('2')]);
    expect(verdict).toBe('compile-error');
    expect(tests).toHaveLength(2);
    for (const { detail } of tests) {
      expect(detail).toMatch(same.compilerSays);
      expect(detail).not.toMatch(/other/);
    }
  });

  test('time-limit, of the wall clock and of the processor', async () => {
    expect((await run(same.endless, stdin('1'), { wallMs: 700 })).verdict).toBe('time-limit');
    expect((await run(same.endless, stdin('1'), { wallMs: 20_000, cpuSeconds: 1 })).verdict).toBe('time-limit');
  });

  test.each([128, 512])('memory-limit, at %s MiB', async (memoryMb) => {
    expect((await run(same.memory, stdin('1'), { memoryMb })).verdict).toBe('memory-limit');
  });

  test('output-limit', async () => {
    const result = await run(same.endlessOutput, stdin('1'), { outputBytes: 100_000 });
    expect(result).toMatchObject({ verdict: 'output-limit', got: expect.stringMatching(/^xxx/) });
  });

  test('runs in 64 MiB', async () => {
    expect((await run(SUM[language], stdin('3', '1 2'), { memoryMb: 64, processes: 1 })).verdict).toBe('passed');
  });

  test('tests apart: neither variables nor files are left from one to the next', async () => {
    const { tests } = await runAll(same.counts, [stdin('1 0'), stdin('1 0'), stdin('1 0')]);
    expect(tests.map(({ got }) => got?.trim())).toEqual(['1 0', '1 0', '1 0']);
  });

  test('goes on, rightly, after tests of each bad end', async () => {
    const bad = [same.printsThenFails, same.exitStatus, same.endless, same.memory];
    for (const code of bad) await runAll(code, [stdin('1'), stdin('2')], { wallMs: 600, memoryMb: 256 });
    await expectWell();
  });

  test('is built once: neither the next run nor another sandbox server builds it again', async () => {
    const tests = [stdin('3', '1 2')];
    let code = '';
    // A builder that lives for milliseconds may go unseen.
    for (let attempt = 0, seen = false; !seen; attempt += 1) {
      expect(attempt).toBeLessThan(20);
      code = `${SUM[language]}\n// ${Math.random()}`;
      seen = await lived(same.builder, runAll(code, tests));
    }
    expect(await lived(same.builder, runAll(code, tests))).toBe(false);
    const other = await openSandbox({ isolation: 'bubblewrap', concurrency: 1 });
    const elsewhere = other.run({ language, code, tests });
    expect(await lived(same.builder, elsewhere)).toBe(false);
    expect((await elsewhere).verdict).toBe('passed');
    await other.close();
  });

  test('the tools are named with their version', () => {
    const entry = sandbox().languages.find((known) => known.language === language);
    expect(entry?.missing).toBeNull();
    expect(entry?.version).toMatch(/^(Node\.js|g\+\+|javac) \d+\.\d+/);
  });
}

await forLanguages({ javascript: common, cpp: common, java: common });

describe('tools that are missing, in one line that says how to install them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-tools-'));
  const { versions } = process;
  afterEach(() => {
    vi.unstubAllEnvs();
    Object.defineProperty(process, 'versions', { value: versions });
  });

  /** What the language says with nothing on PATH but tools that print this. */
  async function said(
    language: 'cpp' | 'java' | 'javascript',
    tools: Readonly<Record<string, string>>,
  ): Promise<string> {
    for (const [name, text] of Object.entries(tools)) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 });
    }
    vi.stubEnv('PATH', folder);
    vi.stubEnv('JAVA_HOME', undefined);
    Object.defineProperty(process, 'versions', { value: { ...versions, electron: '1' }, configurable: true });
    vi.resetModules(); // what was found is kept
    const { LANGUAGE_ENTRIES } = await import('../../src-main/sandbox/languages/index.ts');
    const entry = LANGUAGE_ENTRIES.find(({ id }) => id === language);
    const error: unknown = await entry?.find().catch((reason: unknown) => reason);
    for (const name of Object.keys(tools)) rmSync(join(folder, name));
    expect(error).toMatchObject({ name: 'ToolchainMissing' });
    return (error as Error).message;
  }

  test('nothing is there', async () => {
    const none = 'is needed, and there is none on PATH: install it with';
    expect(await said('cpp', {})).toMatch(
      RegExp(`^g\\+\\+ 8 or newer ${none} "apt install g\\+\\+"[^\n]*pacman[^\n]*$`),
    );
    expect(await said('java', {})).toMatch(RegExp(`^A JDK 17 or newer ${none} "apt install [^\n]*dnf[^\n]*$`));
    expect(await said('javascript', {})).toMatch(
      RegExp(`^Node\\.js 20\\.19 or newer ${none} "apt install nodejs"[^\n]*$`),
    );
  });

  test('what is there is too old, or no such tool', async () => {
    expect(await said('javascript', { node: '18.20.0 /usr/bin/node' })).toContain('/node is Node.js 18.20.0: install');
    expect(await said('javascript', { node: 'hello' })).toContain('/node does not run: install');
    expect(await said('java', { javac: 'javac 11.0.2' })).toContain('/javac is javac 11.0.2: install');
    expect(await said('cpp', { 'g++': '7.5.0' })).toContain('/g++ is outside /usr: install');
    rmSync(folder, { recursive: true });
  });
});
