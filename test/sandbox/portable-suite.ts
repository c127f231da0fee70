/** What the suites of the portable sandbox share: one pool for all tests of a file, and the proof that nothing is left. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { Pool } from '../../src-main/sandbox/pool.ts';
import { type PORTABLE_LANGUAGES, PortableRunner } from '../../src-main/sandbox/portable/portable.ts';
import { DEFAULT_LIMITS } from '../../src-main/sandbox/sandbox.ts';
import type { Limits, ProgramResult, Test, TestResult } from '../../src-shared/verdict.ts';
import { ProcessWatch, stdin } from './harness.ts';

export type Language = (typeof PORTABLE_LANGUAGES)[number];

export const SECRET = 'a secret of the test process';
export const SHORT = { wallMs: 800 };
const outside = { TMPDIR: process.env.TMPDIR };
export let folder: string;
let watch: ProcessWatch;
export let pool: Pool;

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
export function runAll(
  language: Language,
  code: string,
  tests: readonly Test[],
  limits: Partial<Limits> = {},
): Promise<ProgramResult> {
  const program = { language, code, functionName: 'f', limits: { ...DEFAULT_LIMITS, ...limits } };
  return pool.run({ program, tests, stopAtFirstFailure: false, signal: undefined });
}

export async function run(
  language: Language,
  code: string,
  given: Test,
  limits?: Partial<Limits>,
): Promise<TestResult> {
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
export async function expectWell(language: Language): Promise<void> {
  expect(await run(language, WELL[language], stdin('still well', 'still well'))).toMatchObject({ verdict: 'passed' });
}
