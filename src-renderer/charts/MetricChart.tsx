/**
 * One live chart of a run: title, value, menu, canvas. New points go from the store to the canvas past React; the
 * value in the head follows the last step or, under the crosshair, the step pointed at.
 */
import { Tooltip, useComputedColorScheme } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { fromColumns, nearestBucket } from '../../src-shared/charts/buckets.ts';
import { CHART_COLOURS } from '../../src-shared/charts/colours.ts';
import { type ChartOption, drawChart, type Mark } from '../../src-shared/charts/option.ts';
import { RUN_COLOURS } from '../../src-shared/charts/palette.ts';
import { type ChartSpec, isSparse, metricsOf } from '../../src-shared/charts/spec.ts';
import { useApi } from '../data/api-context.tsx';
import type { LiveRun } from '../data/live.ts';
import { throttle } from '../lib/throttle.ts';
import { ChartCanvas, type ChartHandle } from './ChartCanvas.tsx';
import { ChartMenu, type ChartPlace } from './ChartMenu.tsx';
import { chartFocus } from './chart-keys.ts';
import type { ChartViewState } from './chart-view.ts';
import { bucketsToCsv, CSV_POINTS } from './csv.ts';
import css from './MetricChart.module.css';
import { readoutOf } from './readout.ts';

/** Between two drawings while steps come in; the first of them is drawn at once. */
const REDRAW_MS = 1000;

/** What is the same for all charts of a page. */
export interface ChartPage {
  readonly runId: string;
  readonly run: LiveRun;
  readonly view: ChartViewState;
  readonly runColour: string;
  readonly smoothing: number;
  readonly marks: readonly Mark[];
  readonly group: string;
  readonly onPickStep?: (step: number, sparse: boolean) => void;
  /** Called with the step under the crosshair, on this chart or another of the group; null when it left. */
  readonly onPoint?: (step: number | null) => void;
}

interface MetricChartProps {
  readonly spec: ChartSpec;
  readonly page: ChartPage;
  readonly height?: number | string;
  readonly place?: ChartPlace;
  /** Absent where the chart is already as large as it gets. */
  readonly onExpand?: () => void;
  /** Before the title: what it is moved by. */
  readonly grip?: ReactNode;
}

export function MetricChart({ spec, page, height = 176, place, onExpand, grip }: MetricChartProps) {
  const { runId, run, view, runColour, smoothing, marks, group, onPickStep, onPoint } = page;
  const api = useApi();
  const scheme = useComputedColorScheme('light');
  const [log, setLog] = useState(false);
  const [near, setNear] = useState(false);
  const chart = useRef<ChartHandle>(null);
  const figure = useRef<HTMLElement>(null);
  const image = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const pointed = useRef<number | null>(null);
  const [first] = spec.series;

  // Only what is on or near the screen is read.
  useEffect(() => (near ? run.need(metricsOf(spec)) : undefined), [near, run, spec]);

  const write = useCallback(() => {
    const { head, values } = readoutOf(spec, run.metrics, pointed.current, onPoint === undefined);
    if (readout.current !== null) readout.current.textContent = head;
    legend.current?.querySelectorAll('output').forEach((output, i) => {
      output.textContent = values[i] ?? '';
    });
  }, [spec, run, onPoint]);
  const optionOf = () => {
    const range = view.shown;
    return drawChart(
      spec,
      { buckets: (name) => run.metrics.buckets(name, view.range ?? undefined) },
      {
        colours: CHART_COLOURS[scheme],
        palette: RUN_COLOURS[scheme],
        runColour,
        logX: view.logX,
        logY: log,
        smoothing,
        x: view.x,
        place: view.place,
        range,
        marks,
      },
    );
  };
  const draw = (): ChartOption => {
    const { option, points } = optionOf();
    image.current?.setAttribute('data-points', String(points));
    figure.current?.setAttribute('data-empty', String(run.metrics.isLoaded(first.metric) && points === 0));
    write();
    return option;
  };
  useEffect(() => {
    const draw = () => chart.current?.invalidate();
    const redraw = throttle(draw, REDRAW_MS);
    const release = [run.subscribe(redraw), run.onRead(draw)];
    return () => {
      for (const each of release) each();
      redraw.cancel();
    };
  }, [run]);
  useEffect(() => view.subscribe(() => chart.current?.invalidate()), [view]);
  // Whatever else changed how the chart looks.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is drawn
  useEffect(() => chart.current?.invalidate(), [spec, run, scheme, runColour, log, smoothing, marks]);

  const hover = (x: number | null) => {
    const step = x === null ? null : run.metrics.stepAt(view.x, x);
    pointed.current = step;
    write();
    onPoint?.(step === null ? null : Math.round(step));
  };
  const pick = (x: number) => {
    const bucket = nearestBucket(run.metrics.buckets(first.metric), run.metrics.stepAt(view.x, x));
    if (bucket === undefined) return;
    const step = Math.round(run.metrics.stepAt(view.x, x));
    onPickStep?.(Math.min(bucket.last, Math.max(bucket.first, step)), isSparse(first.metric));
  };
  const actions = useMemo(
    () => ({
      select: (a: number, b: number) => view.select(a, b),
      zoom: (factor: number, at: number) => view.zoom(factor, at),
      pan: (share: number) => view.pan(share),
      reset: () => view.reset(),
      isZoomed: () => view.range !== null,
    }),
    [view],
  );
  const csv = async () => {
    const range = view.range;
    const { series } = await api.series({
      runId,
      names: metricsOf(spec),
      points: CSV_POINTS,
      ...(range === null ? {} : { from: range[0], to: range[1] }),
    });
    return bucketsToCsv(series.map(({ name, ...columns }) => ({ name, buckets: fromColumns(columns) })));
  };
  const svg = async () => {
    const { toSvg } = await import('./svg.ts');
    const size = chart.current?.size() ?? { width: 600, height: 240 };
    return toSvg(optionOf().option, size, CHART_COLOURS[scheme].surface);
  };

  return (
    <figure ref={figure} className={css.chart} data-size={place?.size ?? 's'}>
      <figcaption className={css.head}>
        {grip}
        <Tooltip label={spec.help} position="top-start" multiline maw={420}>
          <span className={`${css.title} ellipsis`}>{spec.title}</span>
        </Tooltip>
        <span ref={readout} className={css.readout} />
        <ChartMenu
          log={spec.stacked === undefined ? log : null}
          onLog={setLog}
          onExpand={onExpand}
          place={place}
          title={spec.title}
          png={() => chart.current?.png(CHART_COLOURS[scheme].surface)}
          svg={svg}
          csv={csv}
        />
      </figcaption>
      {spec.series.length > 1 ? (
        <ul ref={legend} className={css.legend}>
          {spec.series.map(({ metric, label, colour }) => (
            <li key={metric}>
              <span style={{ background: typeof colour === 'number' ? RUN_COLOURS[scheme][colour] : colour }} />
              {label}
              <output aria-live="off" />
            </li>
          ))}
        </ul>
      ) : null}
      <div ref={image} role="img" aria-label={spec.title} data-points="0" className={css.image} {...chartFocus(chart)}>
        <ChartCanvas
          handle={chart}
          group={group}
          height={height}
          onDraw={draw}
          onHover={hover}
          onNear={setNear}
          onPick={onPickStep === undefined ? undefined : pick}
          actions={actions}
        />
        <span className={css.none}>No values so far</span>
      </div>
    </figure>
  );
}
