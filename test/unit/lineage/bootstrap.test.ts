/** Through the whole Api, over real worker processes that train nothing. */
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type App, openApp } from '../../../src-main/app.ts';
import { runProgram } from '../../../src-main/cli/program.ts';
import { openStore } from '../../../src-main/store/store.ts';
import { policyHash } from '../../../src-main/training/fingerprints.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { lineageCalls } from '../../../src-shared/lineage.ts';
import { temporaryFolder, writePolicy } from '../../fixtures/folders.ts';
import { echoSandbox, fakeWorkerEntry } from '../../fixtures/supervisor.ts';
import { fakeIo } from '../cli/fixtures.ts';

// What is tested here needs no transformer, and loading one takes seconds.
vi.mock('../../../src-main/engine/index.ts', () => ({
  engines: [{ id: 'fake', title: 'Fake', unavailable: async () => null }],
  findEngine: async () => {
    throw new AssayError('engine', 'There is none here');
  },
}));

const open = (home: string, readonly = false) =>
  openApp({ home, readonly, workerEntry: fakeWorkerEntry, openSandbox: echoSandbox });

/** A run of five steps with a checkpoint at the last. */
async function trained() {
  const home = await temporaryFolder();
  const policy = await writePolicy(join(home, 'policy'));
  const app = await open(home);
  onTestFinished(() => app.close());
  const values = { 'policy.source': policy, 'limits.steps': 5, 'limits.checkpointEvery': 0 };
  const { runId } = await app.api.launchRun({ preset: 'self-certainty', values });
  await ended(app, runId);
  return { home, policy, app, runId, checkpointId: `${runId}-5` };
}

async function ended(app: App, ...runIds: string[]) {
  for (const runId of runIds)
    await vi.waitFor(async () => expect((await app.api.run({ runId })).status).toBe('finished'), {
      timeout: 60_000,
      interval: 20,
    });
}

const budget = { 'limits.steps': 3, 'limits.checkpointEvery': 0 };

test('runs from a checkpoint, each with a control that differs in where it starts alone', async () => {
  const { app, policy, runId, checkpointId } = await trained();
  const output = await app.api.bootstrapRun({ checkpointId, values: budget, seeds: [1, 2] });
  expect(lineageCalls.bootstrapRun.output.parse(output)).toEqual(output);
  expect(output.runs.map(({ seed }) => seed)).toEqual([1, 2]);
  await ended(app, ...output.runs.flatMap(({ runId: id, controlId }) => [id, controlId ?? '']));
  for (const { runId: id, controlId, seed } of output.runs) {
    const [run, control] = await Promise.all([id, controlId ?? ''].map((of) => app.api.run({ runId: of })));
    expect(run).toMatchObject({
      name: `GRPO (unit tests) from #1 step 5, seed ${seed}`,
      parentCheckpointId: checkpointId,
      controlOf: null,
      seed,
      steps: 3,
    });
    expect(control).toMatchObject({
      name: `GRPO (unit tests) from #1 step 5, seed ${seed} control`,
      parentCheckpointId: null,
      controlOf: id,
      seed,
    });
    const { policy: own, name: _, ...rest } = run?.config ?? {};
    const { policy: other, name: __, ...alike } = control?.config ?? {};
    expect(alike).toEqual(rest);
    expect({ ...own, source: null }).toEqual({ ...other, source: null });
    expect([own?.source, other?.source]).toEqual([`checkpoint:${checkpointId}`, policy]);
  }
  const graph = await app.api.lineage({ runId });
  expect(graph.runs).toHaveLength(5);
  expect(graph.edges.filter(({ kind }) => kind === 'control')).toHaveLength(2);
  await expect(app.api.deleteCheckpoint({ checkpointId })).rejects.toThrow('run #2, #4 started from it');
}, 180_000);

test('of a bootstrapped run, the control goes back to the root', async () => {
  const { app, policy, checkpointId } = await trained();
  const [first] = (await app.api.bootstrapRun({ checkpointId, values: budget, control: false })).runs;
  expect(first?.controlId).toBeNull();
  await ended(app, first?.runId ?? '');
  const [second] = (await app.api.bootstrapRun({ checkpointId: `${first?.runId}-3`, values: budget })).runs;
  expect((await app.api.run({ runId: second?.controlId ?? '' })).config.policy.source).toBe(policy);
  await ended(app, second?.runId ?? '', second?.controlId ?? '');
  const { chain } = await app.api.chain({ runId: second?.runId ?? '', metric: 'train/reward' });
  expect(chain.stages.map(({ offset, until }) => [offset, until])).toEqual([
    [0, 5],
    [5, 3],
    [8, null],
  ]);
}, 180_000);

test('what is refused launches nothing', async () => {
  const { app, home, policy, runId, checkpointId } = await trained();
  const refused = async (input: object, error: object) => {
    await expect(app.api.bootstrapRun({ checkpointId, ...input })).rejects.toMatchObject(error);
    expect(await app.api.runs({})).toHaveLength(1);
  };
  await refused({ checkpointId: 'nothing-1' }, { code: 'not-found' });
  await refused({ preset: 'grppo' }, { code: 'usage', path: 'preset' });
  await refused({ values: { 'policy.source': 'embedded' } }, { code: 'usage', path: 'policy.source' });
  await refused({ values: { 'seeds.run': 4 }, seeds: [1] }, { code: 'usage', path: 'seeds.run' });
  await refused({ seeds: [1, 1] }, { code: 'usage', path: 'seeds' });
  await refused({ values: { 'rollouts.groupSize': 1 } }, { code: 'usage', path: 'rollouts.groupSize' });
  await refused({ values: { 'problems.kind': 'jsonl' } }, { code: 'usage' });

  // As if it had been recorded when the run started.
  const fingerprints = { problems: '0'.repeat(64), tests: '0'.repeat(64), prompt: '0'.repeat(64) };
  const guest = openStore(home, 'guest');
  guest.runs.setStarted(runId, {
    kind: 'started',
    engine: { engine: 'fake', device: 'CPU', precision: 'float32', build: '1' },
    parameters: 10,
    datasetHash: 'abc',
    fingerprints: { ...fingerprints, policy: await policyHash(policy), validationProblems: 1, trainedOn: 0 },
    problems: { train: 1, validation: 1 },
  });
  guest.close();
  await appendFile(join(policy, 'tokenizer.json'), '\n');
  await refused({}, { code: 'conflict', path: 'control', message: expect.stringContaining('no longer the policy') });
  await rm(policy, { recursive: true });
  await refused({}, { code: 'usage', path: 'policy.source' });
  await rm((await app.api.checkpoints({ runId }))[0]?.folder ?? '', { recursive: true });
  await refused({ control: false }, { code: 'usage', path: 'checkpointId' });
}, 180_000);

test('a reader may look and not touch', async () => {
  const { home, checkpointId } = await trained();
  const reader = await open(home, true);
  onTestFinished(() => reader.close());
  await expect(reader.api.bootstrapRun({ checkpointId, values: budget })).rejects.toMatchObject({ code: 'locked' });
  await expect(reader.api.deleteCheckpoint({ checkpointId })).rejects.toMatchObject({ code: 'locked' });
  expect((await reader.api.lineage({})).checkpoints.map(({ id }) => id)).toEqual([checkpointId]);
});

test('the command line: bootstrap to the end, then compare', async () => {
  const { home, app } = await trained();
  await app.close();
  const run = async (...args: string[]) => {
    const io = fakeIo();
    const code = await runProgram(['--home', home, ...args], {
      io,
      version: '0',
      openApp: ({ readonly }) => open(home, readonly),
    });
    return { code, lines: io.lines, errors: io.errors };
  };
  const sets = ['--set', 'steps=3', '--set', 'checkpointEvery=0'];
  const made = await run('bootstrap', '1@5', ...sets, '--seeds', '2');
  expect(made.errors).toEqual([]);
  expect(made.code).toBe(0);
  expect(made.lines).toContain('#5 GRPO (unit tests) from #1 step 5, seed 2 control: finished at step 3/3');
  expect(made.lines.findIndex((line) => line.startsWith('group'))).toBeGreaterThan(0);

  expect((await run('bootstrap', '1@4', ...sets)).errors[0]).toBe('assay: checkpoint 1@4: run #1 has those of steps 5');
  const compared = await run('compare', '2-5', '--metric', 'train/reward', '--reference', '3');
  expect(compared.code).toBe(0);
  const rows = compared.lines.filter((line) => line.startsWith('from '));
  // The groups, then the metric: both arms have the same made-up rewards.
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatch(/#2 #4 +1 2$/);
  expect(rows[2]).toMatch(/ 3 +0 \[0, 0\] +2 .*INCONCLUSIVE +2 of at least 3 seeds$/);
  expect(rows[3]).toMatch(/ 3 +reference$/);
  const json = await run('compare', '2', '3', '--metric', 'train/reward', '--by', 'none', '--json');
  expect(JSON.parse(json.lines[0] ?? '')).toMatchObject({ groups: [{ seeds: [1] }, { seeds: [1] }], effects: [{}] });
  expect((await run('compare', '2', '3', '--by', 'reward.colour')).errors[0]).toMatch(/grouping.paths: reward.colour/);
}, 180_000);
