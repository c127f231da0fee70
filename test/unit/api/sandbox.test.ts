/** The calls about the sandbox, over sandboxes that answer as told. */
import { describe, expect, test } from 'vitest';
import type { ApiContext } from '../../../src-main/api/context.ts';
import { parseProblemFile } from '../../../src-main/api/problem-file.ts';
import { sandboxCalls } from '../../../src-main/api/sandbox.ts';
import { LazySandbox } from '../../../src-main/runs/lazy-sandbox.ts';
import type { IsolationLevel } from '../../../src-main/sandbox/isolation.ts';
import type { Sandbox, SandboxOptions, SandboxProgram } from '../../../src-main/sandbox/sandbox.ts';
import { calls, PROGRAM_BOUNDS } from '../../../src-shared/api.ts';
import { echoSandbox } from '../../fixtures/supervisor.ts';

/** An Api over a shared sandbox of level bubblewrap (or none), and the sandboxes that it opened beside it. */
async function api({ reader = false, refuse = false } = {}) {
  const programs: SandboxProgram[] = [];
  const opened: (SandboxOptions & { closed?: true })[] = [];
  const sandboxOf = async (level: IsolationLevel, onClose = () => {}): Promise<Sandbox> => ({
    ...(await echoSandbox()),
    isolation: { level, detail: `${level}: as a test`, network: level !== 'bubblewrap' },
    languages: [{ language: 'cpp', title: 'C++', kinds: ['stdin'], version: null, missing: 'install g++' }],
    run: async (program) => {
      programs.push(program);
      if (refuse) throw new RangeError('language: cpp cannot be run here: install g++');
      return { verdict: 'passed', tests: [{ verdict: 'passed', got: '6', detail: null, wallMs: 1, memoryMb: 9 }] };
    },
    close: async () => onClose(),
  });
  const shared = reader ? null : new LazySandbox(() => sandboxOf('bubblewrap'));
  const bodies = sandboxCalls({ sandbox: shared } as ApiContext, async (options = {}) => {
    const own: SandboxOptions & { closed?: true } = { ...options };
    opened.push(own);
    return sandboxOf(options.isolation ?? 'rlimits', () => {
      own.closed = true;
    });
  });
  return { bodies, programs, opened, shared };
}

const tests = [{ kind: 'stdin' as const, input: '3', expected: '6' }];

describe('sandboxInfo', () => {
  test('says what is in force and how to do better', async () => {
    const { bodies, opened } = await api();
    const info = calls.sandboxInfo.output.parse(await bodies.sandboxInfo({}));
    expect(info.isolation).toEqual({ level: 'bubblewrap', detail: 'bubblewrap: as a test', network: false });
    expect(info.advice).toBeNull();
    expect(info.claims.every(({ claimed }) => claimed)).toBe(true);
    expect(info.languages).toMatchObject([{ language: 'cpp', version: null, missing: 'install g++' }]);
    expect(opened).toEqual([]);
  });

  test('a process without a sandbox opens one for the call, and closes it', async () => {
    const { bodies, opened } = await api({ reader: true });
    const info = await bodies.sandboxInfo({});
    expect(info.isolation.level).toBe('rlimits');
    expect(info.advice).toMatch(/bubblewrap/);
    expect(info.claims.filter(({ claimed }) => !claimed).map(({ id }) => id)).toEqual(['files', 'network']);
    expect(opened).toEqual([{ closed: true }]);
  });
});

describe('runProgram', () => {
  test('runs the program now, under the limits that are given', async () => {
    const { bodies, programs } = await api();
    const input = { language: 'python' as const, code: 'print(6)', tests, limits: { wallMs: 1500, memoryMb: 128 } };
    const result = await bodies.runProgram(input);
    expect(calls.runProgram.output.parse(result)).toEqual(result);
    expect(result).toMatchObject({ verdict: 'passed', tests: [{ memoryMb: 9 }] });
    expect(programs).toEqual([
      {
        language: 'python',
        code: 'print(6)',
        tests,
        stopAtFirstFailure: false,
        limits: { wallMs: 1500, cpuSeconds: 2, memoryMb: 128 },
        anew: true,
      },
    ]);
  });

  test('what cannot be run is a usage error', async () => {
    const { bodies } = await api({ refuse: true });
    await expect(bodies.runProgram({ language: 'cpp', code: '', tests })).rejects.toMatchObject({
      code: 'usage',
      message: 'language: cpp cannot be run here: install g++',
    });
    const functional = [{ kind: 'functional' as const, input: '3', expected: '6' }];
    expect(() => bodies.runProgram({ language: 'python', code: '', functionName: ' ', tests: functional })).toThrow(
      expect.objectContaining({ code: 'usage', path: 'functionName' }),
    );
  });

  test.each([
    ['code', { code: 'x'.repeat(PROGRAM_BOUNDS.codeChars + 1) }],
    ['tests', { tests: [] }],
    ['tests', { tests: Array.from({ length: PROGRAM_BOUNDS.tests + 1 }, () => tests[0]) }],
    ['tests', { tests: [{ ...tests[0], input: 'x'.repeat(PROGRAM_BOUNDS.testChars) }] }],
    ['tests.0.kind', { tests: [{ ...tests[0], kind: 'other' }] }],
    ['limits.wallMs', { limits: { wallMs: PROGRAM_BOUNDS.wallMs.max + 1 } }],
    ['limits.memoryMb', { limits: { memoryMb: 1 } }],
    ['language', { language: 'cobol' }],
  ])('%s is bounded', (path, change) => {
    const input = { language: 'python', code: 'print(6)', tests, ...change };
    expect(calls.runProgram.input.safeParse(input).error?.issues[0]?.path.join('.')).toBe(path);
  });
});

describe('checkSandbox', () => {
  test('tries the shared sandbox anew, and keeps what it found for the runs', async () => {
    const { bodies, opened, shared } = await api();
    const before = await shared?.check();
    const { info, report } = calls.checkSandbox.output.parse(await bodies.checkSandbox({}));
    expect([info.isolation.level, report.isolation]).toEqual(['bubblewrap', 'bubblewrap']);
    const kept = await shared?.check();
    expect(kept).not.toBe(before);
    expect(kept).toEqual(report);
    await bodies.checkSandbox({ isolation: 'bubblewrap' });
    expect(opened).toEqual([]);
  });

  test('another level is tried in a sandbox of its own, which is closed', async () => {
    const { bodies, opened } = await api();
    const { report } = await bodies.checkSandbox({ isolation: 'rlimits' });
    expect(report.isolation).toBe('rlimits');
    expect(opened).toEqual([{ isolation: 'rlimits', closed: true }]);
    await expect(bodies.checkSandbox({ isolation: 'jail' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^isolation: jail is unknown; allowed is bubblewrap, /),
    });
  });

  test('a level that does not open is an error in one line', async () => {
    const bodies = sandboxCalls({ sandbox: null } as ApiContext, () => Promise.reject(new Error('no bwrap\n at x')));
    await expect(bodies.checkSandbox({ isolation: 'bubblewrap' })).rejects.toMatchObject({
      code: 'sandbox',
      message: 'The sandbox cannot run: no bwrap',
    });
  });
});

describe('a file of tests', () => {
  const mine = {
    functionName: 'f',
    tests: [{ kind: 'functional', input: '1', expected: '2' }],
    limits: { wallMs: 500 },
  };

  test('of ours, over any number of lines', () => {
    expect(parseProblemFile(JSON.stringify(mine, null, 2), 'p.json')).toEqual(mine);
    expect(parseProblemFile(`\uFEFF${JSON.stringify(mine)}`, 'p.json')).toEqual(mine);
  });

  test('a line of a problem file, in both of its dialects', () => {
    const ours = { id: 1, statement: 'Double.', function_name: 'f', tests: [{ input: '1', output: '2' }] };
    expect(parseProblemFile(`${JSON.stringify(ours)}\n`, 'p.jsonl')).toMatchObject({
      functionName: 'f',
      tests: [{ kind: 'functional', input: '1', expected: '2' }],
    });
    const test = [{ input: '1\n', output: '2\n', testtype: 'stdin' }];
    const theirs = { question_id: 'a', question_content: 'Double.', public_test_cases: JSON.stringify(test) };
    expect(parseProblemFile(JSON.stringify(theirs), 'p.jsonl')).toEqual({
      tests: [{ kind: 'stdin', input: '1\n', expected: '2\n' }],
    });
  });

  test.each([
    ['{', /^p: is not JSON \(/],
    ['[]', /^p: \[\] is not allowed: /],
    [JSON.stringify({ ...mine, more: 1 }), /^p: .* is not allowed: Unrecognized key: "more"/],
    [JSON.stringify({ tests: [] }), /^p: tests: \[\] is not allowed: /],
    [
      JSON.stringify({ tests: [{ ...mine.tests[0], kind: 'file' }] }),
      /^p: tests\[0\]\.kind: "file" is not allowed: .*"functional"\|"stdin"\|"asserts"/,
    ],
    [JSON.stringify({ tests: [{ kind: 'stdin', input: '' }] }), /^p: tests\[0\]\.expected: nothing is not allowed: /],
    [JSON.stringify({ ...mine, limits: { wallMs: 1 } }), /^p: limits\.wallMs: 1 is not allowed: .*>=50/],
    [`${JSON.stringify(mine)}\n${JSON.stringify(mine)}`, /^p: has 2 problems; allowed is one$/],
    [JSON.stringify({ statement: 'Double.', tests: [{ input: '1' }] }), /^p: id: is missing/],
  ])('%s', (text, message) => {
    expect(() => parseProblemFile(text, 'p')).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    );
  });
});
