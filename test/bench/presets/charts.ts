/** The report's pictures: one line a preset, mean over seeds, with what the seeds spread shaded. SVG, made without a browser. */
import * as echarts from 'echarts';
import { mean } from '../../../src-main/stats/describe.ts';
import { CHART_COLOURS } from '../../../src-shared/charts/colours.ts';
import { RUN_COLOURS } from '../../../src-shared/charts/palette.ts';
import type { MetricName } from '../../../src-shared/metrics.ts';
import { type Run, seriesOf } from './runs.ts';
import { bandOf } from './statistics.ts';

export interface ChartSpec {
  /** Goes into the SVG as it is: no markup. */
  readonly title: string;
  readonly metric: MetricName;
  /** Values are multiplied by this: 100 for per cent. */
  readonly scale: number;
  /** No value is below 0 or above this, so bands are cut there; null: no bound above. */
  readonly highest: number | null;
  readonly yName: string;
}

export interface ChartLine {
  /** Preset, by which it is coloured. */
  readonly id: string;
  readonly title: string;
  readonly runs: readonly Run[];
}

const WIDTH = 900;
const HEIGHT = 440;
/** Unquoted: the SVG writer puts it inside a quoted attribute as it is. */
const FONT = 'system-ui, sans-serif';
const GRID = { left: 64, right: 176, top: 64, bottom: 52 };
const { grid, line: axisLine, surface } = CHART_COLOURS.light;
/** Darker than in the app's small charts: these are read at a distance and in print. */
const TEXT = '#3d444d';
/** Least distance between the names at the right edge, in pixels. */
const LABEL_HEIGHT = 17;

interface Style {
  readonly colour: string;
  /** Lines are told apart by their dashes too. */
  readonly dash: 'solid' | readonly number[];
}

const PALETTE = RUN_COLOURS.light as readonly string[];
const style = (index: number, dash: Style['dash'] = 'solid'): Style => ({ colour: PALETTE[index] as string, dash });

/** A preset looks the same whichever others are drawn; the controls are grey. */
const STYLES: Readonly<Record<string, Style>> = {
  grpo: style(0),
  'self-certainty': style(1),
  'token-entropy': style(2),
  'trajectory-entropy': style(4, [7, 3]),
  'probability-disparity': style(5, [9, 3, 2, 3]),
  random: style(3, [7, 3]),
  constant: style(8, [2, 3]),
};

/** @returns An SVG document; the same lines give the same bytes. Null where no line has a point. */
export function drawChart(spec: ChartSpec, lines: readonly ChartLine[]): string | null {
  const drawn = lines
    .map((line) => ({ ...line, ...seriesOf(line.runs, spec.metric) }))
    .filter(({ steps }) => steps.length > 0);
  if (drawn.length === 0) return null;
  const bounded = (value: number) => spec.scale * Math.min(spec.highest ?? Infinity, Math.max(0, value));
  const curves = drawn.map(({ id, title, steps, values }) => ({
    title,
    ...(STYLES[id] ?? style(9)),
    points: steps.map((step, i): [number, number] => [step, spec.scale * mean(values[i] as readonly number[])]),
    bands: steps.flatMap((step, i) => {
      const band = bandOf(values[i] as readonly number[]);
      return band === null ? [] : [[step, bounded(band.low), bounded(band.high)] as const];
    }),
  }));
  const lastStep = Math.max(...curves.map(({ points }) => (points.at(-1) as [number, number])[0]));
  const top = niceTop(
    Math.max(...curves.flatMap(({ points, bands }) => [...points.map(([, y]) => y), ...bands.map(([, , y]) => y)])),
  );
  const option = {
    animation: false,
    backgroundColor: surface,
    textStyle: { fontFamily: FONT },
    title: {
      text: spec.title,
      subtext: subtitle(lines),
      left: GRID.left - 48,
      top: 10,
      itemGap: 6,
      textStyle: { color: TEXT, fontSize: 16, fontWeight: 600, fontFamily: FONT },
      subtextStyle: { color: TEXT, fontSize: 12, fontFamily: FONT },
    },
    grid: { ...GRID, outerBoundsMode: 'none' },
    xAxis: { ...axis('Step'), min: 0, max: lastStep, nameGap: 30, splitLine: { show: false } },
    yAxis: { ...axis(spec.yName), min: 0, max: top, nameGap: 42, axisLine: { show: false } },
    series: curves.flatMap(({ title, colour, dash, points, bands }, i) => [
      edge(
        i,
        bands.map(([step, low]) => [step, low]),
      ),
      {
        ...edge(
          i,
          bands.map(([step, low, high]) => [step, high - low]),
        ),
        areaStyle: { color: colour, opacity: 0.13 },
      },
      {
        name: title,
        type: 'line',
        data: points,
        symbol: points.length <= 30 ? 'circle' : 'none',
        symbolSize: 5,
        silent: true,
        itemStyle: { color: colour },
        lineStyle: { color: colour, width: 2.2, type: dash, join: 'round' },
        z: 3,
      },
    ]),
    graphic: labels(
      curves.map(({ title, colour, points }) => ({ title, colour, value: (points.at(-1) as [number, number])[1] })),
      top,
    ),
  };
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(option as echarts.EChartsCoreOption);
    return `${plainSvg(chart.renderToSVGString(), spec.title)}\n`;
  } finally {
    chart.dispose();
  }
}

/**
 * Parts are numbered through the life of the process, and styled for a pointer that a picture never meets: without
 * both, the same picture has the same bytes however many came before it.
 */
const plainSvg = (svg: string, title: string): string =>
  svg
    .replace('>', `>\n<title>${title}</title>`)
    .replace(/<style\b[\s\S]*?<\/style>\n?/g, '')
    .replace(/ class="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, 'zr-');

const axis = (name: string) => ({
  type: 'value',
  name,
  nameLocation: 'middle',
  nameTextStyle: { color: TEXT, fontSize: 13 },
  axisLabel: { color: TEXT, fontSize: 12 },
  axisTick: { show: false },
  axisLine: { lineStyle: { color: axisLine } },
  splitLine: { lineStyle: { color: grid } },
});

/** Two stacked lines make a band: its lower edge, invisible, and its height. */
const edge = (index: number, data: readonly (readonly number[])[]) => ({
  type: 'line',
  stack: `band ${index}`,
  stackStrategy: 'all',
  data,
  symbol: 'none',
  silent: true,
  lineStyle: { width: 0 },
  z: 1,
});

function subtitle(lines: readonly ChartLine[]): string {
  const counts = lines.map(({ runs }) => runs.length);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const seeds = fewest === most ? `${most}` : `${fewest} to ${most}`;
  const shaded = [
    ...(most >= 3 ? [`95 % Student-t interval${fewest < 3 ? ' from three on' : ''}`] : []),
    ...(counts.includes(2) ? [`lowest to highest${fewest < most ? ' of two' : ''}`] : []),
  ];
  const over = `Mean over ${seeds} seed${most === 1 ? '' : 's'}`;
  return shaded.length === 0 ? over : `${over}; shaded: ${shaded.join(', ')}`;
}

/** A round number at or above the value, of which a quarter or a fifth is round too. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * unit >= value - 1e-9 * unit) ?? 10;
  return Number((step * unit).toPrecision(3));
}

interface Label {
  readonly title: string;
  readonly colour: string;
  readonly value: number;
}

/** Names beside the ends of the lines, moved apart where ends meet, with a thread to the end that each belongs to. */
function labels(ends: readonly Label[], top: number): object[] {
  const height = HEIGHT - GRID.top - GRID.bottom;
  const yOf = (value: number) => GRID.top + height * (1 - value / top);
  const x = WIDTH - GRID.right;
  const sorted = ends.map((end) => ({ ...end, y: yOf(end.value) })).sort((a, b) => a.y - b.y);
  const places = spread(
    sorted.map(({ y }) => y),
    LABEL_HEIGHT,
    GRID.top,
    GRID.top + height,
  );
  return sorted.flatMap(({ title, colour, y }, i): object[] => {
    const at = places[i] as number;
    return [
      {
        type: 'polyline',
        silent: true,
        shape: {
          points: [
            [x + 4, y],
            [x + 16, at],
            [x + 20, at],
          ],
        },
        style: { stroke: colour, lineWidth: 1, fill: 'none' },
      },
      {
        type: 'text',
        silent: true,
        x: x + 24,
        y: at,
        style: { text: title, fill: TEXT, font: `12px ${FONT}`, verticalAlign: 'middle' },
      },
    ];
  });
}

/**
 * Move sorted places apart to at least `gap`, as little as can be, within low..high.
 * @param places Ascending.
 */
export function spread(places: readonly number[], gap: number, low: number, high: number): number[] {
  // Blocks of touching labels, each centred on the mean of where its labels would like to be.
  const blocks: { wanted: number; count: number; start: number }[] = [];
  for (const place of places) {
    blocks.push({ wanted: place, count: 1, start: place });
    for (;;) {
      const last = blocks.at(-1);
      const before = blocks.at(-2);
      if (last === undefined) break;
      const reach = (last.count - 1) * gap;
      last.start = Math.max(low, Math.min(high - reach, last.wanted - reach / 2));
      if (before === undefined || before.start + before.count * gap <= last.start) break;
      const count = before.count + last.count;
      before.wanted = (before.wanted * before.count + last.wanted * last.count) / count;
      before.count = count;
      blocks.pop();
    }
  }
  return blocks.flatMap(({ start, count }) => Array.from({ length: count }, (_, i) => start + i * gap));
}
