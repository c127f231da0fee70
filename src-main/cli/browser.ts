/** Opens the app in a window of an installed browser, with a profile of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Machine, thisMachine } from '../browsers.ts';

export function hasDisplay({ platform, env }: Pick<Machine, 'platform' | 'env'> = thisMachine): boolean {
  return platform !== 'linux' || Boolean(env.DISPLAY) || Boolean(env.WAYLAND_DISPLAY);
}

export interface AppWindow {
  /** Settles when the window is closed; true when it had come up, false when the browser did not start. */
  readonly closed: Promise<boolean>;
  close(): void;
}

export function openWindow(browser: string, url: string): AppWindow {
  const profile = mkdtempSync(join(tmpdir(), 'assay-window-'));
  const args = [
    `--app=${url}`,
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--window-size=1360,900',
    // Chromium refuses its sandbox to root; the second keeps it from lamenting that in a bar over the page.
    ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox', '--test-type'] : []),
  ];
  const child: ChildProcess = spawn(browser, args, { stdio: 'ignore' });
  const closed = new Promise<boolean>((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code, signal) => resolve(code === 0 || signal !== null));
  }).finally(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return { closed, close: () => void child.kill() };
}
