/** `assay eval` and `assay study` over a fake app: what is launched, and what is printed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { catalogue, resolveConfig } from '../../../src-main/catalogue.ts';
import { runProgram } from '../../../src-main/cli/program.ts';
import type { FlatValues } from '../../../src-shared/api.ts';
import { type Bodies, type FakeShell, fakeShell, runSummary } from '../api/fake-shell.ts';
import { fakeIo } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-eval-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Launched {
  readonly name: string;
  readonly preset: string | null;
  readonly values: FlatValues;
}

const sample = (problemId: string, outcome: string, i: number) => ({
  ...{ id: i, runId: 'new', step: 0, split: 'eval', problemId, sample: i % 4, tokens: 3, finished: true, outcome },
  ...{ testsPassed: 1, testsTotal: 1, reward: null, advantage: null, meanEntropy: 0.1, meanLogprob: -0.1 },
});
/** Two problems of four samples: 1 and 4 of them pass, and one sample of the first could not be judged. */
const samples = [
  ...['passed', 'wrong-answer', 'wrong-answer', 'sandbox-error'].map((outcome, i) => sample('a', outcome, i)),
  ...['passed', 'passed', 'passed', 'passed'].map((outcome, i) => sample('b', outcome, i + 4)),
];
const checkpoint = (step: number) => ({
  ...{ id: `abc123-${step}`, runId: 'abc123', step, parentId: null, folder: '/f' },
  ...{ bytes: 1, createdAt: 0, accuracy: null },
});

function evaluationApp(more: Bodies = {}) {
  const launched: Launched[] = [];
  const run = runSummary({ id: 'new', number: 15, name: 'E', status: 'finished', step: 0, steps: 0 });
  const app: FakeShell = fakeShell({
    catalogue,
    runs: () => [runSummary({ id: 'abc123', number: 14 })],
    checkpoints: () => [50, 100].map(checkpoint),
    launchRun: (input: Launched) => {
      launched.push(input);
      setTimeout(() => app.publish('run', run), 1);
      return { runId: 'new' };
    },
    run: () => ({
      ...{ ...run, config: resolveConfig({ preset: null, values: launched[0]?.values ?? {} }), codeVersion: '1' },
      ...{ datasetHash: null, device: null, precision: null, parameters: null, isolation: null },
      ...{ fingerprints: null, collapse: null, bestCheckpoint: null },
    }),
    metrics: () => [{ step: 0, metrics: { 'eval/avg@k': 2 / 3 } }],
    rollouts: () => samples,
    ...more,
  });
  return { app, launched };
}

async function assay(args: readonly string[], app: FakeShell) {
  const io = fakeIo();
  const code = await runProgram(args, { io, version: '1', openApp: async () => app });
  return { code, lines: io.lines, errors: io.errors };
}

describe('assay eval', () => {
  test('launches a run without steps and prints avg@k and pass@k', async () => {
    const { app, launched } = evaluationApp();
    const flags = ['-n', '4', '--temperature', '0.6', '--top-p', '0.95', '--max-tokens', '64', '--dataset', 'tinypy'];
    const { code, lines } = await assay(['eval', 'embedded', ...flags, '--set', 'variant=longer'], app);
    expect(code).toBe(0);
    expect(launched).toEqual([
      {
        name: 'Evaluation of embedded',
        preset: null,
        values: {
          ...{ 'policy.source': 'embedded', 'limits.steps': 0, 'problems.kind': 'tinypy' },
          ...{ 'evaluation.samples': 4, 'evaluation.temperature': 0.6, 'evaluation.topP': 0.95 },
          ...{ 'rollouts.maxNewTokens': 64, 'problems.options.variant': 'longer', 'evaluation.problems': 100_000 },
        },
      },
    ]);
    // Means over the two problems: (1/3 + 1) / 2; for two samples (1 - C(2,2)/C(3,2) + 1) / 2; for four the second alone.
    const rows = lines.filter((line) => line.includes('@')).map((line) => line.split(/\s+/));
    expect(rows.map(([name, value, , , , problems]) => [name, value, problems ?? null])).toEqual([
      ['avg@4', '66.7', '2'],
      ['pass@1', '66.7', '2'],
      ['pass@2', '83.3', '2'],
      ['pass@4', '100.0', null],
    ]);
    expect(lines).toContain('1 samples could not be judged, and are in none of these.');
  });

  test('measures a data set whole, whose files are named with it', async () => {
    const { app, launched } = evaluationApp();
    const set = ['--dataset', 'humaneval=HumanEval.jsonl.gz, more.parquet'];
    await assay(['eval', 'embedded', ...set, '--json'], app);
    await assay(['eval', 'embedded', '--dataset', 'jsonl=own.jsonl', '--set', 'evaluation.problems=9', '--json'], app);
    expect(launched.map(({ values }) => values)).toEqual([
      {
        ...{ 'policy.source': 'embedded', 'limits.steps': 0, 'evaluation.problems': 100_000 },
        ...{ 'problems.kind': 'humaneval' },
        'problems.options.path': `${resolve('HumanEval.jsonl.gz')},${resolve('more.parquet')}`,
      },
      {
        ...{ 'policy.source': 'embedded', 'limits.steps': 0, 'evaluation.problems': 9 },
        ...{ 'problems.kind': 'jsonl', 'problems.options.validationFile': resolve('own.jsonl') },
      },
    ]);
  });

  test.each([
    ['nope=x', 'problem set nope: unknown; allowed is tinypy, '],
    ['tinypy=x', 'problem set tinypy: has no files; allowed is tinypy alone'],
    ['mbpp=', 'problem set mbpp=: no file after the equals sign'],
  ])('refuses the data set %s', async (set, message) => {
    const { app, launched } = evaluationApp();
    const { code, errors } = await assay(['eval', 'embedded', '--dataset', set], app);
    expect([code, launched]).toEqual([2, []]);
    expect(errors[0]).toContain(`assay: ${message}`);
  });

  test('--json: the lines of a run, then the result', async () => {
    const { lines } = await assay(['eval', 'embedded', '--json'], evaluationApp().app);
    const parsed = lines.map((line) => JSON.parse(line));
    expect(parsed.map(({ event }) => event)).toEqual(['run', 'step', 'end', 'result']);
    expect(parsed.at(-1)).toMatchObject({ avg: { value: 2 / 3, problems: 2 }, unjudged: 1 });
  });

  test.each([
    ['14', 'checkpoint:abc123-100'],
    ['#14@50', 'checkpoint:abc123-50'],
    ['abc123-50', 'checkpoint:abc123-50'],
    ['checkpoint:any', 'checkpoint:any'],
    [folder, folder],
  ])('evaluates %s', async (policy, source) => {
    const { app, launched } = evaluationApp();
    await assay(['eval', policy, '--json'], app);
    expect(launched[0]?.values['policy.source']).toBe(source);
  });

  test.each([
    ['14@7', 'run #14: no checkpoint of step 7; it has them of steps 50, 100'],
    ['99', 'run 99: there is none'],
    ['nowhere', 'policy nowhere: there is no such folder, checkpoint or run'],
  ])('refuses %s', async (policy, message) => {
    const { app, launched } = evaluationApp();
    const { code, errors } = await assay(['eval', policy], app);
    expect([code, errors[0]]).toEqual([1, `assay: ${message}`]);
    expect(launched).toEqual([]);
  });

  test('has no steps', async () => {
    const { app, launched } = evaluationApp();
    const { code, errors } = await assay(['eval', 'embedded', '--set', 'steps=5'], app);
    expect([code, errors[0]]).toEqual([2, 'assay: --set limits.steps: an evaluation has no steps; "assay run" trains']);
    expect(launched).toEqual([]);
  });
});

describe('assay study', () => {
  const bytes = { bytes: 2e9, freeBytes: 1e9, fits: false };
  const disk = { ...bytes, checkpointBytes: 1, checkpoints: 1, databaseBytes: 1, ground: '' };
  const estimate = {
    ...{ engine: 'kernels-wasm', memory: [], peakBytes: 5e9, peakPhase: 'updating', availableBytes: 8e9 },
    ...{ machineBytes: 9e9, fits: true, rough: false, seconds: null, measuring: false, advice: [], refusal: null },
    disk,
  };
  const refusal = { path: 'limits.checkpointEvery', message: 'too much' };
  const empty = () =>
    fakeShell({
      ...{ catalogue, runs: () => [] },
      estimateRuns: ({ runs }: { runs: unknown[] }) => ({
        ...{ runs: runs.length, largest: { index: 0, estimate }, seconds: null, disk: bytes, refusal },
      }),
    });

  test('a dry run says what is there and what is to be made', async () => {
    const { code, lines } = await assay(['study', 'kl', '--dry-run', '--seeds', '2'], empty());
    expect([code, lines[1]]).toEqual([0, '16 runs: 16 to make']);
    expect(lines[3]).toMatch(/^grpo, 0 +1 2 +0 of 2 +the policy$/);
    expect(lines.at(-1)).toBe('It would be refused. too much');
  });

  test('other problems come from run files, of problems and evaluation alone', async () => {
    const file = join(folder, 'hard.yaml');
    writeFileSync(file, 'problems: {kind: tinypy, options: {variant: longer}}\nevaluation.samples: 16\n');
    const planned = await assay(['study', 'transfer', '--dry-run', '--json', '--seeds', '1', '--on', file], empty());
    const { plan } = JSON.parse(planned.lines[0] ?? '') as { plan: { key: string; values: FlatValues }[] };
    expect(plan.find(({ key }) => key === 'base on hard seed 1')?.values).toMatchObject({
      ...{ 'problems.options.variant': 'longer', 'evaluation.samples': 16, 'limits.steps': 0 },
    });
    expect(plan.some(({ key }) => key.includes('addends'))).toBe(false);
    const other = join(folder, 'other.yaml');
    writeFileSync(other, 'problems.kind: tinypy\noptimiser.learningRate: 0.1\n');
    const refused = await assay(['study', 'transfer', '--dry-run', '--on', other], empty());
    expect(refused.errors[0]).toContain('optimiser.learningRate: problems to evaluate on have');
    expect((await assay(['study', 'kl', '--dry-run', '--on', file], empty())).errors[0]).toContain('no other problems');
  });

  test('paper scale is refused without a policy and problems of the reader’s own, also in a dry run', async () => {
    const { code, errors } = await assay(['study', 'kl', '--scale', 'paper', '--dry-run'], empty());
    expect(code).toBe(2);
    expect(errors[0]).toBe('assay: scale paper: study kl also needs policy.source, problems.kind');
    const sets = ['--set', 'policy.source=/somewhere', '--set', 'problems.kind=tinypy'];
    const planned = await assay(['study', 'kl', '--scale', 'paper', '--dry-run', ...sets], empty());
    expect(planned.lines[1]).toBe('24 runs: 24 to make');
  });
});
