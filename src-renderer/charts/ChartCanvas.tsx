/**
 * The one place that knows echarts: makes a canvas, keeps its size, shares its crosshair with the others of its group,
 * and tells what is pointed at, picked and zoomed into, by mouse or by key. What is drawn comes from outside.
 */
import { LineChart } from 'echarts/charts';
import { AxisPointerComponent, GridComponent, MarkLineComponent, MarkPointComponent } from 'echarts/components';
import { type ECharts, type EChartsCoreOption, init, use as register } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { type RefObject, useEffect, useRef } from 'react';
import type { ChartOption } from '../../src-shared/charts/option.ts';
import css from './ChartCanvas.module.css';
import { chartKeys } from './chart-keys.ts';
import { join, type Peer } from './crosshair.ts';
import { cancelDraw, requestDraw } from './draw-queue.ts';
import { type Gestures, listen, type Plot } from './gestures.ts';

register([LineChart, GridComponent, MarkLineComponent, MarkPointComponent, AxisPointerComponent, CanvasRenderer]);

/** Charts this far outside the screen are kept up to date, so that scrolling shows them as they are. */
const NEAR = '400px';

export interface ChartHandle {
  /** What is on the chart is out of date: `onDraw` follows, once the chart is on or near the screen. */
  invalidate(): void;
  /** @returns a PNG at twice the size, for a dense screen or a paper. */
  png(background: string): Promise<Blob>;
  /** The size of the canvas in CSS pixels. */
  size(): { width: number; height: number };
  /** A key while the chart has the focus. @returns whether it meant something */
  press(event: KeyboardEvent): boolean;
  /** The focus went elsewhere. */
  leave(): void;
}

/** What the pointer asks for, in places of the x axis. */
export interface ChartActions {
  select(a: number, b: number): void;
  zoom(factor: number, at: number): void;
  /** By a share of what is shown, to the right. */
  pan(share: number): void;
  reset(): void;
  isZoomed(): boolean;
}

interface ChartCanvasProps {
  readonly handle: RefObject<ChartHandle | null>;
  /** Charts of one group share their crosshair. */
  readonly group: string;
  readonly height: number | string;
  /** What to draw, asked for when there is time to draw it. */
  readonly onDraw: () => ChartOption;
  /** Where the crosshair stands on the x axis; null when it left. */
  readonly onHover: (x: number | null) => void;
  /** Whether the chart is on or near the screen. */
  readonly onNear?: ((near: boolean) => void) | undefined;
  readonly onPick?: ((x: number) => void) | undefined;
  readonly actions: ChartActions;
}

export function ChartCanvas(props: ChartCanvasProps) {
  const { handle, group, height, onPick } = props;
  const element = useRef<HTMLDivElement>(null);
  const selection = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const host = element.current;
    const mark = selection.current;
    if (host === null || mark === null) return;
    const chart = init(host, null, { renderer: 'canvas' });
    let near = false;
    let stale = true;
    let shown = '';
    const draw = () => {
      const option = latest.current.onDraw() as EChartsCoreOption;
      // Merging is cheaper, but would keep a series that is no longer there, or an axis of another kind.
      const shape = shapeOf(option);
      chart.setOption(
        option,
        shape === shown ? { silent: true } : { silent: true, replaceMerge: ['series', 'xAxis', 'yAxis'] },
      );
      shown = shape;
      stale = false;
    };
    const invalidate = () => {
      stale = true;
      if (near) requestDraw(draw);
    };
    const resized = new ResizeObserver(() => {
      chart.resize();
      invalidate();
    });
    resized.observe(host);
    const seen = new IntersectionObserver(
      (entries) => {
        near = entries.at(-1)?.isIntersecting ?? true;
        latest.current.onNear?.(near);
        if (near && stale) requestDraw(draw);
      },
      { rootMargin: NEAR },
    );
    seen.observe(host);

    const placeAt = (pixel: number): number => Number(chart.convertFromPixel({ xAxisIndex: 0 }, pixel));
    const plot = (): Plot => ({ left: PLOT_LEFT, right: chart.getWidth() - PLOT_RIGHT });
    const peer: Peer = {
      point: (x) => {
        latest.current.onHover(x);
        if (!near || shown === '') return;
        if (x === null) {
          chart.dispatchAction({ type: 'updateAxisPointer', currTrigger: 'leave' });
          return;
        }
        const at = { x: chart.convertToPixel({ xAxisIndex: 0 }, x), y: chart.getHeight() / 2 };
        chart.dispatchAction({ type: 'updateAxisPointer', currTrigger: 'mousemove', ...at });
      },
    };
    const crosshair = join(group, peer);
    const share = (x: number | null) => {
      latest.current.onHover(x);
      for (const other of crosshair.others()) other.point(x);
    };
    const mouse = chart.getZr();
    mouse.on('mousemove', ({ offsetX, offsetY }) =>
      share(shown !== '' && chart.containPixel('grid', [offsetX, offsetY]) ? placeAt(offsetX) : null),
    );
    mouse.on('globalout', () => share(null));
    const gestures: Gestures = {
      select: (a, b) => latest.current.actions.select(placeAt(a), placeAt(b)),
      zoom: (factor, x) => latest.current.actions.zoom(factor, placeAt(x)),
      pan: (pixels) => latest.current.actions.pan(pixels / Math.max(1, plot().right - plot().left)),
      reset: () => latest.current.actions.reset(),
      isZoomed: () => latest.current.actions.isZoomed(),
      pick: (x) => latest.current.onPick?.(placeAt(x)),
    };
    const unlisten = listen(host, mark, plot, () => gestures);
    const keys = chartKeys(
      plot,
      () => gestures,
      (x) => {
        const place = x === null || shown === '' ? null : placeAt(x);
        peer.point(place);
        for (const other of crosshair.others()) other.point(place);
      },
    );
    handle.current = {
      invalidate,
      png: (background) => toPng(chart, background),
      size: () => ({ width: chart.getWidth(), height: chart.getHeight() }),
      press: keys.press,
      leave: keys.leave,
    };
    requestDraw(draw);
    return () => {
      cancelDraw(draw);
      unlisten();
      crosshair.leave();
      resized.disconnect();
      seen.disconnect();
      handle.current = null;
      chart.dispose();
    };
  }, [group, handle]);

  return (
    <div className={css.host} style={{ height, cursor: onPick === undefined ? 'default' : 'crosshair' }}>
      <div ref={element} className={css.canvas} />
      <div ref={selection} className={css.selection} />
    </div>
  );
}

/** As the grid of the options has it. */
const PLOT_LEFT = 52;
const PLOT_RIGHT = 16;

/** Which series and which kinds of axes an option has. */
function shapeOf(option: EChartsCoreOption): string {
  const { series, xAxis, yAxis } = option as {
    series?: readonly { id: string }[];
    xAxis?: { type: string };
    yAxis?: { type: string };
  };
  return [xAxis?.type, yAxis?.type, ...(series ?? []).map(({ id }) => id)].join('\n');
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
