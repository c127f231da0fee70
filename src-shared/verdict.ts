/** What the sandbox is asked and what it says about a program: words and shapes that the main process and the window
 * share. */
import { z } from 'zod';

/** Passed, the seven ways not to, from the program's fault to ours. */
export const VERDICTS = [
  'passed',
  'wrong-answer',
  'runtime-error',
  'compile-error',
  'time-limit',
  'memory-limit',
  'output-limit',
  'sandbox-error',
] as const;

/** `sandbox-error` alone says nothing about the program: the sandbox failed, twice, to run it. */
export type Verdict = (typeof VERDICTS)[number];

export const LANGUAGES = ['python', 'javascript', 'cpp', 'java'] as const;
export type Language = (typeof LANGUAGES)[number];

/** How an answer is held against an expected one. Exact is LiveCodeBench's rule: text line by line, stripped, numbers as
 * exact decimals; values by Python's ==. */
export const comparisonSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exact') }),
  /** Numbers may differ by `absolute`, or by `relative` times the expected one; all else as exact. */
  z.strictObject({ kind: z.literal('tolerance'), absolute: z.number().min(0), relative: z.number().min(0) }),
  /** Lines of text, or elements of the outermost list, in any order. */
  z.strictObject({ kind: z.literal('unordered') }),
  /** A program decides, run by itself in the sandbox as `checker input.txt output.txt answer.txt`: exit status 0 accepts,
   * 1 and 2 refuse (testlib's convention); what it prints is the explanation. */
  z.strictObject({ kind: z.literal('checker'), language: z.enum(['python', 'cpp', 'javascript']), code: z.string() }),
]);
export type Comparison = z.infer<typeof comparisonSchema>;

/** The kinds of tests that a program is run for. */
export const PROGRAM_TESTS = ['functional', 'stdin', 'asserts'] as const;

/** One test of a program, or of an answer. */
export const testSchema = z.strictObject({
  /** functional: the program defines a function that is called. stdin: it reads standard input and prints. asserts:
   * Python code, which the program never sees, calls the function and ends in an exception where it is wrong. answer:
   * there is no program; the response ends in a mathematical answer, which no sandbox judges. */
  kind: z.enum([...PROGRAM_TESTS, 'answer']),
  /** functional: one JSON value a line, one line an argument; stdin: the whole of standard input; asserts: the code,
   * in which `candidate` and the function's own name are the function; answer: unused. */
  input: z.string(),
  /** functional: the JSON value that the function returns; stdin: the text that the program prints; asserts: unused;
   * answer: the answer, in LaTeX or plain. */
  expected: z.string(),
  /** Other answers that are right as well. */
  accepted: z.array(z.string()).readonly().optional(),
  /** `exact` where there is none. */
  comparison: comparisonSchema.optional(),
});
export type Test = Readonly<z.infer<typeof testSchema>>;

export interface TestResult {
  readonly verdict: Verdict;
  /** What the program printed or, written as in Python, returned: head and tail, at most 4,000 characters. Null: no
   * answer. */
  readonly got: string | null;
  /** One line of explanation, for example the exception; null where the verdict says all. */
  readonly detail: string | null;
  /** Wall-clock time of the test, in milliseconds. */
  readonly wallMs: number;
  /** Most memory that the test's process had resident, in MiB; null where it was not measured. */
  readonly memoryMb: number | null;
}

export interface ProgramResult {
  /** `passed`, or the verdict of the first test that did not pass. */
  readonly verdict: Verdict;
  /** In the order of the tests; ends at the first that did not pass where that was asked for. */
  readonly tests: readonly TestResult[];
}

/** What one test may use; each test of a program has these anew. */
export interface Limits {
  /** Wall clock, from the start of the test's process to its end, in milliseconds. */
  readonly wallMs: number;
  /** Processor time of each process of the test, in whole seconds. */
  readonly cpuSeconds: number;
  /** Address space of each process, and resident memory of all of them together (looked at ten times a second). */
  readonly memoryMb: number;
  /** Bytes that a test may print, and bytes of a function's answer. */
  readonly outputBytes: number;
  /** Size of each file; where the working folder is a file system of its own, of all files together. */
  readonly fileBytes: number;
  /** Processes and threads at one time. */
  readonly processes: number;
}
