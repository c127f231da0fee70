import { describe, expect, test } from 'vitest';
import { type ChartView, drawChart } from '../../../src-renderer/charts/option.ts';
import { CHARTS, type ChartSpec } from '../../../src-renderer/charts/specs.ts';
import { listRollouts, nearestStep } from '../../../src-renderer/lib/rollout-list.ts';
import { RunMetrics } from '../../../src-renderer/lib/run-metrics.ts';
import { sparkPath } from '../../../src-renderer/lib/sparkline.ts';
import type { MetricName } from '../../../src-shared/metrics.ts';
import type { RolloutSummary } from '../../../src-shared/rollout.ts';

const view: ChartView = {
  colours: { line: '#000000', grid: '#000000', text: '#000000', pointer: '#000000', collapse: '#c02f2a' },
  runColour: '#3f90da',
  log: false,
  smoothing: 0.5,
  evaluationEvery: 10,
  lastStep: 20,
  collapse: null,
  width: 600,
};
const chart = (metric: MetricName) => CHARTS.find((c) => c.series[0].metric === metric) as ChartSpec;
const seriesOf = (option: object) =>
  (option as { series: { id: string; data: [number, number | null][]; areaStyle?: object }[] }).series;

describe('charts', () => {
  test('show no metric twice, and eight of them at once', () => {
    const metrics = CHARTS.flatMap((c) => c.series.map((s) => s.metric));
    expect(new Set(metrics).size).toBe(metrics.length);
    expect(CHARTS.filter((c) => c.main)).toHaveLength(8);
  });

  test('draw a band of 1.96 standard errors inside 0 and 1', () => {
    const metrics = new RunMetrics();
    metrics.add(0, { 'eval/avg@k': 0.01, 'eval/avg@k-se': 0.02 });
    metrics.add(10, { 'eval/avg@k': 0.5, 'eval/avg@k-se': 0.1 });
    const { option, points } = drawChart(chart('eval/avg@k'), metrics, view);
    const [low, height, line] = seriesOf(option);
    expect(points).toBe(2);
    expect(low?.data[0]).toEqual([0, 0]);
    expect(height?.data[0]?.[1]).toBeCloseTo(0.01 + 1.96 * 0.02, 12);
    expect(low?.data[1]?.[1]).toBeCloseTo(0.5 - 1.96 * 0.1, 12);
    expect(height?.data[1]?.[1]).toBeCloseTo(2 * 1.96 * 0.1, 12);
    expect(line?.data).toEqual([
      [0, 0.01],
      [10, 0.5],
    ]);
  });

  test('mark where the run began to collapse, and nothing where it did not', () => {
    const metrics = new RunMetrics();
    for (let step = 0; step <= 20; step++) metrics.add(step, { 'train/reward': step });
    const marks = (collapse: number | null) =>
      seriesOf(drawChart(chart('train/reward'), metrics, { ...view, collapse }).option).flatMap(
        (series) => (series as { markLine?: { data: unknown } }).markLine?.data ?? [],
      );
    expect(marks(7)).toEqual([{ xAxis: 7 }]);
    expect(marks(null)).toEqual([]);
  });

  test('keep a gap in the raw and in the smoothed line', () => {
    const metrics = new RunMetrics();
    for (const step of [1, 2, 6, 7]) metrics.add(step, { 'train/reward': step });
    const series = seriesOf(drawChart(chart('train/reward'), metrics, view).option);
    expect(series).toHaveLength(2);
    for (const { data } of series) expect(data.filter(([, value]) => value === null)).toHaveLength(1);
  });

  test('leave out of a logarithmic axis what it has no place for', () => {
    const metrics = new RunMetrics();
    for (const [step, value] of [
      [1, 0],
      [2, 3],
    ] as const)
      metrics.add(step, { 'train/kl': value });
    expect(drawChart(chart('train/kl'), metrics, { ...view, log: true }).points).toBe(1);
    expect(drawChart(chart('train/kl'), metrics, view).points).toBe(2);
  });

  test('draw thousands of points as no more than fit', () => {
    const metrics = new RunMetrics();
    for (let step = 1; step <= 20_000; step++) metrics.add(step, { 'train/reward': Math.sin(step) });
    const { points } = drawChart(chart('train/reward'), metrics, { ...view, lastStep: 20_000 });
    expect(points).toBeGreaterThan(500);
    expect(points).toBeLessThanOrEqual(1200);
  });
});

describe('sparkline', () => {
  const box = { width: 96, height: 20 };
  test('fills its box from the first to the last step', () => {
    const path = sparkPath(
      [0, 1].map((i) => ({ step: i * 10, value: i })),
      box,
    );
    expect(path).toBe('M1.5 18.5L94.5 1.5');
  });

  test('does not blow up noise', () => {
    const ys = [
      ...sparkPath(
        [0, 1, 2].map((i) => ({ step: i, value: 0.5 + (i % 2) * 0.001 })),
        box,
      ).matchAll(/ ([\d.]+)/g),
    ].map((m) => Number(m[1]));
    expect(Math.max(...ys) - Math.min(...ys)).toBeLessThan(1);
  });

  test('is nothing below two points and short for many', () => {
    expect(sparkPath([{ step: 3, value: 1 }], box)).toBe('');
    const path = sparkPath(
      Array.from({ length: 5000 }, (_, i) => ({ step: i, value: i })),
      box,
    );
    expect(path.match(/[ML]/g)).toHaveLength(48);
  });
});

describe('list of rollouts', () => {
  const rollout = (id: number, more: Partial<RolloutSummary>): RolloutSummary => ({
    id,
    runId: 'r',
    step: 1,
    split: 'train',
    problemId: 'p',
    sample: id,
    tokens: id,
    finished: true,
    outcome: 'passed',
    testsPassed: 1,
    testsTotal: 1,
    reward: 0,
    advantage: 0,
    meanEntropy: 0,
    meanLogprob: 0,
    ...more,
  });
  const rollouts = [
    rollout(1, { reward: 0.5 }),
    rollout(2, { reward: null }),
    rollout(3, { reward: 1, outcome: 'no-code' }),
  ];
  const ids = (list: readonly RolloutSummary[]) => list.map((r) => r.id);

  test('is filtered by outcome and ordered without touching its source', () => {
    expect(ids(listRollouts(rollouts, null, 'reward'))).toEqual([3, 1, 2]);
    expect(ids(listRollouts(rollouts, null, 'length'))).toEqual([3, 2, 1]);
    expect(ids(listRollouts(rollouts, 'passed', 'group'))).toEqual([1, 2]);
    expect(ids(rollouts)).toEqual([1, 2, 3]);
  });

  test('opens at the step asked for, the nearest one, or the last', () => {
    expect(nearestStep([30, 20, 10], 20)).toBe(20);
    expect(nearestStep([30, 20, 10], 14)).toBe(10);
    expect(nearestStep([30, 20, 10], undefined)).toBe(30);
    expect(nearestStep([], 3)).toBeUndefined();
  });
});
