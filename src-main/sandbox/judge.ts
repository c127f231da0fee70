/** From what was observed of a test's process to its verdict. Pure. The process's own report is believed only where it
 * costs the program: it can name its failure, never its success. */
import { z } from 'zod';
import type { Test, TestResult, Verdict } from '../../src-shared/verdict.ts';
import { sameAnswer, sameOutput } from './compare.ts';
import type { Observation } from './protocol.ts';
import { decodeAnswer, formatPython, type PyValue } from './values.ts';

const GOT_CHARS = 4000;
const DETAIL_CHARS = 1000;

const FailureReport = z.object({
  error: z.string(),
  verdict: z.enum(['runtime-error', 'memory-limit', 'output-limit']),
});

/** The verdict on one test. Never throws: a test whose expected value cannot be read is a sandbox-error. */
export function judge(test: Test, seen: Observation): TestResult {
  const result = (verdict: Verdict, detail: string | null, got: string | null = null): TestResult => ({
    verdict,
    got: got === null ? null : shorten(got, GOT_CHARS),
    detail: detail === null || detail === '' ? null : shorten(detail, DETAIL_CHARS),
    wallMs: seen.wallMs,
  });
  switch (seen.status) {
    case 'fault':
      return result('sandbox-error', seen.detail);
    case 'bad-test':
      return result('sandbox-error', `The test's input is not one JSON value a line: ${seen.detail}`);
    case 'compile-error':
    case 'time-limit':
    case 'memory-limit':
    case 'output-limit':
      return result(seen.status, seen.detail, printed(test, seen));
    case 'signal':
      return result('runtime-error', `killed by signal ${seen.code}`, printed(test, seen));
    case 'exited':
      if (seen.code !== 0) return failed(test, seen, result);
      return test.kind === 'stdin' ? judgeOutput(test, seen, result) : judgeAnswer(test, seen, result);
  }
}

type Build = (verdict: Verdict, detail: string | null, got?: string | null) => TestResult;

function failed(test: Test, seen: Observation, result: Build): TestResult {
  const report = FailureReport.safeParse(parseReport(seen.report));
  if (report.success) return result(report.data.verdict, report.data.error, printed(test, seen));
  return result('runtime-error', `exit status ${seen.code}${lastLine(seen.stderr)}`, printed(test, seen));
}

function judgeOutput(test: Test, seen: Observation, result: Build): TestResult {
  const text = seen.stdout.toString('utf8');
  return result(sameOutput(text, test.expected) ? 'passed' : 'wrong-answer', null, text);
}

function judgeAnswer(test: Test, seen: Observation, result: Build): TestResult {
  const answer = readAnswer(seen.report);
  if (answer === undefined) return result('runtime-error', 'the program ended before the function returned');
  try {
    return result(sameAnswer(answer, test.expected) ? 'passed' : 'wrong-answer', null, formatPython(answer));
  } catch (error) {
    return result('sandbox-error', `The test's expected value cannot be compared: ${(error as Error).message}`);
  }
}

/** The value in a report, undefined where the report is none or is malformed. */
function readAnswer(report: Buffer): PyValue | undefined {
  const json = parseReport(report);
  if (typeof json !== 'object' || json === null || !('value' in json)) return undefined;
  try {
    return decodeAnswer(json.value);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined; // forged, or nested too deep
    throw error;
  }
}

function parseReport(report: Buffer): unknown {
  try {
    return JSON.parse(report.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

const printed = (test: Test, seen: Observation): string | null =>
  test.kind === 'stdin' && seen.stdout.length > 0 ? seen.stdout.toString('utf8', 0, 4 * GOT_CHARS) : null;

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1);
  return line === undefined || line === '' ? '' : `: ${line}`;
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
