/** Prints a page of ours to PDF with an installed browser: without a window, a network or a profile of the user's. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { AssayError } from '../../src-shared/errors.ts';
import { findBrowser } from '../browsers.ts';

const TIMEOUT_MS = 120_000;

/** @throws AssayError `not-found` where there is no browser, `internal` where it printed nothing. */
export async function printWithBrowser(html: string, browser: string | null = findBrowser()): Promise<Uint8Array> {
  if (browser === null)
    throw new AssayError('not-found', 'PDF: there is no Chromium, Chrome or Edge on this machine to print with', {
      hint: 'Install one, name it in ASSAY_CHROMIUM, or write HTML and print it from any browser.',
    });
  const folder = await mkdtemp(join(tmpdir(), 'assay-print-'));
  try {
    const [page, pdf] = [join(folder, 'report.html'), join(folder, 'report.pdf')];
    await writeFile(page, html);
    const args = [
      '--headless',
      '--disable-gpu',
      '--no-first-run',
      '--no-default-browser-check',
      `--user-data-dir=${join(folder, 'profile')}`,
      // The page asks for nothing; this keeps the browser itself from asking.
      '--disable-background-networking',
      '--host-resolver-rules=MAP * ~NOTFOUND',
      '--no-pdf-header-footer',
      `--print-to-pdf=${pdf}`,
      // Chromium refuses its sandbox to root.
      ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      pathToFileURL(page).href,
    ];
    const said = await promisify(execFile)(browser, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }).then(
      ({ stderr }) => stderr,
      (error: Error & { stderr?: string }) => error.stderr || error.message,
    );
    if (!existsSync(pdf))
      throw new AssayError('internal', `PDF: ${browser} printed nothing: ${lastLine(said)}`, {
        hint: 'Write HTML and print it from any browser.',
      });
    return await readFile(pdf);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
