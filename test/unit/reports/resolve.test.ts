/** That a resolved report says what the store has, and from where. */
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { roundRange, tickInterval } from '../../../src-main/reports/axis.ts';
import { reportOf } from '../../../src-main/reports/compose.ts';
import { formatValue } from '../../../src-main/reports/format.ts';
import { resolveReport } from '../../../src-main/reports/resolve.ts';
import { sourceNames } from '../../../src-main/reports/sources.ts';
import { studies } from '../../../src-main/studies/index.ts';
import { planOf } from '../../../src-main/studies/run-study.ts';
import {
  type ResolvedReport,
  reportOfSchema,
  type Series,
  type Table,
  type Value,
} from '../../../src-shared/report.ts';
import { CREATED, fixture, PROGRAM } from './fixtures.ts';

const isValue = (part: unknown): part is Value =>
  typeof part === 'object' && part !== null && 'value' in part && 'unit' in part;

function valuesOf(report: ResolvedReport): Value[] {
  const found: Value[] = [];
  JSON.stringify(report.blocks, (_, part: unknown) => {
    if (isValue(part)) found.push(part);
    return part;
  });
  return found;
}

const tables = (report: ResolvedReport) => report.blocks.filter((block): block is Table => block.form === 'table');
const row = (table: Table | undefined, label: string) => table?.rows.find(([first]) => first?.[0] === label) ?? [];
const value = (report: ResolvedReport, id: string) => valuesOf(report).find((each) => each.id === id);

test('a comparison has the means, intervals and differences that are computed by hand', async () => {
  const { source, ids } = await fixture();
  const of = {
    comparison: [
      { label: 'grpo', runs: [...ids.grpo] },
      { label: 'random', runs: [...ids.random] },
    ],
  };
  const report = resolveReport(reportOf(of, source, CREATED), source, { program: PROGRAM });
  const accuracy = tables(report).find(({ caption }) => caption.startsWith('Validation accuracy, %'));
  const end = row(accuracy, 'grpo')[3]?.[0];
  // 0.70, 0.72, 0.74: mean 0.72, s 0.02, t(0.975, 2) = 4.302653, half = t s / sqrt 3 = 0.0496826
  expect(end).toMatchObject({
    value: expect.closeTo(0.72, 12),
    unit: 'fraction',
    at: 'last step',
    metric: 'eval/avg@k',
  });
  expect(end).toMatchObject({ low: expect.closeTo(0.6703174, 6), high: expect.closeTo(0.7696826, 6) });
  // 0.40 - 0.70, 0.45 - 0.72, 0.50 - 0.74: mean -0.27, s 0.03, half 0.0745239
  const difference = row(accuracy, 'random')[4]?.[0];
  expect(difference).toMatchObject({ value: expect.closeTo(-0.27, 12), unit: 'points' });
  expect(difference).toMatchObject({ low: expect.closeTo(-0.3445239, 6), high: expect.closeTo(-0.1954761, 6) });
  // t = -0.27 / (0.03 / sqrt 3) = -15.588 with 2 degrees of freedom: p = 0.004091
  expect(row(accuracy, 'random')[5]?.[0]).toMatchObject({ value: expect.closeTo(0.004091, 5) });
  expect(row(accuracy, 'random')[6]?.[0]).toMatchObject({ value: 'DIFFERENT', unit: 'text' });
  // All six began at 0.5, two with each seed: three independent numbers, not six.
  expect(value(report, 'b1.start')).toMatchObject({ value: 0.5, estimator: expect.stringContaining('3 seeds') });
});

test('every number names runs of the store with the hashes of their configurations, once', async () => {
  const { source, ids, rollouts } = await fixture();
  const composed = reportOf({ runs: [...ids.grpo, ...ids.random] }, source, CREATED);
  expect(composed.conditions.map(({ runs }) => runs)).toEqual([ids.grpo, ids.random]);
  const blocks = [
    ...composed.blocks,
    { kind: 'samples' as const, rollouts: [...rollouts] },
    { kind: 'lineage' as const },
  ];
  const report = resolveReport({ ...composed, blocks }, source, { program: PROGRAM });
  const series = report.blocks.flatMap((block): readonly Series[] => (block.form === 'figure' ? block.series : []));
  const all = [...valuesOf(report), ...series];
  expect(series.length).toBeGreaterThan(2);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const { sources, metric, estimator } of all) {
    expect(sources.length).toBeGreaterThan(0);
    expect([metric, estimator]).not.toContain('');
    for (const id of sources) {
      const runs = report.sources.find((each) => each.id === id)?.runs ?? [];
      expect(runs.length).toBeGreaterThan(0);
      for (const run of runs) expect(source.run(run.id)?.configHash).toBe(run.configHash);
    }
  }
  const [line] = series;
  expect(line).toMatchObject({ steps: [0, 10, 20], n: [3, 3, 3], label: composed.conditions[0]?.label });
  expect(line?.values).toEqual([0.5, expect.closeTo(0.61, 12), expect.closeTo(0.72, 12)]);
});

test('one run says that it is one run', async () => {
  const { source, ids } = await fixture();
  const report = resolveReport(reportOf({ run: ids.grpo[0] ?? '' }, source, CREATED), source, { program: PROGRAM });
  // 0.7 +- 1.96 x 0.02
  expect(value(report, 'b1.end')).toMatchObject({
    value: 0.7,
    low: expect.closeTo(0.6608, 4),
    high: expect.closeTo(0.7392, 4),
  });
  expect(JSON.stringify(report.blocks[0])).toContain('nothing here says what another seed would have given');
});

test('what is not there is named', async () => {
  const { source, ids } = await fixture();
  const made = reportOf({ run: ids.grpo[0] ?? '' }, source, CREATED);
  const resolve = (changes: object) => () => resolveReport({ ...made, ...changes }, source, { program: PROGRAM });
  expect(() => reportOf({ run: 'nobody' }, source, CREATED)).toThrow(expect.objectContaining({ code: 'not-found' }));
  expect(() => reportOf({ study: 'nothing' }, source, CREATED)).toThrow(/study nothing: unknown; allowed is /);
  expect(() => reportOf({ study: 'bootstrap' }, source, CREATED)).toThrow(/no run of it has finished/);
  expect(resolve({ conditions: [{ label: 'x', runs: ['nobody'] }] })).toThrow(/There is no run nobody/);
  expect(resolve({ reference: 'else' })).toThrow(/reference "else": allowed is #1/);
  expect(resolve({ blocks: [{ kind: 'samples', rollouts: [99_999] }] })).toThrow(/There is no rollout 99999/);
  expect(reportOfSchema.safeParse({ run: 'a', study: 'b' }).success).toBe(false);
});

test('a study is found by the whole configuration of its runs, and shows all of its findings', async () => {
  const { source, store } = await fixture();
  const study = studies.find(({ id }) => id === 'training-dynamics');
  if (study === undefined) throw new Error('no study');
  const add = (planned: ReturnType<typeof planOf>[number], changes: object = {}) => {
    const config = resolveConfig({
      name: 'any name',
      preset: planned.preset,
      values: { ...planned.values, ...changes },
    });
    const { id } = store.runs.insert({ id: store.runs.freshId(), config, codeVersion: '1', parentCheckpointId: null });
    store.runs.setStatus(id, { status: 'finished', startedAt: 1, endedAt: 2, error: null });
    store.saveStep(id, { kind: 'step', step: 0, metrics: { 'eval/avg@k': 0.5 }, rollouts: [] });
    return id;
  };
  const [first, second, ...rest] = planOf(study, 'tiny', [1]);
  if (first === undefined || second === undefined) throw new Error('no plan');
  const id = add(first);
  for (const planned of rest) add(planned);
  add(second, { 'rollouts.temperature': 0.77 });
  const composed = reportOf({ study: study.id }, source, CREATED);
  expect(composed.study?.runs).toMatchObject({ [first.key]: id });
  expect(Object.keys(composed.study?.runs ?? {})).toHaveLength(rest.length + 1);
  expect(composed.study?.runs).not.toHaveProperty(second.key);
  const report = resolveReport(composed, source, { program: PROGRAM });
  const findings = tables(report)[0];
  expect(findings?.rows.map(([name]) => name?.[0])).toEqual(study.predicates);
  // One seed decides nothing.
  for (const cells of findings?.rows ?? []) expect(cells[3]).toMatchObject([{ value: 'INCONCLUSIVE' }]);
  expect(JSON.stringify(report.blocks[0])).toContain('1 of 7 planned runs are missing');
});

test.each<[Partial<Value>, string, string | null]>([
  [{ value: 0.736, low: 0.717, high: 0.755, unit: 'fraction' }, '73.6', '[71.7, 75.5]'],
  [{ value: -0.2633, low: -0.3974, high: -0.1292, unit: 'points' }, '\u221226.3', '[\u221239.7, \u221212.9]'],
  [{ value: 0.213, low: null, high: null, unit: 'points' }, '+21.3', null],
  [{ value: 22.9141, low: 22.5, high: 23.3, unit: 'tokens' }, '22.9', '[22.5, 23.3]'],
  [{ value: 0.0408, low: null, high: null, unit: 'number' }, '0.0408', null],
  [{ value: 1.3e-15, low: null, high: null, unit: 'number' }, '1.30e\u221215', null],
  [{ value: -0.00001, low: -0.001, high: 0.2, unit: 'fraction' }, '0.0', '[\u22120.1, 20.0]'],
  [{ value: null, low: null, high: null, unit: 'nats' }, '\u2013', null],
  [{ value: 'SAME', low: null, high: null, unit: 'text' }, 'SAME', null],
])('%o reads %s %s', (of, main, interval) => {
  expect(formatValue(of as Value)).toEqual({ main, interval });
});

test('axes end at round numbers', () => {
  expect(roundRange(0.013, 0.736)).toEqual([0, 0.8]);
  expect(roundRange(-3, 97)).toEqual([-25, 100]);
  expect(roundRange(5, 5)).toEqual([2, 8]);
  expect(tickInterval([0, 0.8])).toBeCloseTo(0.2, 12);
});

test('sources are named in spans', () => {
  expect(sourceNames(['S3', 'S2', 'S4', 'S9', 'S10', 'S2'])).toBe('S2\u2013S4, S9, S10');
  expect(sourceNames([])).toBe('');
});
