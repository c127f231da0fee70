/** The command lines of interpreter processes: plain Node, with next to nothing permitted. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { resourcePath } from '../../resources.ts';
import { RunnerFault } from '../runner.ts';

/** The first Node with the permission model and synchronous module hooks. */
const OLDEST_NODE: readonly [number, number] = [22, 15];
/** Of the JavaScript heap, in MiB; the memory of WebAssembly is not in it. */
const JS_HEAP_MB = 512;
/** The stack of a process, in KiB, and how much of it V8 may use: recursion in an interpreter needs much of both. */
const STACK_KB = 61_440;
const V8_STACK_KB = 49_152;
// Windows fixes the size when a program is linked; where the limit cannot be raised V8 keeps its own 1 MiB.
const SHELL_SCRIPT = `ulimit -s ${STACK_KB} 2>/dev/null && exec "$0" --stack-size=${V8_STACK_KB} "$@"; exec "$0" "$@"`;

const require = createRequire(import.meta.url);

/** The file that a package is entered by. Throws a RunnerFault where there is none. */
function entryOf(name: string, from = require): string {
  try {
    return from.resolve(name);
  } catch {
    throw new RunnerFault(`The portable sandbox needs the package ${name}, which is not installed`);
  }
}

/** The folder of that file. What a packed app keeps outside its archive lies beside it, under the same name. */
function folderOf(entry: string): string {
  const folder = dirname(entry);
  const unpacked = folder.replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
  return realpathSync(existsSync(unpacked) ? unpacked : folder);
}

function script(name: string): string {
  return realpathSync(resourcePath('sandbox', 'portable', name));
}

/** The folder of Pyodide's files. */
export const pyodideFolder = (): string => folderOf(entryOf('pyodide'));

/** The folders of the modules that QuickJS is reached by, of the compiled engine, and of what both have in common. */
export function quickjsFolders(): { readonly core: string; readonly engine: string; readonly types: string } {
  const core = entryOf('quickjs-emscripten-core');
  return {
    core: folderOf(core),
    engine: folderOf(entryOf('@jitl/quickjs-wasmfile-release-sync')),
    types: folderOf(entryOf('@jitl/quickjs-ffi-types', createRequire(core))),
  };
}

/** Starts an interpreter process: `name` is its script in resources/sandbox/portable, `folders` what it may read besides
 * that folder. Frames go over its standard input and output; `image` becomes its descriptor 3. Throws a RunnerFault
 * where this Node is too old. */
export function launch(name: string, folders: readonly string[], configuration: object, image?: number): ChildProcess {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new RunnerFault(
      `The portable sandbox needs Node ${OLDEST_NODE.join('.')} or newer, this is ${process.versions.node}`,
    );
  }
  const file = script(name);
  const args = [
    '--permission',
    ...[dirname(file), ...folders].map((folder) => `--allow-fs-read=${folder}`),
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${JS_HEAP_MB}`,
    '--min-semi-space-size=16', // a start then takes a tenth less processor time
    '--no-warnings',
    file,
    JSON.stringify(configuration),
  ];
  const env: NodeJS.ProcessEnv = {};
  if (process.versions.electron !== undefined) env.ELECTRON_RUN_AS_NODE = '1';
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', ...(image === undefined ? [] : [image])];
  if (process.platform === 'win32') {
    if (process.env.SystemRoot !== undefined) env.SystemRoot = process.env.SystemRoot; // no process starts without it
    return spawn(process.execPath, args, { env, stdio, windowsHide: true, cwd: dirname(file) });
  }
  return spawn('/bin/sh', ['-c', SHELL_SCRIPT, process.execPath, ...args], { env, stdio, cwd: dirname(file) });
}

/** The Python modules that an image contains, each after those that it imports, and where they are. */
export function imageSources(): readonly (readonly [string, string])[] {
  const shared = ['solution', 'remote'].map(
    (name) => [name, realpathSync(resourcePath('sandbox', `${name}.py`))] as const,
  );
  return [...shared, ['portable', script('python.py')]];
}
