/**
 * Entry of the Electron app: one window, one instance, a fenced-in page. Closing the window while a run goes on hides
 * it and the training goes on; the tray icon, the dock or starting Assay again brings it back.
 */
import { join } from 'node:path';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  Notification,
  nativeImage,
  protocol,
  type Session,
  session,
  Tray,
  utilityProcess,
  type WebContents,
} from 'electron';
import { toErrorData } from '../src-shared/errors.ts';
import { ActiveRuns } from './api/active-runs.ts';
import { readAsset, securityHeaders } from './api/assets.ts';
import { carryIpc } from './api/ipc.ts';
import { type App, openApp } from './app.ts';
import { resourcePath } from './resources.ts';
import { electronWorker } from './runs/worker-process.ts';

/** A scheme of our own: pages have real addresses (/runs/abc), which file: cannot give. */
const SCHEME = 'assay';
const ORIGIN = `${SCHEME}://app`;
const here = import.meta.dirname;

protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);

if (app.requestSingleInstanceLock()) {
  void app.whenReady().then(start);
} else {
  // The first instance hears of it and shows its window.
  app.quit();
}

async function start(): Promise<void> {
  let assay: App;
  try {
    assay = await openApp({ startWorker: electronWorker(utilityProcess) });
  } catch (error) {
    const { message, hint } = toErrorData(error);
    dialog.showErrorBox('Assay cannot start', hint === undefined ? message : `${message}\n\n${hint}`);
    app.exit(1);
    return;
  }
  fenceIn(session.defaultSession);
  serveFiles(session.defaultSession);
  app.on('web-contents-created', (_, contents) => keepOnPage(contents));

  const stopIpc = carryIpc(assay, {
    ipcMain,
    receivers: () => BrowserWindow.getAllWindows().map((w) => w.webContents),
    origin: ORIGIN,
  });
  const active = await ActiveRuns.watch(assay);
  const shell = new WindowKeeper(active);
  shell.show();

  app.on('second-instance', () => shell.show());
  app.on('activate', () => shell.show());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
  // Hidden is not closed: the app ends only by quitting.
  app.on('window-all-closed', () => app.quit());
  let isClosing = false;
  app.on('before-quit', (event) => {
    event.preventDefault();
    if (isClosing) return;
    isClosing = true;
    stopIpc();
    assay
      .close()
      .then(() => app.exit(0))
      .catch((error: unknown) => {
        console.error(`assay: ${toErrorData(error).message}`);
        app.exit(1);
      });
  });
}

/** The one window, and where it is when it is closed while runs go on. */
class WindowKeeper {
  readonly #active: ActiveRuns;
  #window: BrowserWindow | null = null;
  #tray: Tray | null = null;

  constructor(active: ActiveRuns) {
    this.#active = active;
    active.onEnd((run) => {
      if (this.#window?.isVisible()) return;
      const body = run.error === null ? `Step ${run.step} of ${run.steps}` : run.error;
      const note = new Notification({ title: `${run.name} ${run.status}`, body });
      note.on('click', () => this.show());
      note.show();
    });
  }

  show(): void {
    this.#window ??= this.#open();
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
    this.#tray?.destroy();
    this.#tray = null;
  }

  #open(): BrowserWindow {
    const window = new BrowserWindow({
      width: 1360,
      height: 900,
      minWidth: 900,
      minHeight: 600,
      show: false,
      title: 'Assay',
      icon: resourcePath('icons', 'icon.png'),
      autoHideMenuBar: true,
      webPreferences: {
        preload: join(here, '..', 'preload', 'preload.cjs'),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
      },
    });
    let isQuitting = false;
    app.once('before-quit', () => {
      isQuitting = true;
    });
    window.on('close', (event) => {
      // macOS keeps an app without windows in its dock, whatever it is doing.
      if (isQuitting || (this.#active.count === 0 && process.platform !== 'darwin')) return;
      event.preventDefault();
      window.hide();
      this.#hideToTray();
    });
    window.on('closed', () => {
      this.#window = null;
    });
    void window.loadURL(`${ORIGIN}/`);
    return window;
  }

  #hideToTray(): void {
    if (process.platform === 'darwin' || this.#tray !== null) return;
    const tray = new Tray(nativeImage.createFromPath(resourcePath('icons', 'tray.png')));
    tray.setToolTip('Assay is training');
    tray.on('click', () => this.show());
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Show Assay', click: () => this.show() },
        { label: 'Stop runs and quit', click: () => app.quit() },
      ]),
    );
    this.#tray = tray;
    // Some Linux desktops have no tray, so the way back is said once.
    new Notification({
      title: 'Training goes on',
      body: 'Start Assay again, or click its tray icon, to see the window.',
    }).show();
  }
}

/** What the copy buttons need; reading the clipboard is not among it. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

function fenceIn(of: Session): void {
  of.setPermissionRequestHandler((_, permission, decide) => decide(permission === ALLOWED_PERMISSION));
  of.setPermissionCheckHandler((_, permission) => permission === ALLOWED_PERMISSION);
  of.setDevicePermissionHandler(() => false);
}

/** The window's files, under our own scheme and with the headers of the loopback server. */
function serveFiles(of: Session): void {
  const files = join(here, '..', 'renderer');
  const headers = securityHeaders();
  of.protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    const asset = url.host === 'app' && request.method === 'GET' ? await readAsset(files, url.pathname) : null;
    return asset === null
      ? new Response('Not found', { status: 404, headers })
      : new Response(asset.body, { headers: { ...headers, 'Content-Type': asset.type } });
  });
}

/** The page stays the page: no navigation away, no new windows, no embedded pages. */
function keepOnPage(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!event.url.startsWith(`${ORIGIN}/`)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    if (!event.url.startsWith(`${ORIGIN}/`)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
