/**
 * Finds the library that `assay setup cpu` compiles, and what of it this processor can run. A library of other sources
 * than the committed WebAssembly's would read the engine's memory by other rules, so it is never used.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { resourcePath } from '../../resources.ts';

export interface NativeLibrary {
  readonly path: string;
  /** Prefix of the library's functions. */
  readonly level: 'avx512' | 'avx2' | 'neon';
  /** With its version, for example `g++ 12.2.0`. */
  readonly compiler: string;
}

const extension = { win32: 'dll', darwin: 'dylib' }[process.platform as string] ?? 'so';
const setUp = 'run "assay setup cpu"';

/** @returns the library in `folder`, or in one line why there is none */
export function nativeLibrary(folder = nativeFolder()): NativeLibrary | { readonly missing: string } {
  const sources = wasmSources();
  if (sources === null) return { missing: 'core.wasm does not say which sources it is made of' };
  const ending = `-${process.platform}-${process.arch}.${extension}`;
  const path = join(folder, `kernels-${sources.slice(0, 12)}${ending}`);
  if (!existsSync(path)) {
    const others = existsSync(folder) && readdirSync(folder).some((file) => file.endsWith(ending));
    return { missing: others ? `the native kernels are built from other sources: ${setUp}` : `not built: ${setUp}` };
  }
  try {
    // The packed app keeps native modules outside its bundle, where only `require` finds them; and where koffi has no
    // build for this machine, all but this engine still runs.
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(path);
    const text = (name: string) => library.func(`const char *${name}()`)() as string;
    if (text('sources') !== sources) return { missing: `${path} is built from other sources: ${setUp}` };
    const level = text('level') as NativeLibrary['level'] | '';
    if (level === '') return { missing: 'this processor has neither AVX-512 nor AVX2 with FMA' };
    return { path, level, compiler: text('compiler') };
  } catch (error) {
    return { missing: `${path} cannot be loaded: ${(error as Error).message.split('\n')[0]}` };
  }
}

function nativeFolder(): string {
  return join(dirname(resourcePath('kernels', 'core.wasm')), 'native');
}

/** SHA-256 of the sources that the committed WebAssembly was made of, in hex. */
export function wasmSources(): string | null {
  const module = new WebAssembly.Module(new Uint8Array(readFileSync(resourcePath('kernels', 'core.wasm'))));
  const [section] = WebAssembly.Module.customSections(module, 'sources');
  return section === undefined ? null : Buffer.from(section).toString('hex');
}
