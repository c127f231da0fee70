/**
 * One live chart of a run: title, value, menu, canvas. New points go from the store to the canvas past React; the
 * value in the head follows the last step or, under the crosshair, the step pointed at.
 */
import { Tooltip, useComputedColorScheme } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { LiveRun } from '../data/live.ts';
import { formatMetric, formatPercentWithError, unitSuffix } from '../lib/format.ts';
import type { RunMetrics } from '../lib/run-metrics.ts';
import { nearest, toCsv } from '../lib/series.ts';
import { ChartCanvas, type ChartHandle } from './ChartCanvas.tsx';
import { ChartMenu } from './ChartMenu.tsx';
import { CHART_COLOURS } from './colours.ts';
import css from './MetricChart.module.css';
import { drawChart } from './option.ts';
import type { ChartSpec } from './specs.ts';

interface MetricChartProps {
  readonly spec: ChartSpec;
  readonly run: LiveRun;
  readonly runColour: string;
  readonly smoothing: number;
  readonly evaluationEvery: number;
  /** First step that shows a collapse; null where there is none. */
  readonly collapse: number | null;
  readonly group: string;
  readonly height?: number | string;
  readonly onPickStep?: (step: number, sparse: boolean) => void;
  /** Called with the crosshair's place on the x axis, on this chart or another of the group; null when it left. */
  readonly onPoint?: (x: number | null) => void;
  /** Absent where the chart is already as large as it gets. */
  readonly onExpand?: () => void;
}

export function MetricChart(props: MetricChartProps) {
  const {
    spec,
    run,
    runColour,
    smoothing,
    evaluationEvery,
    collapse,
    group,
    height = 176,
    onPickStep,
    onPoint,
    onExpand,
  } = props;
  const scheme = useComputedColorScheme('light');
  const [log, setLog] = useState(false);
  const chart = useRef<ChartHandle>(null);
  const figure = useRef<HTMLElement>(null);
  const image = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const pointed = useRef<number | null>(null);

  const legend = useRef<HTMLUListElement>(null);

  const write = useCallback(() => {
    const { head, values } = readoutOf(spec, run.metrics, pointed.current, onPoint === undefined);
    if (readout.current !== null) readout.current.textContent = head;
    legend.current?.querySelectorAll('output').forEach((output, i) => {
      output.textContent = values[i] ?? '';
    });
  }, [spec, run, onPoint]);
  const draw = (width: number) => {
    const { option, points } = drawChart(spec, run.metrics, {
      colours: CHART_COLOURS[scheme],
      runColour,
      log,
      smoothing,
      evaluationEvery,
      lastStep: run.metrics.lastStep,
      collapse,
      width,
    });
    image.current?.setAttribute('data-points', String(points));
    figure.current?.setAttribute('data-empty', String(run.loaded && points === 0));
    write();
    return option;
  };
  useEffect(() => run.subscribe(() => chart.current?.invalidate()), [run]);
  // Whatever else changed how the chart looks.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is drawn
  useEffect(
    () => chart.current?.invalidate(),
    [spec, run, scheme, runColour, log, smoothing, evaluationEvery, collapse],
  );

  const hover = (x: number | null) => {
    pointed.current = x;
    write();
    onPoint?.(x);
  };
  const pick = (x: number) => {
    const point = nearest(run.metrics.points(spec.series[0].metric), x);
    if (point !== undefined) onPickStep?.(point.step, spec.sparse);
  };

  return (
    <figure ref={figure} className={css.chart}>
      <figcaption className={css.head}>
        <Tooltip label={spec.help} position="top-start">
          <span className={`${css.title} ellipsis`}>{spec.title}</span>
        </Tooltip>
        <span ref={readout} className={css.readout} />
        <ChartMenu
          log={spec.stacked ? null : log}
          onLog={setLog}
          onExpand={onExpand}
          title={spec.title}
          png={() => chart.current?.png(CHART_COLOURS[scheme].surface)}
          csv={() => toCsv(spec.series.map((s) => ({ name: s.metric, points: run.metrics.points(s.metric) })))}
        />
      </figcaption>
      {spec.series.length > 1 ? (
        <ul ref={legend} className={css.legend}>
          {spec.series.map((series) => (
            <li key={series.metric}>
              <span style={{ background: series.colour ?? runColour }} />
              {series.label}
              <output aria-live="off" />
            </li>
          ))}
        </ul>
      ) : null}
      <div ref={image} role="img" aria-label={spec.title} data-points="0" className={css.image}>
        <ChartCanvas
          handle={chart}
          group={group}
          height={height}
          onDraw={draw}
          onHover={hover}
          onPick={onPickStep === undefined ? undefined : pick}
        />
        <span className={css.none}>No values so far</span>
      </div>
    </figure>
  );
}

/**
 * The values at the crosshair or, without one, the last ones: one in the head, several in the legend.
 * @param named say the step here; otherwise only where it is not the one pointed at
 */
function readoutOf(
  spec: ChartSpec,
  metrics: RunMetrics,
  pointed: number | null,
  named: boolean,
): { head: string; values: string[] } {
  const [first] = spec.series;
  const points = metrics.points(first.metric);
  const point = pointed === null ? points.at(-1) : nearest(points, pointed);
  if (point === undefined) return { head: '', values: [] };
  const at = metrics.at(point.step);
  const suffix = unitSuffix(spec.unit);
  const unit = suffix === '' ? '' : ` ${suffix}`;
  const step = pointed !== null && (named || spec.sparse) ? [`step ${point.step}`] : [];
  if (spec.series.length > 1) {
    const values = spec.series.map((s) => formatMetric(spec.unit, at?.[s.metric]));
    return { head: step.join(''), values: values.map((value) => `${value}${unit}`) };
  }
  const error = spec.error === undefined ? undefined : at?.[spec.error];
  const value = error === undefined ? formatMetric(spec.unit, point.value) : formatPercentWithError(point.value, error);
  return { head: [...step, `${value}${unit}`].join('   '), values: [] };
}
