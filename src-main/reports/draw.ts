/** A figure of a report as SVG, drawn without a browser. The same figure gives the same bytes. */
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { CHART_COLOURS } from '../../src-shared/charts/colours.ts';
import { overlayOption } from '../../src-shared/charts/overlay.ts';
import { lineLook } from '../../src-shared/charts/palette.ts';
import { unitSuffix } from '../../src-shared/format.ts';
import type { Figure, Series } from '../../src-shared/report.ts';
import { tickInterval } from './axis.ts';

register([LineChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer]);

const WIDTH = 720;
const HEIGHT = 320;
/** Of one line of the legend, and where it begins. */
const LEGEND_LINE = 20;
const LEGEND_LEFT = 60;
/** Widths of a letter of the legend, and of the sign before it with the gaps around. */
const LETTER = 6.7;
const ICON = 54;

/** @returns A whole SVG document with a view box, in the colours of the light scheme. */
export function drawFigure(figure: Figure): string {
  const { id, unit, range, bands, series } = figure;
  const places = series.length > 1 ? legendPlaces(series) : [];
  const extra = (places.at(-1)?.row ?? 0) * LEGEND_LINE;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT + extra });
  try {
    const lines = series.map((line) => ({
      id: line.id,
      label: line.label,
      look: lineLook(line.look, 'light'),
      points: line.steps.map((x, i) => {
        const [low, high] = [line.low[i] ?? null, line.high[i] ?? null];
        const cut = (edge: number) => Math.min(range[1], Math.max(range[0], edge));
        const band = !bands || low === null || high === null ? {} : { low: cut(low), high: cut(high) };
        return { x, value: line.values[i] ?? Number.NaN, ...band };
      }),
    }));
    const option = overlayOption(lines, {
      colours: CHART_COLOURS.light,
      unit,
      x: 'step',
      legend: series.length > 1,
      xName: true,
    }) as { grid: { top: number }; legend?: object; yAxis: object };
    chart.setOption({
      ...option,
      legend: places.map(({ label, left, row }) => ({
        ...option.legend,
        data: [label],
        left,
        top: 4 + row * LEGEND_LINE,
      })),
      grid: { ...option.grid, left: 74, top: option.grid.top + extra },
      yAxis: { ...option.yAxis, min: range[0], max: range[1], interval: tickInterval(range), ...yName(figure) },
    });
    return tidy(chart.renderToSVGString(), id);
  } finally {
    chart.dispose();
  }
}

/** The name of the metric along its axis, with its unit where ticks do not have it. */
function yName({ title, unit }: Figure): object {
  const suffix = unitSuffix(unit);
  return {
    name: suffix === '' ? title : `${title}, ${suffix}`,
    nameLocation: 'middle',
    nameRotate: 90,
    nameGap: 52,
    // Else it is moved into the ticks' place where they are wide.
    nameMoveOverlap: false,
    nameTextStyle: { color: CHART_COLOURS.light.text, fontSize: 11, fontFamily: 'system-ui, sans-serif' },
  };
}

/** Where each label stands. Reckoned here: letters of the reader's font may be wider than those of a legend's own. */
function legendPlaces(series: readonly Series[]): { label: string; left: number; row: number }[] {
  let [left, row] = [LEGEND_LEFT, 0];
  return series.map(({ label }) => {
    const width = ICON + label.length * LETTER;
    if (left > LEGEND_LEFT && left + width > WIDTH) [left, row] = [LEGEND_LEFT, row + 1];
    const place = { label, left, row };
    left += width;
    return place;
  });
}

/** What a page does under the pointer, and ids that count up through the life of the process, are no part of a drawing. */
const tidy = (svg: string, id: string): string =>
  svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replaceAll(/ class="zr\d+-cls-\d+"| pointer-events="visible"/g, '')
    .replaceAll(/zr\d+-/g, `${id}-`)
    .replaceAll(/\n\s*/g, '\n')
    .trim();
