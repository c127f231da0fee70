/** `--dry-run` over a fake app: the resolved configuration and the estimate, and nothing started. */
import { expect, test } from 'vitest';
import { catalogue as realCatalogue } from '../../../src-main/catalogue.ts';
import { planEstimateLines } from '../../../src-main/cli/estimate.ts';
import { runProgram } from '../../../src-main/cli/program.ts';
import { type Estimate, estimateSchema, planEstimateSchema } from '../../../src-shared/estimate.ts';
import { fakeShell } from '../api/fake-shell.ts';
import { fakeIo } from './fixtures.ts';

const estimate: Estimate = estimateSchema.parse({
  engine: 'kernels-native',
  memory: [
    { id: 'weights', title: 'Weights', bytes: 2e6, peakBytes: 2e6 },
    { id: 'process', title: 'Process and its libraries', bytes: 170e6, peakBytes: 170e6 },
  ],
  ...{ peakBytes: 172e6, peakPhase: 'saving', availableBytes: 8e9, machineBytes: 16e9, fits: true, rough: false },
  seconds: { perStep: 2, total: 200, low: 150, high: 300, ground: 'from 3 runs of this policy on this machine' },
  measuring: false,
  disk: {
    ...{ bytes: 3e9, checkpointBytes: 1e9, checkpoints: 4, databaseBytes: 2e9, freeBytes: 1e9, fits: false },
    ground: 'responses of 20 tokens, as in 3 runs on this machine',
  },
  advice: [
    { path: 'limits.checkpointEvery', value: 0, text: 'Write less: 1 GB less disk.', savesMemory: 0, savesDisk: 1e9 },
  ],
  refusal: { path: 'limits.steps', message: 'limits.steps: this run writes 3.0 GB; 1.0 GB are free' },
});

async function dryRun(args: string[]) {
  const asked: unknown[] = [];
  const opened: { readonly?: boolean }[] = [];
  const io = fakeIo();
  const app = fakeShell({
    catalogue: realCatalogue,
    estimateRun: (input: unknown) => {
      asked.push(input);
      return estimate;
    },
    launchRun: () => {
      throw new Error('a dry run launches nothing');
    },
  });
  const code = await runProgram(['run', ...args, '--dry-run'], {
    io,
    version: '1.2.3',
    openApp: async (options) => {
      opened.push(options);
      return app;
    },
  });
  return { code, io, asked, opened };
}

test('prints the resolved configuration and what the run would take, beside whoever owns the folder', async () => {
  const { code, io, asked, opened } = await dryRun(['grpo', '--set', 'steps=20']);
  expect(code).toBe(0);
  expect(io.errors).toEqual([]);
  expect(opened).toMatchObject([{ readonly: true }]);
  expect(asked).toEqual([{ preset: 'grpo', values: { 'limits.steps': 20 }, wait: true }]);
  const text = io.lines.join('\n').replaceAll('\u2009', ' ').replaceAll('\u202f', ' ');
  expect(text).toMatch(/^limits\.steps +20$/m);
  expect(text).toMatch(/^rollouts\.groupSize +8$/m);
  expect(text).toMatch(/^Memory +172 MB at its peak \(saving\) of 8\.0 GB free, on kernels-native$/m);
  expect(text).toMatch(/^ +Process and its libraries +170 MB +170 MB$/m);
  expect(text).toMatch(/^Time .+, from 3 runs of this policy on this machine$/m);
  expect(text).toContain('It would be refused. limits.steps: this run writes 3.0 GB; 1.0 GB are free');
  expect(text).toContain('Write less: 1 GB less disk. (--set limits.checkpointEvery=0)');
});

test('--json: one object with both', async () => {
  const { io } = await dryRun(['grpo', '--json']);
  expect(io.lines).toHaveLength(1);
  const { config, estimate: printed } = JSON.parse(io.lines[0] ?? '');
  expect(estimateSchema.parse(printed)).toEqual(estimate);
  expect(config).toMatchObject({ preset: 'grpo', limits: { steps: 100 } });
});

test('a value that is not allowed is refused as it is on launch', async () => {
  const { code, io, asked } = await dryRun(['grpo', '--set', 'optimiser.minibatchProblems=5']);
  expect(code).toBe(2);
  expect(asked).toEqual([]);
  expect(io.errors.join()).toContain('optimiser.minibatchProblems: 5 does not divide');
});

test('a plan is printed with its largest run, all its time and disk, and why it would not be started', () => {
  const plan = planEstimateSchema.parse({
    ...{ runs: 12, largest: { index: 3, estimate }, refusal: estimate.refusal },
    seconds: { total: 7200, low: 3600, high: 9000, ground: 'from the measured rate' },
    disk: { bytes: 3e9, freeBytes: 1e9, fits: false },
  });
  const text = planEstimateLines(plan).join('\n').replaceAll('\u2009', ' ').replaceAll('\u202f', ' ');
  expect(text).toContain('172 MB at the peak of the largest run');
  expect(text).toMatch(/^Time +2 h 00 min for 12 runs \(1 h 00 min to 2 h 30 min\), from the measured rate$/m);
  expect(text).toMatch(/^Disk +3\.0 GB of 1\.0 GB free$/m);
  expect(text).toContain('It would be refused. limits.steps');
});
