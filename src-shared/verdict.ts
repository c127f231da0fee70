/** What the sandbox says about a program: words and shapes that the main process and the window share. */

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

/** One test of a program, in LiveCodeBench's two kinds. */
export interface Test {
  /** functional: the program defines a function that is called; stdin: it reads standard input and prints. */
  readonly kind: 'functional' | 'stdin';
  /** functional: one JSON value a line, one line an argument; stdin: the whole of standard input. */
  readonly input: string;
  /** functional: the JSON value that the function returns; stdin: the text that the program prints. */
  readonly expected: string;
}

export interface TestResult {
  readonly verdict: Verdict;
  /** What the program printed or, written as in Python, returned; at most 4,000 characters. Null: no answer. */
  readonly got: string | null;
  /** One line of explanation, for example the exception; null where the verdict says all. */
  readonly detail: string | null;
  /** Wall-clock time of the test's process, in milliseconds. */
  readonly wallMs: number;
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
