/** From a chart's spec and a run's series to the option object that echarts draws. Pure: the same on screen and in a file. */
import { formatCompact, formatDuration, formatTick } from '../format.ts';
import { type Bucket, cadenceOf, segmentsOf, single, within } from './buckets.ts';
import type { XAxis } from './places.ts';
import { smooth } from './series.ts';
import { type ChartSpec, isSparse } from './spec.ts';

/** What echarts draws (`EChartsCoreOption`), told apart from it so that no library is needed to make one. */
export type ChartOption = { readonly [key: string]: unknown };

/** Where the numbers of a chart come from. */
export interface SeriesSource {
  /** In order of steps; empty where the run does not have it. */
  buckets(name: string): readonly Bucket[];
}

export interface ChartColours {
  readonly line: string;
  readonly grid: string;
  readonly text: string;
  readonly pointer: string;
  readonly collapse: string;
}

/** Something that happened at a step. */
export interface Mark {
  readonly step: number;
  readonly kind: 'collapse' | 'checkpoint' | 'evaluation';
}

export interface ChartView {
  readonly colours: ChartColours;
  /** Of lines that have a number for a colour. */
  readonly palette: readonly string[];
  readonly runColour: string;
  readonly logX: boolean;
  readonly logY: boolean;
  /** Weight of the past, 0..1. */
  readonly smoothing: number;
  readonly x: XAxis;
  /** Where a step stands on the x axis; rises with the step. */
  readonly place: (step: number) => number;
  /** Steps from the left to the right edge; shared by all charts of a page, so that the crosshair stands at one place. */
  readonly range: readonly [from: number, to: number];
  readonly marks: readonly Mark[];
}

export interface Drawing {
  readonly option: ChartOption;
  /** Points of the first series that are on the chart. */
  readonly points: number;
}

/** What a chart draws; a null value lifts the pen. */
type LinePoint = [x: number, value: number | null];

/** Steps from which on smoothing is by the share of the x axis and no longer by the step. */
const SMOOTHING_STEPS = 100;
/** About the points that fit on a small chart side by side. */
const DENSE = 400;
/** A normal distribution holds 95 % within this many standard errors. */
const Z95 = 1.96;
/** Pixels from the bottom of the canvas to the x axis. */
const BOTTOM = 24;

export const formatPlace = (x: XAxis, place: number): string =>
  x === 'seconds' || x === 'work' ? formatDuration(Math.max(0, place)) : formatCompact(place);

interface Line {
  readonly metric: string;
  readonly colour: string;
  readonly buckets: readonly Bucket[];
  readonly cadence: number;
}

export function drawChart(spec: ChartSpec, source: SeriesSource, view: ChartView): Drawing {
  const [from, to] = view.range;
  const stacked = spec.stacked !== undefined;
  const logY = view.logY && !stacked;
  const all = spec.series.map(({ metric, colour }): Line => {
    const known = source.buckets(metric);
    return {
      metric,
      colour: typeof colour === 'string' ? colour : colour === undefined ? view.runColour : paletteColour(view, colour),
      buckets: drawable(within(known, from, to), logY),
      cadence: cadenceOf(known),
    };
  });
  const lines = spec.stacked === 'share' ? sharesOf(all) : all;
  const first = lines[0];
  const drawing = lines.flatMap((line): object[] => {
    const { metric, colour, buckets, cadence } = line;
    if (stacked) return [area(metric, meanLine(buckets, cadence, view), colour)];
    const raw = rawLine(buckets, cadence, view);
    if (isSparse(metric) || spec.exact || view.smoothing === 0)
      return [strong(metric, raw, colour, isSparse(metric) && buckets.length <= DENSE / 4)];
    return [faint(`${metric} raw`, raw, colour), strong(metric, smoothLine(line, view), colour, false)];
  });
  const band = first === undefined || stacked ? [] : bandOf(spec, first, source, view);
  return {
    option: {
      ...frame(spec, view, logY),
      series: [...band, ...drawing, ...baselineOf(spec, view, logY), ...marksOf(view)],
    },
    points: first?.buckets.reduce((n, { last, first: start }) => n + (last >= from && start <= to ? 1 : 0), 0) ?? 0,
  };
}

const paletteColour = ({ palette, runColour }: ChartView, number: number): string =>
  palette[number % palette.length] ?? runColour;

/** A logarithmic axis has no place for the rest; they are gaps there. */
const drawable = (buckets: readonly Bucket[], log: boolean) => (log ? buckets.filter(({ low }) => low > 0) : buckets);

/** Each measurement, or the lowest and the highest of a bucket, a null between two segments. */
function rawLine(buckets: readonly Bucket[], cadence: number, view: ChartView): LinePoint[] {
  return penned(buckets, cadence, view, ({ first, last, low, high, n }) =>
    n === 1
      ? [[view.place(first), low]]
      : [
          [view.place(first), low],
          [view.place(last), high],
        ],
  );
}

const meanLine = (buckets: readonly Bucket[], cadence: number, view: ChartView): LinePoint[] =>
  penned(buckets, cadence, view, (bucket) => [[view.place(middle(bucket)), bucket.mean]]);

function penned(
  buckets: readonly Bucket[],
  cadence: number,
  view: ChartView,
  points: (bucket: Bucket) => LinePoint[],
): LinePoint[] {
  const line: LinePoint[] = [];
  let before: Bucket | undefined;
  for (const segment of segmentsOf(buckets, cadence)) {
    const [start] = segment;
    if (before !== undefined && start !== undefined) line.push([view.place((before.last + start.first) / 2), null]);
    for (const bucket of segment) line.push(...points(bucket));
    before = segment.at(-1);
  }
  return line;
}

const middle = ({ first, last }: Bucket) => (first + last) / 2;

/** A long run is looked at from further away: the same setting smooths the same part of the chart. */
function smoothLine({ buckets, cadence }: Line, view: ChartView): LinePoint[] {
  const reach = Math.max(cadence, (view.range[1] - view.range[0]) / SMOOTHING_STEPS);
  const smoothed = segmentsOf(buckets, cadence).flatMap((segment) =>
    smooth(
      segment.map((bucket) => ({ step: middle(bucket), value: bucket.mean })),
      view.smoothing,
      reach,
    ).map(({ value }, i) => ({ ...(segment[i] as Bucket), mean: value })),
  );
  return meanLine(smoothed, cadence, view);
}

/** Each as its share of the sum of all, where all were measured. */
function sharesOf(lines: readonly Line[]): Line[] {
  const sums = new Map<number, number>();
  for (const { buckets } of lines)
    for (const { first, mean } of buckets) sums.set(first, (sums.get(first) ?? 0) + mean);
  return lines.map((line) => ({
    ...line,
    buckets: line.buckets.flatMap((bucket) => {
      const sum = sums.get(bucket.first) ?? 0;
      return sum > 0 ? [{ ...bucket, mean: bucket.mean / sum }] : [];
    }),
  }));
}

function frame(spec: ChartSpec, view: ChartView, logY: boolean): ChartOption {
  const { colours } = view;
  const label = { color: colours.text, fontSize: 11, fontFamily: 'system-ui, sans-serif' };
  const [from, to] = view.range.map(view.place) as [number, number];
  const least = view.place(Math.max(view.range[0], 1));
  return {
    animation: false,
    grid: { left: 52, right: 16, top: 10, bottom: BOTTOM, outerBoundsMode: 'none' },
    axisPointer: { triggerTooltip: false, animation: false },
    xAxis: {
      type: view.logX ? 'log' : 'value',
      min: view.logX ? Math.max(Number.MIN_VALUE, from > 0 ? from : least) : from,
      max: Math.max(to, from + (view.x === 'step' ? 1 : 1e-3)),
      ...(view.x === 'step' ? { minInterval: 1 } : {}),
      splitNumber: 5,
      axisLine: { lineStyle: { color: colours.line }, onZero: false },
      axisTick: { show: false },
      splitLine: { show: false },
      minorSplitLine: { show: false },
      axisLabel: {
        ...label,
        formatter: (place: number) => formatPlace(view.x, view.x === 'step' ? Math.round(place) : place),
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
      type: logY ? 'log' : 'value',
      scale: spec.stacked === undefined,
      ...(spec.stacked === 'share' || (spec.stacked === 'sum' && spec.unit === 'fraction')
        ? { min: 0, max: 1, interval: 0.5 }
        : spec.unit === 'fraction' && !logY
          ? { max: topOfFraction }
          : {}),
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

/** A round axis would go on to 120 % above a share that cannot. Null: as the axis finds best. */
export const topOfFraction = ({ max }: { max: number }) => (max <= 1 && max > 0.9 ? 1 : null);

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

const drawn = (data: readonly LinePoint[]): number => data.reduce((n, [, value]) => n + (value === null ? 0 : 1), 0);

/** A lone point between gaps would be invisible without its mark. */
const strong = (id: string, data: readonly LinePoint[], colour: string, marked: boolean) => ({
  ...line(id, data, colour),
  ...(marked || drawn(data) === 1
    ? { symbol: 'circle', symbolSize: data.length > 60 ? 3 : 5, showSymbol: true }
    : { showSymbol: false }),
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

const acrossLine = (id: string, colour: string, type: unknown, data: readonly object[]) => ({
  ...line(id, [], colour),
  markLine: {
    silent: true,
    animation: false,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: colour, width: 1, type },
    data,
  },
});

function baselineOf({ baseline }: ChartSpec, { colours }: ChartView, logY: boolean): object[] {
  if (baseline === undefined || (logY && baseline <= 0)) return [];
  return [acrossLine('baseline', colours.line, 'solid', [{ yAxis: baseline }])];
}

/** A line across where the run began to collapse, a tick on the x axis for what happens again and again. */
function marksOf({ marks, colours, place, range: [from, to], logX }: ChartView): object[] {
  const at = (kind: Mark['kind']) =>
    marks.filter((m) => m.kind === kind && m.step >= from && m.step <= to && !(logX && place(m.step) <= 0));
  const ticks = (kind: Mark['kind'], symbol: string, size: readonly number[], lift: number): object[] => {
    const data = at(kind).map(({ step }) => ({ coord: [place(step), 1], y: '100%' }));
    if (data.length === 0) return [];
    return [
      {
        ...line(kind, [], colours.pointer),
        markPoint: {
          silent: true,
          animation: false,
          symbol,
          symbolSize: size,
          symbolOffset: [0, -BOTTOM - lift],
          label: { show: false },
          itemStyle: { color: colours.pointer },
          data,
        },
      },
    ];
  };
  const collapse = at('collapse').map(({ step }) => ({ xAxis: place(step) }));
  return [
    ...ticks('evaluation', 'rect', [1, 5], 2.5),
    ...ticks('checkpoint', 'triangle', [7, 6], 3),
    ...(collapse.length === 0 ? [] : [acrossLine('collapse', colours.collapse, [4, 3], collapse)]),
  ];
}

interface Edge {
  readonly first: number;
  readonly low: number;
  readonly high: number;
}

/** Lower edge invisible, the height above it filled: echarts' way of a band. */
function bandOf(spec: ChartSpec, { buckets, cadence, colour }: Line, source: SeriesSource, view: ChartView): object[] {
  const cut = (value: number) => (spec.unit === 'fraction' ? Math.min(1, Math.max(0, value)) : value);
  const meansOf = (name: string | undefined) =>
    new Map(name === undefined ? [] : source.buckets(name).map(({ first, mean }) => [first, mean]));
  const [lows, highs, errors] = [spec.interval?.low, spec.interval?.high, spec.error].map(meansOf);
  const edges = buckets.flatMap(({ first, mean }): Edge[] => {
    const [low, high, error] = [lows?.get(first), highs?.get(first), errors?.get(first)];
    if (low !== undefined && high !== undefined) return [{ first, low, high }];
    return error === undefined ? [] : [{ first, low: cut(mean - Z95 * error), high: cut(mean + Z95 * error) }];
  });
  const shown = edges.filter(({ low }) => !view.logY || low > 0);
  if (shown.length === 0) return [];
  const edge = (id: string, of: (edge: Edge) => number) => ({
    ...line(
      id,
      meanLine(
        shown.map((e) => single(e.first, of(e))),
        cadence,
        view,
      ),
      colour,
    ),
    stack: 'band',
    stackStrategy: 'all',
    lineStyle: { width: 0 },
    z: 1,
  });
  return [
    edge('band low', ({ low }) => low),
    { ...edge('band height', ({ low, high }) => high - low), areaStyle: { color: colour, opacity: 0.16 } },
  ];
}
