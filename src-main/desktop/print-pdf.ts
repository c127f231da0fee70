/** Prints a page of ours to PDF with Electron itself: no other browser is needed in the desktop app. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserWindow as Window } from 'electron';

/** A window of a session of its own, that is never seen: the page may not run anything, whatever it holds. */
export function electronPrinter(BrowserWindow: typeof Window): (html: string) => Promise<Uint8Array> {
  return async (html) => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-print-'));
    const window = new BrowserWindow({
      show: false,
      webPreferences: { javascript: false, sandbox: true, contextIsolation: true, partition: 'print' },
    });
    try {
      const page = join(folder, 'report.html');
      await writeFile(page, html);
      await window.loadFile(page);
      return await window.webContents.printToPDF({ printBackground: true, preferCSSPageSize: true });
    } finally {
      window.destroy();
      await rm(folder, { recursive: true, force: true });
    }
  };
}
