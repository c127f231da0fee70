/** A process that runs JavaScript programs by QuickJS, with node.js (beside this file) as what they know of Node. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { decode, encode, failed, parsed, restorer, serve } from './serve.mjs';
import { configuration, hideNode, placeModules } from './walls.mjs';

const { core, engine, types } = configuration;
/** Of QuickJS's own C stack of 5 MiB; about 20,000 calls deep, twice Node's depth. */
const STACK_BYTES = 4_000_000;
const MOST_BYTES = 2 ** 31 - 1;

const script = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const scripts = { inspect: script('./inspect.js'), node: script('./node.js'), program: script('./program.js') };
const wasmBinary = new Uint8Array(readFileSync(`${engine}/emscripten-module.wasm`)).buffer;
const load = (folder, name) => import(pathToFileURL(`${folder}/${name}`).href);
placeModules({ '@jitl/quickjs-ffi-types': `${types}/index.mjs` });
hideNode();
const { newQuickJSWASMModuleFromVariant, newVariant } = await load(core, 'index.mjs');
const variant = {
  type: 'sync',
  importFFI: async () => (await load(engine, 'ffi.mjs')).QuickJSFFI,
  importModuleLoader: async () => (await load(engine, 'emscripten-module.mjs')).default,
};
const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmBinary, wasmLocation: 'given' }));
const runtime = quickjs.newRuntime();
runtime.setMaxStackSize(STACK_BYTES);
const context = runtime.newContext();

/** Of the test that runs. */
let output = null;
let input = null;
let ending = null;

const host = context.newObject();
const give = (name, call) => context.setProp(host, name, context.newFunction(name, call));
give('write', (descriptor, text) => {
  const bytes = encode(context.getString(text));
  if (context.getNumber(descriptor) === 2) output.error(bytes);
  else output.out(bytes);
});
give('inputText', () => context.newString(decode(input)));
give('inputBytes', () => context.newArrayBuffer(input.slice().buffer));
give('evaluate', (code, isModule) => {
  const type = context.dump(isModule) ? 'module' : 'global';
  return context.evalCode(context.getString(code), 'solution.js', { type });
});
give('runJobs', () => {
  const { error } = runtime.executePendingJobs();
  return error && { error };
});
give('exit', (code) => {
  ending = { code: context.getNumber(code) };
});
give('timeLimit', () => {
  ending = { status: 'time-limit' };
});
// Once there is an ending, nothing of the program runs any more, no catch and no finally.
runtime.setInterruptHandler(() => ending !== null);

const made = (name, ...values) => {
  const make = context.unwrapResult(context.evalCode(scripts[name], `${name}.js`, { type: 'global', strict: true }));
  return context.unwrapResult(context.callFunction(make, context.undefined, ...values));
};
const node = made('node', host, made('inspect'));
const program = made('program', host, node);
const runProgram = context.getProp(program, 'run');
const moduleSource = context.getProp(program, 'moduleSource');
runtime.setModuleLoader((name) => {
  const source = context.callFunction(moduleSource, context.undefined, context.newString(name));
  return source.error ? { error: new Error(`Cannot find module '${name}'`) } : context.getString(source.value);
});
const memory = quickjs.getWasmMemory();
const restore = restorer(memory);

serve('QuickJS', ({ kind, code, functionName, limits, ...request }, to) => {
  restore();
  runtime.setMemoryLimit(Math.min(limits.memoryMb * 2 ** 20, MOST_BYTES));
  output = to;
  ending = null;
  const isCall = kind === 'functional';
  input = isCall ? new Uint8Array(0) : request.input;
  const given = {
    wallMs: limits.wallMs,
    arguments: request.arguments ?? [],
    files: request.files ?? {},
    functionName: isCall ? functionName : null,
    input: isCall ? decode(request.input) : '',
  };
  const values = [code, JSON.stringify(given)].map((text) => context.newString(text));
  const { value, error } = context.callFunction(runProgram, context.undefined, ...values);
  const seen = ending ?? (error ? unreported(context.dump(error).message) : parsed(context.getString(value)));
  return { ...seen, memoryMb: memory.buffer.byteLength / 2 ** 20 };
});

/** An error that the program's runner could not report: it had no memory or no stack for it. */
function unreported(message) {
  return failed(`${message}`, message === 'out of memory' ? 'memory-limit' : 'runtime-error');
}
