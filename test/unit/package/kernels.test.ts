/** What is built of the core: the committed WebAssembly is that of the sources, and each compiler makes a library that works. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import koffi from 'koffi';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildNative, buildWasm, compilers } from '../../../resources/kernels/build.mjs';
import { runProgram } from '../../../src-main/cli/program.ts';
import { nativeLibrary } from '../../../src-main/engine/kernels/native-library.ts';
import { setUpCpu } from '../../../src-main/setup.ts';
import { fakeIo } from '../cli/fixtures.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const committed = join(root, 'resources', 'kernels');
const core = join(root, 'src-main', 'engine', 'kernels', 'core');
const wasmFiles = ['core.wasm', 'core-relaxed.wasm'];
const isPosix = process.platform !== 'win32';
const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64';
/** A compiler on a busy machine takes its time. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const all = mkdtempSync(join(tmpdir(), 'assay-built-'));
afterAll(() => rmSync(all, { recursive: true }));
let count = 0;
/** A folder for one build. */
function newFolder(): string {
  const folder = join(all, String(count++));
  mkdirSync(folder);
  return folder;
}

const moduleOf = (file: string) => new WebAssembly.Module(new Uint8Array(readFileSync(file)));
const section = (file: string, name: string) => {
  const [bytes] = WebAssembly.Module.customSections(moduleOf(file), name);
  return Buffer.from(bytes ?? new ArrayBuffer(0));
};

describe('the committed WebAssembly', () => {
  test.each(wasmFiles)('%s is made of the sources that are here', (file) => {
    const hash = createHash('sha256');
    for (const source of readdirSync(core).sort()) {
      hash.update(source);
      hash.update(readFileSync(join(core, source), 'utf8').replaceAll('\r\n', '\n'));
    }
    const rebuild = 'the core has changed: node resources/kernels/build.mjs wasm';
    expect(section(join(committed, file), 'sources').toString('hex'), rebuild).toBe(hash.digest('hex'));
  });

  const clang = process.env.CLANG ?? compilers().find(({ kind, major }) => kind === 'clang++' && major === 19)?.command;
  test.skipIf(clang === undefined)(
    'is what the same compiler makes again, byte for byte (needs clang 19)',
    async ({ skip }) => {
      const folder = newFolder();
      await buildWasm(folder);
      const [made, here] = [committed, folder].map((from) => section(join(from, 'core.wasm'), 'producers').toString());
      if (made !== here) skip(`made by another clang: ${made}; this is ${here}`);
      expect(readdirSync(folder).sort()).toEqual(wasmFiles.toSorted());
      for (const file of wasmFiles)
        expect(readFileSync(join(folder, file)).equals(readFileSync(join(committed, file))), file).toBe(true);
    },
  );

  test('says nothing of the machine that it was built on', () => {
    for (const file of wasmFiles)
      expect(readFileSync(join(committed, file), 'latin1')).not.toMatch(/core\.cpp|\/home|\/tmp/);
  });
});

/** The level that the kernel of the system reports, which reads the same registers in its own way. */
function reportedLevel(): string {
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  const has = (...names: string[]) => names.every((name) => flags.split(' ').includes(name));
  if (has('avx512f', 'avx512dq', 'avx512bw', 'avx512vl', 'fma')) return 'avx512';
  return has('avx2', 'fma') ? 'avx2' : '';
}

/** Levels that this processor has for certain, the best first. */
const levelsHere: readonly string[] = (() => {
  if (process.arch === 'arm64') return ['neon'];
  const best = isLinuxX64 ? reportedLevel() : '';
  return best === 'avx512' ? ['avx512', 'avx2'] : best === '' ? [] : [best];
})();

/** a b by one level of a library, for a[m, k], b[k, n]. */
function product(path: string, level: string, a: Float32Array, b: Float32Array, m: number, n: number, k: number) {
  const library = koffi.load(path);
  const arena = new Float32Array(64 + m * k + 2 * k * n + m * n);
  const [atA, atB] = [64, 64 + m * k];
  const [panels, c] = [atB + k * n, atB + 2 * k * n];
  arena.set(a, atA);
  arena.set(b, atB);
  const base = Number(koffi.address(arena));
  const body = `void ${level}_product(double base, int m, int n, int k, double a, double b, double panels, double c, int times)`;
  library.func(body)(base, m, n, k, atA * 4, atB * 4, panels * 4, c * 4, 1);
  return arena.subarray(c);
}

const found = compilers();

describe.each(found)('the library that $name makes', (compiler) => {
  const folder = newFolder();
  // As a build of older sources would be called, and one for another machine.
  const extension = { win32: 'dll', darwin: 'dylib' }[process.platform as string] ?? 'so';
  const old = `kernels-000000000000-${process.platform}-${process.arch}.${extension}`;
  const foreign = 'kernels-000000000000-plan9-x64.so';
  let path = '';

  beforeAll(async () => {
    for (const file of [old, foreign]) writeFileSync(join(folder, file), '');
    ({ path } = await buildNative(folder, [compiler]));
  });

  test('replaces older ones, and leaves nothing else behind', () => {
    expect(readdirSync(folder).sort()).toEqual([foreign, basename(path)].sort());
  });

  test('exports what the WebAssembly does, once a level', () => {
    const library = koffi.load(path);
    const exported = WebAssembly.Module.exports(moduleOf(join(committed, 'core.wasm')));
    const functions = exported.filter(({ kind }) => kind === 'function');
    expect(functions.length).toBeGreaterThan(4);
    for (const level of process.arch === 'arm64' ? ['neon'] : ['avx512', 'avx2'])
      for (const { name } of functions) library.func(`void ${level}_${name}()`);
    expect(() => library.func('void other_work()')).toThrow();
  });

  test.each(levelsHere)('multiplies matrices like float64 at level %s', (level) => {
    const [m, n, k] = [29, 96, 40];
    const a = Float32Array.from({ length: m * k }, (_, i) => Math.sin(i));
    const b = Float32Array.from({ length: k * n }, (_, i) => Math.cos(3 * i));
    const c = product(path, level, a, b, m, n, k);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let x = 0; x < k; x++) sum += (a[i * k + x] as number) * (b[x * n + j] as number);
        if (!(Math.abs((c[i * n + j] as number) - sum) < 1e-5)) expect.fail(`[${i}, ${j}]`);
      }
  });

  test.skipIf(!isPosix)('has every inline function once a level: a linker merges those of one name', () => {
    const names = readFileSync(path, 'latin1').match(/_Z[A-Z]*\d\w+/g) ?? [];
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(name).toMatch(/6avx512|4avx2|4neon/);
  });

  test.skipIf(levelsHere.length === 0)('is found, with its compiler and the level of this processor', () => {
    expect(nativeLibrary(folder)).toEqual({ path, level: levelsHere[0], compiler: compiler.name });
  });

  test.skipIf(!isLinuxX64)('knows the level that the system reports', () => {
    expect(koffi.load(path).func('const char *level()')()).toBe(reportedLevel());
  });

  test("needs no library but the system's", () => {
    expect(readFileSync(path, 'latin1')).not.toMatch(/libstdc\+\+|libc\+\+|libgcc_s|libm\./);
  });

  test('is refused when it is of other sources, damaged or not there', () => {
    const contents = readFileSync(path);
    const name = basename(path);
    // A folder for each: the system's loader knows a path again.
    const refusal = (as?: string, bytes: Uint8Array | string = '') => {
      const into = newFolder();
      if (as !== undefined) writeFileSync(join(into, as), bytes);
      return nativeLibrary(into);
    };
    const because = (reason: RegExp) => ({ missing: expect.stringMatching(reason) });
    expect(refusal()).toEqual(because(/^not built: run "assay setup cpu"$/));
    const ofOthers = name.replace(/kernels-.{12}/, 'kernels-0123456789ab');
    expect(refusal(ofOthers, contents)).toEqual(because(/built from other sources: run "assay setup cpu"$/));
    // The right name, but another hash inside.
    const hash = section(join(committed, 'core.wasm'), 'sources').toString('hex');
    const other = Buffer.from(contents.toString('latin1').replaceAll(hash, hash.replace(/^./, 'x')), 'latin1');
    expect(other.equals(contents)).toBe(false);
    expect(refusal(name, other)).toEqual(because(/is built from other sources: run "assay setup cpu"$/));
    expect(refusal(name, 'half')).toEqual(because(/^[^\n]* cannot be loaded: [^\n]+$/));
  });
});

describe('setting up', () => {
  beforeEach(() => {
    vi.stubEnv('PATH', newFolder());
    vi.stubEnv('CXX', undefined);
  });
  afterEach(() => vi.unstubAllEnvs());

  const run = async (...args: string[]) => {
    const io = fakeIo();
    const openApp = () => Promise.reject(new Error('setup needs no data folder'));
    return { code: await runProgram(args, { io, version: '1.2.3', openApp }), io };
  };
  /** A program that calls itself a compiler, and fails. */
  const addCompiler = (name: string, version: string) => {
    const path = join(process.env.PATH ?? '', name);
    writeFileSync(
      path,
      `#!/bin/sh\nif [ "$1" = --version ]; then echo '${version}'; else echo 'x.cpp: error: no' >&2; exit 1; fi\n`,
    );
    chmodSync(path, 0o755);
    return path;
  };
  const gcc = (version: string) => `g++ (Test ${version}-1) ${version}\nCopyright (C) Free Software Foundation, Inc.`;

  test('without a compiler: what to install, and exit code 1', async () => {
    const { code, io } = await run('setup', 'cpu');
    expect(code).toBe(1);
    expect(io.lines).toEqual([]);
    expect(io.errors).toHaveLength(2);
    expect(io.errors[0]).toMatch(
      /^assay: no C\+\+ compiler is on the PATH; clang\+\+ 14 or g\+\+ 12, or newer, is needed$/,
    );
    const advice =
      { darwin: /xcode-select --install/, win32: /LLVM/ }[process.platform as string] ?? /apt install g\+\+/;
    expect(io.errors[1]).toMatch(advice);
  });

  test('of something else: exit code 2', async () => {
    const { code, io } = await run('setup', 'toaster');
    expect(code).toBe(2);
    expect(io.errors[0]).toMatch(/toaster.*cpu/);
  });

  test.skipIf(!isPosix)('prefers $CXX, then clang, then what is newer; and leaves out what is too old', () => {
    addCompiler('g++', gcc('12.2.0'));
    addCompiler('g++-13', gcc('13.1.0'));
    addCompiler('g++-9', gcc('9.4.0'));
    addCompiler('c++', gcc('12.2.0'));
    addCompiler('clang++', 'Debian clang version 14.0.6');
    addCompiler('clang++-18', 'Ubuntu clang version 18.1.3 (1ubuntu1)');
    addCompiler('clang++-3', 'clang version 3.9.1');
    addCompiler('clang++-format', 'clang version 20.0.0');
    expect(compilers().map(({ name }) => name)).toEqual([
      'clang++ 18.1.3',
      'clang++ 14.0.6',
      'g++ 13.1.0',
      'g++ 12.2.0',
    ]);
    vi.stubEnv('CXX', addCompiler('mine', gcc('12.2.0')));
    expect(compilers().map(({ command }) => basename(command))).toEqual(['mine', 'clang++-18', 'clang++', 'g++-13']);
  });

  test.skipIf(!isPosix)('says which compiler failed and how, and leaves nothing', async () => {
    addCompiler('g++', gcc('12.2.0'));
    addCompiler('clang++', 'Apple clang version 15.0.0 (clang-1500.3.9.4)');
    const folder = join(newFolder(), 'native');
    const said: string[] = [];
    await expect(setUpCpu((line) => said.push(line), folder)).rejects.toThrow(
      'no compiler succeeded (clang++ 15.0.0: x.cpp: error: no; g++ 12.2.0: x.cpp: error: no)',
    );
    expect(said).toEqual(['Compilers found: clang++ 15.0.0, g++ 12.2.0.']);
    expect(existsSync(folder)).toBe(false);
  });
});

test.skipIf(found.length === 0 || levelsHere.length === 0)(
  'setting up compiles with what is there, and says where the library lies (needs clang 14 or g++ 12)',
  async () => {
    const folder = newFolder();
    const said: string[] = [];
    await setUpCpu((line) => said.push(line), folder);
    const [file = ''] = readdirSync(folder);
    expect(said).toEqual([
      `Compilers found: ${found.map(({ name }) => name).join(', ')}.`,
      expect.stringMatching(/^(clang|g)\+\+ [\d.]+ compiled the native kernels in [\d.]+ s\.$/),
      `Library: ${join(folder, file)}`,
      `Level of this processor: ${levelsHere[0]}. The engine kernels-native is ready.`,
    ]);
  },
);
