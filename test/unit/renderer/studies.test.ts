import { expect, test } from 'vitest';
import { optionsByPath, problemOf, withoutValue, withValue } from '../../../src-renderer/lib/studies/values.ts';
import {
  cellState,
  countsOf,
  drawnRuns,
  gridOf,
  isSameSettings,
  progressLine,
  settingsOf,
  studySearch,
  verdictCounts,
} from '../../../src-renderer/lib/studies/view.ts';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { PlannedCell, StudyFinding, StudyProgress } from '../../../src-shared/study.ts';

const cell = (arm: string, seed: number, changes: Partial<PlannedCell> = {}): PlannedCell => ({
  ...{ key: `${arm} seed ${seed}`, arm, seed, from: null, on: null, standing: 'missing', run: null },
  ...changes,
});
const run = (id: string, collapsed: number | null = null) => ({ id, number: 1, collapsed });
const summary = (status: RunSummary['status']) => ({ status }) as RunSummary;

test('settings are those of the address, then as last started, then three seeds of the smallest scale', () => {
  const study = { id: 'kl', scales: ['tiny', 'paper'] as ('tiny' | 'paper')[] };
  expect(settingsOf(study, {}, undefined)).toEqual({ id: 'kl', scale: 'tiny', seeds: [1, 2, 3], values: {} });
  const last = { id: 'kl', scale: 'paper' as const, seeds: [4, 7], values: { 'limits.steps': 9 } };
  expect(settingsOf(study, {}, last)).toEqual(last);
  expect(settingsOf(study, studySearch.parse({ seeds: 2, scale: 'tiny' }), last)).toEqual({
    ...{ id: 'kl', scale: 'tiny', seeds: [1, 2], values: { 'limits.steps': 9 } },
  });
  // What is wrong in an address is left out.
  expect(studySearch.parse({ seeds: 0, scale: 'huge', values: 3 })).toEqual({});
  expect(isSameSettings({ ...last, values: { a: 1, b: 2 } }, { ...last, values: { b: 2, a: 1 } })).toBe(true);
  expect(isSameSettings(last, { ...last, seeds: [7, 4] })).toBe(false);
});

test('a cell says where its run stands now, whatever the plan said a moment ago', () => {
  expect(cellState(cell('grpo', 1), undefined)).toBe('todo');
  expect(cellState(cell('grpo', 1, { standing: 'live', run: run('a') }), summary('running'))).toBe('running');
  expect(cellState(cell('grpo', 1, { standing: 'live', run: run('a') }), summary('finished'))).toBe('finished');
  expect(cellState(cell('grpo', 1, { standing: 'ready', run: run('a', 40) }), summary('finished'))).toBe('collapsed');
  expect(cellState(cell('grpo', 1, { standing: 'cut', run: run('a') }), summary('interrupted'))).toBe('stopped');
  expect(cellState(cell('grpo', 1, { standing: 'failed', run: run('a') }), summary('failed'))).toBe('failed');
});

test('what is drawn: training runs with steps, the first seeds of every arm where they are too many', () => {
  const ready = (arm: string, seed: number) => cell(arm, seed, { standing: 'ready', run: run(`${arm}${seed}`) });
  const arms = Array.from({ length: 20 }, (_, i) => `arm ${i}`);
  const runs = [
    ...arms.flatMap((arm) => [1, 2, 3].map((seed) => ready(arm, seed))),
    cell('arm 0 on others', 1, { standing: 'ready', on: 'others', run: run('evaluation') }),
    cell('arm 20', 1, { standing: 'cut', run: run('cut') }),
  ];
  const { runIds, left, armOf } = drawnRuns({ runs });
  expect([runIds.length, left]).toEqual([50, 10]);
  expect(arms.every((arm) => runIds.includes(`${arm}1`) && runIds.includes(`${arm}2`))).toBe(true);
  expect(runIds).not.toContain('evaluation');
  expect(armOf.get('arm 32')).toBe('arm 3');
  expect(countsOf({ runs })).toEqual({ ready: 61, live: 0, cut: 1, open: 1 });
  expect(gridOf({ runs }).map(({ arm, cells }) => [arm, cells.length])[0]).toEqual(['arm 0', 3]);
});

test('verdicts are counted in their order, those to come last', () => {
  const of = (verdict: StudyFinding['verdict']) => ({ verdict }) as StudyFinding;
  expect(verdictCounts([of(null), of('DIFFERENT'), of('SAME'), of(null)])).toEqual([
    { verdict: 'SAME', count: 1 },
    { verdict: 'DIFFERENT', count: 1 },
    { verdict: null, count: 2 },
  ]);
});

test('progress is one line', () => {
  const base: StudyProgress = {
    ...{ id: 'kl', scale: 'tiny', seeds: [1], values: {}, state: 'running', error: null },
    going: {
      done: 3,
      total: 8,
      run: { key: 'grpo seed 2', runId: 'a', fraction: 0.25 },
      fraction: 0.4,
      secondsLeft: 600,
    },
  };
  expect(progressLine(base).replaceAll(/\s/g, ' ')).toBe('3 of 8 runs, now grpo seed 2 at 25 %, about 10 min left');
  expect(progressLine({ ...base, state: 'stopping' })).toContain('stops after this step');
  expect(progressLine({ ...base, state: 'failed', error: 'Run #3 broke', going: null })).toBe('Run #3 broke');
  expect(progressLine({ ...base, state: 'interrupted', going: null })).toBe('Assay ended while it went on');
});

test('values for all runs are read and checked by the descriptors of the catalogue', () => {
  const steps = {
    ...{ kind: 'number' as const, label: 'Steps', help: '', default: 100 },
    min: 0,
    max: 1000,
    integer: true,
  };
  const member = {
    id: 'jsonl',
    title: 'JSON lines',
    help: '',
    options: { file: { kind: 'text' as const, label: 'File', help: '', default: '', format: 'file' as const } },
  };
  const group = (id: string, more: object) => ({
    id,
    title: id,
    options: {},
    members: [],
    defaultMember: null,
    ...more,
  });
  const options = optionsByPath({
    groups: [group('limits', { options: { steps } }), group('problems', { members: [member], defaultMember: 'jsonl' })],
  });
  expect([...options.keys()]).toEqual(['limits.steps', 'problems.kind', 'problems.options.file']);
  expect(problemOf(options, 'limits.steps', '40')).toBeNull();
  expect(problemOf(options, 'limits.steps', '4.5')).toContain('whole number');
  expect(problemOf(options, 'limits.steps', 'many')).toContain('"many" is not a whole number');
  expect(problemOf(options, 'limits.step', '4')).toBe('limits.step: there is no such option');
  expect(problemOf(options, 'problems.kind', 'csv')).toContain('allowed is jsonl');
  const set = withValue(options, { a: 1 }, 'limits.steps', '40');
  expect(set).toEqual({ a: 1, 'limits.steps': 40 });
  expect(withoutValue(set, 'a')).toEqual({ 'limits.steps': 40 });
});
