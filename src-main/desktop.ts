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
  protocol,
  type Session,
  session,
  utilityProcess,
  type WebContents,
} from 'electron';
import { toErrorData } from '../src-shared/errors.ts';
import { ActiveRuns } from './api/active-runs.ts';
import { readAsset, securityHeaders } from './api/assets.ts';
import { carryIpc } from './api/ipc.ts';
import { type App, openApp } from './app.ts';
import { APP_HOST, type Opening, openingIn, openingOf, SCHEME } from './desktop/openings.ts';
import { electronPrinter } from './desktop/print-pdf.ts';
import { ORIGIN, WindowKeeper } from './desktop/window.ts';
import { electronWorker } from './runs/worker-process.ts';

const here = import.meta.dirname;
/** What macOS asked for before the window was there. */
let asked: Opening | null = null;
let open = (opening: Opening): void => {
  asked = opening;
};

// A scheme of our own: pages have real addresses (/runs/abc), which file: cannot give.
protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, codeCache: true } },
]);

app.on('will-finish-launching', () => {
  const hear = (event: { preventDefault(): void }, what: string) => {
    event.preventDefault();
    const opening = openingOf(what, process.cwd());
    if (opening !== null) open(opening);
  };
  app.on('open-url', hear);
  app.on('open-file', hear);
});

if (app.requestSingleInstanceLock()) {
  // So that links work where no installer said so: an AppImage, a folder.
  if (app.isPackaged) app.setAsDefaultProtocolClient(SCHEME);
  void app.whenReady().then(start);
} else {
  // The first instance hears of it and shows its window.
  app.quit();
}

async function start(): Promise<void> {
  let assay: App;
  try {
    assay = await openApp({ startWorker: electronWorker(utilityProcess), printPdf: electronPrinter(BrowserWindow) });
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
  const shell = new WindowKeeper(assay, active, join(here, '..', 'preload', 'preload.cjs'));
  shell.show(asked ?? openingIn(process.argv, process.cwd()));
  open = (opening) => shell.show(opening);

  app.on('second-instance', (_, argv, folder) => shell.show(openingIn(argv, folder)));
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
    const asset = url.host === APP_HOST && request.method === 'GET' ? await readAsset(files, url.pathname) : null;
    return asset === null
      ? new Response('Not found', { status: 404, headers })
      : new Response(asset.body, { headers: { ...headers, ...asset.headers } });
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
