/** The desktop window itself. Needs Electron's binary, which npm does not bring along: `npm start` fetches it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { root } from './launch.ts';

const missing = ((): string | null => {
  const home = join(root, 'node_modules', 'electron');
  const pathFile = join(home, 'path.txt');
  if (!existsSync(pathFile)) return "Electron's binary is not here";
  if (!existsSync(join(home, 'dist', readFileSync(pathFile, 'utf8')))) return "Electron's binary is not here";
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return 'there is no display';
  return null;
})();

describe.skipIf(missing !== null)(`in Electron${missing === null ? '' : `: ${missing}`}`, () => {
  test('the window opens on the runs, with the Api and nothing else', async () => {
    const home = mkdtempSync(join(tmpdir(), 'assay-electron-'));
    const app = await _electron.launch({
      args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root],
      env: { ...process.env, ASSAY_HOME: home } as Record<string, string>,
    });
    try {
      const page = await app.firstWindow();
      await page.getByRole('heading', { name: 'Runs' }).waitFor();
      expect(new URL(page.url()).protocol).toBe('assay:');
      const globals = await page.evaluate(() => ({
        assay: Object.keys((window as { assay?: object }).assay ?? {}).sort(),
        node: 'process' in window || 'require' in window,
      }));
      expect(globals).toEqual({ assay: ['call', 'listen', 'pathOf'], node: false });
    } finally {
      await app.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
});
