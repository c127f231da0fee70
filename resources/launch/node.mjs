// Finds a Node that can run Assay (Node-API 10) and runs programs so that signals reach them and none is left behind.
// As a program: `node node.mjs <script> [arguments]` runs the script under that Node. Plain JavaScript for any Node >= 18.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const resolveFrom = createRequire(join(root, 'package.json'));

const NEEDED_NODE_API = 10;
const ORPHAN_CHECK_MS = 500;

// npm passes signals on to the shell that it started, and shells die of them without passing them on. Being left by
// that shell is then the only sign that npm was ended.
if (process.env.npm_lifecycle_event !== undefined && process.platform !== 'win32') {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, ORPHAN_CHECK_MS);
  timer.unref();
}

/** Whether this very process can load the native modules. */
export const nodeIsGood = () => Number(process.versions.napi) >= NEEDED_NODE_API;

/** Path of a good Node; ends the process with one line when there is none. */
export function goodNode() {
  if (nodeIsGood()) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const home = join(root, 'node_modules', `node-${platform}-${process.arch}`);
  try {
    const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    const path = join(home, typeof bin === 'string' ? bin : bin.node);
    if (existsSync(path)) return path;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  console.error(`assay: needs Node >= 22.14; this is ${process.version}`);
  process.exit(1);
}

/**
 * Start a program and wait for its end. SIGINT, SIGTERM and SIGHUP go on to it, and this process stays until it is
 * gone, so that neither npm nor a terminal sees its command end while the program still runs.
 * @returns {Promise<number>} exit code, 128 + number for a signal
 */
export function runProgram(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const finish = (code) => {
      for (const signal of forwarded) process.off(signal, forward);
      process.off('exit', killChild);
      resolve(code);
    };
    const killChild = () => child.kill('SIGKILL');
    for (const signal of forwarded) process.on(signal, forward);
    process.on('exit', killChild);
    child.on('error', (error) => {
      console.error(`assay: ${command} did not start: ${error.message}`);
      finish(1);
    });
    child.on('exit', (code, signal) => finish(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/**
 * Run a JavaScript file as if it had been the program: inside this process when this Node is good, else under one
 * that is. Never returns an error for the file's own exit code.
 */
export async function runScript(script, args) {
  if (nodeIsGood()) {
    process.argv = [process.execPath, script, ...args];
    await import(pathToFileURL(script).href);
    return;
  }
  process.exitCode = await runProgram(goodNode(), [script, ...args]);
}

/** Whether the module with this `import.meta.url` is the program that was started. */
export const isProgram = (url) => {
  const started = process.argv[1];
  return started !== undefined && existsSync(started) && url === pathToFileURL(realpathSync(started)).href;
};

if (isProgram(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) {
    console.error('assay: node.mjs needs a script to run');
    process.exit(2);
  }
  await runScript(join(process.cwd(), script), args);
}
