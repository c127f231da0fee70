import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readWindowState, writeWindowState } from '../../../src-main/desktop/window-state.ts';

const display = { x: 0, y: 0, width: 1920, height: 1080 };
const state = { bounds: { x: 100, y: 50, width: 1200, height: 800 }, isMaximized: false };
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'assay-window-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('the window comes back to where it was', () => {
  expect(readWindowState(home, [display])).toBeNull();
  writeWindowState(home, state);
  expect(readWindowState(home, [display])).toEqual(state);
});

test('not to a display that is gone', () => {
  const second = { ...display, x: 1920 };
  writeWindowState(home, { ...state, bounds: { ...state.bounds, x: 2000 } });
  expect(readWindowState(home, [display, second])).not.toBeNull();
  expect(readWindowState(home, [display])).toBeNull();
});

test('not to where its title bar is out of reach', () => {
  for (const at of [{ y: -30 }, { y: 1070 }, { x: -1150 }, { x: 1900 }]) {
    writeWindowState(home, { ...state, bounds: { ...state.bounds, ...at } });
    expect(readWindowState(home, [display]), JSON.stringify(at)).toBeNull();
  }
});

test.each([
  '',
  '{',
  '[]',
  '{"bounds":{"x":"0"}}',
  '{"bounds":{"x":1e99,"y":0,"width":1,"height":1},"isMaximized":true}',
])('a file that says %j is like none', (text) => {
  writeFileSync(join(home, 'window.json'), text);
  expect(readWindowState(home, [display])).toBeNull();
});

test('a folder that cannot be written costs the place of the window, nothing else', () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  writeWindowState(join(home, 'missing'), state);
  expect(error).toHaveBeenCalledOnce();
  error.mockRestore();
});
