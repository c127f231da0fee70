/**
 * Keys on the chart that has the focus, for all that the mouse does: left and right move the crosshair, Home and End
 * put it at the ends, + and - zoom about it, shift with left and right pans, 0 shows all, Enter picks, Escape takes the
 * crosshair away.
 */
import type { KeyboardEvent as ReactKeyboardEvent, RefObject } from 'react';
import type { ChartHandle } from './ChartCanvas.tsx';
import type { Gestures, Plot } from './gestures.ts';

const CHART_KEYS = 'ArrowLeft ArrowRight Home End + - 0 Enter';

/** Steps of the crosshair over the plot, and of a pan over what is shown. */
const STEPS = 60;
const PANS = 8;
const ZOOM = 0.7;

type Pressed = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/**
 * @param point puts the crosshair at a pixel, or takes it away
 * @returns what takes a key and says whether it meant something
 */
export function chartKeys(
  plot: () => Plot,
  gestures: () => Gestures,
  point: (x: number | null) => void,
): { press(event: Pressed): boolean; leave(): void } {
  let at: number | null = null;
  const put = (x: number | null) => {
    at = x;
    point(x);
  };
  const move = (by: number) => {
    const { left, right } = plot();
    const step = (right - left) / STEPS;
    // From the edge that it comes in by.
    const from = at ?? (by > 0 ? left - step : right + step);
    put(Math.min(right, Math.max(left, from + by * step)));
  };
  const pan = (by: number) => {
    if (!gestures().isZoomed()) return;
    const { left, right } = plot();
    const pixels = (by * (right - left)) / PANS;
    gestures().pan(pixels);
    // The crosshair stays at what it was on.
    if (at !== null) at = Math.min(right, Math.max(left, at - pixels));
  };
  const zoom = (factor: number) => {
    const { left, right } = plot();
    gestures().zoom(factor, at ?? (left + right) / 2);
  };
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    'shift ArrowLeft': () => pan(-1),
    'shift ArrowRight': () => pan(1),
    Home: () => put(plot().left),
    End: () => put(plot().right),
    '+': () => zoom(ZOOM),
    '=': () => zoom(ZOOM),
    '-': () => zoom(1 / ZOOM),
    '0': () => gestures().reset(),
  };
  return {
    press: ({ key, shiftKey, ctrlKey, metaKey, altKey }) => {
      if (ctrlKey || metaKey || altKey) return false;
      if (key === 'Enter' || key === 'Escape') {
        if (at === null) return false;
        if (key === 'Enter') gestures().pick(at);
        else put(null);
        return true;
      }
      const action = actions[shiftKey && key.startsWith('Arrow') ? `shift ${key}` : key];
      action?.();
      return action !== undefined;
    },
    leave: () => {
      if (at !== null) put(null);
    },
  };
}

/** What makes an element the one whose focus its chart's keys need. */
export function chartFocus(chart: RefObject<ChartHandle | null>) {
  return {
    tabIndex: 0,
    'aria-keyshortcuts': CHART_KEYS,
    onKeyDown: (event: ReactKeyboardEvent) => {
      if (chart.current?.press(event.nativeEvent) !== true) return;
      event.preventDefault();
      event.stopPropagation();
    },
    onBlur: () => chart.current?.leave(),
  };
}
