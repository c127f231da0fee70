/** Tests that are code (HumanEval's and MBPP's): a checker runs in a sandbox of its own and calls the program, which
 * runs in another, so that the program meets arguments, never the checks. This is the wire between the two. */
import { z } from 'zod';
import type { Limits, Test, TestResult } from '../../src-shared/verdict.ts';
import { judge } from './judge.ts';
import type { Observation } from './protocol.ts';
import { type Program, RunnerFault, type TestRunner } from './runner.ts';

/** A checker is the data set's, and trusted to end; these stop one that does not. Its time is for one stretch between
 * two calls. */
export const CHECKER_LIMITS: Limits = {
  wallMs: 30_000,
  cpuSeconds: 60,
  memoryMb: 2_048,
  outputBytes: 64 << 20,
  fileBytes: 16 << 20,
  processes: 8,
};

/** What a checker says next (resources/sandbox/remote.py). */
const Said = z.union([
  z.object({ call: z.record(z.string(), z.unknown()) }),
  z.object({ passed: z.literal(true) }),
  z.object({ failed: z.string(), verdict: z.enum(['wrong-answer', 'runtime-error', 'sandbox-error']) }),
]);
const MemoryFailure = z.object({ verdict: z.literal('memory-limit') });

/** Runs `test`, whose input is the checker, on the program that `candidate` has begun. All calls of the program
 * together have the wall-clock time of one test. Rejects with a RunnerFault where a runner fails. */
export async function runAsserts(
  candidate: TestRunner,
  checker: TestRunner,
  program: Program,
  test: Test,
): Promise<TestResult> {
  checker.begin({
    language: 'python',
    code: test.input,
    functionName: program.functionName ?? 'candidate',
    limits: CHECKER_LIMITS,
  });
  const spent = { wallMs: 0, memoryMb: null as number | null };
  const result = (verdict: TestResult['verdict'], detail: string | null): TestResult => ({
    verdict,
    got: null,
    detail,
    ...spent,
  });
  try {
    let seen = await checker.run({ kind: 'check' });
    for (let fresh = true; ; fresh = false) {
      if (seen.status === 'fault') throw new RunnerFault(`The checker could not be set up: ${seen.detail}`);
      const said = seen.status === 'exited' ? parsed(Said, seen) : null;
      if (said === null) return result('sandbox-error', `The test's checker ended in ${seen.status}: ${seen.detail}`);
      if ('passed' in said) return result('passed', null);
      if ('failed' in said) return result(said.verdict, said.failed);

      const wallMs = Math.max(1, program.limits.wallMs - spent.wallMs);
      const answer = await candidate.run({ kind: 'call', input: JSON.stringify(said.call), fresh, wallMs });
      if (answer.status === 'fault') throw new RunnerFault(`The sandbox could not set up the test: ${answer.detail}`);
      spent.wallMs += answer.wallMs;
      spent.memoryMb = Math.max(spent.memoryMb ?? 0, answer.memoryMb ?? 0);
      const answered = answer.status === 'exited' && answer.report.length > 0;
      if (!answered || parsed(MemoryFailure, answer) !== null) {
        return { ...judge({ kind: 'functional', input: '', expected: 'null' }, answer), ...spent };
      }
      seen = await checker.run({ kind: 'reply', input: answer.report.toString('utf8') });
    }
  } finally {
    checker.end();
  }
}

function parsed<T>(schema: z.ZodType<T>, seen: Observation): T | null {
  try {
    return schema.safeParse(JSON.parse(seen.report.toString('utf8'))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}
