/** Starts the built app for end-to-end tests: the real command, a data folder of its own, a real browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findBrowser } from '../../src-main/browsers.ts';

export const root = join(import.meta.dirname, '..', '..');
const cli = join(root, 'out', 'main', 'cli.js');
const START_MS = 60_000;

/** Why there can be no browser test here; null when there can. */
export const noBrowser: string | null = findBrowser() === null ? 'no Chromium, Chrome or Edge is installed' : null;

export interface ServedApp {
  readonly url: string;
  readonly home: string;
  /** As Ctrl-C would. Resolves with the exit code. */
  stop(): Promise<number | null>;
  remove(): void;
}

/** @param folder Data folder to use, and to leave; a fresh one by default. */
export async function startApp(folder?: string): Promise<ServedApp> {
  if (!existsSync(cli)) throw new Error(`${cli} is missing: run "npm run build" first`);
  const home = folder ?? mkdtempSync(join(tmpdir(), 'assay-e2e-'));
  const child = spawn(process.execPath, [cli, 'serve', '--no-open'], {
    env: { ...process.env, ASSAY_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    url: await addressOf(child),
    home,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
    remove: () => {
      if (folder === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    if (child.stdout !== null)
      for await (const line of createInterface(child.stdout)) {
        const url = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(line)?.[0];
        if (url !== undefined) return url;
      }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`the app ended, or was silent for ${START_MS / 1000} s, before it printed its address`);
}

export function startBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === null) throw new Error('no browser');
  // Chromium refuses its sandbox to root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/**
 * A page for the tests of a file. Errors of its scripts and what it reports as one, a breach of the content-security
 * policy among it, go to `complaints`.
 */
export async function openPage(
  browser: Browser,
  complaints: string[],
  size = { width: 1360, height: 900 },
): Promise<Page> {
  const page = await browser.newPage({ viewport: size });
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} (${message.location().url})`);
  });
  return page;
}

/** A window on the app of a folder, open at its runs, for as long as `body` takes. @throws Error where its page complained. */
export async function withWindow(
  browser: Browser,
  home: string,
  body: (page: Page, origin: string) => Promise<void>,
): Promise<void> {
  const app = await startApp(home);
  const complaints: string[] = [];
  const page = await openPage(browser, complaints, { width: 1440, height: 900 });
  try {
    await page.goto(app.url);
    await page.waitForURL((url) => url.pathname === '/runs' && url.search === '');
    await body(page, new URL(app.url).origin);
    if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('; ')}`);
  } finally {
    await page.close();
    await app.stop();
  }
}
