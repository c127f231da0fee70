/** Curves of all groups by metric, the table of effects below them, and in what the groups differ. */
import { Modal } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { XAxisKind } from '../../../src-shared/charts/overlay.ts';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import { OverlayChart } from '../../charts/OverlayChart.tsx';
import type { OverlayZoom } from '../../charts/overlay-zoom.ts';
import { extentOf, type MetricComparison, overlayLines } from '../../lib/comparison/overlay.ts';
import type { CompareView, CompareX } from '../../lib/comparison/view.ts';
import { ConfigDifference } from './ConfigDifference.tsx';
import { EffectsTable } from './EffectsTable.tsx';
import css from './Overview.module.css';
import type { Pointed } from './pointed.ts';
import type { Compared } from './use-comparison.ts';
import { MetricWarning, Warnings } from './Warnings.tsx';

export const X_KINDS: Readonly<Record<CompareX, XAxisKind>> = { step: 'step', tokens: 'tokens', time: 'seconds' };
const GROUP = 'compare';

interface OverviewProps {
  readonly compared: Compared;
  readonly view: CompareView;
  readonly state: { readonly isLive: boolean; readonly isBehind: boolean };
  readonly zoom: OverlayZoom;
  readonly pointed: Pointed;
  readonly onChange: (patch: Partial<CompareView>) => void;
}

export function Overview({ compared, view, state, zoom, pointed, onChange }: OverviewProps) {
  const { comparison } = compared;
  const [expanded, setExpanded] = useState<string | null>(null);
  const shown = useRef('');
  useEffect(() => {
    const extent = extentOf(comparison.metrics);
    if (extent === null) return;
    zoom.setExtent(extent, shown.current !== view.x);
    shown.current = view.x;
  }, [comparison, zoom, view.x]);
  const large = comparison.metrics.find(({ metric }) => metric === expanded);
  const chart = { compared, view, zoom, pointed };
  return (
    <>
      <Warnings compared={compared} />
      <div className={css.grid}>
        {comparison.metrics.map((of) => (
          <Chart key={of.metric} of={of} group={GROUP} onExpand={() => setExpanded(of.metric)} {...chart} />
        ))}
      </div>
      <EffectsTable compared={compared} view={view} state={state} onChange={onChange} />
      <ConfigDifference compared={compared} />
      <Modal
        opened={large !== undefined}
        onClose={() => setExpanded(null)}
        fullScreen
        title="Comparison"
        closeButtonProps={{ 'aria-label': 'Close full screen' }}
      >
        {large === undefined ? null : (
          <Chart of={large} group={`${GROUP}-large`} height="calc(100vh - 140px)" {...chart} />
        )}
      </Modal>
    </>
  );
}

interface ChartProps {
  readonly of: MetricComparison;
  readonly compared: Compared;
  readonly view: CompareView;
  readonly zoom: OverlayZoom;
  readonly pointed: Pointed;
  readonly group: string;
  readonly height?: string;
  readonly onExpand?: () => void;
}

function Chart({ of, compared, view, zoom, pointed, group, height, onExpand }: ChartProps) {
  const { comparison, looks, hidden } = compared;
  const { title, help, unit } = metricInfo(of.metric);
  const lines = useMemo(
    () =>
      overlayLines(of, {
        groups: comparison.groups,
        looks,
        hidden,
        smoothing: view.smoothing,
        lines: view.lines,
        bands: view.bands,
      }),
    [of, comparison.groups, looks, hidden, view.smoothing, view.lines, view.bands],
  );
  const bands = Object.values(of.byGroup).map(({ curve }) => curve.band);
  const note = bands.includes('validation')
    ? ' Bands of single runs are those of their validation, and say nothing about other seeds.'
    : '';
  return (
    <OverlayChart
      title={title}
      help={`${help}${note}`}
      unit={unit}
      lines={lines}
      x={X_KINDS[view.x]}
      zoom={zoom}
      group={group}
      {...(height === undefined ? {} : { height })}
      {...(onExpand === undefined ? {} : { onExpand })}
      onPoint={(x, isOwn) => (isOwn || x === null) && pointed.point(of.metric, x)}
      mark={<MetricWarning issues={comparison.issues} metric={of.metric} />}
      empty={lines.length === 0 && hidden.size > 0 ? 'All groups with values are hidden' : 'No values so far'}
    />
  );
}
