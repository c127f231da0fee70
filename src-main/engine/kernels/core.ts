/**
 * The compiled core, in the builds that this process can run: WebAssembly with and without relaxed SIMD, and native code
 * for the level of this processor. All of them work on one arena of shared memory that the host owns.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { totalmem } from 'node:os';
import { resourcePath } from '../../resources.ts';
import { EngineError } from '../engine.ts';
import { nativeLibrary, wasmSources } from './native-library.ts';

export type CoreKind = 'native' | 'wasm';

/** The core's functions. Addresses are bytes from the start of the arena. */
export interface Core {
  work(queue: number, thread: number): void;
  scratchFloats(model: number, rows: number, positions: number, slots: number): number;
  measure(model: number, out: number): void;
  product(m: number, n: number, k: number, a: number, b: number, panels: number, c: number, times: number): void;
  random(counter: number, key0: number, key1: number): void;
}

/** The arena with the core that works on it. */
export interface OpenCore extends Core {
  /** Columns of a panel: what every dimension is padded to. */
  readonly panel: number;
  /** Human-readable, for example `native AVX-512` or `WebAssembly SIMD`. */
  readonly name: string;
  /** Start of the hash of its sources, and what made it, with its version. */
  readonly build: string;
  /** First address that is free. */
  readonly start: number;
  /** Most bytes that the arena can have. */
  readonly maxBytes: number;
  buffer(): SharedArrayBuffer;
  /** Make the arena larger. Views of it stay valid. @throws where there is no more memory. */
  grow(bytes: number): void;
  /** What a worker needs to open the same core, besides a `stack` of its own. */
  readonly forWorker: Readonly<Record<string, unknown>>;
}

const pageBytes = 65536;
const maxPages = 65536;
/** Address space that is reserved for a native arena; memory is taken as it grows. */
const nativeReserve = 64 * 2 ** 30;

type WasmExports = WebAssembly.Exports & {
  readonly __heap_base: WebAssembly.Global<'i32'>;
  panel(): number;
  work(base: number, queue: number, thread: number): void;
  scratchFloats(base: number, model: number, rows: number, positions: number, slots: number): number;
  measure(base: number, model: number, out: number): void;
  product(base: number, ...rest: [number, number, number, number, number, number, number, number]): void;
  random(base: number, counter: number, key0: number, key1: number): void;
};

/** A WebAssembly build of the core. */
export function wasmBytes(relaxed: boolean): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(resourcePath('kernels', relaxed ? 'core-relaxed.wasm' : 'core.wasm')));
}

/** Null when this process can run a build, else why not. */
export function missingCore(kind: CoreKind): string | null {
  if (kind === 'wasm')
    return WebAssembly.validate(wasmBytes(false))
      ? null
      : `this build of V8 (${process.versions.v8}) has no WebAssembly SIMD, threads or bulk memory`;
  const found = nativeLibrary();
  return 'missing' in found ? found.missing : null;
}

/** @param relaxed Relaxed SIMD in WebAssembly: its sums may round once where plain ones round twice. Default: where V8 has it. */
export function openCore(kind: CoreKind, relaxed?: boolean): OpenCore {
  return kind === 'native' ? openNative() : openWasm(relaxed ?? WebAssembly.validate(wasmBytes(true)));
}

/** Which sources the core was made of, for people. */
function sources(): string {
  return wasmSources()?.slice(0, 12) ?? 'of unknown sources';
}

function openWasm(relaxed: boolean): OpenCore {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: maxPages, shared: true });
  const module = new WebAssembly.Module(wasmBytes(relaxed));
  const core = new WebAssembly.Instance(module, { env: { memory } }).exports as WasmExports;
  return {
    panel: core.panel(),
    name: relaxed ? 'WebAssembly relaxed SIMD' : 'WebAssembly SIMD',
    build: `kernels ${sources()}, V8 ${process.versions.v8}`,
    start: core.__heap_base.value,
    maxBytes: maxPages * pageBytes,
    buffer: () => {
      const buffer: ArrayBufferLike = memory.buffer;
      if (!(buffer instanceof SharedArrayBuffer))
        throw new EngineError('WebAssembly memory is not shared between threads');
      return buffer;
    },
    grow: (bytes) => void memory.grow(Math.ceil(bytes / pageBytes)),
    forWorker: { module, memory },
    work: (queue, thread) => core.work(0, queue, thread),
    scratchFloats: (...rest) => core.scratchFloats(0, ...rest),
    measure: (model, out) => core.measure(0, model, out),
    product: (...rest) => core.product(0, ...rest),
    random: (...rest) => core.random(0, ...rest),
  };
}

function openNative(): OpenCore {
  const found = nativeLibrary();
  if ('missing' in found) throw new EngineError(found.missing);
  const { path, level, compiler } = found;
  // The packed app keeps native modules outside its bundle, where only `require` finds them.
  const require = createRequire(import.meta.url);
  const koffi = require('koffi') as typeof import('koffi');
  const library = koffi.load(path);
  const buffer = new SharedArrayBuffer(pageBytes, { maxByteLength: nativeReserve });
  // Exact in a double: addresses have 48 bits.
  const base = Number(koffi.address(new Uint8Array(buffer, 0, 8)));
  const work = library.func(`void ${level}_work(double base, double queue, int thread)`);
  const scratchFloats = library.func(
    `double ${level}_scratchFloats(double base, double model, int rows, int positions, int slots)`,
  );
  const measure = library.func(`void ${level}_measure(double base, double model, double out)`);
  const product = library.func(
    `void ${level}_product(double base, int m, int n, int k, double a, double b, double panels, double c, int times)`,
  );
  const random = library.func(`void ${level}_random(double base, double counter, int key0, int key1)`);
  return {
    panel: library.func(`int ${level}_panel()`)() as number,
    name: `native ${{ avx512: 'AVX-512', avx2: 'AVX2', neon: 'NEON' }[level]}`,
    build: `kernels ${sources()}, ${compiler}`,
    start: 64,
    maxBytes: Math.min(nativeReserve, totalmem()),
    buffer: () => buffer,
    grow: (bytes) => {
      const needed = buffer.byteLength + bytes;
      // Each growth is a call to the system: take a few more pages at once.
      const rounded = Math.ceil((needed + needed / 8) / pageBytes) * pageBytes;
      buffer.grow(Math.max(needed, Math.min(rounded, nativeReserve)));
    },
    forWorker: { koffi: require.resolve('koffi'), library: path, level, buffer },
    work: (queue, thread) => void work(base, queue, thread),
    scratchFloats: (...rest) => scratchFloats(base, ...rest) as number,
    measure: (model, out) => void measure(base, model, out),
    product: (...rest) => void product(base, ...rest),
    random: (...rest) => void random(base, ...rest),
  };
}
