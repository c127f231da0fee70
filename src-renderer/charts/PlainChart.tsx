/** A chart of its own, without crosshair, zoom or axes shared with others: parallel coordinates and scatter. */
import { ParallelChart, ScatterChart } from 'echarts/charts';
import { GridComponent, ParallelComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use as register } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import type { ChartOption } from '../../src-shared/charts/option.ts';

register([ParallelChart, ScatterChart, ParallelComponent, GridComponent, CanvasRenderer]);

interface PlainChartProps {
  readonly option: ChartOption;
  readonly height: number;
  readonly label: string;
  /** Index of what is pointed at in the data of the only series; null when the pointer left it. */
  readonly onPoint?: (index: number | null) => void;
  readonly onPick?: (index: number) => void;
}

export function PlainChart({ option, height, label, onPoint, onPick }: PlainChartProps) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof init> | null>(null);
  const latest = useRef({ onPoint, onPick });
  useEffect(() => {
    latest.current = { onPoint, onPick };
  });
  useEffect(() => {
    const host = element.current;
    if (host === null) return;
    const made = init(host, null, { renderer: 'canvas' });
    chart.current = made;
    const resized = new ResizeObserver(() => made.resize());
    resized.observe(host);
    made.on('mouseover', ({ dataIndex }) => latest.current.onPoint?.(dataIndex));
    made.on('mouseout', () => latest.current.onPoint?.(null));
    made.on('click', ({ dataIndex }) => latest.current.onPick?.(dataIndex));
    return () => {
      resized.disconnect();
      chart.current = null;
      made.dispose();
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(option as EChartsCoreOption, { notMerge: true });
  }, [option]);
  return <div ref={element} role="img" aria-label={label} style={{ height }} />;
}
