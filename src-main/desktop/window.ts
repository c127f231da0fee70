/** The one window, where it is when it is closed while runs go on, and what the desktop shows of them meanwhile. */
import { app, BrowserWindow, Menu, Notification, nativeImage, screen, Tray } from 'electron';
import type { ActiveRuns } from '../api/active-runs.ts';
import type { App } from '../app.ts';
import { resourcePath } from '../resources.ts';
import { collapseOf, endOf, type RecentRun, recentRuns, taskBarOf, type Word } from './attention.ts';
import { APP_HOST, type Opening, pathOf, SCHEME } from './openings.ts';
import { readWindowState, writeWindowState } from './window-state.ts';

export const ORIGIN = `${SCHEME}://${APP_HOST}`;
const SIZE = { width: 1360, height: 900 };
/** The task bar and the menu follow the runs at this pace. */
const REFRESH_MS = 1000;

export class WindowKeeper {
  readonly #active: ActiveRuns;
  readonly #assay: App;
  readonly #preload: string;
  readonly #collapsed = new Set<string>();
  #window: BrowserWindow | null = null;
  #tray: Tray | null = null;
  #refresh: NodeJS.Timeout | null = null;

  constructor(assay: App, active: ActiveRuns, preload: string) {
    this.#assay = assay;
    this.#active = active;
    this.#preload = preload;
    active.onEnd((run) => {
      if (this.#window?.isFocused() !== true) this.#say(endOf(run), `/runs/${run.id}`);
    });
    active.onChange(() => this.#refreshSoon());
    assay.listen((event) => {
      if (event === 'note') void this.#lookForCollapses();
    });
    this.#refreshSoon();
  }

  /** Bring the window up, on what was opened if anything was. */
  show(opening: Opening | null = null): void {
    if (this.#window === null) this.#window = this.#open(opening === null ? '/' : pathOf(opening));
    else if (opening !== null) this.#go(pathOf(opening));
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
    this.#tray?.destroy();
    this.#tray = null;
  }

  #go(path: string): void {
    void this.#window?.loadURL(`${ORIGIN}${path}`);
  }

  #open(path: string): BrowserWindow {
    const { home } = this.#assay;
    const before = readWindowState(
      home,
      screen.getAllDisplays().map(({ workArea }) => workArea),
    );
    const window = new BrowserWindow({
      ...(before?.bounds ?? SIZE),
      minWidth: 900,
      minHeight: 600,
      show: false,
      title: 'Assay',
      icon: resourcePath('icons', 'icon.png'),
      autoHideMenuBar: true,
      webPreferences: {
        preload: this.#preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
      },
    });
    if (before?.isMaximized) window.maximize();
    let isQuitting = false;
    app.once('before-quit', () => {
      isQuitting = true;
    });
    window.on('close', (event) => {
      writeWindowState(home, { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() });
      // macOS keeps an app without windows in its dock, whatever it is doing.
      if (isQuitting || (this.#active.isIdle && process.platform !== 'darwin')) return;
      event.preventDefault();
      window.hide();
      this.#hideToTray();
    });
    window.on('closed', () => {
      this.#window = null;
    });
    void window.loadURL(`${ORIGIN}${path}`);
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

  #say({ title, body }: Word, path: string): void {
    const note = new Notification({ title, body });
    note.on('click', () => this.show({ kind: 'page', path }));
    note.show();
  }

  /** A collapse is told once a run, also to who looks at another page: it may be worth stopping. */
  async #lookForCollapses(): Promise<void> {
    for (const { id } of this.#active.list()) {
      if (this.#collapsed.has(id)) continue;
      try {
        const word = collapseOf(await this.#assay.api.run({ runId: id }));
        if (word === null || this.#collapsed.has(id)) continue;
        this.#collapsed.add(id);
        this.#say(word, `/runs/${id}`);
      } catch (error) {
        console.error(`Whether run ${id} collapsed cannot be told:`, error);
      }
    }
  }

  #refreshSoon(): void {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = null;
      const { fraction, mode } = taskBarOf(this.#active.list());
      this.#window?.setProgressBar(fraction, { mode });
      void this.#refreshMenus();
    }, REFRESH_MS);
  }

  async #refreshMenus(): Promise<void> {
    try {
      const recent = recentRuns(await this.#assay.api.runs({}));
      Menu.setApplicationMenu(this.#menu(recent));
      app.dock?.setMenu(Menu.buildFromTemplate(this.#recentItems(recent)));
    } catch (error) {
      console.error('The menu of recent runs cannot be made:', error);
    }
  }

  #menu(recent: readonly RecentRun[]): Menu {
    const page = (label: string, path: string) => ({ label, click: () => this.show({ kind: 'page', path }) });
    return Menu.buildFromTemplate([
      ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
      {
        label: 'File',
        submenu: [
          { ...page('New run', '/new-run'), accelerator: 'CmdOrCtrl+N' },
          { label: 'Recent runs', submenu: this.#recentItems(recent) },
          { type: 'separator' },
          process.platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
        ],
      },
      { role: 'editMenu' },
      { role: 'viewMenu' },
      { role: 'windowMenu' },
    ]);
  }

  #recentItems(recent: readonly RecentRun[]): Electron.MenuItemConstructorOptions[] {
    if (recent.length === 0) return [{ label: 'No runs yet', enabled: false }];
    return recent.map(({ label, path }) => ({ label, click: () => this.show({ kind: 'page', path }) }));
  }
}
