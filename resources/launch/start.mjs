// `npm start`: the desktop app. Under Electron where its binary is present or can be fetched; else the same app as a
// server on the loopback, shown in a window of an installed Chromium, Chrome or Edge. Without a display it prints the
// address and goes on serving.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { isReachable } from './net.mjs';
import { goodNode, root, runProgram, runScript } from './node.mjs';

const FETCH_TIMEOUT_MS = 60_000;
const electronHome = join(root, 'node_modules', 'electron');

/** Path of the Electron binary, or null. */
function electronBinary() {
  const pathFile = join(electronHome, 'path.txt');
  const name = existsSync(pathFile)
    ? readFileSync(pathFile, 'utf8')
    : ({ win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }[process.platform] ?? 'electron');
  const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electronHome, 'dist'), name);
  return existsSync(path) ? path : null;
}

/** Fetch the binary once. @returns {Promise<string | null>} why it cannot be had; null when it can */
async function fetchElectron() {
  if (!existsSync(electronHome)) return 'the electron package is not installed';
  const mirror = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com/';
  // Asked first, because a download from a host that cannot be reached takes long to give up.
  if (!(await isReachable(mirror))) return `${new URL(mirror).hostname} cannot be reached`;
  console.error('Fetching Electron, once (about 110 MB)...');
  const code = await runProgram(goodNode(), [join(electronHome, 'install.js')], {
    stdio: 'ignore',
    timeout: FETCH_TIMEOUT_MS,
  });
  return code === 0 ? null : `fetching it failed or took more than ${FETCH_TIMEOUT_MS / 1000} s`;
}

const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY) || Boolean(process.env.WAYLAND_DISPLAY);

async function main() {
  const args = process.argv.slice(2);
  if (!(await ensureBuilt('all'))) return 1;
  if (hasDisplay && process.env.ASSAY_BROWSER !== '1') {
    const missing = electronBinary() === null ? await fetchElectron() : null;
    const electron = electronBinary();
    if (electron !== null) {
      // Chromium refuses its sandbox to root.
      const asRoot = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      return runProgram(electron, [...asRoot, root, ...args]);
    }
    console.error(`Electron is not here (${missing ?? 'its binary is missing'}); using a browser window instead.`);
  }
  await runScript(join(root, 'out', 'main', 'cli.js'), ['serve', ...args]);
  return null;
}

const code = await main();
if (code !== null) process.exitCode = code;
