/** Finds an installed Chromium, Chrome or Edge and opens the app in a window of it, with a profile of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly isProgram: (path: string) => boolean;
}

const thisMachine: Machine = {
  platform: process.platform,
  env: process.env,
  home: homedir(),
  isProgram: (path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false; // Not there or not ours to run: the next one is tried.
    }
  },
};

const LINUX_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'microsoft-edge-stable',
  'brave-browser',
];
const MAC_APPS = ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser'];
const WINDOWS_PATHS = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
  'Chromium\\Application\\chrome.exe',
];

/** Path of a browser, or null. `ASSAY_CHROMIUM` names one outright. */
export function findBrowser(machine: Machine = thisMachine): string | null {
  const named = machine.env.ASSAY_CHROMIUM;
  if (named) return machine.isProgram(named) ? named : null;
  return candidates(machine).find(machine.isProgram) ?? null;
}

function candidates({ platform, env, home }: Machine): string[] {
  if (platform === 'darwin')
    return MAC_APPS.flatMap((app) =>
      ['/Applications', `${home}/Applications`].map((folder) => `${folder}/${app}.app/Contents/MacOS/${app}`),
    );
  if (platform === 'win32')
    return WINDOWS_PATHS.flatMap((path) =>
      [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].flatMap((folder) =>
        folder ? [`${folder}\\${path}`] : [],
      ),
    );
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return LINUX_NAMES.flatMap((name) => [...folders, '/snap/bin'].map((folder) => join(folder, name)));
}

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
