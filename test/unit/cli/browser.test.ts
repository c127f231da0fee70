/** Which browser opens the window, on each platform. */
import { expect, test } from 'vitest';
import { findBrowser, type Machine } from '../../../src-main/browsers.ts';
import { hasDisplay } from '../../../src-main/cli/browser.ts';

const machine = (platform: NodeJS.Platform, programs: string[], env: Record<string, string> = {}): Machine => ({
  platform,
  env,
  home: '/home/me',
  isProgram: (path) => programs.includes(path),
});

test.each<[string, Machine, string | null]>([
  ['Linux', machine('linux', ['/usr/bin/chromium'], { PATH: '/bin:/usr/bin' }), '/usr/bin/chromium'],
  ['Linux, Chrome only', machine('linux', ['/opt/google-chrome'], { PATH: '/opt' }), '/opt/google-chrome'],
  ['Linux, snap', machine('linux', ['/snap/bin/chromium'], {}), '/snap/bin/chromium'],
  [
    'macOS',
    machine('darwin', ['/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge']),
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  [
    'Windows',
    machine('win32', ['C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe'], {
      'PROGRAMFILES(X86)': 'C:\\Program Files (x86)',
    }),
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
  ['none', machine('linux', [], { PATH: '/usr/bin' }), null],
  [
    'named',
    machine('linux', ['/my/browser', '/usr/bin/chromium'], { PATH: '/usr/bin', ASSAY_CHROMIUM: '/my/browser' }),
    '/my/browser',
  ],
  [
    'named but missing',
    machine('linux', ['/usr/bin/chromium'], { PATH: '/usr/bin', ASSAY_CHROMIUM: '/my/browser' }),
    null,
  ],
])('%s', (_, on, expected) => {
  expect(findBrowser(on)).toBe(expected);
});

test('a display: always but on a Linux without one', () => {
  expect(hasDisplay(machine('darwin', []))).toBe(true);
  expect(hasDisplay(machine('linux', []))).toBe(false);
  expect(hasDisplay(machine('linux', [], { DISPLAY: ':0' }))).toBe(true);
  expect(hasDisplay(machine('linux', [], { WAYLAND_DISPLAY: 'wayland-0' }))).toBe(true);
});
