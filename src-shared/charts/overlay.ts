/**
 * Several runs or groups of runs on one metric: each a line with its 95 % band, told apart by colour, dash and marker,
 * with a mark where it began to collapse. Pure: the same input gives the same option, on screen and in a file.
 */
import { formatCompact, formatDuration, formatTick, leastOf, type Unit } from '../format.ts';
import type { BandPoint } from './mean-band.ts';
import { type ChartColours, type ChartOption, topOfFraction } from './option.ts';
import type { LineLook } from './palette.ts';

/** What the x axis counts: steps, response tokens trained, or seconds since the start. */
export type XAxisKind = 'step' | 'tokens' | 'seconds';

export interface OverlayLine {
  readonly id: string;
  /** In the legend. */
  readonly label: string;
  readonly look: LineLook;
  /** In ascending order of x. */
  readonly points: readonly Omit<BandPoint, 'step' | 'n'>[];
  /** The single runs of a group, drawn faint behind their mean. */
  readonly behind?: readonly (readonly { readonly x: number; readonly value: number }[])[];
  /** Where it began to collapse, on the x axis; null where it did not. */
  readonly collapse?: number | null;
}

export interface OverlayView {
  readonly colours: ChartColours;
  readonly unit: Unit;
  readonly x: XAxisKind;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Part of the x axis that is shown; the whole without it. */
  readonly range?: readonly [from: number, to: number];
  /** A title above the plot; pages have their own. */
  readonly title?: string;
  /** Legend above the plot; pages have their own. */
  readonly legend?: boolean;
  /** Name under the x axis. */
  readonly xName?: boolean;
}

const X_NAMES: Readonly<Record<XAxisKind, string>> = {
  step: 'Step',
  tokens: 'Tokens trained',
  seconds: 'Time since the start',
};
/** Lines with more points than this have a marker at every so many of them. */
const MARKERS = 12;
/** Where values cannot be, a band need not reach. */
function rangeOf(unit: Unit, lines: readonly OverlayLine[]): { readonly least: number; readonly most: number } {
  const measured = lines.reduce(
    (low, { points }) => points.reduce((m, { value }) => Math.min(m, value), low),
    Infinity,
  );
  return { least: leastOf(unit, measured), most: unit === 'fraction' ? 1 : Infinity };
}

export const formatX = (kind: XAxisKind, value: number): string =>
  kind === 'seconds' ? formatDuration(value) : formatCompact(value);

/** @returns What echarts draws; lines without a point are left out. */
export function overlayOption(lines: readonly OverlayLine[], view: OverlayView): ChartOption {
  const { colours, unit, x, logX = false, logY = false, range, title, legend = false, xName = false } = view;
  const shown = lines.filter(({ points }) => points.length > 0);
  const possible = rangeOf(unit, shown);
  const label = { color: colours.text, fontSize: 11, fontFamily: 'system-ui, sans-serif' };
  const keeps = (p: { x: number; value: number }) => (!logX || p.x > 0) && (!logY || p.value > 0);
  const top = 10 + (title === undefined ? 0 : 26) + (legend ? 22 : 0);
  return {
    animation: false,
    ...(title === undefined
      ? {}
      : { title: { text: title, left: 8, top: 6, textStyle: { ...label, fontSize: 14, fontWeight: 600 } } }),
    ...(legend
      ? {
          legend: {
            top: title === undefined ? 4 : 30,
            left: 48,
            itemWidth: 28,
            itemHeight: 8,
            icon: 'inherit',
            textStyle: label,
            data: shown.map((line) => line.label),
          },
        }
      : {}),
    grid: { left: 56, right: 20, top, bottom: xName ? 42 : 24, outerBoundsMode: 'none' },
    axisPointer: { triggerTooltip: false, animation: false },
    xAxis: {
      type: logX ? 'log' : 'value',
      ...(range === undefined
        ? { min: logX ? 'dataMin' : Math.min(0, ...shown.map(({ points }) => (points[0] as { x: number }).x)) }
        : { min: range[0], max: range[1] }),
      ...(range === undefined ? { max: 'dataMax' } : {}),
      ...(xName ? { name: X_NAMES[x], nameLocation: 'middle', nameGap: 26, nameTextStyle: label } : {}),
      splitNumber: 5,
      axisLine: { lineStyle: { color: colours.line }, onZero: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...label, formatter: (value: number) => formatX(x, value), hideOverlap: true },
      axisPointer: {
        show: true,
        label: { show: false },
        lineStyle: { color: colours.pointer, width: 1, type: 'solid' },
      },
    },
    yAxis: {
      type: logY ? 'log' : 'value',
      scale: true,
      ...(unit === 'fraction' && !logY && { max: topOfFraction }),
      splitNumber: 4,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: colours.grid } },
      minorSplitLine: { show: false },
      axisLabel: { ...label, formatter: (value: number) => formatTick(unit, value), hideOverlap: true },
      axisPointer: { show: false },
    },
    series: shown.flatMap((line): object[] => {
      const points = line.points.filter(keeps);
      return [
        ...(line.behind ?? []).map((run, i) => ({
          ...bare(
            `${line.id} run ${i}`,
            run.filter(keeps).map((p) => [p.x, p.value]),
          ),
          lineStyle: { color: line.look.colour, width: 1, opacity: 0.22 },
          z: 2,
        })),
        ...bandOf(line, points, possible, logY),
        {
          ...bare(
            line.id,
            points.map((p) => [p.x, p.value]),
          ),
          name: line.label,
          symbol: line.look.marker,
          symbolSize: 6,
          showSymbol: true,
          ...(points.length > MARKERS ? { showAllSymbol: false, symbolSize: sparseSymbol(points.length) } : {}),
          itemStyle: { color: line.look.colour },
          lineStyle: {
            color: line.look.colour,
            width: 1.75,
            type: line.look.dash === 'solid' ? 'solid' : [...line.look.dash],
            join: 'round',
          },
          z: 3,
          ...(line.collapse === undefined || line.collapse === null ? {} : { markLine: markAt(line, line.collapse) }),
        },
      ];
    }),
  };
}

const bare = (id: string, data: readonly (readonly number[])[]) => ({
  id,
  type: 'line',
  data,
  symbol: 'none',
  silent: true,
  emphasis: { disabled: true },
  animation: false,
});

/** Every so many points have a marker: as many on a long line as on a short one. */
function sparseSymbol(count: number) {
  const every = Math.ceil(count / MARKERS);
  return (_: unknown, { dataIndex }: { dataIndex: number }) => (dataIndex % every === 0 ? 6 : 0);
}

/** Lower edge invisible, the height above it filled: echarts' way of a band. */
function bandOf(
  line: OverlayLine,
  points: OverlayLine['points'],
  { least, most }: ReturnType<typeof rangeOf>,
  logY: boolean,
): object[] {
  const edges = points.flatMap(({ x, low, high }) =>
    low === undefined || high === undefined || (logY && low <= 0)
      ? []
      : [{ x, low: Math.max(least, low), high: Math.min(most, high) }],
  );
  if (edges.length < 2) return [];
  const edge = (id: string, data: readonly (readonly number[])[]) => ({
    ...bare(`${line.id} ${id}`, data),
    stack: `${line.id} band`,
    stackStrategy: 'all',
    lineStyle: { width: 0 },
    z: 1,
  });
  return [
    edge(
      'low',
      edges.map(({ x, low }) => [x, low]),
    ),
    {
      ...edge(
        'height',
        edges.map(({ x, low, high }) => [x, high - low]),
      ),
      areaStyle: { color: line.look.colour, opacity: 0.14 },
    },
  ];
}

const markAt = ({ look }: OverlayLine, x: number) => ({
  silent: true,
  animation: false,
  symbol: 'none',
  label: { show: false },
  lineStyle: { color: look.colour, width: 1, type: [4, 3] },
  data: [{ xAxis: x }],
});
