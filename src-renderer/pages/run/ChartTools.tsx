/** How all charts of a page are drawn, and which part of the run they show. */
import { ActionIcon, Checkbox, Select, Slider, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconZoomIn, IconZoomOut, IconZoomReset } from '@tabler/icons-react';
import { type RefObject, useSyncExternalStore } from 'react';
import { X_AXES, type XAxis } from '../../../src-shared/charts/places.ts';
import { formatCount, formatNumber } from '../../../src-shared/format.ts';
import type { ChartViewState } from '../../charts/chart-view.ts';
import css from './ChartTools.module.css';
import { type ChartSettings, HINT } from './use-chart-page.ts';

const X_TITLES: Readonly<Record<XAxis, string>> = {
  step: 'Steps',
  tokens: 'Tokens trained',
  seconds: 'Wall time',
  work: 'Engine time',
};

const LEAST_SMOOTHING = 0;
const MOST_SMOOTHING = 0.98;
/** Of what is shown, at one push of a button. */
const ZOOM = 0.5;
const PAN = 0.5;

interface ChartToolsProps {
  readonly hint: RefObject<HTMLSpanElement | null>;
  readonly view: ChartViewState;
  readonly settings: ChartSettings;
}

export function ChartTools({ hint, view, settings }: ChartToolsProps) {
  const { smoothing, setSmoothing, x, setX, logX, setLogX } = settings;
  return (
    <div className={css.tools}>
      <span ref={hint} className="faint ellipsis">
        {HINT}
      </span>
      <div className={css.right}>
        <ZoomTools view={view} />
        <Select
          aria-label="X axis"
          data={X_AXES.map((value) => ({ value, label: X_TITLES[value] }))}
          value={x}
          onChange={(value) => {
            const found = X_AXES.find((axis) => axis === value);
            if (found !== undefined) setX(found);
          }}
          w={136}
          allowDeselect={false}
        />
        <Checkbox label="Log x" size="xs" checked={logX} onChange={(event) => setLogX(event.currentTarget.checked)} />
        <div className={css.smoothing}>
          <span className="dim">Smoothing</span>
          <Slider
            value={smoothing}
            onChange={setSmoothing}
            min={LEAST_SMOOTHING}
            max={MOST_SMOOTHING}
            step={0.02}
            size={3}
            thumbSize={12}
            w={96}
            label={null}
            thumbLabel="Smoothing"
          />
          <span className={css.smoothingValue}>{formatNumber(smoothing, 2)}</span>
        </div>
      </div>
    </div>
  );
}

export function ZoomTools({ view }: { view: ChartViewState }) {
  const range = useSyncExternalStore(view.subscribe, () => view.range);
  const zoomed = range !== null;
  const button = (label: string, icon: typeof IconZoomIn, action: () => void) => {
    const Icon = icon;
    return (
      <Tooltip label={label}>
        <ActionIcon size={24} aria-label={label} onClick={action}>
          <Icon size={14} />
        </ActionIcon>
      </Tooltip>
    );
  };
  return (
    <div className={css.zoom}>
      {zoomed ? (
        <>
          <span className={css.range}>
            steps {formatCount(range[0])} to {formatCount(range[1])}
          </span>
          {button('Earlier steps', IconChevronLeft, () => view.pan(-PAN))}
          {button('Later steps', IconChevronRight, () => view.pan(PAN))}
          {button('Show all steps (double click)', IconZoomReset, () => view.reset())}
          {button('Zoom out', IconZoomOut, () => view.zoom(1 / ZOOM))}
        </>
      ) : null}
      {button('Zoom in (ctrl and wheel, or drag)', IconZoomIn, () => view.zoom(ZOOM))}
    </div>
  );
}
