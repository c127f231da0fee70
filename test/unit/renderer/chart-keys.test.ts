/** What the mouse does on a chart, done by keys. */
import { beforeEach, expect, test, vi } from 'vitest';
import { chartKeys } from '../../../src-renderer/charts/chart-keys.ts';

const PLOT = { left: 100, right: 700 };
const gestures = { select: vi.fn(), zoom: vi.fn(), pan: vi.fn(), reset: vi.fn(), pick: vi.fn(), isZoomed: vi.fn() };
let seen: (number | null)[];
let keys: ReturnType<typeof chartKeys>;
beforeEach(() => {
  vi.resetAllMocks();
  seen = [];
  keys = chartKeys(
    () => PLOT,
    () => gestures,
    (x) => seen.push(x),
  );
});
const press = (key: string, more: Partial<Pick<KeyboardEvent, 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>> = {}) =>
  keys.press({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

test('the crosshair comes in from the side it is called from, and stays on the plot', () => {
  expect(press('ArrowRight')).toBe(true);
  press('ArrowRight');
  press('ArrowLeft');
  press('ArrowLeft');
  press('End');
  press('ArrowRight');
  press('Home');
  expect(seen).toEqual([100, 110, 100, 100, 700, 700, 100]);
  keys.leave();
  press('ArrowLeft');
  expect(seen.slice(-2)).toEqual([null, 700]);
});

test('it is zoomed about the crosshair, or the middle', () => {
  press('+');
  press('Home');
  press('-');
  expect(gestures.zoom.mock.calls).toEqual([
    [0.7, 400],
    [1 / 0.7, 100],
  ]);
  press('0');
  expect(gestures.reset).toHaveBeenCalledOnce();
});

test('panned, the crosshair stays at what it was on', () => {
  press('End');
  expect(press('ArrowRight', { shiftKey: true })).toBe(true);
  expect(gestures.pan).not.toHaveBeenCalled();
  gestures.isZoomed.mockReturnValue(true);
  press('ArrowRight', { shiftKey: true });
  expect(gestures.pan.mock.calls).toEqual([[75]]);
  press('ArrowLeft');
  expect(seen).toEqual([700, 615]);
});

test('Enter picks at the crosshair, Escape takes it away; without one both are left to the page', () => {
  expect([press('Enter'), press('Escape')]).toEqual([false, false]);
  press('Home');
  expect(press('Enter')).toBe(true);
  expect(gestures.pick.mock.calls).toEqual([[100]]);
  expect(press('Escape')).toBe(true);
  expect(press('Escape')).toBe(false);
  expect(seen).toEqual([100, null]);
});

test('other keys, and these with a modifier, are left to the page', () => {
  expect([press('j'), press('Tab'), press('0', { ctrlKey: true }), press('+', { metaKey: true })]).toEqual([
    ...[false, false, false, false],
  ]);
  expect(press('ArrowLeft', { altKey: true })).toBe(false);
  keys.leave();
  expect(seen).toEqual([]);
});
