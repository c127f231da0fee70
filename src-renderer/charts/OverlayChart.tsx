/** Several lines with bands on one metric: title, menu, canvas. Charts of a group share crosshair and zoom. */
import { Tooltip, useComputedColorScheme } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { CHART_COLOURS } from '../../src-shared/charts/colours.ts';
import type { ChartOption } from '../../src-shared/charts/option.ts';
import { formatX, type OverlayLine, overlayOption, type XAxisKind } from '../../src-shared/charts/overlay.ts';
import type { Unit } from '../../src-shared/format.ts';
import { overlayCsv } from '../lib/overlay-csv.ts';
import { ChartCanvas, type ChartHandle } from './ChartCanvas.tsx';
import { ChartMenu } from './ChartMenu.tsx';
import { chartFocus } from './chart-keys.ts';
import css from './MetricChart.module.css';
import type { OverlayZoom } from './overlay-zoom.ts';

interface OverlayChartProps {
  readonly title: string;
  readonly help: string;
  readonly unit: Unit;
  readonly lines: readonly OverlayLine[];
  readonly x: XAxisKind;
  readonly zoom: OverlayZoom;
  readonly group: string;
  readonly height?: number | string;
  /** Where the crosshair stands; null when it left. `own`: the pointer is on this chart. */
  readonly onPoint?: (x: number | null, own: boolean) => void;
  readonly onExpand?: () => void;
  /** After the title: what is to be known of this chart. */
  readonly mark?: ReactNode;
  /** Said in place of lines where there are none. */
  readonly empty: string;
}

export function OverlayChart(props: OverlayChartProps) {
  const { title, help, unit, lines, x, zoom, group, height = 224, onPoint, onExpand, mark, empty } = props;
  const scheme = useComputedColorScheme('light');
  const [log, setLog] = useState(false);
  const chart = useRef<ChartHandle>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const isOwn = useRef(false);
  const optionOf = (): ChartOption =>
    overlayOption(lines, {
      colours: CHART_COLOURS[scheme],
      unit,
      x,
      logY: log,
      ...(zoom.range === null ? {} : { range: zoom.range }),
    });
  useEffect(() => zoom.subscribe(() => chart.current?.invalidate()), [zoom]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is drawn
  useEffect(() => chart.current?.invalidate(), [lines, scheme, log, unit, x]);
  const svg = async () => {
    const { toSvg } = await import('./svg.ts');
    return toSvg(optionOf(), chart.current?.size() ?? { width: 600, height: 240 }, CHART_COLOURS[scheme].surface);
  };
  const focus = chartFocus(chart);
  const own = () => {
    isOwn.current = true;
  };
  const others = () => {
    isOwn.current = false;
  };
  const points = lines.reduce((n, line) => n + line.points.length, 0);
  return (
    <figure className={css.chart} data-empty={points === 0}>
      <figcaption className={css.head}>
        <Tooltip label={help} position="top-start" multiline maw={420}>
          <span className={`${css.title} ellipsis`}>{title}</span>
        </Tooltip>
        {mark}
        <span ref={readout} className={css.readout} />
        <ChartMenu
          title={title}
          log={log}
          onLog={setLog}
          onExpand={onExpand}
          png={() => chart.current?.png(CHART_COLOURS[scheme].surface)}
          svg={svg}
          csv={() => overlayCsv(lines, x)}
        />
      </figcaption>
      <div
        role="img"
        aria-label={`${title}: ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}`}
        data-points={points}
        className={css.image}
        {...focus}
        onFocus={own}
        onBlur={() => {
          focus.onBlur();
          others();
        }}
        onPointerEnter={own}
        onPointerLeave={others}
      >
        <ChartCanvas
          handle={chart}
          group={group}
          height={height}
          onDraw={optionOf}
          onHover={(place) => {
            if (readout.current !== null)
              readout.current.textContent = place === null ? '' : `${X_WORDS[x]} ${formatX(x, Math.max(0, place))}`;
            onPoint?.(place, isOwn.current);
          }}
          actions={zoom}
        />
        <span className={css.none}>{empty}</span>
      </div>
    </figure>
  );
}

const X_WORDS: Readonly<Record<XAxisKind, string>> = { step: 'step', tokens: 'tokens', seconds: 'after' };
