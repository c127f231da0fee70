/** One test of a program, of whichever kind: what runs, in which sandbox, and what it comes to. */
import type { Test, TestResult } from '../../src-shared/verdict.ts';
import { runAsserts } from './asserts.ts';
import { judge } from './judge.ts';
import { type Program, RunnerFault, type TestRunner } from './runner.ts';

/** Runs `test` on the program that `runner` has begun; `checker` gives a runner for what judges it, where code does.
 * Rejects with a RunnerFault where a runner fails. */
export async function runTest(
  runner: TestRunner,
  checker: () => Promise<TestRunner>,
  program: Program,
  test: Test,
): Promise<TestResult> {
  if (test.kind === 'asserts') return runAsserts(runner, await checker(), program, test);
  const seen = await runner.run({ kind: test.kind, input: test.input });
  if (seen.status === 'fault') throw new RunnerFault(`The sandbox could not set up the test: ${seen.detail}`);
  return judge(test, seen);
}
