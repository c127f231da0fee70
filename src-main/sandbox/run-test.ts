/** One test of a program, of whichever kind: what runs, in which sandbox, and what it comes to. */
import type { Test, TestResult } from '../../src-shared/verdict.ts';
import { CHECKER_LIMITS, runAsserts } from './asserts.ts';
import { judge, judgeChecked, outputToCheck } from './judge.ts';
import type { Observation } from './protocol.ts';
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
  if (test.kind === 'answer') throw new RangeError('tests: an answer is judged without a program');
  const seen = await runner.run({ kind: test.kind, input: test.input });
  if (seen.status === 'fault') throw new RunnerFault(`The sandbox could not set up the test: ${seen.detail}`);
  const output = outputToCheck(test, seen);
  return output === null ? judge(test, seen) : judgeChecked(test, seen, await check(await checker(), test, output));
}

/** Runs the test's checker on what the program put out. */
async function check(runner: TestRunner, test: Test, output: string): Promise<Observation> {
  if (test.comparison?.kind !== 'checker') throw new Error('The test has no checker');
  const { language, code } = test.comparison;
  runner.begin({ language, code, functionName: null, limits: CHECKER_LIMITS });
  const files = { 'input.txt': test.input, 'output.txt': output, 'answer.txt': test.expected };
  const seen = await runner.run({ kind: 'stdin', input: '', files, arguments: Object.keys(files) });
  if (seen.status === 'fault') throw new RunnerFault(`The checker could not be set up: ${seen.detail}`);
  runner.end();
  return seen;
}
