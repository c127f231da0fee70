/** A suite over the languages beside Python, under bubblewrap: its sandbox, and the proof that nothing is left. A language
 * whose tools are not on this machine is skipped by name. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { openSandbox, type Sandbox } from '../../src-main/sandbox/sandbox.ts';
import type { Language, Limits, ProgramResult, Test, TestResult } from '../../src-shared/verdict.ts';
import { ProcessWatch, stdin } from './harness.ts';
import { SECRET } from './suite.ts';

export type OtherLanguage = Exclude<Language, 'python'>;

/** Prints the sum of the numbers that it reads. */
export const SUM: Readonly<Record<OtherLanguage, string>> = {
  javascript:
    'console.log(require("fs").readFileSync(0, "utf8").trim().split(/\\s+/).reduce((sum, word) => sum + Number(word), 0))',
  cpp: '#include <iostream>\nint main() { long long sum = 0, x; while (std::cin >> x) sum += x; std::cout << sum; }',
  java: 'import java.util.Scanner;\npublic class Main { public static void main(String[] a) { Scanner in = new Scanner(System.in); long sum = 0; while (in.hasNextLong()) sum += in.nextLong(); System.out.println(sum); } }',
};

/** A Java program with this in its main method, and this beside it. */
export const javaMain = (body: string, members = ''): string =>
  `import java.io.*;\nimport java.util.*;\npublic class Main {\n${members}\npublic static void main(String[] args) throws Throwable {\n${body}\n}\n}`;

export interface LanguageSuite {
  readonly language: OtherLanguage;
  /** Open while tests run. */
  sandbox(): Sandbox;
  /** Where temporary folders are made. */
  folder(): string;
  /** The program's result on the tests; functional ones call `f`. */
  runAll(code: string, tests: readonly Test[], limits?: Partial<Limits>): Promise<ProgramResult>;
  run(code: string, test?: Test, limits?: Partial<Limits>): Promise<TestResult>;
  /** The sandbox still answers as it should, and had no fault since it was last asked. */
  expectWell(): Promise<void>;
}

/** Declares `bodies` for the languages that can be run here. */
export async function forLanguages(
  bodies: Readonly<Partial<Record<OtherLanguage, (suite: LanguageSuite) => void>>>,
): Promise<void> {
  const missing = await whatIsMissing();
  for (const language of ['javascript', 'cpp', 'java'] as const) {
    const body = bodies[language];
    if (body === undefined) continue;
    const why = missing(language);
    describe.skipIf(why !== null)(`${language}${why === null ? '' : ` (SKIPPED: ${why})`}`, () => {
      const outside = process.env.TMPDIR;
      let sandbox: Sandbox;
      let watch: ProcessWatch;
      let folder: string;

      beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
        chmodSync(folder, 0o711);
        process.env.TMPDIR = folder;
        process.env.ASSAY_TEST_SECRET = SECRET;
        watch = new ProcessWatch();
        sandbox = await openSandbox({ isolation: 'bubblewrap', concurrency: 1 });
      });

      afterAll(async () => {
        watch.look();
        watch.stop();
        await sandbox.close();
        if (outside === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = outside;
        delete process.env.ASSAY_TEST_SECRET;
        const left = readdirSync(folder);
        rmSync(folder, { recursive: true });
        expect(watch.count).toBeGreaterThan(0);
        expect(await watch.survivors()).toEqual([]);
        expect(left).toEqual([]);
      });

      const runAll = (code: string, tests: readonly Test[], limits: Partial<Limits> = {}) => {
        const called = tests.some(({ kind }) => kind !== 'stdin') ? { functionName: 'f' } : {};
        return sandbox.run({ language, code, ...called, tests, limits, anew: true });
      };

      body({
        language,
        sandbox: () => sandbox,
        folder: () => folder,
        runAll,
        async run(code, test = stdin('unreachable'), limits) {
          const { tests } = await runAll(code, [test], limits);
          const [result] = tests;
          if (result === undefined || tests.length !== 1) throw new Error(`${tests.length} results for one test`);
          return result;
        },
        async expectWell() {
          const { verdict } = await runAll(SUM[language], [stdin('6', '1 2 3')]);
          expect(verdict).toBe('passed');
          expect(sandbox.stats().lastFault).toBeNull();
        },
      });
    });
  }
}

async function whatIsMissing(): Promise<(language: OtherLanguage) => string | null> {
  try {
    const sandbox = await openSandbox({ isolation: 'bubblewrap', concurrency: 1 });
    await sandbox.close();
    return (language) => sandbox.languages.find((entry) => entry.language === language)?.missing ?? null;
  } catch (error) {
    return () => (error as Error).message;
  }
}
