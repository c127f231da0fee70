/** How all curves of the page are drawn, and which part of the x axis they show. */
import { ActionIcon, Checkbox, Select, Slider, Tooltip } from '@mantine/core';
import { IconZoomIn, IconZoomOut, IconZoomReset } from '@tabler/icons-react';
import { useState, useSyncExternalStore } from 'react';
import { formatX } from '../../../src-shared/charts/overlay.ts';
import { formatNumber } from '../../../src-shared/format.ts';
import type { OverlayZoom } from '../../charts/overlay-zoom.ts';
import { COMPARE_X, type CompareView, type CompareX } from '../../lib/comparison/view.ts';
import css from '../run/ChartTools.module.css';
import { X_KINDS } from './Overview.tsx';

const X_TITLES: Readonly<Record<CompareX, string>> = {
  step: 'Steps',
  tokens: 'Tokens trained',
  time: 'Engine time',
};
/** Of what is shown, at one push of a button. */
const ZOOM = 0.5;

interface CompareToolsProps {
  readonly view: CompareView;
  readonly zoom: OverlayZoom;
  readonly onChange: (patch: Partial<CompareView>) => void;
}

export function CompareTools({ view, zoom, onChange }: CompareToolsProps) {
  const range = useSyncExternalStore(zoom.subscribe, () => zoom.range);
  const [smoothing, setSmoothing] = useState<number | null>(null);
  const shown = smoothing ?? view.smoothing;
  const button = (label: string, Icon: typeof IconZoomIn, action: () => void) => (
    <Tooltip label={label}>
      <ActionIcon size={24} aria-label={label} onClick={action}>
        <Icon size={14} />
      </ActionIcon>
    </Tooltip>
  );
  return (
    <div className={css.right}>
      <div className={css.zoom}>
        {range === null ? null : (
          <>
            <span className={css.range}>
              {formatX(X_KINDS[view.x], range[0])} to {formatX(X_KINDS[view.x], range[1])}
            </span>
            {button('Show all (double click)', IconZoomReset, zoom.reset)}
            {button('Zoom out', IconZoomOut, () => zoom.zoom(1 / ZOOM))}
          </>
        )}
        {button('Zoom in (ctrl and wheel, or drag)', IconZoomIn, () => zoom.zoom(ZOOM))}
      </div>
      <Select
        aria-label="X axis"
        data={COMPARE_X.map((value) => ({ value, label: X_TITLES[value] }))}
        value={view.x}
        onChange={(value) => onChange({ x: COMPARE_X.find((x) => x === value) ?? 'step' })}
        w={128}
      />
      <Checkbox
        label="Bands"
        size="xs"
        checked={view.bands}
        onChange={(event) => onChange({ bands: event.currentTarget.checked })}
      />
      <Checkbox
        label="Single runs"
        size="xs"
        checked={view.lines}
        onChange={(event) => onChange({ lines: event.currentTarget.checked })}
      />
      <div className={css.smoothing}>
        <span className="dim">Smoothing</span>
        <Slider
          value={shown}
          onChange={setSmoothing}
          onChangeEnd={(value) => {
            setSmoothing(null);
            onChange({ smoothing: value });
          }}
          min={0}
          max={0.98}
          step={0.02}
          size={3}
          thumbSize={12}
          w={80}
          label={null}
          thumbLabel="Smoothing"
        />
        <span className={css.smoothingValue}>{formatNumber(shown, 2)}</span>
      </div>
    </div>
  );
}
