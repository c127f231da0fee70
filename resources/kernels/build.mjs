/**
 * Compiles the core (src-main/engine/kernels/core): to WebAssembly, whose two files are committed, and to a library for
 * the processors of this machine, which is not. Plain JavaScript for any Node, as packaging runs it too.
 *
 *     node resources/kernels/build.mjs wasm     after a change of the core; needs clang 19 (Debian: clang-19 lld-19)
 *     node resources/kernels/build.mjs native   needs clang 14 or g++ 12, or newer
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const here = import.meta.dirname;
const core = join(here, '..', '..', 'src-main', 'engine', 'kernels', 'core');
const oldest = { 'clang++': 14, 'g++': 12 };
const wasmClang = 19;

const language = ['-std=c++17', '-fno-exceptions', '-fno-rtti'];

// 4 GiB, all that 32-bit addresses reach. The memory is the host's, and so is the stack of each thread.
const wasmLink = ['--no-entry', '--import-memory', '--shared-memory', `--max-memory=${2 ** 32}`];
wasmLink.push('--export=__stack_pointer', '--export=__heap_base', '-z', 'stack-size=65536');
// The section that names the compiler stays: only the same one gives the same bytes.
wasmLink.push('--strip-all', '--keep-section=producers');
const wasmFlags = ['--target=wasm32', ...language, '-ffreestanding', '-nostdlib', '-Wall', '-Wextra', '-Werror'];
wasmFlags.push('-msimd128', '-matomics', '-mbulk-memory', '-mmutable-globals');
// Small: V8 inlines and schedules by itself, and the loops that matter are unrolled by name. -O3 is a third larger and no
// faster.
wasmFlags.push('-O2', '-fno-inline-functions', ...wasmLink.flatMap((flag) => ['-Xlinker', flag]));
const wasmBuilds = { 'core.wasm': [], 'core-relaxed.wasm': ['-mrelaxed-simd'] };

/** Levels of each processor family, with the flags that they need. */
const levels = {
  x64: {
    avx512: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mfma'],
    avx2: ['-mavx2', '-mfma'],
  },
  arm64: { neon: [] },
};
const nativeFlags = ['-O3', ...language, '-ffreestanding', '-ffp-contract=fast', '-fno-math-errno'];
nativeFlags.push('-fvisibility=hidden');
if (process.platform !== 'win32') nativeFlags.push('-fPIC');
// memcpy and memset are all that is used of any library.
const nativeLink = { win32: [], darwin: ['-nodefaultlibs', '-lSystem'] }[process.platform] ?? ['-nodefaultlibs', '-lc'];
const extension = { win32: 'dll', darwin: 'dylib' }[process.platform] ?? 'so';

/** How to get a compiler here. */
export const compilerAdvice =
  {
    darwin: 'Install one with "xcode-select --install".',
    win32: 'Install LLVM, for example with "winget install MartinStorsjo.LLVM-MinGW.UCRT".',
  }[process.platform] ?? 'Install one: "apt install g++" on Debian and Ubuntu, "dnf install gcc-c++" on Fedora.';

/** SHA-256 of the core's sources in hex, by which a build is known to be theirs; null where they are not there. */
export function sourcesHash() {
  if (!existsSync(core)) return null;
  const hash = createHash('sha256');
  for (const file of readdirSync(core).sort()) {
    hash.update(file);
    hash.update(readFileSync(join(core, file), 'utf8').replaceAll('\r\n', '\n'));
  }
  return hash.digest('hex');
}

/** C++ compilers on the PATH that are new enough, the preferred one first: $CXX, clang, g++; newer before older. */
export function compilers() {
  const name = process.platform === 'win32' ? /^clang\+\+(-\d+)?\.exe$/ : /^(clang\+\+|g\+\+|c\+\+)(-\d+)?$/;
  const commands = new Map();
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const file of filesIn(folder))
      if (name.test(file) && !commands.has(file)) commands.set(file, join(folder, file));
  const rank = ({ kind, major }) => (kind === 'clang++' ? 1000 : 0) + major;
  const found = [...commands.values()].map(describeCompiler).filter((c) => c !== null);
  found.sort((a, b) => rank(b) - rank(a));
  const chosen = process.env.CXX ? describeCompiler(process.env.CXX) : null;
  if (chosen) found.unshift(chosen);
  const names = found.map((c) => c.name);
  return found.filter((c, i) => names.indexOf(c.name) === i && c.major >= oldest[c.kind]);
}

function filesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    // A PATH may name what is not there or is not ours to read.
    return [];
  }
}

/** @returns null where the command is neither clang nor g++, or does not run. */
function describeCompiler(command) {
  let text;
  try {
    text = execFileSync(command, ['--version'], { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 });
  } catch {
    // Such as the placeholder that macOS has before its tools are installed: as good as none.
    return null;
  }
  const clang = /clang version (\d+)[\d.]*/.exec(text);
  const gcc = /Free Software Foundation/.test(text) ? /\) (\d+)[\d.]*/.exec(text) : null;
  const match = clang ?? gcc;
  if (match === null) return null;
  const kind = clang ? 'clang++' : 'g++';
  return { command, kind, major: Number(match[1]), name: `${kind} ${match[0].replace(/^\D*/, '')}` };
}

/**
 * Build core.wasm and core-relaxed.wasm into `folder`. The same sources and compiler give the same bytes everywhere.
 * @throws Error when there is no clang 19, or it fails; its messages are in the error
 */
export async function buildWasm(folder = here) {
  const clang = wasmCompiler();
  const digest = Buffer.from(requiredHash(), 'hex');
  const name = Buffer.from('sources');
  const section = Buffer.concat([Buffer.of(name.length), name, digest]);
  const build = async ([file, flags], scratch) => {
    await compile(clang, [...wasmFlags, ...flags, '-o', join(scratch, file), join(core, 'core.cpp')]);
    // A custom section: 0, its size, its name, its contents.
    const bytes = Buffer.concat([readFileSync(join(scratch, file)), Buffer.of(0, section.length), section]);
    putInPlace(join(folder, file), (path) => writeFileSync(path, bytes));
    return join(folder, file);
  };
  return withScratch((scratch) => allDone(Object.entries(wasmBuilds).map((entry) => build(entry, scratch))));
}

/** $CLANG, clang++-19 or a newer clang++. */
function wasmCompiler() {
  if (process.env.CLANG) return process.env.CLANG;
  const fit = compilers().filter(({ kind, major }) => kind === 'clang++' && major >= wasmClang);
  const exact = fit.find(({ major }) => major === wasmClang) ?? fit[0];
  if (exact) return exact.command;
  throw new Error(`no clang ${wasmClang} or newer is on the PATH (Debian: apt install clang-19 lld-19)`);
}

/**
 * Build the library of this machine's processor family into `folder`, and remove its builds of other sources.
 * @returns its path, and the compiler with its version
 * @throws Error when no compiler is there or all of them fail; its cause has the messages of the last one
 */
export async function buildNative(folder = join(here, 'native'), candidates = compilers()) {
  const hash = requiredHash();
  if (!levels[process.arch])
    throw new Error(`no native kernels for ${process.arch}; there are for ${Object.keys(levels).join(', ')}`);
  const failures = [];
  let cause;
  for (const compiler of candidates)
    try {
      const path = await withScratch(async (scratch) => {
        const built = await buildLibrary(compiler, hash, scratch);
        mkdirSync(folder, { recursive: true });
        const target = join(folder, libraryFile(hash));
        putInPlace(target, (temporary) => copyFileSync(built, temporary));
        return target;
      });
      removeOthers(folder, basename(path));
      return { path, compiler: compiler.name };
    } catch (error) {
      cause = error;
      const lines = error.message.split('\n');
      failures.push(`${compiler.name}: ${lines.find((line) => /error/i.test(line)) ?? lines[0]}`);
    }
  if (failures.length > 0) throw new Error(`no compiler succeeded (${failures.join('; ')})`, { cause });
  const needed = Object.entries(oldest).map(([kind, major]) => `${kind} ${major}`);
  throw new Error(`no C++ compiler is on the PATH; ${needed.join(' or ')}, or newer, is needed`);
}

/** @returns path of the library in `folder` */
async function buildLibrary({ command, name }, hash, folder) {
  const compileUnit = async ([unit, flags]) => {
    const object = join(folder, `${unit}.o`);
    await compile(command, [...nativeFlags, ...flags, '-I', core, '-c', join(here, 'library.cpp'), '-o', object]);
    return object;
  };
  const units = [
    ['host', [`-DSOURCES="${hash}"`, `-DCOMPILER="${name}"`]],
    ...Object.entries(levels[process.arch]).map(([level, flags]) => [level, [`-DLEVEL=${level}`, ...flags]]),
  ];
  const objects = await allDone(units.map(compileUnit));
  const library = join(folder, `library.${extension}`);
  await compile(command, ['-shared', ...objects, ...nativeLink, '-o', library]);
  return library;
}

/** Name of the library that sources with this hash give on this machine. */
function libraryFile(hash) {
  return `kernels-${hash.slice(0, 12)}-${process.platform}-${process.arch}.${extension}`;
}

function removeOthers(folder, keep) {
  const ending = keep.slice(keep.indexOf('-', 'kernels-'.length));
  for (const file of readdirSync(folder))
    if (file.startsWith('kernels-') && file.endsWith(ending) && file !== keep)
      try {
        rmSync(join(folder, file));
      } catch (error) {
        // Windows keeps what another process has loaded. The next build removes it.
        if (error.code !== 'EPERM' && error.code !== 'EBUSY') throw error;
      }
}

function requiredHash() {
  const hash = sourcesHash();
  if (hash === null) throw new Error(`the sources of the core are not in ${core}`);
  return hash;
}

async function compile(command, args) {
  try {
    await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new Error(error.stderr?.trim() || error.message);
  }
}

/** As Promise.all, but nothing goes on once it has failed. */
async function allDone(promises) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function withScratch(body) {
  const scratch = mkdtempSync(join(tmpdir(), 'assay-kernels-'));
  try {
    return await body(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Nobody ever sees half a file, and processes that use the old one keep it. */
function putInPlace(path, write) {
  const temporary = `${path}.${process.pid}`;
  write(temporary);
  renameSync(temporary, path);
}

async function main(what) {
  if (what === 'wasm') for (const path of await buildWasm()) console.log(`${path}: ${readFileSync(path).length} bytes`);
  else if (what === 'native') {
    const { path, compiler } = await buildNative();
    console.log(`${path}, made by ${compiler}`);
  } else throw new Error(`${what ?? 'nothing'} to build: wasm or native is allowed`);
}

const started = process.argv[1];
if (started && existsSync(started) && import.meta.url === pathToFileURL(realpathSync(started)).href)
  try {
    await main(process.argv[2]);
  } catch (error) {
    console.error(`kernels: ${error.message}`);
    if (error.cause?.message) console.error(error.cause.message);
    else if (process.argv[2] === 'native') console.error(compilerAdvice);
    process.exitCode = 1;
  }
