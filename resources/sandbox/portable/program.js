/** Runs one test of a JavaScript program, inside QuickJS: the twin of solution.py. The value of this script is a function
 * of `host` (javascript.mjs) and what node.js makes to { run, moduleSource }. */
(host, { given, require, module, process, tick }) => {
  const EXIT_ERROR = 1;
  const EXIT_MEMORY = 4;
  const DETAIL_CHARS = 1000;
  const MOST_DEPTH = 200;
  const { stringify, parse } = JSON;

  /** The encoding that src-main/sandbox/values.ts reads. A whole number is an int: JavaScript has one type of number. */
  function encode(value, depth = 0) {
    if (depth > MOST_DEPTH) return { o: `nesting deeper than ${MOST_DEPTH}` };
    if (value === null || value === undefined) return null;
    if (typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number') {
      if (Number.isInteger(value)) return Number.isSafeInteger(value) ? value : encode(BigInt(value));
      return { f: Number.isNaN(value) ? 'nan' : String(value).replace('Infinity', 'inf') };
    }
    if (typeof value === 'bigint') {
      if (Number.isSafeInteger(Number(value))) return Number(value);
      return { i: value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}` };
    }
    if (typeof value !== 'object') return { o: typeof value };
    const inner = (item) => encode(item, depth + 1);
    if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) return Array.from(value, inner);
    if (value instanceof Map) return { d: Array.from(value, (entry) => entry.map(inner)) };
    if (value instanceof Set) return { s: Array.from(value, inner) };
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return { d: Object.entries(value).map((entry) => entry.map(inner)) };
    }
    return { o: String(value.constructor?.name || 'object') };
  }

  /** JSON as Python writes it, with NaN and the infinities. */
  function parsePython(text) {
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

  /** One line: the error and the innermost line of the program that it went through. */
  function describe(error) {
    try {
      const first = `${error instanceof Error ? error : `Uncaught ${String(error)}`}`
        .split('\n')[0]
        .slice(0, DETAIL_CHARS);
      const line = /solution\.js:(\d+)/.exec(error?.stack ?? '')?.[1];
      return line === undefined ? first : `${first} (line ${line})`;
    } catch {
      return 'an error that cannot be printed';
    }
  }

  const isName = (name) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
  /** An expression for what the program calls Solution and `name`, which may be known in its own scope only. */
  const lookup = (name) => {
    const names = isName(name) ? ['Solution', name] : ['Solution'];
    return `[${names.map((each) => `typeof ${each} === 'undefined' ? undefined : ${each}`).join(', ')}]`;
  };

  /** Waits for a promise, and for all that goes on meanwhile. */
  function settle(value) {
    if (typeof value?.then !== 'function') return value;
    let settled = null;
    value.then(
      (result) => {
        settled = () => result;
      },
      (error) => {
        settled = () => {
          throw error;
        };
      },
    );
    do host.runJobs();
    while (settled === null && tick());
    if (settled === null) throw new Error('the program waits for what cannot happen');
    return settled();
  }

  /** Evaluates the program, as a script of Node's or, where it is none, as an ECMAScript module. -> [Solution, `name`] */
  function evaluate(source, name) {
    const text = source.replace(/^#!/, '//');
    const found = name === null ? '[]' : lookup(name);
    let script;
    try {
      script = host.evaluate(`(function () {${text}\nreturn ${found};})`, false);
    } catch (error) {
      if (!/\b(?:import|export|await)\b/.test(text)) throw error;
      settle(host.evaluate(`${text}\n;globalThis[Symbol.for('found')] = ${found};`, true));
      return globalThis[Symbol.for('found')];
    }
    return script.call(module.exports) ?? [];
  }

  function call(source, name, values) {
    const [Solution, named = module.exports[name] ?? module.exports] = evaluate(source, name);
    const owner = typeof Solution === 'function' && name !== 'Solution' ? new Solution() : null;
    const called = owner === null ? named : owner[name];
    if (typeof called !== 'function') throw new ReferenceError(`the program defines no function ${name}`);
    return encode(settle(called.apply(owner, values)));
  }

  /** 'C' + why the program does not compile, 'I' + what is wrong with the test, or 'R', the exit status and the report.
   * `request`, as JSON: functionName, or null for a run, input, wallMs, arguments, files. */
  function run(source, request) {
    const { functionName: name, input, ...rest } = parse(request);
    Object.assign(given, rest);
    process.argv.push(...given.arguments);
    let values;
    try {
      values = input
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(parsePython);
    } catch (error) {
      return `I${describe(error)}`;
    }
    try {
      if (name !== null) return `R0 ${stringify({ value: call(source, name, values) })}`;
      evaluate(source, null);
      do host.runJobs();
      while (tick());
      process.emit('exit', process.exitCode ?? 0);
      return `R${Number(process.exitCode ?? 0)} `;
    } catch (error) {
      if (error instanceof SyntaxError && error.fileName === 'solution.js') {
        return `C${error.name}: ${error.message} (line ${error.lineNumber})`;
      }
      const memory = error instanceof Error && error.name === 'InternalError' && error.message === 'out of memory';
      if (memory) return `R${EXIT_MEMORY} {"error": "out of memory", "verdict": "memory-limit"}`;
      return `R${EXIT_ERROR} ${stringify({ error: describe(error), verdict: 'runtime-error' })}`;
    }
  }

  /** What `import` of a module of Node's evaluates. */
  function moduleSource(name) {
    const names = Object.keys(require(name)).filter(isName);
    return `const found = require(${stringify(name)}); export default found; export const { ${names.join(', ')} } = found;`;
  }
  return { run, moduleSource };
};
