/**
 * The one place that knows echarts: makes a canvas, keeps its size, shares its crosshair with the others of its group,
 * and tells what is pointed at and what was clicked. What is drawn comes from outside.
 */
import { LineChart } from 'echarts/charts';
import { AxisPointerComponent, GridComponent, MarkLineComponent } from 'echarts/components';
import { type ECharts, type EChartsCoreOption, init, use as register } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { type RefObject, useEffect, useRef } from 'react';
import { cancelDraw, requestDraw } from './draw-queue.ts';

register([LineChart, GridComponent, MarkLineComponent, AxisPointerComponent, CanvasRenderer]);

/** Charts this far outside the screen are kept up to date, so that scrolling shows them as they are. */
const NEAR = '600px';

/** One chart of a group, as the others see it. */
interface Peer {
  /** Put the crosshair at x, or take it away. */
  point(x: number | null): void;
}
const groups = new Map<string, Set<Peer>>();

/**
 * echarts' own `connect` carries the crosshair over only together with a tooltip, by pixel; charts of a group share
 * their x axis instead.
 */
function join(group: string, peer: Peer): { others(): Iterable<Peer>; leave(): void } {
  const peers = groups.get(group) ?? new Set();
  groups.set(group, peers.add(peer));
  return {
    others: () => [...peers].filter((other) => other !== peer),
    leave: () => {
      peers.delete(peer);
      if (peers.size === 0) groups.delete(group);
    },
  };
}

export interface ChartHandle {
  /** What is on the chart is out of date: `onDraw` follows, once the chart is on or near the screen. */
  invalidate(): void;
  /** @returns a PNG at twice the size, for a dense screen or a paper. */
  png(background: string): Promise<Blob>;
}

interface ChartCanvasProps {
  readonly handle: RefObject<ChartHandle | null>;
  /** Charts of one group share their crosshair. */
  readonly group: string;
  readonly height: number | string;
  /** What to draw, asked for when there is time to draw it. @param width of the canvas in CSS pixels */
  readonly onDraw: (width: number) => EChartsCoreOption;
  /** Where the crosshair stands on the x axis; null when it left. */
  readonly onHover: (x: number | null) => void;
  readonly onPick?: ((x: number) => void) | undefined;
}

export function ChartCanvas({ handle, group, height, onDraw, onHover, onPick }: ChartCanvasProps) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef({ onDraw, onHover, onPick });
  useEffect(() => {
    latest.current = { onDraw, onHover, onPick };
  });

  useEffect(() => {
    const host = element.current;
    if (host === null) return;
    const chart = init(host, null, { renderer: 'canvas' });
    let near = true;
    let stale = true;
    let shown = '';
    const draw = () => {
      const option = latest.current.onDraw(host.clientWidth);
      // Merging is cheaper, but would keep a series that is no longer there.
      const series = seriesIds(option);
      chart.setOption(option, series === shown ? { silent: true } : { silent: true, replaceMerge: ['series'] });
      shown = series;
      stale = false;
    };
    handle.current = {
      invalidate: () => {
        stale = true;
        if (near) requestDraw(draw);
      },
      png: (background) => toPng(chart, background),
    };
    const resized = new ResizeObserver(() => {
      chart.resize();
      requestDraw(draw);
    });
    resized.observe(host);
    const seen = new IntersectionObserver(
      (entries) => {
        near = entries.at(-1)?.isIntersecting ?? true;
        if (near && stale) requestDraw(draw);
      },
      { rootMargin: NEAR },
    );
    seen.observe(host);
    const peer: Peer = {
      point: (x) => {
        latest.current.onHover(x);
        if (x === null) {
          chart.dispatchAction({ type: 'updateAxisPointer', currTrigger: 'leave' });
          return;
        }
        const at = { x: chart.convertToPixel({ xAxisIndex: 0 }, x), y: chart.getHeight() / 2 };
        chart.dispatchAction({ type: 'updateAxisPointer', currTrigger: 'mousemove', ...at });
      },
    };
    const crosshair = join(group, peer);
    const xAt = ({ offsetX, offsetY }: { offsetX: number; offsetY: number }): number | null =>
      chart.containPixel('grid', [offsetX, offsetY])
        ? (chart.convertFromPixel('grid', [offsetX, offsetY])[0] ?? null)
        : null;
    const share = (x: number | null) => {
      latest.current.onHover(x);
      for (const other of crosshair.others()) other.point(x);
    };
    const mouse = chart.getZr();
    mouse.on('mousemove', (event) => share(xAt(event)));
    mouse.on('globalout', () => share(null));
    mouse.on('click', (event) => {
      const x = xAt(event);
      if (x !== null) latest.current.onPick?.(x);
    });
    requestDraw(draw);
    return () => {
      cancelDraw(draw);
      crosshair.leave();
      resized.disconnect();
      seen.disconnect();
      handle.current = null;
      chart.dispose();
    };
  }, [group, handle]);

  return (
    <div ref={element} style={{ height, width: '100%', cursor: onPick === undefined ? 'default' : 'crosshair' }} />
  );
}

function seriesIds(option: EChartsCoreOption): string {
  const { series } = option as { series?: readonly { id: string }[] };
  return (series ?? []).map(({ id }) => id).join('\n');
}

function toPng(chart: ECharts, background: string): Promise<Blob> {
  const canvas = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: background });
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('the canvas gave no picture')) : resolve(blob)),
      'image/png',
    ),
  );
}
