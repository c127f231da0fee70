/** Runs of a sweep as lines across axes, and as points over one option: what echarts draws. Pure. */
import type { ChartColours, ChartOption } from '../../../src-shared/charts/option.ts';
import { formatExact, formatTick, type Unit } from '../../../src-shared/format.ts';
import type { OptionValue } from '../../../src-shared/options.ts';
import type { RunOptions } from '../../../src-shared/organise.ts';

export interface SweepRun {
  readonly runId: string;
  readonly label: string;
  readonly colour: string;
  readonly marker: string;
  /** By option path; undefined where the run has no such option. */
  readonly values: ReadonlyMap<string, OptionValue>;
  /** By metric: the last value. */
  readonly metrics: ReadonlyMap<string, number>;
}

export interface SweepAxis {
  readonly name: string;
  /** An option's path or a metric. */
  readonly id: string;
  readonly kind: 'option' | 'metric';
  readonly unit: Unit;
}

/** The options of these runs, by path. @returns by run */
export function optionsByRun(
  { runIds, options }: RunOptions,
  wanted: readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, OptionValue>> {
  return new Map(
    wanted.map((runId) => {
      const place = runIds.indexOf(runId);
      const own = new Map<string, OptionValue>();
      if (place >= 0)
        for (const { path, values, of } of options) {
          const value = values[of === null ? 0 : (of[place] ?? -1)];
          if (value !== undefined) own.set(path, value);
        }
      return [runId, own];
    }),
  );
}

/** Option paths at which these runs have more than one value; `runs` of a sweep differ in few. */
export function sweptPaths(runs: readonly Pick<SweepRun, 'values'>[]): string[] {
  const paths = new Set(runs.flatMap(({ values }) => [...values.keys()]));
  return [...paths].filter((path) => new Set(runs.map(({ values }) => values.get(path))).size > 1);
}

const valueAt = (run: SweepRun, { id, kind }: SweepAxis): OptionValue | undefined =>
  kind === 'metric' ? run.metrics.get(id) : run.values.get(id);

/** A run without the option, or with a word, makes it a row of words: a number would be taken for a place in that row. */
const isNumeric = (runs: readonly SweepRun[], axis: SweepAxis): boolean =>
  runs.every((run) => typeof valueAt(run, axis) === 'number');

/** What a run has where it has no such option. */
const NONE = 'none';
const word = (value: OptionValue | undefined): string => (value === undefined ? NONE : formatExact(value));

function categoriesOf(runs: readonly SweepRun[], axis: SweepAxis): string[] {
  return [...new Set(runs.map((run) => word(valueAt(run, axis))))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
}

const labelStyle = ({ text }: ChartColours) => ({ color: text, fontSize: 11, fontFamily: 'system-ui, sans-serif' });

/** One line a run across all axes; runs without a value of the metric are left out. Drag on an axis to choose a part of it. */
export function parallelOption(
  runs: readonly SweepRun[],
  axes: readonly SweepAxis[],
  colours: ChartColours,
  isLog: (axis: SweepAxis) => boolean = () => false,
): ChartOption {
  const drawn = runs.filter((run) => axes.every((axis) => axis.kind === 'option' || run.metrics.has(axis.id)));
  const label = labelStyle(colours);
  return {
    animation: false,
    parallel: {
      left: 56,
      right: 72,
      top: 36,
      bottom: 16,
      parallelAxisDefault: {
        nameTextStyle: { ...label, fontWeight: 600 },
        nameLocation: 'end',
        nameGap: 16,
        nameTruncate: { maxWidth: 150 },
        axisLine: { lineStyle: { color: colours.line } },
        axisTick: { lineStyle: { color: colours.line } },
        axisLabel: label,
        areaSelectStyle: {
          width: 16,
          borderWidth: 1,
          borderColor: colours.pointer,
          color: colours.pointer,
          opacity: 0.3,
        },
      },
    },
    parallelAxis: axes.map((axis, dim) =>
      isNumeric(drawn, axis)
        ? {
            dim,
            name: axis.name,
            type: isLog(axis) ? 'log' : 'value',
            scale: true,
            axisLabel: { ...label, formatter: (value: number) => tick(axis, value) },
          }
        : { dim, name: axis.name, type: 'category', data: categoriesOf(drawn, axis) },
    ),
    series: [
      {
        type: 'parallel',
        smooth: false,
        progressive: 0,
        inactiveOpacity: 0.06,
        activeOpacity: 0.95,
        data: drawn.map((run) => ({
          name: run.label,
          value: axes.map((axis) => {
            const value = valueAt(run, axis);
            return typeof value === 'number' && isNumeric(drawn, axis) ? value : word(value);
          }),
          lineStyle: { color: run.colour, width: 1.5, opacity: 0.85 },
        })),
      },
    ],
  };
}

const tick = ({ kind, unit }: SweepAxis, value: number): string =>
  kind === 'metric' ? formatTick(unit, value) : formatExact(Number(value.toPrecision(4)));

/** echarts fills what it calls empty with white, in the dark, too. */
const solid = (marker: string): string => marker.replace(/^empty/, '').toLowerCase();

/** One point a run: an option against the last value of a metric. */
export function scatterOption(
  runs: readonly SweepRun[],
  x: SweepAxis,
  y: SweepAxis,
  colours: ChartColours,
  logX: boolean,
): ChartOption {
  const drawn = runs.filter((run) => valueAt(run, y) !== undefined);
  const numeric = isNumeric(drawn, x);
  const label = labelStyle(colours);
  const base = {
    axisLine: { lineStyle: { color: colours.line }, onZero: false },
    axisTick: { show: false },
    splitLine: { show: false },
    nameLocation: 'middle',
    nameTextStyle: label,
  };
  return {
    animation: false,
    grid: { left: 64, right: 24, top: 12, bottom: 44, outerBoundsMode: 'none' },
    xAxis: numeric
      ? {
          ...base,
          type: logX ? 'log' : 'value',
          scale: true,
          name: x.name,
          nameGap: 26,
          axisLabel: { ...label, hideOverlap: true, formatter: (value: number) => tick(x, value) },
        }
      : { ...base, type: 'category', data: categoriesOf(drawn, x), name: x.name, nameGap: 26, axisLabel: label },
    yAxis: {
      ...base,
      type: 'value',
      scale: true,
      name: y.name,
      nameGap: 48,
      axisLine: { show: false },
      splitLine: { lineStyle: { color: colours.grid } },
      axisLabel: { ...label, hideOverlap: true, formatter: (value: number) => tick(y, value) },
    },
    series: [
      {
        type: 'scatter',
        symbolSize: 10,
        data: drawn.map((run) => {
          const place = valueAt(run, x);
          return {
            name: run.label,
            value: [numeric ? place : word(place), valueAt(run, y)],
            symbol: solid(run.marker),
            itemStyle: {
              color: solid(run.marker) === run.marker ? run.colour : 'transparent',
              borderColor: run.colour,
              borderWidth: 1.5,
              opacity: 0.9,
            },
          };
        }),
      },
    ],
  };
}
