/** `assay serve`: the whole app in a browser window instead of Electron's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import { exportsFolder } from '../api/bundle.ts';
import { serve } from '../api/http.ts';
import type { OwnedShell } from '../api/shell.ts';
import { findBrowser } from '../browsers.ts';
import { hasDisplay, openWindow } from './browser.ts';
import type { Io } from './io.ts';

export interface ServeCommandOptions {
  readonly port: number;
  readonly open: boolean;
}

/** Serves until Ctrl-C, or until the window is closed while nothing is going on. */
export async function serveCommand(app: OwnedShell, io: Io, { port, open }: ServeCommandOptions): Promise<number> {
  const files = join(import.meta.dirname, '..', 'renderer');
  if (!existsSync(join(files, 'index.html')))
    throw new AssayError('not-found', `the window's files are not in ${files}`, {
      hint: 'Build them with "npm run build".',
    });
  const { version, home } = await app.api.status({});
  const served = await serve(app, { port, files, exports: exportsFolder(home) });
  const interrupted = Promise.withResolvers<void>();
  const ignoreInterrupt = io.onInterrupt(() => interrupted.resolve());
  try {
    io.out(`Assay ${version} is ready at ${served.url}`);
    const browser = open && hasDisplay() ? findBrowser() : null;
    if (browser === null) {
      if (open) {
        const why = hasDisplay() ? 'No Chromium, Chrome or Edge was found' : 'No display';
        io.err(`${why}: open this address in a browser on this machine. Ctrl-C ends Assay.`);
      }
      await interrupted.promise;
      return 0;
    }
    const window = openWindow(browser, served.url);
    const cameUp = await Promise.race([window.closed, interrupted.promise.then(() => null)]);
    if (cameUp === null) {
      window.close();
      await window.closed;
      return 0;
    }
    const { running, queued } = await app.api.status({});
    const isStudying = (await app.api.studyProgress({})).some(({ going }) => going !== null);
    if (cameUp && running + queued === 0 && !isStudying) return 0;
    io.err(
      cameUp
        ? 'The window was closed while a run goes on. The address still works; Ctrl-C stops the run with a checkpoint.'
        : `${browser} did not start: open the address in another browser on this machine. Ctrl-C ends Assay.`,
    );
    await interrupted.promise;
    return 0;
  } finally {
    ignoreInterrupt();
    await served.close();
  }
}
