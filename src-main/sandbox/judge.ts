/** From what was observed of a test's process to its verdict. Pure. The process's own report is believed only where it
 * costs the program: it can name its failure, never its success.
 *
 * A test whose comparison is `checker` takes two looks:
 *
 *     const output = outputToCheck(test, seen);
 *     const result = output === null ? judge(test, seen) : judgeChecked(test, seen, await runChecker(test, output));
 *
 * Nothing here throws: a test that cannot be read is a sandbox-error. */
import { z } from 'zod';
import type { Test, TestResult, Verdict } from '../../src-shared/verdict.ts';
import { type Rule, sameAnswer, sameOutput } from './compare.ts';
import { Excerpt, excerpt, oneLine } from './excerpt.ts';
import type { Observation } from './protocol.ts';
import { parsePythonJson, toPythonJson } from './python-json.ts';
import { writePython } from './python-repr.ts';
import { decodeAnswer, type PyValue } from './values.ts';

const DETAIL_CHARS = 1000;
const KILLED_BY_OUTPUT: ReadonlySet<Observation['status']> = new Set([
  'signal',
  'time-limit',
  'memory-limit',
  'output-limit',
]);
const EXACT: Rule = { kind: 'exact' };

const FailureReport = z.object({
  error: z.string(),
  verdict: z.enum(['runtime-error', 'memory-limit', 'output-limit']),
});

/** The verdict on a functional or stdin test (asserts.ts runs the others) that needs no checker, or has one for which
 * outputToCheck has nothing. */
export function judge(test: Test, seen: Observation): TestResult {
  const result = resultOf(seen);
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
      return result('runtime-error', `killed by signal ${seen.code}${lastLine(seen.stderr)}`, printed(test, seen));
    case 'exited':
      if (seen.code !== 0) return failed(test, seen, result);
      if (test.kind === 'asserts') return result('sandbox-error', "The test's asserts were not run");
      return test.kind === 'stdin' ? judgeOutput(test, seen, result) : judgeAnswer(test, seen, result);
  }
}

/** What the checker of a test has to judge, its output.txt: what the program printed or, as JSON, what the function
 * returned. Null where there is no checker to run: the test has none, the program did not end well, or what it returned
 * is nothing that JSON has, and so is wrong. */
export function outputToCheck(test: Test, seen: Observation): string | null {
  if (test.comparison?.kind !== 'checker' || seen.status !== 'exited' || seen.code !== 0) return null;
  if (test.kind === 'stdin') return seen.stdout.toString('utf8');
  const answer = test.kind === 'functional' ? readAnswer(seen.report) : undefined;
  return answer === undefined ? null : toPythonJson(answer);
}

/** The verdict of a checker, from what was observed of its process, on the output that outputToCheck gave for `seen`:
 * exit status 0 accepts, 1 and 2 refuse, what it printed (or wrote to standard error, as testlib does) says why; any
 * other end of it, or no end within its limits, is a sandbox-error. */
export function judgeChecked(test: Test, seen: Observation, checkerSeen: Observation): TestResult {
  const result = resultOf(seen);
  const got = test.kind === 'stdin' ? excerpt(seen.stdout.toString('utf8')) : shown(readAnswer(seen.report) ?? null);
  const { status, code } = checkerSeen;
  if (status === 'exited' && code === 0) return result('passed', null, got);
  const said = explanation(checkerSeen);
  if (status === 'exited' && (code === 1 || code === 2)) return result('wrong-answer', said, got);
  const why = said === '' ? '' : `: ${said}`;
  // A checker that right output does not kill was killed by this output; as a sandbox-error it would cost nothing.
  if (KILLED_BY_OUTPUT.has(status)) return result('wrong-answer', `the test's checker ended in ${status}${why}`, got);
  const end = status === 'exited' ? `exit status ${code}` : status;
  return result('sandbox-error', `The test's checker failed: ${end}${why}`, got);
}

function explanation({ stdout, report, stderr, detail }: Observation): string {
  const text = stdout.toString('utf8', 0, 8 * DETAIL_CHARS).trim();
  if (text !== '') return text;
  const failure = FailureReport.safeParse(parseReport(report));
  return failure.success ? failure.data.error : stderr.trim() || detail;
}

type Build = (verdict: Verdict, detail: string | null, got?: string | null) => TestResult;

const resultOf =
  (seen: Observation): Build =>
  (verdict, detail, got = null) => ({
    verdict,
    got,
    detail: (detail === null ? '' : oneLine(detail, DETAIL_CHARS)) || null,
    wallMs: seen.wallMs,
    memoryMb: seen.memoryMb,
  });

function failed(test: Test, seen: Observation, result: Build): TestResult {
  const report = FailureReport.safeParse(parseReport(seen.report));
  if (report.success) return result(report.data.verdict, report.data.error, printed(test, seen));
  return result('runtime-error', `exit status ${seen.code}${lastLine(seen.stderr)}`, printed(test, seen));
}

function judgeOutput(test: Test, seen: Observation, result: Build): TestResult {
  const rule = test.comparison ?? EXACT;
  const text = seen.stdout.toString('utf8');
  if (rule.kind === 'checker') return result('sandbox-error', "The test's checker was not run", excerpt(text));
  return decide(result, excerpt(text), () => answersOf(test).some((expected) => sameOutput(text, expected, rule)));
}

function judgeAnswer(test: Test, seen: Observation, result: Build): TestResult {
  const answer = readAnswer(seen.report);
  if (answer === undefined) return result('runtime-error', 'the program ended before the function returned');
  const rule = test.comparison ?? EXACT;
  if (rule.kind === 'checker') {
    if (toPythonJson(answer) !== null) return result('sandbox-error', "The test's checker was not run", shown(answer));
    return result('wrong-answer', 'JSON, in which the checker reads answers, has no such value', shown(answer));
  }
  return decide(result, shown(answer), () => {
    // All are parsed first: whether a test can be read must not hang on what the program answers.
    const expected = answersOf(test).map(parsePythonJson);
    return expected.some((value) => sameAnswer(answer, value, rule));
  });
}

const answersOf = (test: Test): string[] => [test.expected, ...(test.accepted ?? [])];

function decide(result: Build, got: string, passes: () => boolean): TestResult {
  try {
    return result(passes() ? 'passed' : 'wrong-answer', null, got);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return result('sandbox-error', `The test's expected value cannot be compared: ${error.message}`, got);
  }
}

function shown(answer: PyValue): string {
  const kept = new Excerpt();
  writePython(answer, (piece) => kept.write(piece));
  return kept.toString();
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
  test.kind === 'stdin' && seen.stdout.length > 0 ? excerpt(seen.stdout.toString('utf8')) : null;

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1);
  return line === undefined || line === '' ? '' : `: ${line}`;
}
