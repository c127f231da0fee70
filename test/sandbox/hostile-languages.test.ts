/** Hostile programs in JavaScript, C++ and Java, under bubblewrap: none passes, none outlives its verdict, and the next
 * program is judged rightly. */
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Limits } from '../../src-shared/verdict.ts';
import { call, stdin } from './harness.ts';
import { ANSWER, CPP, type Hostile, JAVA, JAVA_PROGRAM, JAVA_WORDS, JAVASCRIPT } from './hostile-programs.ts';
import { forLanguages, javaMain, type LanguageSuite } from './language-suite.ts';
import { SECRET } from './suite.ts';

const SHORT: Partial<Limits> = { wallMs: 900, cpuSeconds: 3, memoryMb: 256 };

/** Listens, to see who connects. */
let server: Server;
let port = 0;
let connections = 0;

beforeAll(async () => {
  server = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const withPort = (code: string): string => code.replaceAll('PORT', `${port}`);

/** What each language's program prints that looks for what it should not see. */
function looks({ folder, run }: LanguageSuite, code: (paths: readonly string[]) => string): void {
  test('sees neither the files nor the environment of this machine', async () => {
    const file = join(folder(), 'secret');
    writeFileSync(file, SECRET, { mode: 0o644 });
    onTestFinished(() => rmSync(file));
    const paths = [
      '/etc/passwd',
      '/root',
      '/home',
      '/proc/self',
      '/proc/1/environ',
      '/sys',
      '/var',
      file,
      import.meta.dirname,
    ];
    const result = await run(code(paths), stdin(ANSWER));
    expect(result.got).toMatch(/^found: *\n/);
    expect(result.got).not.toContain('SECRET');
    expect(result.got).not.toContain(SECRET);
  });
}

function none({ run, expectWell }: LanguageSuite, programs: readonly Hostile[]): void {
  test.for(programs)('%s', async ([_, code, verdicts, given = stdin(ANSWER)]) => {
    const before = connections;
    const result = await run(withPort(code), given, SHORT);
    expect(verdicts).toContain(result.verdict);
    expect(connections).toBe(before);
    await expectWell();
  });
}

await forLanguages({
  javascript(suite) {
    looks(
      suite,
      (paths) =>
        `const fs = require("fs"); const seen = ${JSON.stringify(paths)}.filter((p) => { try { return fs.statSync(p) } catch { return false } }); console.log("found:", seen.join()); console.log(JSON.stringify(process.env))`,
    );
    none(suite, JAVASCRIPT);

    test('what it writes beside its answer does not answer the next call', async () => {
      const code =
        'const f = (n) => { if (n === 1) require("fs").writeSync(3, \'{"value":1}\\n{"value":2}\\n{"value":3}\\n\'); return 0 }';
      const { tests } = await suite.runAll(
        code,
        ['1', '2', '3'].map((n) => call(n, n)),
      );
      expect(tests.slice(1).map(({ verdict }) => verdict)).toEqual(['wrong-answer', 'wrong-answer']);
      await suite.expectWell();
    });
  },

  cpp(suite) {
    looks(
      suite,
      (paths) =>
        `#include <cstdio>\n#include <initializer_list>\n#include <sys/stat.h>\nextern char** environ;\nint main() { struct stat s; printf("found:"); for (const char* p : {${paths.map((path) => JSON.stringify(path)).join()}}) if (stat(p, &s) == 0) printf(" %s", p); puts(""); for (char** e = environ; *e; e++) puts(*e); }`,
    );
    none(suite, CPP);
  },

  java(suite) {
    looks(suite, (paths) =>
      javaMain(
        `System.out.print("found:"); for (String p : new String[] {${paths.map((path) => JSON.stringify(path)).join()}}) if (new File(p).exists()) System.out.print(" " + p); System.out.println(); System.out.println(System.getenv());`,
      ),
    );
    test.for(JAVA_WORDS)('%s', async ([_, name, verdicts]) => {
      const { tests } = await suite.runAll(withPort(JAVA_PROGRAM), [stdin(ANSWER, name), stdin(ANSWER, 'none')], SHORT);
      expect(verdicts).toContain(tests[0]?.verdict);
      expect(tests[1]).toMatchObject({ verdict: 'wrong-answer', got: '' });
      expect(connections).toBe(0);
      await suite.expectWell();
    });

    none(suite, JAVA);
  },
});
