/**
 * Mouse and touchpad on a chart: drag to zoom into a part, shift and drag or a sideways turn of the wheel to pan, ctrl
 * and the wheel (or a pinch) to zoom, double click to see all, click to pick. The plain wheel scrolls the page.
 */

export interface Gestures {
  /** From one pixel of the plot to another. */
  select(a: number, b: number): void;
  zoom(factor: number, x: number): void;
  /** By pixels, to the right. */
  pan(pixels: number): void;
  reset(): void;
  pick(x: number): void;
  /** Whether a double click would do something, so that a click has to wait for it. */
  isZoomed(): boolean;
}

/** Pixels that a click may move. */
const STILL = 4;
const DOUBLE_CLICK_MS = 260;
/** A turn of the wheel by 100 pixels halves or doubles about so much. */
const WHEEL_SPEED = 0.004;

export interface Plot {
  readonly left: number;
  readonly right: number;
}

/**
 * @param plot the part of the host that is the plot, in its pixels
 * @param mark the element that shows what is being selected
 * @returns the function that stops listening
 */
export function listen(host: HTMLElement, mark: HTMLElement, plot: () => Plot, gestures: () => Gestures): () => void {
  let start: { x: number; y: number; last: number; pans: boolean; moved: boolean } | null = null;
  let click: ReturnType<typeof setTimeout> | undefined;
  const xOf = (event: MouseEvent) => event.clientX - host.getBoundingClientRect().left;
  const clamped = (x: number) => Math.min(plot().right, Math.max(plot().left, x));

  const down = (event: PointerEvent) => {
    const x = xOf(event);
    if (event.button > 1 || x < plot().left || x > plot().right) return;
    start = { x, y: event.clientY, last: x, pans: event.shiftKey || event.button === 1, moved: false };
    if (start.pans) event.preventDefault();
  };
  const move = (event: PointerEvent) => {
    if (start === null) return;
    const x = xOf(event);
    if (!start.moved) {
      if (Math.hypot(x - start.x, event.clientY - start.y) < STILL) return;
      start.moved = true;
      host.setPointerCapture(event.pointerId);
    }
    if (start.pans) {
      gestures().pan(start.last - x);
      start.last = x;
      return;
    }
    const [a, b] = [clamped(start.x), clamped(x)];
    mark.style.display = 'block';
    mark.style.left = `${Math.min(a, b)}px`;
    mark.style.width = `${Math.abs(b - a)}px`;
  };
  const up = (event: PointerEvent) => {
    if (start === null) return;
    const { x: from, pans, moved } = start;
    start = null;
    mark.style.display = 'none';
    if (moved) {
      const to = clamped(xOf(event));
      if (!pans && Math.abs(to - from) >= STILL) gestures().select(from, to);
      return;
    }
    if (pans || event.button !== 0) return;
    clearTimeout(click);
    if (!gestures().isZoomed()) gestures().pick(from);
    else click = setTimeout(() => gestures().pick(from), DOUBLE_CLICK_MS);
  };
  const cancel = () => {
    start = null;
    mark.style.display = 'none';
  };
  const twice = () => {
    clearTimeout(click);
    gestures().reset();
  };
  const wheel = (event: WheelEvent) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      gestures().zoom(Math.exp(event.deltaY * WHEEL_SPEED), clamped(xOf(event)));
      return;
    }
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (!gestures().isZoomed() || Math.abs(sideways) <= (event.shiftKey ? 0 : Math.abs(event.deltaY))) return;
    event.preventDefault();
    gestures().pan(sideways);
  };
  host.addEventListener('pointerdown', down);
  host.addEventListener('pointermove', move);
  host.addEventListener('pointerup', up);
  host.addEventListener('pointercancel', cancel);
  host.addEventListener('dblclick', twice);
  host.addEventListener('wheel', wheel, { passive: false });
  return () => {
    clearTimeout(click);
    host.removeEventListener('pointerdown', down);
    host.removeEventListener('pointermove', move);
    host.removeEventListener('pointerup', up);
    host.removeEventListener('pointercancel', cancel);
    host.removeEventListener('dblclick', twice);
    host.removeEventListener('wheel', wheel);
  };
}
