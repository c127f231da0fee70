/** What JavaScript programs find of Node, evaluated inside QuickJS before them: console, process, require of fs, readline,
 * os and util as far as programs read standard input and print, timers, Buffer, TextDecoder, structuredClone. The value
 * of this script is a function of `host` (javascript.mjs) and inspect.js's functions to { given, require, module,
 * process, tick }. Departures from Node: timers pass without waiting, values are printed on one line, a rejection that
 * nobody handles is no error, and Math.random gives the same numbers in each run. */
(host, { inspect, format }) => {
  /** Of the test: its limit of time, its arguments and files. */
  const given = { wallMs: 0, arguments: [], files: {} };

  // --- Bytes and text
  const bytesOf = (text) => Array.from(unescape(encodeURIComponent(text)), (char) => char.charCodeAt(0));
  const textOf = (bytes) => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
    try {
      return decodeURIComponent(escape(text));
    } catch {
      return text; // not UTF-8
    }
  };
  class Buffer extends Uint8Array {
    static from(value) {
      const bytes = typeof value === 'string' ? bytesOf(value) : Uint8Array.from(value);
      const buffer = new Buffer(bytes.length);
      buffer.set(bytes);
      return buffer;
    }
    static alloc(size) {
      return new Buffer(size);
    }
    static concat(parts) {
      return Buffer.from(parts.flatMap((part) => [...part]));
    }
    toString(_encoding, start = 0, end = this.length) {
      return textOf(this.subarray(start, end));
    }
  }
  class TextDecoder {
    decode(bytes = []) {
      return textOf(new Uint8Array(bytes.buffer ?? bytes));
    }
  }
  class TextEncoder {
    encode(text = '') {
      return Uint8Array.from(bytesOf(text));
    }
  }

  // --- Printing
  const print =
    (descriptor) =>
    (...values) =>
      host.write(descriptor, `${format(...values)}\n`);
  const console = { log: print(1), info: print(1), debug: print(1), dir: (value) => print(1)(value), table: print(1) };
  Object.assign(console, { error: print(2), warn: print(2), trace: print(2), assert: () => undefined });
  for (const name of ['time', 'timeEnd', 'timeLog', 'group', 'groupEnd', 'count']) console[name] = () => undefined;

  // --- Events, timers
  class EventEmitter {
    #listeners = new Map();
    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      this.listening?.(event);
      return this;
    }
    once(event, listener) {
      const first = (...values) => {
        this.off(event, first);
        listener.apply(this, values);
      };
      return this.on(event, first);
    }
    off(event, listener) {
      this.#listeners.set(
        event,
        (this.#listeners.get(event) ?? []).filter((other) => other !== listener),
      );
      return this;
    }
    emit(event, ...values) {
      const listeners = this.#listeners.get(event) ?? [];
      for (const listener of listeners) listener.apply(this, values);
      return listeners.length > 0;
    }
  }
  Object.assign(EventEmitter.prototype, { addListener: EventEmitter.prototype.on });
  EventEmitter.prototype.removeListener = EventEmitter.prototype.off;

  let clock = 0; // virtual, in milliseconds
  let timers = [];
  let lastTimer = 0;
  function addTimer(call, delay, values, period) {
    lastTimer += 1;
    timers.push({ id: lastTimer, due: clock + Math.max(0, Number(delay) || 0), call, values, period });
    return lastTimer;
  }
  const removeTimer = (id) => {
    timers = timers.filter((timer) => timer.id !== id);
  };
  /** Runs what is due next; false where nothing is. */
  function tick() {
    if (timers.length === 0) return false;
    const next = timers.reduce((a, b) => (b.due < a.due ? b : a));
    clock = Math.max(clock, next.due);
    if (clock > given.wallMs) host.timeLimit();
    if (next.period === null) removeTimer(next.id);
    else next.due = clock + Math.max(1, next.period);
    next.call(...next.values);
    return true;
  }
  const later = (call, ...values) => addTimer(call, 0, values, null);

  // --- Standard input and output
  const input = { all: null, read: 0 };
  const text = () => {
    input.all ??= host.inputText();
    return input.all;
  };
  const rest = () => {
    const left = text().slice(input.read);
    input.read = text().length;
    return left;
  };
  const withEncoding = (encoding) => (encoding ? text() : new Buffer(host.inputBytes()));
  const stdin = Object.assign(new EventEmitter(), {
    fd: 0,
    isTTY: false,
    encoding: null,
    flowing: false,
    setEncoding(encoding) {
      stdin.encoding = encoding ?? 'utf8';
      return stdin;
    },
    resume: () => stdin,
    pause: () => stdin,
    read: () => rest() || null,
    listening(event) {
      if (stdin.flowing || !['data', 'end', 'readable', 'close'].includes(event)) return;
      stdin.flowing = true;
      later(() => {
        stdin.emit('readable');
        if (input.read < text().length) stdin.emit('data', stdin.encoding ? rest() : withEncoding(null));
        stdin.emit('end');
        stdin.emit('close');
      });
    },
    async *[Symbol.asyncIterator]() {
      if (text() !== '') yield stdin.encoding ? text() : withEncoding(null);
    },
  });
  const sink = (fd) => ({
    fd,
    isTTY: false,
    write(value, ...more) {
      host.write(fd, typeof value === 'string' ? value : textOf(value));
      more.find((each) => typeof each === 'function')?.();
      return true;
    },
    end: (value) => value !== undefined && host.write(fd, `${value}`),
    on: () => undefined,
    once: () => undefined,
  });
  let exiting = false;
  const process = Object.assign(new EventEmitter(), {
    argv: ['node', 'solution.js'],
    env: {},
    platform: 'linux',
    version: 'v24.0.0',
    versions: { node: '24.0.0' },
    exitCode: undefined,
    stdin,
    stdout: sink(1),
    stderr: sink(2),
    cwd: () => '/',
    exit(code = process.exitCode ?? 0) {
      if (!exiting) {
        exiting = true;
        process.emit('exit', code);
      }
      host.exit(Number(code));
      for (;;); // until QuickJS looks whether it is to stop
    },
    nextTick: (call, ...values) => void Promise.resolve().then(() => call(...values)),
    uptime: () => clock / 1000,
    hrtime: Object.assign(() => [Math.floor(Date.now() / 1000), (Date.now() % 1000) * 1e6], {
      bigint: () => BigInt(Date.now()) * 1_000_000n,
    }),
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0 }),
  });

  // --- Modules
  const isInput = (path) => path === 0 || path === '/dev/stdin' || path === stdin;
  const exists = (path) => isInput(path) || Object.hasOwn(given.files, path);
  function readFileSync(path, options) {
    const encoding = typeof options === 'string' ? options : options?.encoding;
    if (isInput(path)) return withEncoding(encoding);
    if (exists(path)) return encoding ? given.files[path] : Buffer.from(given.files[path]);
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
  }
  const write = (path, value) => {
    const fd = { '/dev/stdout': 1, '/dev/stderr': 2 }[path] ?? path;
    if (fd !== 1 && fd !== 2)
      throw Object.assign(new Error(`EROFS: read-only file system, open '${path}'`), { code: 'EROFS' });
    sink(fd).write(typeof value === 'string' ? value : (value ?? ''));
  };
  const fs = {
    readFileSync,
    existsSync: exists,
    writeFileSync: write,
    writeSync: write,
    readFile: (path, ...values) =>
      later(() => values.at(-1)(null, readFileSync(path, values.length > 1 ? values[0] : undefined))),
    promises: { readFile: async (path, options) => readFileSync(path, options) },
  };

  class Interface extends EventEmitter {
    #lines = null;
    #open = true;
    #scheduled = false;
    #questions = [];
    #prompt = '> ';
    constructor(options) {
      super();
      this.output = options.output;
    }
    #next() {
      if (this.#lines === null) {
        const all = rest();
        this.#lines =
          all === ''
            ? []
            : all
                .replace(/\r?\n$/, '')
                .split(/\r\n|\n|\r/)
                .reverse();
      }
      return this.#lines.pop();
    }
    listening() {
      if (this.#scheduled) return;
      this.#scheduled = true;
      later(() => this.#deliver());
    }
    #deliver() {
      if (!this.#open) return;
      const line = this.#next();
      if (line === undefined) return this.close();
      const question = this.#questions.shift();
      if (question) question(line);
      else this.emit('line', line);
      later(() => this.#deliver());
    }
    question(query, ...values) {
      this.output?.write(query);
      this.#questions.push(values.at(-1));
      this.listening();
    }
    setPrompt(prompt) {
      this.#prompt = prompt;
    }
    prompt() {
      this.output?.write(this.#prompt);
    }
    pause() {
      return this;
    }
    resume() {
      return this;
    }
    close() {
      if (!this.#open) return;
      this.#open = false;
      this.emit('close');
    }
    async *[Symbol.asyncIterator]() {
      for (let line = this.#next(); this.#open && line !== undefined; line = this.#next()) yield line;
    }
  }
  const createInterface = (options = {}) => new Interface(options);
  const promised = (options) => {
    const lines = createInterface(options);
    const { question } = Interface.prototype;
    lines.question = (query) => new Promise((resolve) => question.call(lines, query, resolve));
    return lines;
  };
  const events = Object.assign(EventEmitter, {
    EventEmitter,
    once: (emitter, event) => new Promise((resolve) => emitter.once(event, (...values) => resolve(values))),
  });
  const modules = {
    fs,
    'fs/promises': fs.promises,
    readline: { createInterface, Interface, promises: { createInterface: promised } },
    'readline/promises': { createInterface: promised },
    os: { EOL: '\n' },
    util: { inspect: (value, options) => inspect(value, options?.depth ?? 2), format, TextDecoder, TextEncoder },
    events,
    buffer: { Buffer },
    process,
    perf_hooks: { performance: { now: () => Date.now() } },
  };
  function require(name) {
    const found = modules[String(name).replace(/^node:/, '')];
    if (found === undefined)
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
    return found;
  }

  function structuredClone(value, copies = new Map()) {
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new TypeError(`${String(value)} could not be cloned.`);
    if (typeof value !== 'object' || value === null) return value;
    if (copies.has(value)) return copies.get(value);
    const keep = (copy) => {
      copies.set(value, copy);
      return copy;
    };
    const clone = (item) => structuredClone(item, copies);
    if (value instanceof Date) return keep(new Date(value));
    if (ArrayBuffer.isView(value)) return keep(value.slice());
    if (value instanceof Set) {
      const copy = keep(new Set());
      for (const item of value) copy.add(clone(item));
      return copy;
    }
    if (value instanceof Map) {
      const copy = keep(new Map());
      for (const [key, item] of value) copy.set(clone(key), clone(item));
      return copy;
    }
    const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) copy[key] = clone(value[key]);
    return copy;
  }

  let seed = 1;
  /** mulberry32 */
  Math.random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const module = { exports: {} };
  Object.assign(globalThis, {
    global: globalThis,
    ...{ require: Object.assign(require, { main: module }), module, exports: module.exports },
    ...{ console, process, Buffer, TextDecoder, TextEncoder, structuredClone },
    performance: modules.perf_hooks.performance,
    setTimeout: (call, delay, ...values) => addTimer(call, delay, values, null),
    setInterval: (call, delay, ...values) => addTimer(call, delay, values, Number(delay) || 0),
    setImmediate: later,
    clearTimeout: removeTimer,
    clearInterval: removeTimer,
    clearImmediate: removeTimer,
    queueMicrotask: (call) => void Promise.resolve().then(call),
  });
  return { given, require, module, process, tick };
};
