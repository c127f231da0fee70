/** From a chart's spec and a run's metrics to the option object that echarts draws. Pure: the same on screen and in a file. */
import type { EChartsCoreOption } from 'echarts/core';
import { formatCount, formatTick } from '../lib/format.ts';
import type { RunMetrics } from '../lib/run-metrics.ts';
import { drawn, type LinePoint, type Point, smooth, splitAtGaps, toLine } from '../lib/series.ts';
import { type ChartSpec, isSparse, type SeriesSpec } from './specs.ts';

export interface ChartColours {
  readonly line: string;
  readonly grid: string;
  readonly text: string;
  readonly pointer: string;
  readonly collapse: string;
}

export interface ChartView {
  readonly colours: ChartColours;
  readonly runColour: string;
  readonly log: boolean;
  /** Weight of the past, 0..1. */
  readonly smoothing: number;
  /** Steps between two validations; 0: none. */
  readonly evaluationEvery: number;
  /** Right end of the x axis, shared by all charts so that the crosshair stands at one place. */
  readonly lastStep: number;
  /** First step that shows a collapse; null where there is none. */
  readonly collapse: number | null;
  /** Of the canvas in CSS pixels: more points than it can show are not drawn. */
  readonly width: number;
}

export interface Drawing {
  readonly option: EChartsCoreOption;
  /** Points of the first series that are on the chart. */
  readonly points: number;
}

/** A pixel shows a lowest and a highest value. */
const limitOf = (view: ChartView) => Math.max(200, Math.round(view.width * 2));
/** Steps from which on smoothing is by the share of the x axis and no longer by the step. */
const SMOOTHING_STEPS = 100;
/** About the points that fit on a small chart side by side. */
const DENSE = 400;
/** A normal distribution holds 95 % within this many standard errors. */
const Z95 = 1.96;

export const cadenceOf = (series: SeriesSpec, view: Pick<ChartView, 'evaluationEvery'>): number =>
  isSparse(series.metric) ? Math.max(1, view.evaluationEvery) : 1;

/** A logarithmic axis has no place for the rest; they are gaps there. */
const drawable = (points: readonly Point[], log: boolean) => (log ? points.filter((p) => p.value > 0) : points);

export function drawChart(spec: ChartSpec, metrics: RunMetrics, view: ChartView): Drawing {
  const log = view.log && !spec.stacked;
  const limit = limitOf(view);
  const lines = spec.series.map((series) => {
    const points = drawable(metrics.points(series.metric), log);
    return { series, points, cadence: cadenceOf(series, view), colour: series.colour ?? view.runColour };
  });
  const first = lines[0];
  const firstLine = first === undefined ? [] : toLine(first.points, first.cadence, limit);
  const series = lines.flatMap(({ series: { metric }, points, cadence, colour }, i): object[] => {
    const raw = i === 0 ? firstLine : toLine(points, cadence, limit);
    if (spec.stacked) return [area(metric, raw, colour)];
    if (isSparse(metric) || spec.exact || view.smoothing === 0) return [strong(metric, raw, colour, isSparse(metric))];
    // A long run is looked at from further away: the same setting smooths the same part of the chart.
    const reach = Math.max(cadence, view.lastStep / SMOOTHING_STEPS);
    const smoothed = splitAtGaps(points, cadence).map((segment) => smooth(segment, view.smoothing, reach));
    return [
      faint(`${metric} raw`, raw, colour),
      strong(metric, toLine(smoothed.flat(), cadence, limit), colour, false),
    ];
  });
  const band =
    spec.error === undefined || first === undefined ? [] : bandOf(spec, metrics, view, first.points, first.cadence);
  const marked = [...band, ...series, ...collapseMark(view)];
  return { option: { ...frame(spec, view, log), series: marked }, points: drawn(firstLine) };
}

function frame(spec: ChartSpec, view: ChartView, log: boolean): EChartsCoreOption {
  const { colours } = view;
  const label = { color: colours.text, fontSize: 11, fontFamily: 'system-ui, sans-serif' };
  return {
    animation: false,
    grid: { left: 52, right: 16, top: 10, bottom: 24, outerBoundsMode: 'none' },
    axisPointer: { triggerTooltip: false, animation: false },
    xAxis: {
      type: 'value',
      min: 0,
      max: Math.max(1, view.lastStep),
      minInterval: 1,
      splitNumber: 5,
      axisLine: { lineStyle: { color: colours.line }, onZero: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        ...label,
        formatter: (step: number) => formatCount(step),
        hideOverlap: true,
        showMinLabel: true,
        showMaxLabel: true,
      },
      axisPointer: {
        show: true,
        label: { show: false },
        lineStyle: { color: colours.pointer, width: 1, type: 'solid' },
      },
    },
    yAxis: {
      type: log ? 'log' : 'value',
      scale: !spec.stacked,
      ...(spec.stacked ? { min: 0, max: 1, interval: 0.5 } : {}),
      splitNumber: 3,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: colours.grid } },
      minorSplitLine: { show: false },
      axisLabel: { ...label, formatter: (value: number) => formatTick(spec.unit, value), hideOverlap: true },
      axisPointer: { show: false },
    },
  };
}

const line = (id: string, data: readonly LinePoint[], colour: string) => ({
  id,
  type: 'line',
  data,
  symbol: 'none',
  silent: true,
  connectNulls: false,
  itemStyle: { color: colour },
  emphasis: { disabled: true },
  animation: false,
});

/** A lone point between gaps would be invisible without its mark. */
const strong = (id: string, data: readonly LinePoint[], colour: string, marked: boolean) => ({
  ...line(id, data, colour),
  ...((marked && data.length <= DENSE / 4) || drawn(data) === 1
    ? { symbol: 'circle', symbolSize: data.length > 60 ? 3 : 5, showSymbol: true }
    : {}),
  lineStyle: { color: colour, width: 1.75, join: 'round' },
  z: 3,
});

const faint = (id: string, data: readonly LinePoint[], colour: string) => ({
  ...line(id, data, colour),
  // Where lines lie over one another they add up; the smoothed one must stay the stronger.
  lineStyle: { color: colour, width: 1, opacity: data.length > DENSE ? 0.2 : 0.36 },
  z: 2,
});

const area = (id: string, data: readonly LinePoint[], colour: string) => ({
  ...line(id, data, colour),
  stack: 'shares',
  lineStyle: { width: 0 },
  areaStyle: { color: colour, opacity: 0.85 },
});

/** A vertical line where the run began to collapse; none has no series, so that no old one stays. */
function collapseMark({ collapse, colours }: ChartView): object[] {
  if (collapse === null) return [];
  return [
    {
      ...line('collapse', [], colours.collapse),
      markLine: {
        silent: true,
        animation: false,
        symbol: 'none',
        label: { show: false },
        lineStyle: { color: colours.collapse, width: 1, type: [4, 3] },
        data: [{ xAxis: collapse }],
      },
    },
  ];
}

/** Lower edge invisible, the height above it filled: echarts' way of a band. */
function bandOf(spec: ChartSpec, metrics: RunMetrics, view: ChartView, points: readonly Point[], cadence: number) {
  const low: Point[] = [];
  const height: Point[] = [];
  for (const { step, value } of points) {
    const error = spec.error === undefined ? undefined : metrics.at(step)?.[spec.error];
    if (error === undefined || !Number.isFinite(error)) continue;
    const bottom = spec.unit === 'fraction' ? Math.max(0, value - Z95 * error) : value - Z95 * error;
    const top = spec.unit === 'fraction' ? Math.min(1, value + Z95 * error) : value + Z95 * error;
    if (view.log && bottom <= 0) continue;
    low.push({ step, value: bottom });
    height.push({ step, value: top - bottom });
  }
  const edge = (id: string, data: readonly Point[]) => ({
    ...line(`${id}`, toLine(data, cadence, limitOf(view)), view.runColour),
    stack: 'band',
    stackStrategy: 'all',
    lineStyle: { width: 0 },
    z: 1,
  });
  return [
    edge('band low', low),
    { ...edge('band height', height), areaStyle: { color: view.runColour, opacity: 0.16 } },
  ];
}
