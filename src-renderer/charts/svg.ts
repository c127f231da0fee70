/** A chart as an SVG document, drawn from the same option object as the canvas. Loaded only when one is asked for. */
import { type EChartsCoreOption, init, use as register } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { ChartOption } from '../../src-shared/charts/option.ts';

register([SVGRenderer]);

export function toSvg(option: ChartOption, size: { width: number; height: number }, background: string): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({ ...option, backgroundColor: background } as EChartsCoreOption);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
