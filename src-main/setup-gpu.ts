/**
 * `assay setup gpu --tensorflow <folder>`: checks a TensorFlow from pip, part by part, and compiles the binding that
 * @tensorflow/tfjs-node-gpu carries as source against it. The package's own download is older than today's cards.
 */
import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { AssayError } from '../src-shared/errors.ts';
import { bindingFile, bindingFolder, probeBinding, tensorflowPackage } from './engine/tfjs/tensorflow-binding.ts';
import { resourcePath } from './resources.ts';

type Build = typeof import('../resources/kernels/build.mjs');
type Compiler = ReturnType<Build['compilers']>[number];

/** The oldest whose wheels this is tried with. */
const OLDEST = [2, 15] as const;
/** A card that TensorFlow has no code for has it compiled at its first use. */
const FIRST_USE_MS = 30 * 60_000;
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
/** What TensorFlow opens by name: loaded with the binding they are found whatever LD_LIBRARY_PATH says. */
const cudaLibrary = /^lib(cudart|cublas|cublasLt|cudnn|cufft|cupti|cusolver|cusparse|nccl|nvJitLink)\.so\.\d+$/;
/** `e_machine` of an ELF file, by the names that Node has for processors. */
const machines = new Map([
  [62, 'x64'],
  [183, 'arm64'],
]);

/** One line of the report: what was found, or what is wrong with it. */
interface Part {
  readonly name: string;
  readonly found?: string;
  readonly missing?: string;
}

/** What the compiler is given. */
interface Inputs {
  readonly tensorflow: string;
  readonly cuda: readonly string[];
  readonly sources: string;
  readonly nodeHeaders: string;
}

/**
 * Make the engines tfjs-node-gpu and tfjs-node of the TensorFlow in a folder, and say what was found.
 * @param given its folder in site-packages, site-packages itself, or a virtual environment
 * @param folder where the binding goes; the one in which the engines look by default
 * @throws AssayError `usage` for a folder without a TensorFlow, `engine` with what is missing, or what failed
 */
export async function setUpGpu(say: (line: string) => void, given: string, folder = bindingFolder()): Promise<void> {
  if (process.platform !== 'linux')
    throw new AssayError('engine', `setup gpu: TensorFlow has CUDA on Linux alone; this is ${process.platform}`, {
      hint: 'The engine tfjs-webgpu runs on any GPU.',
    });
  const tensorflow = findTensorflow(given);
  // Outside the bundle, as it runs without it too.
  const script = pathToFileURL(resourcePath('kernels', 'build.mjs')).href;
  const { compilerAdvice, compilers } = (await import(/* @vite-ignore */ script)) as Build;
  const candidates = compilers();
  const cuda = cudaLibraries(tensorflow);
  const sources = bindingSources();
  const nodeHeaders = nodeApiHeaders();

  const parts: readonly Part[] = [
    versionPart(tensorflow),
    headersPart(tensorflow),
    ...libraries.map((name) => libraryPart(name, join(tensorflow, name))),
    // Not needed: without them, and without a device, TensorFlow computes on the CPU.
    { name: 'CUDA libraries', found: cuda.length > 0 ? cuda.map((path) => path.split('/').at(-1)).join(', ') : 'none' },
    part('Sources of the binding', sources, `package ${tensorflowPackage} is not installed`),
    part('Node-API headers', nodeHeaders, 'package node-api-headers is not installed'),
    part('Compilers', candidates.map(({ name }) => name).join(', '), 'neither clang++ 14 nor g++ 12, or newer'),
  ];
  for (const { name, found, missing } of parts) say(`${name}: ${found ?? `MISSING, ${missing}`}`);
  const wrong = parts.filter(({ missing }) => missing !== undefined);
  if (wrong.length > 0 || sources === null || nodeHeaders === null)
    throw new AssayError(
      'engine',
      `setup gpu: ${wrong.map(({ name, missing }) => `${name}: ${missing}`).join('; ')}`,
      candidates.length > 0 ? {} : { hint: compilerAdvice },
    );

  mkdirSync(folder, { recursive: true });
  const path = join(folder, bindingFile());
  const draft = `${path}.${process.pid}.node`;
  try {
    const start = performance.now();
    const name = await compile({ tensorflow, cuda, sources, nodeHeaders }, candidates, draft);
    say(`${name} compiled the binding in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
    const probe = await probeBinding(draft, FIRST_USE_MS);
    if ('reason' in probe) throw new AssayError('engine', `setup gpu: ${probe.reason}`);
    renameSync(draft, path);
    say(`Binding: ${path}`);
    if (!probe.gpu && cuda.length > 0) for (const line of complaints(probe.log)) say(`TensorFlow says: ${line}`);
    const [device, engine] = probe.gpu ? ['a CUDA device', 'tfjs-node-gpu'] : ['the CPU', 'tfjs-node'];
    say(`TensorFlow ${probe.version} computes on ${device}. The engine ${engine} is ready.`);
  } finally {
    rmSync(draft, { force: true });
  }
}

const part = (name: string, found: string | null, missing: string): Part =>
  found ? { name, found } : { name, missing };

function findTensorflow(given: string): string {
  const start = resolve(given);
  if (!existsSync(start)) throw new AssayError('usage', `--tensorflow ${given}: there is no such folder`);
  const inVenv = ['lib', 'lib64'].flatMap((lib) =>
    filesIn(join(start, lib))
      .filter((name) => /^python3\.\d+$/.test(name))
      .map((name) => join(start, lib, name, 'site-packages', 'tensorflow')),
  );
  const isTensorflow = (folder: string) =>
    [join('include', 'tensorflow'), ...libraries].some((name) => existsSync(join(folder, name)));
  const found = [start, join(start, 'tensorflow'), ...inVenv].find(isTensorflow);
  if (found === undefined)
    throw new AssayError(
      'usage',
      `--tensorflow ${given}: no TensorFlow is in it; allowed is .../site-packages/tensorflow, the site-packages that has it, or a virtual environment`,
      { hint: 'In a virtual environment, "pip install tensorflow[and-cuda]" installs it.' },
    );
  return found;
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function versionPart(tensorflow: string): Part {
  const name = 'TensorFlow';
  const version = versionOf(tensorflow);
  const oldest = OLDEST.join('.');
  if (version === null)
    return { name, missing: `neither a dist-info beside ${tensorflow} nor version.h has a version` };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  if (!isNew) return { name, missing: `${version} in ${tensorflow} is too old; allowed is ${oldest} or newer` };
  return { name, found: `${version} in ${tensorflow}` };
}

/** From the folder that pip writes beside it, else from the headers, which newer wheels leave without one. */
function versionOf(tensorflow: string): string | null {
  const metadata = /^(?:tensorflow|tf_nightly)(?:_(?:cpu|gpu|cpu_aws|rocm))?-(\d+\.\d+[\w.]*)\S*\.dist-info$/;
  for (const file of filesIn(dirname(tensorflow))) {
    const version = metadata.exec(file)?.[1];
    if (version !== undefined) return version;
  }
  const header = join(tensorflow, 'include', 'tensorflow', 'core', 'public', 'version.h');
  const text = existsSync(header) ? readFileSync(header, 'utf8') : '';
  const [major, minor, patch] = ['MAJOR', 'MINOR', 'PATCH'].map(
    (which) => new RegExp(`#define TF_${which}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return major !== undefined && minor !== undefined ? `${major}.${minor}.${patch ?? 0}` : null;
}

function headersPart(tensorflow: string): Part {
  const include = join(tensorflow, 'include');
  const header = join('tensorflow', 'c', 'eager', 'c_api.h');
  return part('Headers', existsSync(join(include, header)) ? include : null, `no ${header} in ${include}`);
}

function libraryPart(name: string, path: string): Part {
  if (!existsSync(path)) return { name, missing: `not in ${dirname(path)}` };
  const machine = machineOf(path);
  if (machine === process.arch) return { name, found: `for ${machine}` };
  return {
    name,
    missing: machine === null ? 'is not a library' : `is for ${machine}; this machine is ${process.arch}`,
  };
}

/** The processor that an ELF file is for; null for what is none. */
function machineOf(path: string): string | null {
  const head = Buffer.alloc(20);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, head) < head.length || head.readUInt32BE(0) !== 0x7f454c46) return null;
  } finally {
    closeSync(file);
  }
  const machine = head.readUInt16LE(18);
  return machines.get(machine) ?? `machine ${machine}`;
}

/** CUDA as pip installs it: nvidia/<part>/lib in the same site-packages. */
function cudaLibraries(tensorflow: string): string[] {
  const nvidia = join(dirname(tensorflow), 'nvidia');
  const folders = filesIn(nvidia).map((name) => join(nvidia, name, 'lib'));
  return folders.flatMap((folder) =>
    filesIn(folder)
      .filter((file) => cudaLibrary.test(file))
      .map((file) => join(folder, file)),
  );
}

const { resolve: resolvePackage } = createRequire(import.meta.url);

/** In the packed app both lie beside its archive, in which no compiler can read: so that is looked for first. */
function bindingSources(): string | null {
  return firstWith('tfjs_backend.cc', [
    () => resourcePath('tensorflow', 'binding'),
    () => join(dirname(resolvePackage(`${tensorflowPackage}/package.json`)), 'binding'),
  ]);
}

function nodeApiHeaders(): string | null {
  return firstWith('node_api.h', [
    () => resourcePath('tensorflow', 'node-api'),
    () => join(dirname(resolvePackage('node-api-headers/package.json')), 'include'),
    () => join(dirname(process.execPath), '..', 'include', 'node'),
  ]);
}

/** The first folder that can be named and has the file. */
function firstWith(file: string, folders: readonly (() => string)[]): string | null {
  for (const named of folders)
    try {
      const folder = named();
      if (existsSync(join(folder, file))) return folder;
    } catch {
      // Neither every installation nor every package has each of them.
    }
  return null;
}

/** Compile with the first compiler that can. @returns its name @throws AssayError with the error of each */
async function compile(inputs: Inputs, candidates: readonly Compiler[], output: string): Promise<string> {
  const { tensorflow, cuda, sources, nodeHeaders } = inputs;
  const folders = [...new Set([tensorflow, ...cuda.map((path) => dirname(path))])];
  const args = [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8'],
    ...['-I', join(tensorflow, 'include'), '-I', nodeHeaders],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(sources, file)),
    ...libraries.map((name) => join(tensorflow, name)),
    ...['-Wl,--no-as-needed', ...cuda],
    ...folders.flatMap((folder) => ['-Xlinker', '-rpath', '-Xlinker', folder]),
    ...['-o', output],
  ];
  const failures: string[] = [];
  for (const { command, name } of candidates)
    try {
      await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 });
      return name;
    } catch (error) {
      const lines = (error as Error).message.split('\n');
      failures.push(`${name}: ${lines.find((line) => /error/i.test(line)) ?? lines[0]}`);
    }
  throw new AssayError('engine', `setup gpu: no compiler succeeded (${failures.join('; ')})`);
}

/** The lines of TensorFlow's log that say why it has no GPU: warnings and errors, without their places. */
function complaints(log: string): string[] {
  return [...log.matchAll(/^(?:[WE]\d{4} |[-\d]+ [\d:.]+: [WE] )\S*.*?\] (.*)$/gm)].map(([, text = '']) => text);
}
