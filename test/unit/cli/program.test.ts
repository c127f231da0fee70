/** The commands end to end over a fake app: output, exit codes, Ctrl-C. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { runProgram } from '../../../src-main/cli/program.ts';
import type { RunSummary } from '../../../src-shared/api.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { type Bodies, type FakeShell, fakeShell, runSummary } from '../api/fake-shell.ts';
import { catalogue, type FakeIo, fakeIo } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const config = {
  name: 'GRPO',
  preset: 'grpo',
  problems: { kind: 'tiny', options: {} },
  reward: { kind: 'unit-tests', options: { credit: 'all' } },
  advantage: { kind: 'group', options: {} },
  objective: { kind: 'grpo', options: {} },
  policy: {},
  rollouts: {},
  optimiser: {},
  evaluation: {},
  limits: { steps: 3 },
  seeds: {},
};
const detail = (run: RunSummary) => ({
  ...run,
  config,
  codeVersion: '0.1.0',
  datasetHash: null,
  device: null,
  precision: null,
  parameters: null,
  isolation: null,
  fingerprints: null,
  collapse: null,
});

/** An app with one run at a time; `play` decides what happens once it is launched or resumed. */
function fakeApp(play: (app: FakeShell, change: (more: Partial<RunSummary>) => void) => void, more: Bodies = {}) {
  let run = runSummary({ id: 'abc123', number: 14, status: 'stopped', step: 1 });
  const calls: [string, unknown][] = [];
  const change = (changes: Partial<RunSummary>) => {
    run = { ...run, ...changes };
    app.publish('run', run);
  };
  const noted =
    <T>(name: string, body: (input: T) => unknown) =>
    (input: T) => {
      calls.push([name, input]);
      return body(input);
    };
  const app: FakeShell = fakeShell({
    catalogue: () => catalogue,
    runs: () => [run, runSummary({ id: 'abd999', number: 2 }), runSummary({ id: '7f', number: 7 })],
    run: () => detail(run),
    checkpoints: () => [],
    metrics: () => [],
    launchRun: noted('launchRun', () => {
      run = runSummary({ id: 'abc123', number: 14 });
      play(app, change);
      return { runId: 'abc123' };
    }),
    resumeRun: noted('resumeRun', () => {
      change({ status: 'queued' });
      play(app, change);
      return {};
    }),
    stopRun: noted('stopRun', () => ({})),
    ...more,
  });
  return { app, calls, change };
}

const finishes = (app: FakeShell, change: (more: Partial<RunSummary>) => void) => {
  change({ status: 'running' });
  app.publish('step', { runId: 'other', step: 9, metrics: {} });
  for (let step = 1; step <= 3; step++)
    app.publish('step', { runId: 'abc123', step, metrics: { 'train/reward': step / 4, 'train/accuracy': 0.5 } });
  change({ status: 'finished', step: 3 });
};

async function run(args: string[], app: FakeShell, io: FakeIo = fakeIo()) {
  const opened: { readonly?: boolean; home?: string }[] = [];
  const code = await runProgram(args, {
    io,
    version: '1.2.3',
    openApp: async (options) => {
      opened.push(options);
      return app;
    },
  });
  return { code, io, opened };
}

describe('run', () => {
  test('--json: the run, each step, the end; nothing else', async () => {
    const { app, calls } = fakeApp(finishes);
    const { code, io } = await run(['run', 'grpo', '--set', 'steps=3', '--name', 'Mine', '--json'], app);
    expect(code).toBe(0);
    expect(io.lines.map((line) => JSON.parse(line))).toEqual([
      { event: 'run', runId: 'abc123', number: 14, name: 'GRPO', steps: 3 },
      ...[1, 2, 3].map((step) => ({
        event: 'step',
        step,
        metrics: { 'train/reward': step / 4, 'train/accuracy': 0.5 },
      })),
      { event: 'end', status: 'finished', step: 3 },
    ]);
    expect(io.errors).toEqual([]);
    expect(calls).toEqual([['launchRun', { name: 'Mine', preset: 'grpo', values: { 'limits.steps': 3 } }]]);
    expect(app.isClosed()).toBe(true);
    expect(app.listeners()).toBe(0);
  });

  test('a step that was stored but never heard of is shown before the end, once', async () => {
    const rows = [1, 2, 3].map((step) => ({ step, metrics: {} }));
    const { app } = fakeApp(
      (shell, change) => {
        shell.publish('step', { runId: 'abc123', step: 1, metrics: {} });
        shell.publish('step', { runId: 'abc123', step: 1, metrics: {} });
        change({ status: 'finished', step: 3 });
      },
      { metrics: ({ afterStep }: { afterStep: number }) => rows.filter(({ step }) => step > afterStep) },
    );
    const { io } = await run(['run', 'grpo', '--json'], app);
    const steps = io.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3]);
  });

  test('plain lines when there is no terminal', async () => {
    const { io } = await run(['run', 'grpo'], fakeApp(finishes).app);
    expect(io.lines).toEqual([
      'Run #14 GRPO (abc123)',
      'step 1/3  accuracy 50.0 %  reward 0.250',
      'step 2/3  accuracy 50.0 %  reward 0.500',
      'step 3/3  accuracy 50.0 %  reward 0.750',
      'finished at step 3 of 3',
    ]);
  });

  test('from a file, with --set over it', async () => {
    const file = join(folder, 'run.yaml');
    writeFileSync(file, 'name: Filed\npreset: coin\nlimits: {steps: 5}\nreward.options.chance: 0.5\n');
    const { app, calls } = fakeApp(finishes);
    expect((await run(['run', file, '--set', 'steps=3'], app)).code).toBe(0);
    expect(calls[0]?.[1]).toEqual({
      name: 'Filed',
      preset: 'coin',
      values: { 'limits.steps': 3, 'reward.options.chance': 0.5 },
    });
  });

  test('a failed run: exit code 1, one line and the way out; the JSON says so too', async () => {
    const fails = (_: FakeShell, change: (more: Partial<RunSummary>) => void) =>
      change({ status: 'failed', step: 2, error: 'step 3: the loss is NaN' });
    const { code, io } = await run(['run', 'grpo', '--json'], fakeApp(fails).app);
    expect(code).toBe(1);
    expect(JSON.parse(io.lines.at(-1) ?? '')).toEqual({
      event: 'end',
      status: 'failed',
      step: 2,
      error: 'step 3: the loss is NaN',
    });
    expect(io.errors).toEqual([
      'assay: run #14 failed at step 2 of 3: step 3: the loss is NaN',
      'assay resume 14 goes on from its last checkpoint.',
    ]);
  });

  test('Ctrl-C once stops the run with a checkpoint and waits for it', async () => {
    const { app, calls, change } = fakeApp((_, running) => running({ status: 'running' }));
    const io = fakeIo();
    const going = run(['run', 'grpo'], app, io);
    await vi.waitFor(() => expect(io.isListening()).toBe(true), 30_000);
    io.interrupt();
    await vi.waitFor(() => expect(calls.at(-1)).toEqual(['stopRun', { runId: 'abc123' }]), 30_000);
    expect(app.isClosed()).toBe(false);
    change({ status: 'stopped', step: 2 });
    expect((await going).code).toBe(1);
    expect(io.errors.slice(1)).toEqual([
      'assay: run #14 stopped at step 2 of 3',
      'assay resume 14 goes on from its last checkpoint.',
    ]);
    expect(app.isClosed()).toBe(true);
  });

  test('Ctrl-C twice leaves at once', async () => {
    const { app } = fakeApp((_, change) => change({ status: 'running' }));
    const io = fakeIo();
    const going = run(['run', 'grpo'], app, io);
    await vi.waitFor(() => expect(io.isListening()).toBe(true), 30_000);
    io.interrupt();
    io.interrupt();
    expect((await going).code).toBe(1);
    expect(app.isClosed()).toBe(true);
    expect(io.isListening()).toBe(false);
  });

  test('a folder that another Assay owns', async () => {
    const io = fakeIo();
    const code = await runProgram(['run', 'grpo'], {
      io,
      version: '1',
      openApp: async () => {
        throw new AssayError('locked', 'Data folder /x is in use by another Assay (process 7)', {
          hint: 'Use that one.',
        });
      },
    });
    expect(code).toBe(1);
    expect(io.errors).toEqual(['assay: Data folder /x is in use by another Assay (process 7)', 'Use that one.']);
  });
});

describe('usage errors', () => {
  test.each([
    [[], 'assay: a command is needed'],
    [['launch'], "assay: unknown command 'launch'"],
    [['run'], "assay: missing required argument 'preset|file.yaml'"],
    [['run', 'grpo', '--fast'], "assay: unknown option '--fast'"],
    [['run', 'nope'], 'assay: preset nope: unknown; allowed is grpo, coin, or a .yaml file'],
    [['run', 'grpo', '--set', 'stepz=1'], 'assay: --set stepz: unknown option'],
    [
      ['resume', '14', '--steps', '0'],
      "assay: option '--steps <n>' argument '0' is invalid. It must be a whole number from 1.",
    ],
    [
      ['resume', '14', '--set', 'groupSize=4'],
      'assay: --set rollouts.groupSize: a resumed run keeps its configuration; only limits.steps can change',
    ],
    [
      ['serve', '--port', '70000'],
      "assay: option '--port <n>' argument '70000' is invalid. It must be from 0 to 65535.",
    ],
    [['show', 'ab'], 'assay: run ab: stands for #14 abc123, #2 abd999; write more of the id'],
  ])('%j', async (args, message) => {
    const { code, io } = await run(args, fakeApp(finishes).app);
    expect(code).toBe(2);
    expect(io.errors[0]).toBe(message);
    expect(io.errors.length).toBeLessThanOrEqual(2);
    expect(io.lines).toEqual([]);
  });

  test('help and version are no errors', async () => {
    for (const args of [['--help'], ['run', '--help'], ['--version']]) {
      const { code, io, opened } = await run(args, fakeApp(finishes).app);
      expect([code, io.errors, opened]).toEqual([0, [], []]);
      expect(io.lines.length).toBeGreaterThan(0);
    }
  });
});

describe('the other commands', () => {
  test.each(['14', '#14', 'abc123', 'abc'])('show %s', async (text) => {
    const { io, opened } = await run(['show', text, '--json'], fakeApp(finishes).app);
    expect(io.lines).toHaveLength(1);
    expect(JSON.parse(io.lines[0] ?? '')).toMatchObject({ id: 'abc123', number: 14, checkpoints: [] });
    expect(opened).toEqual([{ readonly: true }]);
  });

  test('a number wins over the start of an id', async () => {
    const { io } = await run(['show', '7', '--json'], fakeApp(finishes).app);
    expect(JSON.parse(io.lines[0] ?? '')).toMatchObject({ id: 'abc123' });
  });

  test('a run that is not there: exit code 1', async () => {
    const { code, io } = await run(['show', '99'], fakeApp(finishes).app);
    expect([code, io.errors[0]]).toEqual([1, 'assay: run 99: there is none']);
  });

  test('runs, for people and for programs', async () => {
    const { app } = fakeApp(finishes);
    const people = await run(['runs'], app);
    expect(people.io.lines[0]).toMatch(/^# +name +status/);
    expect(people.io.lines[1]).toMatch(/^#14 +GRPO +stopped +unit-tests/);
    const programs = await run(['runs', '--json'], app);
    expect(programs.io.lines.map((line) => JSON.parse(line).number)).toEqual([14, 2, 7]);
  });

  test('stop asks whoever owns the folder', async () => {
    const { app, calls } = fakeApp(finishes);
    const { code, opened } = await run(['--home', '/x', 'stop', '14'], app);
    expect(code).toBe(0);
    expect(calls).toEqual([['stopRun', { runId: 'abc123' }]]);
    expect(opened).toEqual([{ home: '/x', readonly: true }]);
  });

  test.each([
    [['--steps', '5'], 5],
    [['--set', 'steps=5'], 5],
    [[], undefined],
  ])('resume %j follows from where the run was', async (more, steps) => {
    const { app, calls } = fakeApp(finishes);
    const { code, io } = await run(['resume', '14', '--json', ...more], app);
    expect(code).toBe(0);
    expect(calls).toEqual([['resumeRun', { runId: 'abc123', ...(steps === undefined ? {} : { steps }) }]]);
    const shown = io.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'step');
    expect(shown.map(({ step }) => step)).toEqual([2, 3]);
  });

  test('resume is passed on when another Assay owns the folder', async () => {
    const { app, calls } = fakeApp(finishes);
    const io = fakeIo();
    const code = await runProgram(['resume', '14'], {
      io,
      version: '1',
      openApp: async (options) => {
        if (!options.readonly) throw new AssayError('locked', 'in use');
        return app;
      },
    });
    expect([code, calls]).toEqual([0, [['resumeRun', { runId: 'abc123' }]]]);
  });

  test('catalogue lists every path', async () => {
    const { io } = await run(['catalogue'], fakeApp(finishes).app);
    const text = io.lines.join('\n');
    for (const path of ['limits.steps', 'reward.kind', 'reward.options.credit', 'rollouts.groupSize'])
      expect(text).toContain(path);
    const json = await run(['catalogue', '--json'], fakeApp(finishes).app);
    expect(JSON.parse(json.io.lines[0] ?? '')).toEqual(catalogue);
  });
});
