/** `assay sandbox`: whether the sandbox of this machine holds, and one program judged in it. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Api, type CanaryReport, PROGRAM_BOUNDS, type SandboxInfo } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { LANGUAGES, type Language, type ProgramResult, type Test } from '../../src-shared/verdict.ts';
import type { OwnedShell } from '../api/shell.ts';
import { type Io, table } from './io.ts';

/** Of an answer that is shown. */
const HEAD_CHARS = 300;
const WIDTH = 80;

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface RunOptions {
  readonly language: Language;
  readonly problem: string;
  readonly json?: true;
  readonly stopAtFirstFailure?: true;
  readonly timeLimit?: number;
  readonly memoryLimit?: number;
}

export function addSandboxCommands(program: Command, { io, withApp }: Surroundings): void {
  const sandbox = program
    .command('sandbox')
    .description('the sandbox that judges programs: check it, or run one program');
  const json = ['--json', 'one JSON object on standard output'] as const;

  sandbox
    .command('check')
    .description('try programs with known verdicts, hostile ones among them; exit code 0 only where all are held')
    .option('--isolation <level>', 'this level of isolation (default: the strongest that works here)')
    .option(...json)
    .action((given: { isolation?: string; json?: true }) =>
      // Beside an Assay that has the folder open: nothing of the folder is needed.
      withApp(true, async ({ api }) => {
        const { info, report } = await api.checkSandbox(
          given.isolation === undefined ? {} : { isolation: given.isolation },
        );
        const lines = given.json ? [JSON.stringify({ ...info, report })] : checkLines(info, report);
        for (const line of lines) io.out(line);
        return report.held ? 0 : 1;
      }),
    );

  sandbox
    .command('run')
    .description('judge one program; exit code 0 where it passed, 1 where not, 2 where the command was wrong')
    .argument('<program>', 'its file; - reads standard input')
    .requiredOption(
      '--problem <file>',
      'JSON {functionName?, tests: [{kind, input, expected}], limits?}, or a problem line',
    )
    .addOption(new Option('--language <language>', 'of the program').choices(LANGUAGES).default('python'))
    .option('--stop-at-first-failure', 'leave out the tests after the first that does not pass')
    .option('--time-limit <ms>', 'wall-clock time of one test', within(PROGRAM_BOUNDS.wallMs))
    .option('--memory-limit <mb>', 'memory of one test', within(PROGRAM_BOUNDS.memoryMb))
    .option(...json)
    .action((path: string, given: RunOptions) =>
      withApp(true, async ({ api }) => {
        const { result, tests } = await runProgramFile(api, path, given);
        const lines = given.json ? [JSON.stringify(result)] : resultLines(result, tests);
        for (const line of lines) io.out(line);
        return result.verdict === 'passed' ? 0 : 1;
      }),
    );
}

async function runProgramFile(api: Api, path: string, given: RunOptions) {
  const { parseProblemFile } = await import('../api/problem-file.ts');
  const { functionName, tests, limits } = parseProblemFile(read(given.problem), given.problem);
  const result = await api.runProgram({
    language: given.language,
    code: read(path),
    tests,
    ...(functionName === undefined ? {} : { functionName }),
    stopAtFirstFailure: given.stopAtFirstFailure === true,
    limits: {
      ...limits,
      ...(given.timeLimit === undefined ? {} : { wallMs: given.timeLimit }),
      ...(given.memoryLimit === undefined ? {} : { memoryMb: given.memoryLimit }),
    },
  });
  return { result, tests };
}

const within =
  ({ min, max }: { min: number; max: number }) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };

function read(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new AssayError('usage', `${path}: ${why}`, { cause: error });
  }
}

const MARKS = new Map<boolean | null, string>([
  [true, '✓'],
  [false, '✗'],
  [null, '–'],
]);

export function checkLines({ isolation, advice, languages }: SandboxInfo, { results, held }: CanaryReport): string[] {
  const rows = results.map((r) => [
    ` ${MARKS.get(r.held)}`,
    r.title,
    r.got === null ? '' : String(Math.round(r.wallMs)).padStart(5),
    r.got ?? `not claimed by ${isolation.level}`,
  ]);
  const [head, ...body] = table(['  ', 'canary', '   ms', 'verdict'], rows);
  const broken = results.filter((r) => r.held === false);
  const unclaimed = results.filter((r) => r.held === null).length;
  return [
    ...wrapped(isolation.detail, '  ', ''),
    ...(advice === null ? [] : wrapped(advice, '  ', '')),
    '',
    'Languages',
    ...languages.flatMap(({ title, version, missing }) =>
      version === null
        ? wrapped(`not here: ${missing}`, '                ', ` –  ${title.padEnd(12)}`)
        : [` ✓  ${title.padEnd(12)}${version}`],
    ),
    '',
    head ?? '',
    ...results.flatMap((r, i) => [body[i] ?? '', ...(r.held === false ? why(r) : [])]),
    '',
    ...wrapped(
      (held
        ? `All ${results.length - unclaimed} canaries are held`
        : `Not held: ${broken.map((r) => r.id).join(', ')} (${broken.length} of ${results.length - unclaimed} canaries)`) +
        (unclaimed === 0 ? '.' : `; ${unclaimed} more are not claimed by ${isolation.level}.`),
      '',
    ),
  ];
}

function why({ tries, expected, detail }: CanaryReport['results'][number]): string[] {
  const facts = [
    `${tries}.`,
    `Allowed is ${expected.join(' or ')}.`,
    ...(detail === null ? [] : [`Seen: ${printable(detail)}`]),
  ];
  return facts.flatMap((fact) => wrapped(fact, '      '));
}

export function resultLines({ verdict, tests: results }: ProgramResult, tests: readonly Test[]): string[] {
  const number = String(results.length).length;
  const lines = results.flatMap((r, i) => {
    const facts = [
      `${MARKS.get(r.verdict === 'passed')} ${String(i + 1).padStart(number)}`,
      r.verdict.padEnd('compile-error'.length),
      `${milliseconds(r.wallMs)} ms`.padStart(9),
      r.memoryMb === null ? '' : `${r.memoryMb.toFixed(1)} MB`.padStart(9),
    ];
    const indent = ' '.repeat(number + 3);
    return [
      facts.join('  ').trimEnd(),
      ...(r.detail === null ? [] : [`${indent} ${printable(r.detail)}`]),
      ...(r.verdict === 'wrong-answer'
        ? [...answer(`${indent} expected  `, tests[i]?.expected ?? ''), ...answer(`${indent} got       `, r.got ?? '')]
        : []),
    ];
  });
  const passed = results.filter((r) => r.verdict === 'passed').length;
  const left = results.length < tests.length ? `, ${tests.length - results.length} not run` : '';
  return [...lines, `${verdict}: ${passed} of ${tests.length} tests passed${left}`];
}

/** The head of an answer, lines under one another. */
function answer(label: string, text: string): string[] {
  const head = text.length > HEAD_CHARS ? `${text.slice(0, HEAD_CHARS)}…` : text.replace(/\n$/, '');
  return printable(head)
    .split('\n')
    .map((line, i) => (i === 0 ? label : ' '.repeat(label.length)) + line);
}

/** What a program said must not steer the terminal: control characters other than line ends are spelt out. */
const printable = (text: string): string =>
  text.replace(/[^\P{Cc}\n]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

const milliseconds = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

/** Lines of at most 80 columns, broken between words. */
function wrapped(text: string, indent: string, first = indent): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    line += `${isEmpty ? '' : ' '}${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
