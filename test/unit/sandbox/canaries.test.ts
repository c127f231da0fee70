/** What the check of a sandbox makes of verdicts, with sandboxes that answer as told. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { LazySandbox } from '../../../src-main/runs/lazy-sandbox.ts';
import { checkCanaries, claimsOf, describeBroken, environmentHashes } from '../../../src-main/sandbox/canaries.ts';
import { canariesFor, PROMISES } from '../../../src-main/sandbox/canary-pack.ts';
import type { IsolationLevel } from '../../../src-main/sandbox/isolation.ts';
import type { LanguageReport, Sandbox, SandboxProgram } from '../../../src-main/sandbox/sandbox.ts';
import { canaryReportSchema } from '../../../src-shared/api.ts';
import type { Language, Verdict } from '../../../src-shared/verdict.ts';

const language = (id: Language, version: string | null = '1'): LanguageReport => ({
  language: id,
  title: id,
  kinds: ['stdin'],
  version,
  missing: version === null ? 'not there' : null,
});
const EVERY = ['python', 'javascript', 'cpp', 'java'] as const;
const around = { port: 1, folder: '/f', files: ['/f/secret'], environment: [] };
const pack = canariesFor(
  EVERY.map((id) => language(id)),
  around,
);

interface FakeOptions {
  readonly level?: string;
  readonly network?: boolean;
  readonly languages?: readonly LanguageReport[];
  readonly answer?: (program: SandboxProgram) => Verdict;
}

function fakeSandbox({ level = 'bubblewrap', network = false, languages, answer = () => 'passed' }: FakeOptions = {}) {
  const programs: SandboxProgram[] = [];
  const sandbox: Sandbox = {
    isolation: { level: level as IsolationLevel, detail: level, network },
    languages: languages ?? [language('python')],
    run: async (program, signal) => {
      signal?.throwIfAborted();
      programs.push(program);
      const verdict = answer(program);
      return { verdict, tests: [{ verdict, got: 'it', detail: null, wallMs: 2, memoryMb: null }] };
    },
    stats: () => ({ running: 0, queued: 0, done: 0, testsDone: 0, testsPerSecond: 0, faults: 0, lastFault: null }),
    close: async () => {},
  };
  return { sandbox, programs };
}

/** Programs name their surroundings, which differ; what they try does not. */
const shape = ({ language: id, code, tests }: SandboxProgram) =>
  JSON.stringify([id, code.replaceAll(/"[^"]*"|\d+/g, '').replaceAll(/\[[, ]*\]/g, ''), tests]);
const rightly = (program: SandboxProgram): Verdict =>
  pack.find((canary) => shape(canary.program) === shape(program))?.expected[0] ?? 'sandbox-error';

describe('the pack', () => {
  test('has canaries for every promise, each with a name and a purpose of its own', () => {
    expect(new Set(pack.map(({ promise }) => promise))).toEqual(new Set(Object.keys(PROMISES)));
    for (const field of ['id', 'title'] as const) expect(new Set(pack.map((c) => c[field])).size).toBe(pack.length);
  });

  test.each(EVERY)('%s: a right, a wrong and an endless program', (id) => {
    const verdicts = pack.filter(({ program }) => program.language === id).flatMap(({ expected }) => expected);
    expect(verdicts).toEqual(expect.arrayContaining(['passed', 'wrong-answer', 'time-limit']));
  });

  test('only languages that can be run', () => {
    const some = canariesFor([language('cpp'), language('java', null)], around);
    expect(new Set(some.map(({ program }) => program.language))).toEqual(new Set(['cpp']));
  });

  test('a fault of the sandbox never counts as holding, and what ends slowly has ample time', () => {
    for (const { expected, program } of pack) {
      expect(expected).not.toContain('sandbox-error');
      if (!expected.includes('time-limit')) expect(program.limits?.wallMs).toBeGreaterThanOrEqual(10_000);
    }
  });
});

describe('a check', () => {
  test('where every verdict is as it must be', async () => {
    const { sandbox, programs } = fakeSandbox({ answer: rightly, languages: EVERY.map((id) => language(id)) });
    const report = await checkCanaries(sandbox);
    expect(canaryReportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({ isolation: 'bubblewrap', held: true });
    expect(report.results.map(({ id, claim }) => [id, claim])).toEqual(pack.map(({ id, promise }) => [id, promise]));
    expect(report.results.every(({ held, got, wallMs }) => held === true && got !== null && wallMs > 0)).toBe(true);
    // A verdict that is remembered says nothing about now.
    expect(programs.every(({ anew }) => anew === true)).toBe(true);
  });

  test('a sandbox that lets everything pass does not hold, nor one that refuses everything', async () => {
    const passing = await checkCanaries(fakeSandbox().sandbox);
    expect(passing.held).toBe(false);
    expect(passing.results.find(({ id }) => id === 'wrong')).toMatchObject({ held: false, got: 'passed' });
    expect(passing.results.find(({ id }) => id === 'right')?.held).toBe(true);
    const refusing = await checkCanaries(fakeSandbox({ answer: () => 'wrong-answer' }).sandbox);
    expect(refusing.held).toBe(false);
    expect(refusing.results.find(({ id }) => id === 'right')).toMatchObject({
      held: false,
      got: 'wrong-answer',
      detail: 'it gave "it"',
    });
  });

  test('what the isolation does not promise is not run, and is no failure', async () => {
    const { sandbox, programs } = fakeSandbox({ level: 'rlimits', network: true, answer: rightly });
    const report = await checkCanaries(sandbox);
    const unclaimed = report.results.filter(({ held }) => held === null);
    expect(unclaimed.map(({ id }) => id)).toEqual(['files', 'write', 'network']);
    expect(unclaimed.every(({ got }) => got === null)).toBe(true);
    expect(programs).toHaveLength(report.results.length - 3);
    expect(report.held).toBe(true);
    const missing = claimsOf(sandbox.isolation).filter(({ claimed }) => !claimed);
    expect(missing.map(({ id }) => id)).toEqual(['files', 'network']);
  });

  test('what canaries reach for is there while they run, and gone afterwards', async () => {
    let folder = '';
    let port = 0;
    const seen: unknown[] = [];
    const { sandbox } = fakeSandbox({ answer: rightly });
    await checkCanaries({
      ...sandbox,
      run: async (program) => {
        folder = /"([^"]*assay-canary-[^"/]*)\/secret"/.exec(program.code)?.[1] ?? folder;
        port = Number(/"127\.0\.0\.1", (\d+)/.exec(program.code)?.[1] ?? port);
        if (program.code.includes('/secret"')) seen.push(readdirSync(folder), statSync(folder).mode & 0o777);
        return sandbox.run(program);
      },
    });
    expect(seen).toEqual([['secret'], 0o777]);
    expect(folder.startsWith(tmpdir())).toBe(true);
    expect(existsSync(folder)).toBe(false);
    const refused = await new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('an abort ends it', async () => {
    const reason = new Error('enough');
    await expect(checkCanaries(fakeSandbox().sandbox, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('names what got through in one line, however much it is', async () => {
    const report = await checkCanaries(fakeSandbox({ answer: () => 'sandbox-error' }).sandbox);
    expect(describeBroken(report)).toMatch(/^right \(sandbox-error, not passed\), right-function \([^\n]*, \d+ more$/);
    expect(describeBroken(await checkCanaries(fakeSandbox({ answer: rightly }).sandbox))).toBe('');
  });
});

test('variables are recognised by hash, but for those that every program gets', () => {
  const all = environmentHashes({
    PATH: '/usr/bin',
    LC_ALL: 'C.UTF-8',
    SECRET_KEY: 'abcdef',
    SHLVL: '1',
    NONE: undefined,
  });
  expect(all).toHaveLength(1);
  expect(environmentHashes({ SECRET_KEY: 'abcdef' })).toEqual(all);
  expect(environmentHashes({ SECRET_KEY: 'abcdeg' })).not.toEqual(all);
});

describe('the sandbox of all runs', () => {
  test('is checked once while it is open, and again where that is asked for', async () => {
    const { sandbox, programs } = fakeSandbox({ answer: rightly });
    const lazy = new LazySandbox(async () => sandbox);
    const [first, second] = await Promise.all([lazy.check(), lazy.check()]);
    const count = programs.length;
    expect(second).toBe(first);
    const fresh = await lazy.check(true);
    expect(fresh).not.toBe(first);
    expect(programs).toHaveLength(2 * count);
    expect(await lazy.check()).toBe(fresh);
    await lazy.close();
    await lazy.check();
    expect(programs).toHaveLength(3 * count);
  });

  test('a check that could not be made is made at the next call', async () => {
    const { sandbox } = fakeSandbox({ answer: rightly });
    let closed = true;
    const run: Sandbox['run'] = (program) =>
      closed ? Promise.reject(new Error('The sandbox was closed')) : sandbox.run(program);
    const lazy = new LazySandbox(async () => ({ ...sandbox, run }));
    await expect(lazy.check()).rejects.toThrow('The sandbox was closed');
    closed = false;
    expect((await lazy.check()).held).toBe(true);
  });
});
