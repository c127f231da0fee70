import { describe, expect, test } from 'vitest';
import { type Bucket, fromPoints, regrid } from '../../../src-shared/charts/buckets.ts';
import { FAMILY_CHARTS } from '../../../src-shared/charts/families.ts';
import { type ChartView, drawChart, type SeriesSource } from '../../../src-shared/charts/option.ts';
import { RUN_COLOURS } from '../../../src-shared/charts/palette.ts';
import { CHART_GROUPS, type ChartSpec, metricsOf } from '../../../src-shared/charts/spec.ts';
import { chartsOf } from '../../../src-shared/charts/specs.ts';
import { METRICS, type MetricName } from '../../../src-shared/metrics.ts';

const view: ChartView = {
  colours: { line: '#000000', grid: '#000000', text: '#000000', pointer: '#000000', collapse: '#c02f2a' },
  palette: RUN_COLOURS.light,
  runColour: '#3f90da',
  logX: false,
  logY: false,
  smoothing: 0.5,
  x: 'step',
  place: (step) => step,
  range: [0, 20],
  marks: [],
};
type Values = Readonly<Record<number, number>>;
const sourceOf = (series: Partial<Record<MetricName, Values>>): SeriesSource => ({
  buckets: (name) =>
    fromPoints(
      Object.entries(series[name as MetricName] ?? {}).map(([step, value]) => ({ step: Number(step), value })),
    ),
});
const chart = (id: string) => FAMILY_CHARTS.find((c) => c.id === id) as ChartSpec;
interface Drawn {
  id: string;
  data: [number, number | null][];
  areaStyle?: object;
  markLine?: { data: unknown[] };
  markPoint?: { data: { coord: number[] }[] };
}
const seriesOf = (option: object) => (option as { series: Drawn[] }).series;
const named = (option: object, id: string) => seriesOf(option).find((s) => s.id === id);

describe('the charts of a run', () => {
  const all = new Set<string>(METRICS.map(({ name }) => name));

  test('show every metric that Assay logs, and no other, in charts that are made for them', () => {
    const shown = new Set(FAMILY_CHARTS.flatMap(metricsOf));
    expect([...shown].toSorted()).toEqual([...all].toSorted());
  });

  test('have ids of their own and known groups, and eight are on the page of somebody who has chosen nothing', () => {
    expect(new Set(FAMILY_CHARTS.map(({ id }) => id)).size).toBe(FAMILY_CHARTS.length);
    const groups = new Set<string>(CHART_GROUPS.map(({ id }) => id));
    for (const { group } of FAMILY_CHARTS) expect(groups).toContain(group);
    const places = FAMILY_CHARTS.flatMap(({ main }) => main ?? []);
    expect(places.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('have the series that are there, and one for each that an imported run brings', () => {
    const charts = chartsOf(new Set(['eval/pass@4', 'sandbox/passed', 'objective/entropy', 'loss']));
    expect(charts.map(({ id, group }) => [id, group])).toEqual([
      ['pass-at', 'accuracy'],
      ['verdicts', 'verdicts'],
      ['loss', 'other'],
      ['objective/entropy', 'other'],
    ]);
    expect(charts[0]?.series.map(({ metric }) => metric)).toEqual(['eval/pass@4']);
    expect(chartsOf(new Set())).toEqual([]);
  });
});

describe('a chart', () => {
  test('draws the interval that was measured, or else 1.96 standard errors inside 0 and 1', () => {
    const source = sourceOf({
      'eval/avg@k': { 0: 0.01, 10: 0.5 },
      'eval/avg@k-se': { 0: 0.02, 10: 0.1 },
      'eval/avg@k-low': { 10: 0.3 },
      'eval/avg@k-high': { 10: 0.9 },
    });
    const { option, points } = drawChart(chart('eval/avg@k'), source, view);
    expect(points).toBe(2);
    const [low, height] = [named(option, 'band low'), named(option, 'band height')];
    expect(low?.data).toEqual([
      [0, 0],
      [10, 0.3],
    ]);
    expect(height?.data[0]?.[1]).toBeCloseTo(0.01 + 1.96 * 0.02, 12);
    expect(height?.data[1]?.[1]).toBeCloseTo(0.6, 12);
    expect(named(option, 'eval/avg@k')?.data).toEqual([
      [0, 0.01],
      [10, 0.5],
    ]);
  });

  test('marks collapse, checkpoints and validations that it shows, and no others', () => {
    const source = sourceOf({ 'train/reward': { 0: 1, 20: 2 } });
    const marks = [
      { step: 7, kind: 'collapse' },
      { step: 10, kind: 'checkpoint' },
      { step: 5, kind: 'evaluation' },
      { step: 30, kind: 'evaluation' },
    ] as const;
    const { option } = drawChart(chart('train/reward'), source, { ...view, marks });
    expect(named(option, 'collapse')?.markLine?.data).toEqual([{ xAxis: 7 }]);
    expect(named(option, 'checkpoint')?.markPoint?.data.map((d) => d.coord[0])).toEqual([10]);
    expect(named(option, 'evaluation')?.markPoint?.data.map((d) => d.coord[0])).toEqual([5]);
    expect(seriesOf(drawChart(chart('train/reward'), source, view).option).map(({ id }) => id)).toEqual([
      'train/reward raw',
      'train/reward',
    ]);
  });

  test('keeps a gap in the raw and in the smoothed line', () => {
    const source = sourceOf({ 'train/reward': { 1: 1, 2: 2, 6: 6, 7: 7 } });
    const series = seriesOf(drawChart(chart('train/reward'), source, view).option);
    expect(series).toHaveLength(2);
    for (const { data } of series) {
      expect(data.filter(([, value]) => value === null)).toHaveLength(1);
      expect(data[2]).toEqual([4, null]);
    }
  });

  test('draws the lowest and the highest of every bucket', () => {
    const points = Array.from({ length: 1000 }, (_, step) => ({ step, value: step === 777 ? 50 : Math.sin(step) }));
    const buckets = regrid(fromPoints(points), 16);
    const { option } = drawChart(
      chart('train/reward'),
      { buckets: (name): readonly Bucket[] => (name === 'train/reward' ? buckets : []) },
      { ...view, range: [0, 999] },
    );
    const raw = named(option, 'train/reward raw')?.data.map(([, value]) => value) ?? [];
    expect(raw).toHaveLength(2 * buckets.length);
    expect(raw).toEqual(buckets.flatMap(({ low, high }) => [low, high]));
    expect(raw).toContain(50);
  });

  test('leaves out of a logarithmic axis what it has no place for', () => {
    const source = sourceOf({ 'train/kl': { 1: 0, 2: 3 } });
    expect(drawChart(chart('train/kl'), source, { ...view, logY: true }).points).toBe(1);
    expect(drawChart(chart('train/kl'), source, view).points).toBe(2);
    const { xAxis } = drawChart(chart('train/kl'), source, { ...view, logX: true }).option as {
      xAxis: { type: string; min: number };
    };
    expect(xAxis.type).toBe('log');
    expect(xAxis.min).toBe(1);
  });

  test('stands on the axis that it is given', () => {
    const source = sourceOf({ 'eval/length': { 0: 1, 10: 2 } });
    const { option } = drawChart(chart('eval/length'), source, { ...view, x: 'tokens', place: (s) => 100 * s });
    expect(named(option, 'eval/length')?.data).toEqual([
      [0, 1],
      [1000, 2],
    ]);
    expect((option as { xAxis: { max: number } }).xAxis.max).toBe(2000);
  });

  test('of shares gives each phase its part of the whole', () => {
    const source = sourceOf({ 'time/rollouts': { 1: 6 }, 'time/rewards': { 1: 3 }, 'time/updates': { 1: 1 } });
    const { option } = drawChart(chart('phase-shares'), source, view);
    expect(seriesOf(option).map(({ data }) => data[0]?.[1])).toEqual([0.6, 0.3, 0.1]);
  });

  test('is the same for the same input', () => {
    const source = sourceOf({ 'train/reward': { 1: 0.5, 2: 0.25, 5: 4 }, 'eval/avg@k': { 0: 0.1, 10: 0.2 } });
    const draw = () => FAMILY_CHARTS.map((spec) => JSON.stringify(drawChart(spec, source, view)));
    expect(draw()).toEqual(draw());
  });
});
