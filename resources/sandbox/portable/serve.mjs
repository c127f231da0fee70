/** The loop of an interpreter process: reads a program and requests to run it, one frame each, and answers each request;
 * the app (src-main/sandbox/portable/interpreter.ts) decides when it has had enough. */
import { readFrame, writeFrame } from './channel.mjs';
import { closeWalls, exit, processorTime, residentMemory, withDeadline } from './walls.mjs';

/** How long the app may be gone before this process ends by itself, on top of a test's own time. */
const MARGIN_MS = 2_000;
const CHECK_MS = 3_600_000;
const STDERR_BYTES = 2_048;
const HELD_BYTES = 65_536;
/** What is shown of a program that is ended at a limit comes from these. */
const AT_ONCE_BYTES = 16_384;

const RAN = { kind: 'result', status: 'exited', code: 0, detail: '', spent: false, memoryMb: null };

const decoder = new TextDecoder();
const encoder = new TextEncoder();
export const decode = (bytes) => decoder.decode(bytes);
export const encode = (text) => encoder.encode(text);

/** What a program printed to standard output goes to the app, first at once and then in larger parts; of standard error
 * the end is kept. */
export class Output {
  #stderr = new Uint8Array(0);
  #held = new Uint8Array(HELD_BYTES);
  #count = 0;
  #sent = 0;

  /** @param {Uint8Array} bytes */
  out(bytes) {
    if (this.#count + bytes.length > HELD_BYTES) this.flush();
    if (bytes.length > HELD_BYTES) {
      this.#send(bytes);
      return;
    }
    this.#held.set(bytes, this.#count);
    this.#count += bytes.length;
    if (this.#sent < AT_ONCE_BYTES) this.flush();
  }

  flush() {
    const count = this.#count;
    this.#count = 0;
    if (count > 0) this.#send(this.#held.subarray(0, count));
  }

  #send(bytes) {
    this.#sent += bytes.length;
    writeFrame({ kind: 'out' }, bytes);
  }

  error(bytes) {
    const all = new Uint8Array(this.#stderr.length + bytes.length);
    all.set(this.#stderr);
    all.set(bytes, this.#stderr.length);
    this.#stderr = all.slice(-STDERR_BYTES);
  }

  get stderr() {
    return decode(this.#stderr);
  }
}

/** Of what an interpreter says of a test: 'C' + why the program does not compile, 'I' + what is wrong with the test, or
 * 'R', the exit status, a space and the report. */
export function parsed(said) {
  const rest = said.slice(1);
  if (said[0] === 'C') return { status: 'compile-error', detail: rest };
  if (said[0] === 'I') return { status: 'bad-test', detail: rest };
  return { code: Number.parseInt(rest, 10), report: rest.slice(rest.indexOf(' ') + 1) };
}

/** A failure that a program reports. */
export function failed(error, verdict = 'runtime-error') {
  return { code: 1, report: JSON.stringify({ error, verdict }) };
}

/** Of an exception that ended the interpreter, and not only the program. */
export function broken(error) {
  if (error instanceof RangeError) return { ...failed('stack overflow'), spent: true };
  return { ...failed(`the interpreter ended: ${`${error}`.split('\n')[0]}`), spent: true };
}

/** A function that puts an interpreter's memory back to what it is now, except the first time: so nothing is left of one
 * test in the next. */
export function restorer(memory) {
  const pristine = new Uint8Array(memory.buffer).slice();
  let used = false;
  return () => {
    if (used) {
      const heap = new Uint8Array(memory.buffer);
      heap.set(pristine);
      heap.fill(0, pristine.length);
    }
    used = true;
  };
}

/** Never returns.
 * @param {string} version
 * @param {(request: {kind: string, code: string, functionName: string | null, limits: object, input: Uint8Array},
 *   output: Output, exchange: (said: Uint8Array) => Uint8Array | null) => {status?: string, code?: number,
 *   detail?: string, report?: string, spent?: boolean, memoryMb: number}} run serves one request (src-main/sandbox/
 *   runner.ts), whose fields are those of its program too. `spent`: this interpreter can serve no other. `exchange` tells
 *   the app what a checker said, and gives the reply, or null where there will be none. */
export function serve(version, run) {
  closeWalls();
  let program = null;
  let next = null; // a frame that was read ahead
  let output = null;
  let work = null;
  const step = withDeadline(() => work());

  function answer({ report = '', ...seen }) {
    output.flush();
    const bytes = typeof report === 'string' ? encode(report) : report;
    const most = program.limits.outputBytes + 1; // one too many tells the app enough
    writeFrame({ ...RAN, ...seen, stderr: output.stderr }, bytes.subarray(0, most));
  }

  function exchange(said) {
    answer({ cpuMs: 0, report: said });
    next = readFrame() ?? exit(0);
    if (next.header.kind !== 'reply') return null;
    const { body } = next;
    next = null;
    return body;
  }

  writeFrame({ kind: 'ready', version, residentMb: residentMemory() / 2 ** 20 });
  for (let frame = readFrame(); frame !== null; frame = next ?? readFrame()) {
    next = null;
    const { header, body } = frame;
    if (header.kind === 'program') {
      program = { ...header, code: decode(body) };
      continue;
    }
    output = new Output();
    let seen = null;
    work = () => {
      seen = run({ ...program, ...header, input: body }, output, exchange);
    };
    const started = processorTime();
    const { wallMs = program.limits.wallMs } = header;
    try {
      // A checker is trusted to end; it may be long waiting for replies.
      step(header.kind === 'check' ? CHECK_MS : Math.ceil(wallMs) + MARGIN_MS);
    } catch (error) {
      seen = broken(error);
    }
    if (next === null) answer({ ...seen, cpuMs: processorTime() - started });
  }
  exit(0);
}
