// Builds out/ when it is missing or older than what it is made from. A stamp beside each part records the sources'
// names, sizes and times, so that a checkout of older files counts as a change too.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { goodNode, root, runProgram } from './node.mjs';

const LOCK_STALE_MS = 10 * 60_000;
const shared = ['src-shared', 'package.json', 'package-lock.json', 'electron.vite.config.ts', 'tsconfig.json'];
const parts = {
  main: { sources: [...shared, 'src-main'], result: 'out/main/cli.js' },
  all: { sources: [...shared, 'src-main', 'src-renderer'], result: 'out/renderer/index.html' },
};

function* files(path) {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) yield path;
  else for (const name of readdirSync(path).sort()) yield* files(join(path, name));
}

function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const source of sources)
    for (const path of files(join(root, source))) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${relative(root, path)}\0${size}\0${mtimeMs}\n`);
    }
  return hash.digest('hex');
}

const stampPath = (part) => join(root, 'out', `${part}.stamp`);

function isFresh(part) {
  const path = stampPath(part);
  return (
    existsSync(path) &&
    existsSync(join(root, parts[part].result)) &&
    readFileSync(path, 'utf8') === fingerprint(parts[part].sources)
  );
}

/**
 * Make sure that a part of out/ is up to date. Two processes that start at once build once.
 * @param {'main' | 'all'} part what is needed: the command line, or the window too
 * @returns {Promise<boolean>} false when the build failed; its messages are on stderr then
 */
export async function ensureBuilt(part) {
  if (isFresh(part)) return true;
  const unlock = await lock();
  try {
    if (isFresh(part)) return true;
    const print = fingerprint(parts[part].sources);
    console.error(part === 'main' ? 'Building the command line...' : 'Building the app...');
    const cli = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
    const code = await runProgram(goodNode(), [cli, 'build', '--logLevel', part === 'main' ? 'error' : 'warn'], {
      // Standard output belongs to the program that is about to run.
      stdio: ['ignore', 2, 2],
      env: { ...process.env, ASSAY_BUILD: part },
    });
    if (code !== 0) return false;
    writeFileSync(stampPath(part), print);
    // A full build contains the small one.
    if (part === 'all') writeFileSync(stampPath('main'), fingerprint(parts.main.sources));
    return true;
  } finally {
    unlock();
  }
}

async function lock() {
  const path = join(root, 'out', '.building');
  mkdirSync(join(root, 'out'), { recursive: true });
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      const unlock = () => rmSync(path, { force: true });
      process.on('exit', unlock);
      return () => {
        process.off('exit', unlock);
        unlock();
      };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await sleep(200);
  }
}

function isAbandoned(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > LOCK_STALE_MS) return true;
    const pid = Number(readFileSync(path, 'utf8'));
    if (!(pid > 0)) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EPERM') return false;
    if (error.code === 'ESRCH') return true;
    throw error;
  }
}
