/* The inside of a JavaScript program's process. Preloaded, it helps a program that reads standard input; run by itself
 * (arguments: the program's file and its function's name) it serves calls of that function: each a mark and a JSON
 * string a line on descriptor 4, its arguments one JSON value a line, answered with one line on descriptor 3, the mark and
 * JSON in the encoding that src-main/sandbox/values.ts reads. Each call has a realm of its own, so that what honest programs leave in globals and
 * prototypes ends with it. Nothing here holds a hostile program: the sandbox around this process does. */
'use strict';
const fs = require('node:fs');
const vm = require('node:vm');
const { isMap, isNativeError, isPromise, isSet, isTypedArray } = require('node:util').types;
const { createRequire, syncBuiltinESMExports } = require('node:module');

const ANSWERS = 3;
const CALLS = 4;
const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];
const DETAIL_CHARS = 1000;
const MOST_DEPTH = 200;

// Taken before the program runs: it may replace them.
const { readSync, writeSync } = fs;
const { exit, getActiveResourcesInfo } = process;
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;

/** The mark of the call that is being answered, and a space (supervise.py); nothing where no call was asked. */
let mark = '';

function say(answer) {
  const line = Buffer.from(`${mark}${answer}\n`);
  for (let done = 0; done < line.length; ) done += writeSync(ANSWERS, line, done);
}

/** The exception and the innermost line of the program that it went through. */
function describe(error) {
  try {
    if (!isNativeError(error)) return `Uncaught ${String(error)}`.slice(0, DETAIL_CHARS);
    const stack = String(error.stack);
    const line = /program\.js:(\d+)/.exec(stack)?.[1];
    const text = `${error.name}: ${error.message}`.split('\n')[0];
    return `${text.slice(0, DETAIL_CHARS)}${line === undefined ? '' : ` (line ${line})`}`;
  } catch {
    return 'an exception that cannot be printed';
  }
}

function failure(error) {
  const text = describe(error);
  const verdict = /^RangeError: .*(?:allocation failed|allocate memory)/.test(text) ? 'memory-limit' : 'runtime-error';
  return JSON.stringify({ error: text, verdict });
}

/** The program without a first line that names its interpreter. */
const readProgram = (file) => fs.readFileSync(file, 'utf8').replace(/^#!.*/, '');

/* Whether a program compiles. */

const SAID_OF_MODULES = /import statement|'import\.meta'|Unexpected token 'export'|await is only valid/;

/** Ends with status 1, and the reason on standard error, where the program is neither a CommonJS module nor, where no
 * function of it is called, an ES module. */
function check(file, name) {
  const code = readProgram(file);
  try {
    vm.compileFunction(code, PARAMETERS, { filename: file });
  } catch (error) {
    let reason = error;
    if (name === undefined && SAID_OF_MODULES.test(error.message)) {
      try {
        new vm.SourceTextModule(code, { identifier: file });
        return;
      } catch (second) {
        reason = second;
      }
    }
    console.error(describe(reason));
    process.exitCode = 1;
  }
}

/* Programs that read standard input. */

const DEVICES = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };
const descriptorOf = (path) => (typeof path === 'string' && Object.hasOwn(DEVICES, path) ? DEVICES[path] : null);

/** Lets the program say why it failed, and name the standard streams as files, which lie in the hidden /proc. */
function help() {
  process.on('uncaughtExceptionMonitor', (error) => say(failure(error)));
  // So that process.exit() loses nothing of what was printed before: to a pipe Node.js writes later.
  for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);
  for (const name of ['readFileSync', 'readFile', 'writeFileSync', 'writeFile', 'appendFileSync', 'appendFile']) {
    const original = fs[name];
    fs[name] = (path, ...rest) => original(descriptorOf(path) ?? path, ...rest);
  }
  const { openSync, existsSync, createReadStream, createWriteStream } = fs;
  fs.openSync = (path, ...rest) => descriptorOf(path) ?? openSync(path, ...rest);
  fs.existsSync = (path) => descriptorOf(path) !== null || existsSync(path);
  const streamOf = (create) => (path, options) => {
    const fd = descriptorOf(path);
    if (fd === null) return create(path, options);
    return create(path, { ...(typeof options === 'string' ? { encoding: options } : options), fd, autoClose: false });
  };
  fs.createReadStream = streamOf(createReadStream);
  fs.createWriteStream = streamOf(createWriteStream);
  const { readFile } = fs.promises;
  fs.promises.readFile = async (path, options) =>
    descriptorOf(path) === null ? readFile(path, options) : fs.readFileSync(path, options);
  syncBuiltinESMExports();
}

/* Functions that are called. */

/** The globals of Node.js that a new realm has not by itself. */
const GLOBALS = [
  ...['console', 'process', 'Buffer', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'],
  ...['clearImmediate', 'queueMicrotask', 'structuredClone', 'performance', 'URL', 'URLSearchParams', 'TextEncoder'],
  ...['TextDecoder', 'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'atob', 'btoa'],
];

function newRealm() {
  const realm = vm.createContext({});
  for (const name of GLOBALS) {
    Object.defineProperty(realm, name, { value: globalThis[name], writable: true, configurable: true });
  }
  vm.runInContext('globalThis.global = globalThis', realm);
  return realm;
}

/** JSON as Python writes it, with NaN and the infinities, in the objects of the realm. */
function parseIn(realm, text) {
  const parse = vm.runInContext('JSON.parse', realm);
  try {
    return parse(text);
  } catch (error) {
    const marked = text.replace(/"(?:[^"\\]|\\.)*"|NaN|-?Infinity/g, (part) =>
      part[0] === '"' ? part : `"\\u0000${part}"`,
    );
    if (marked === text) throw error;
    return parse(marked, (_, value) => (/^\0(?:NaN|-?Infinity)$/.test(value) ? Number(value.slice(1)) : value));
  }
}

/** The function, or method of class Solution, that the program defines: it runs as a CommonJS module. */
function load(code, name, realm, require) {
  const found = `\n;return typeof Solution === "function" ? ["Solution", Solution] : ["${name}", typeof ${name} === "undefined" ? module.exports.${name} : ${name}];`;
  const program = vm.compileFunction(code + found, PARAMETERS, { filename: 'program.js', parsingContext: realm });
  const exports = vm.runInContext('({})', realm);
  const module = vm.runInContext('({})', realm);
  module.exports = exports;
  const [kind, value] = program.call(exports, exports, require, module, '/box/program.js', '/box');
  if (kind === 'Solution' && name !== 'Solution') {
    const solution = new value();
    return typeof solution[name] === 'function' ? (...values) => solution[name](...values) : undefined;
  }
  return value;
}

function encodeNumber(value) {
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
  if (Number.isInteger(value)) return encodeBigInt(BigInt(value));
  return `{"f":"${Number.isNaN(value) ? 'nan' : Math.abs(value) === Infinity ? (value < 0 ? '-inf' : 'inf') : value}"}`;
}

function encodeBigInt(value) {
  if (value > -(2n ** 53n) && value < 2n ** 53n) return String(value);
  return `{"i":"${value < 0n ? '-' : ''}0x${(value < 0n ? -value : value).toString(16)}"}`;
}

/** Whether it is an object literal's kind of object, of whichever realm. */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return (
    prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
  );
}

function typeName(value) {
  if (typeof value !== 'object') return typeof value;
  const name = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name.slice(0, DETAIL_CHARS) : 'object';
}

function encode(value, depth = 0) {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'boolean':
      return String(value);
    case 'number':
      return encodeNumber(value);
    case 'bigint':
      return encodeBigInt(value);
    case 'string':
      return JSON.stringify(value);
  }
  const inner = (item) => encode(item, depth + 1);
  const list = (items) => {
    const parts = [];
    for (let i = 0; i < items.length; i += 1) parts.push(inner(items[i]));
    return `[${parts.join()}]`;
  };
  const dict = (entries) => `{"d":[${entries.map(([key, item]) => `[${inner(key)},${inner(item)}]`).join()}]}`;
  if (typeof value === 'object') {
    if (depth > MOST_DEPTH) return `{"o":"nesting deeper than ${MOST_DEPTH}"}`;
    if (Array.isArray(value) || isTypedArray(value)) return list(value);
    if (isMap(value)) return dict([...mapEntries.call(value)]);
    if (isSet(value)) return `{"s":${list([...setValues.call(value)])}}`;
    if (isPlain(value)) return dict(Object.keys(value).map((key) => [key, value[key]]));
  }
  return `{"o":${JSON.stringify(typeName(value))}}`;
}

function nextLine() {
  const chunks = [];
  for (;;) {
    const chunk = Buffer.allocUnsafe(1 << 16);
    const count = readSync(CALLS, chunk, 0, chunk.length, null);
    if (count === 0) exit.call(process, 0);
    chunks.push(chunk.subarray(0, count));
    if (chunk[count - 1] === 10) return Buffer.concat(chunks).toString('utf8');
  }
}

/** Whether work is left that would be done in a later call. Pipes are standard output. */
const isBusy = () => getActiveResourcesInfo.call(process).some((kind) => kind !== 'PipeWrap');

async function serve(file, name) {
  const code = readProgram(file);
  const require = createRequire(file);
  for (;;) {
    const line = nextLine();
    const start = line.indexOf(' ') + 1;
    mark = line.slice(0, start);
    const input = JSON.parse(line.slice(start));
    let answer;
    try {
      const realm = newRealm();
      const args = input
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => parseIn(realm, line));
      const called = load(code, name, realm, require);
      if (typeof called !== 'function') throw new ReferenceError(`the program defines no function ${name}`);
      const value = called(...args);
      answer = `{"value":${encode(isPromise(value) ? await value : value)}}`;
    } catch (error) {
      answer = failure(error);
    }
    say(isBusy() ? `${answer.slice(0, -1)},"last":true}` : answer);
  }
}

const [, , task, file, name] = process.argv;
if (require.main !== module) help();
else if (task === 'check') check(file, name);
else serve(file, name);
