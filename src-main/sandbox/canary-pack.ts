/** The canaries as data: each program, what it tries, which promise of the sandbox it puts to the test, and the verdicts
 * that show that it is kept. Their longer code is in canary-programs.ts. */
import type { Language, Limits, Test, Verdict } from '../../src-shared/verdict.ts';
import * as python from './canary-programs.ts';
import type { LanguageReport, SandboxProgram } from './sandbox.ts';

/** What a sandbox may promise. */
export const PROMISES = {
  verdicts: 'No program passes without the right answers',
  time: 'Programs that do not end are ended',
  memory: 'Memory is limited',
  output: 'Output and files are limited in size',
  processes: 'Processes are limited, and none is left behind',
  files: 'Files of this machine are out of reach',
  network: 'The network is out of reach',
  environment: 'The environment of Assay is out of reach',
} as const;
export type Promised = keyof typeof PROMISES;

export interface Canary {
  readonly id: string;
  readonly title: string;
  /** What it tries, in one line. */
  readonly tries: string;
  readonly promise: Promised;
  readonly program: SandboxProgram & { readonly language: Language };
  /** The verdicts that show that the promise is kept. */
  readonly expected: readonly Verdict[];
}

/** What of this machine the hostile canaries reach for. */
export interface Surroundings {
  /** Files and folders that everyone may read. */
  readonly files: readonly string[];
  /** A folder that everyone may write to. */
  readonly folder: string;
  /** Where something listens on the loopback. */
  readonly port: number;
  /** Hashes of the variables of this process, as environmentHashes gives them. */
  readonly environment: readonly string[];
}

const stdin = (expected: string, input = ''): Test => ({ kind: 'stdin', input, expected });
const call = (expected: string, ...inputs: string[]): Test => ({
  kind: 'functional',
  input: inputs.join('\n'),
  expected,
});
/** For what is to be ended. All other canaries have a time that only a broken machine needs. */
const SHORT = { wallMs: 400, cpuSeconds: 1 };
const AMPLE = { wallMs: 10_000, cpuSeconds: 10 };

/** Verdicts of a program that was stopped or refused: anything but passed, and but a fault of the sandbox. */
const REFUSED: readonly Verdict[] = ['wrong-answer', 'runtime-error', 'time-limit'];

function pythonCanary(
  [id, promise, title, tries]: readonly [string, Promised, string, string],
  expected: readonly Verdict[],
  code: string,
  tests: readonly Test[],
  limits: Partial<Limits> = {},
): Canary {
  const program = { language: 'python', code, functionName: 'solve', tests, limits: { ...AMPLE, ...limits } } as const;
  return { id, title, tries, promise, program, expected };
}

function pythonCanaries(around: Surroundings): Canary[] {
  const doubled = [call('2', '1'), call('14', '7'), call('-6', '-3')];
  const six = [call('6', '3')];
  return [
    pythonCanary(
      ['right', 'verdicts', 'Right, printed', 'Prints the right answers'],
      ['passed'],
      'n = int(input())\nprint(n * sum(map(int, input().split())))',
      [stdin('18', '3\n1 2 3'), stdin('-4\n', '2\n-2\n')],
    ),
    pythonCanary(
      ['right-function', 'verdicts', 'Right, returned', 'Returns the right answers'],
      ['passed'],
      'def solve(numbers, k):\n    return sorted(numbers)[-k:]',
      [call('[2, 3]', '[3, 1, 2]', '2'), call('["b"]', '["b", "a"]', '1'), call('[]', '[]', '4')],
    ),
    pythonCanary(
      ['wrong', 'verdicts', 'Wrong, printed', 'Prints an answer that is off by one'],
      ['wrong-answer'],
      'print(int(input()) * 2 + 1)',
      [stdin('6', '3')],
    ),
    pythonCanary(
      ['wrong-function', 'verdicts', 'Wrong, returned', 'Returns a wrong answer in the last of its tests'],
      ['wrong-answer'],
      'def solve(n):\n    return abs(2 * n)',
      doubled,
    ),
    pythonCanary(
      ['exception', 'verdicts', 'Exception', 'Divides by zero'],
      ['runtime-error'],
      'def solve(n):\n    return n / 0',
      six,
    ),
    pythonCanary(
      ['syntax', 'verdicts', 'Syntax error', 'Does not compile'],
      ['compile-error'],
      'def solve(n):\n    return (2 * n',
      six,
    ),
    pythonCanary(
      ['exit', 'verdicts', 'sys.exit(0) first', 'Ends well before it gives an answer'],
      REFUSED,
      'import sys\nsys.exit(0)',
      [stdin('6', '3')],
    ),
    pythonCanary(
      ['os-exit', 'verdicts', 'os._exit(0) when called', 'Ends well before its function returns'],
      REFUSED,
      'import os\ndef solve(n):\n    os._exit(0)',
      doubled,
    ),
    pythonCanary(
      [
        'equal-to-all',
        'verdicts',
        'Equal to everything',
        'Returns objects that override ==, as a number, a text, a list',
      ],
      REFUSED,
      python.EQUAL_TO_ALL,
      [call('6', '0'), call('"six"', '1'), call('[6]', '2'), call('6', '3')],
    ),
    pythonCanary(
      [
        'forged-report',
        'verdicts',
        'Forged report',
        'Writes the sandbox’s own messages to every descriptor, then ends',
      ],
      REFUSED,
      python.FORGED_REPORT,
      six,
      SHORT,
    ),
    pythonCanary(
      ['tampering', 'verdicts', 'Tampering', 'Replaces builtins and modules that a judge might use'],
      REFUSED,
      python.TAMPERING,
      six,
    ),
    pythonCanary(
      ['hunt', 'verdicts', 'Hunt for the answer', 'Searches memory and call frames for the expected answer'],
      REFUSED,
      python.HUNT,
      [call('"canary-needle-6"', '3')],
    ),
    pythonCanary(
      [
        'late-answer',
        'verdicts',
        'Answer after the end',
        'Leaves a process that prints the answer once the program has ended',
      ],
      REFUSED,
      python.LATE_ANSWER,
      [stdin('6')],
    ),
    pythonCanary(
      ['fresh-start', 'verdicts', 'Notes to itself', 'Leaves a file in one test and looks for it in the next'],
      ['passed'],
      python.NOTES,
      [stdin('nothing'), stdin('nothing')],
    ),
    pythonCanary(
      ['endless-loop', 'time', 'Endless loop', 'Never ends'],
      ['time-limit'],
      python.ENDLESS_LOOP,
      [stdin('6')],
      SHORT,
    ),
    pythonCanary(
      ['sleep', 'time', 'Sleep, deaf to signals', 'Ignores every signal that it can and sleeps'],
      ['time-limit'],
      python.DEAF_SLEEP,
      [stdin('6')],
      SHORT,
    ),
    pythonCanary(
      ['memory', 'memory', 'Memory hog', 'Takes a gigabyte where 256 MB are allowed'],
      ['memory-limit'],
      python.MEMORY_HOG,
      [stdin('6')],
      { memoryMb: 256 },
    ),
    pythonCanary(
      ['output', 'output', 'Flood of output', 'Prints 64 MB where 1 MB is allowed'],
      ['output-limit'],
      'for _ in range(64):\n    print("x" * (1 << 20))',
      [stdin('6')],
      { outputBytes: 1 << 20 },
    ),
    pythonCanary(
      ['file', 'output', 'Huge file', 'Writes a file of 64 MB where 1 MB is allowed'],
      ['output-limit', 'runtime-error', 'memory-limit'],
      python.HUGE_FILE,
      [stdin('6')],
      { fileBytes: 1 << 20 },
    ),
    pythonCanary(
      ['fork-bomb', 'processes', 'Fork bomb', 'Starts a thousand processes where 8 are allowed'],
      ['passed', 'runtime-error', 'time-limit', 'memory-limit'],
      python.FORK_BOMB,
      [stdin('limited')],
      { processes: 8 },
    ),
    pythonCanary(
      [
        'left-behind',
        'processes',
        'Daemon left behind',
        'Leaves a process of a session of its own, which the next test looks for',
      ],
      ['passed'],
      python.LEFT_BEHIND,
      [stdin('done', 'leave'), stdin('gone', 'look')],
    ),
    pythonCanary(
      [
        'files',
        'files',
        'Files of this machine',
        'Reads /etc/passwd, the home folder, a temporary file and the environment of Assay',
      ],
      ['passed'],
      python.reading(around.files),
      [stdin('[]')],
    ),
    pythonCanary(
      ['write', 'files', 'Writing outside', 'Writes into a folder that everyone may write to'],
      ['passed'],
      python.writing(`${around.folder}/written`),
      [stdin('nothing written')],
    ),
    pythonCanary(
      ['network', 'network', 'Network', 'Connects to a server on this machine'],
      ['passed', 'runtime-error'],
      python.connecting(around.port),
      [stdin('no connection')],
    ),
    pythonCanary(
      ['environment', 'environment', 'Environment', 'Looks in its environment for variables of Assay'],
      ['passed'],
      python.lookingForVariables(around.environment),
      [stdin('[]')],
    ),
  ];
}

/** The code of the answer 42, of another one, and of no end within 20 s. */
const OTHER_LANGUAGES: Readonly<Partial<Record<Language, { right: string; wrong: string; endless: string }>>> = {
  javascript: {
    right: 'console.log(6 * 7);',
    wrong: 'console.log(6 * 7 - 1);',
    endless: 'const end = Date.now() + 20000;\nwhile (Date.now() < end);\nconsole.log(42);',
  },
  cpp: {
    right: '#include <cstdio>\nint main() { long n; if (std::scanf("%ld", &n) == 1) std::printf("%ld\\n", 7 * n); }',
    wrong: '#include <cstdio>\nint main() { std::puts("41"); }',
    endless:
      '#include <cstdio>\n#include <ctime>\nint main() { while (std::clock() < 20 * CLOCKS_PER_SEC); std::puts("42"); }',
  },
  java: {
    right:
      'public class Main { public static void main(String[] a) { System.out.println(7 * new java.util.Scanner(System.in).nextInt()); } }',
    wrong: 'public class Main { public static void main(String[] a) { System.out.println(41); } }',
    endless:
      'public class Main { public static void main(String[] a) { long end = System.nanoTime() + 20000000000L; while (System.nanoTime() < end); System.out.println(42); } }',
  },
};

function otherCanaries(language: Language, name: string): Canary[] {
  const codes = OTHER_LANGUAGES[language];
  if (codes === undefined) return [];
  const canary = (
    kind: keyof typeof codes,
    promise: Promised,
    [title, tries]: readonly [string, string],
    expected: Verdict,
    limits: Partial<Limits>,
  ): Canary => ({
    id: `${language}-${kind}`,
    title: `${title}, ${name}`,
    tries,
    promise,
    program: { language, code: codes[kind], tests: [stdin('42', '6')], limits },
    expected: [expected],
  });
  return [
    canary('right', 'verdicts', ['Right', 'Prints the right answer'], 'passed', AMPLE),
    canary('wrong', 'verdicts', ['Wrong', 'Prints a wrong answer'], 'wrong-answer', AMPLE),
    canary('endless', 'time', ['Endless loop', 'Never ends'], 'time-limit', SHORT),
  ];
}

/** Every canary of the languages that this sandbox can run. */
export function canariesFor(languages: readonly LanguageReport[], around: Surroundings): Canary[] {
  return languages
    .filter(({ version }) => version !== null)
    .flatMap(({ language, title }) =>
      language === 'python' ? pythonCanaries(around) : otherCanaries(language, title),
    );
}
