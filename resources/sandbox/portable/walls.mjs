/** Takes Node away from this process: what is left to a program that breaks out of its interpreter is bare ECMAScript.
 * A wall among others: the app starts the process without permission to write, to start processes or threads and to load
 * addons, with an empty environment and without code generation from strings. */
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createContext, runInNewContext, Script } from 'node:vm';

const { process, performance } = globalThis;
const threadCpuUsage = (process.threadCpuUsage ?? process.cpuUsage).bind(process);
/** Ends the process at once. */
export const exit = process.reallyExit.bind(process);
/** Of this process, in bytes. */
export const residentMemory = process.memoryUsage.rss;
/** Of this thread, in milliseconds. */
export const processorTime = () => {
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
};
export const configuration = JSON.parse(process.argv[2]);

/** In one line: Node would show the line of source too, which in an interpreter's glue is a megabyte. */
process.setUncaughtExceptionCaptureCallback((error) => {
  const lines = `${error}`.trim().split('\n');
  writeSync(2, `${[...new Set([lines[0], lines.at(-1)])].join(' ... ')}\n`);
  exit(1);
});

const clock = Object.freeze({ now: performance.now.bind(performance), timeOrigin: performance.timeOrigin });
const nothing = () => undefined;
const console = { log: nothing, info: nothing, warn: nothing, error: nothing, debug: nothing };

/** To be called before an interpreter is imported. It must not find Node either: Pyodide, for one, would keep its modules
 * and give programs os.system. `substitutes`: further globals that the interpreter needs. */
export function hideNode(substitutes = {}) {
  const kept = new Set([...runInNewContext('Object.getOwnPropertyNames(globalThis)'), 'TextDecoder', 'TextEncoder']);
  for (const name of Reflect.ownKeys(globalThis)) {
    if (!kept.has(name)) delete globalThis[name];
  }
  Object.assign(globalThis, {
    performance: clock,
    console,
    setTimeout: nothing,
    clearTimeout: nothing,
    ...substitutes,
  });
}

/** Where modules of these names are, which Node would look for in folders that this process may not read. */
export function placeModules(files) {
  registerHooks({
    resolve(specifier, context, next) {
      const file = files[specifier];
      return file === undefined ? next(specifier, context) : { url: pathToFileURL(file).href, shortCircuit: true };
    },
  });
}

/** To be called before a program runs. From here on nothing can be imported, the process object is empty, there is no
 * new WebAssembly code (and so no side modules), and nothing that the language provides can be changed. */
export function closeWalls() {
  registerHooks({
    resolve(specifier) {
      throw new Error(`${specifier} cannot be imported here`);
    },
  });
  for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) delete WebAssembly[name];
  WebAssembly.Module = NoCode;
  WebAssembly.Instance = NoCode;
  for (const name of Reflect.ownKeys(process)) {
    if (!Reflect.deleteProperty(process, name)) Reflect.set(process, name, undefined);
  }
  freezeAll(globalThis);
}

class NoCode {
  constructor() {
    throw new WebAssembly.CompileError('no new WebAssembly code here');
  }
}

/** Everything that can be reached from `root` by properties and prototypes; not what closures hold. */
function freezeAll(root) {
  const seen = new Set();
  const waiting = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    waiting.push(Reflect.getPrototypeOf(value) ?? null);
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(value))) {
      waiting.push(...[descriptor.value, descriptor.get, descriptor.set].map((part) => part ?? null));
    }
    Object.freeze(value);
  }
}

/** Calls `step` and ends the process if it has not returned within `ms`: the app, which kills it at its limit, has gone. */
export function withDeadline(step) {
  const context = createContext({ step }, { codeGeneration: { strings: false, wasm: false } });
  const script = new Script('step()');
  return (ms) => {
    try {
      return script.runInContext(context, { timeout: ms });
    } catch (error) {
      if (error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') exit(1);
      throw error;
    }
  };
}
