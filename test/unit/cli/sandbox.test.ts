/** `assay sandbox` over a fake app: what it asks, what it prints, exit codes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runProgram } from '../../../src-main/cli/program.ts';
import type { CanaryReport, SandboxInfo } from '../../../src-shared/api.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import type { ProgramResult } from '../../../src-shared/verdict.ts';
import { type Bodies, fakeShell } from '../api/fake-shell.ts';
import { fakeIo } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-cli-sandbox-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const program = file('program.py', 'print(6)');
const problem = file(
  'problem.json',
  JSON.stringify({
    functionName: 'f',
    tests: ['1', '2', '3'].map((input) => ({ kind: 'functional', input, expected: `${input}0` })),
    limits: { wallMs: 700 },
  }),
);

async function run(args: string[], bodies: Bodies) {
  const io = fakeIo();
  const shell = fakeShell(bodies);
  const opened: object[] = [];
  const code = await runProgram(['sandbox', ...args], {
    io,
    version: '1',
    openApp: async (options) => {
      opened.push(options);
      return shell;
    },
  });
  return { code, lines: io.lines, errors: io.errors, opened, closed: shell.isClosed() };
}

const info: SandboxInfo = {
  isolation: { level: 'rlimits', detail: 'rlimits: resource limits only', network: false },
  claims: [],
  advice: 'Install bubblewrap.',
  languages: [
    { language: 'python', title: 'Python', kinds: ['stdin'], version: 'Python 3.12', missing: null },
    {
      language: 'java',
      title: 'Java',
      kinds: ['stdin'],
      version: null,
      missing:
        'javac is not installed: apt install default-jdk-headless, dnf install java-latest-openjdk-devel or brew install openjdk',
    },
  ],
};
const canary = (id: string, more: Partial<CanaryReport['results'][number]> = {}): CanaryReport['results'][number] => ({
  id,
  title: `Canary ${id}`,
  language: 'python',
  claim: 'verdicts',
  tries: `Tries ${id}`,
  expected: ['passed'],
  got: 'passed',
  detail: null,
  held: true,
  wallMs: 12.4,
  ...more,
});
const held: CanaryReport = {
  isolation: 'rlimits',
  results: [canary('right'), canary('files', { got: null, held: null, wallMs: 0 })],
  held: true,
};
const broken: CanaryReport = {
  ...held,
  results: [
    ...held.results,
    canary('loop', {
      got: 'wrong-answer',
      held: false,
      expected: ['time-limit', 'runtime-error'],
      detail: 'it gave "\u001b[2J"',
    }),
  ],
  held: false,
};

describe('check', () => {
  test('isolation, languages, a line a canary; beside an Assay that has the folder', async () => {
    const asked: unknown[] = [];
    const { code, lines, opened, closed } = await run(['check'], {
      checkSandbox: (input: object) => {
        asked.push(input);
        return { info, report: held };
      },
    });
    expect([code, asked, opened, closed]).toEqual([0, [{}], [{ readonly: true }], true]);
    expect(lines).toEqual([
      'rlimits: resource limits only',
      'Install bubblewrap.',
      '',
      'Languages',
      ' ✓  Python      Python 3.12',
      ' –  Java        not here: javac is not installed: apt install',
      '                default-jdk-headless, dnf install java-latest-openjdk-devel or',
      '                brew install openjdk',
      '',
      '    canary           ms  verdict',
      ' ✓  Canary right     12  passed',
      ' –  Canary files         not claimed by rlimits',
      '',
      'All 1 canaries are held; 1 more are not claimed by rlimits.',
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('what does not hold is explained, and nothing that a program said steers the terminal; exit code 1', async () => {
    const { code, lines } = await run(['check', '--isolation', 'rlimits'], {
      checkSandbox: () => ({ info, report: broken }),
    });
    expect(code).toBe(1);
    expect(lines.slice(-6)).toEqual([
      ' ✗  Canary loop      12  wrong-answer',
      '      Tries loop.',
      '      Allowed is time-limit or runtime-error.',
      '      Seen: it gave "\\x1b[2J"',
      '',
      'Not held: loop (1 of 2 canaries); 1 more are not claimed by rlimits.',
    ]);
  });

  test('--json: one object with all of it', async () => {
    const { code, lines } = await run(['check', '--json'], { checkSandbox: () => ({ info, report: broken }) });
    expect(code).toBe(1);
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ ...info, report: broken }]);
  });

  test('a sandbox that cannot run: one line', async () => {
    const { code, errors } = await run(['check'], {
      checkSandbox: () => {
        throw new AssayError('sandbox', 'The sandbox cannot run: no bwrap');
      },
    });
    expect([code, errors]).toEqual([1, ['assay: The sandbox cannot run: no bwrap']]);
  });
});

describe('run', () => {
  const result: ProgramResult = {
    verdict: 'wrong-answer',
    tests: [
      { verdict: 'passed', got: '10', detail: null, wallMs: 3.21, memoryMb: 9.5 },
      { verdict: 'wrong-answer', got: `2\n${'x'.repeat(500)}`, detail: null, wallMs: 12.6, memoryMb: null },
    ],
  };

  test('a line a test, what was expected and what came, and the verdict', async () => {
    const asked: unknown[] = [];
    const args = ['run', '--problem', problem, '--stop-at-first-failure', '--memory-limit', '128', program];
    const { code, lines, opened } = await run(args, {
      runProgram: (input: object) => {
        asked.push(input);
        return result;
      },
    });
    expect(asked).toMatchObject([
      {
        language: 'python',
        code: 'print(6)',
        functionName: 'f',
        stopAtFirstFailure: true,
        limits: { wallMs: 700, memoryMb: 128 },
      },
    ]);
    expect([code, opened]).toEqual([1, [{ readonly: true }]]);
    expect(lines).toEqual([
      '✓ 1  passed            3.2 ms     9.5 MB',
      '✗ 2  wrong-answer       13 ms',
      '     expected  20',
      '     got       2',
      `               ${'x'.repeat(298)}…`,
      'wrong-answer: 1 of 3 tests passed, 1 not run',
    ]);
  });

  test('exit code 0 where it passed; --json prints the result', async () => {
    const passed: ProgramResult = { verdict: 'passed', tests: [] };
    const { code, lines } = await run(['run', '--problem', problem, '--json', '--time-limit', '900', program], {
      runProgram: ({ limits }: { limits: object }) => {
        expect(limits).toEqual({ wallMs: 900 });
        return passed;
      },
    });
    expect([code, lines.map((line) => JSON.parse(line))]).toEqual([0, [passed]]);
  });

  test.each([
    [['run', program], "required option '--problem <file>' not specified"],
    [['run', '--problem', problem], "missing required argument 'program'"],
    [
      ['run', '--problem', problem, '--language', 'cobol', program],
      "option '--language <language>' argument 'cobol' is invalid. Allowed choices are python, javascript, cpp, java.",
    ],
    [['run', '--problem', problem, '--time-limit', '0', program], /argument '0' is invalid/],
    [
      ['run', '--problem', problem, '--time-limit', '1', program],
      /argument '1' is invalid. It must be a whole number from 50 to 60000\./,
    ],
    [['run', '--problem', join(folder, 'none'), program], `${join(folder, 'none')}: there is no such file`],
    [['run', '--problem', problem, join(folder, 'none')], `${join(folder, 'none')}: there is no such file`],
    [['run', '--problem', program, program], /program\.py: is not JSON/],
    [[], 'a command is needed'],
  ])('%j is used wrongly: exit code 2', async (args, message) => {
    const { code, errors } = await run(args, { runProgram: () => result });
    expect(code).toBe(2);
    expect(errors[0]).toEqual(typeof message === 'string' ? `assay: ${message}` : expect.stringMatching(message));
  });
});
