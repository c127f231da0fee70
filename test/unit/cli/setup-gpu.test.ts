/** `assay setup gpu`: each way in which a folder, a compiler or a compiled binding can be wrong, and what is said of it. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runProgram } from '../../../src-main/cli/program.ts';
import { bindingFile, findBinding, probeBinding } from '../../../src-main/engine/tfjs/tensorflow-binding.ts';
import { setUpGpu } from '../../../src-main/setup-gpu.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { fakeIo } from './fixtures.ts';

const other = process.arch === 'x64' ? 'arm64' : 'x64';

/** The first bytes of a library for a processor, which is all that is read of it here. Numbers: the ELF specification. */
function library(arch: string): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head.writeUInt16LE(arch === 'x64' ? 0x3e : 0xb7, 18);
  return head;
}

const versionHeader = (major: number, minor: number) =>
  `#define TF_MAJOR_VERSION ${major}\n#define TF_MINOR_VERSION ${minor}\n#define TF_PATCH_VERSION 1\n`;

const whole: Record<string, string | Buffer> = {
  'tensorflow/include/tensorflow/c/eager/c_api.h': '',
  'tensorflow/include/tensorflow/core/public/version.h': versionHeader(2, 15),
  'tensorflow/libtensorflow_cc.so.2': library(process.arch),
  'tensorflow/libtensorflow_framework.so.2': library(process.arch),
};

/** A site-packages folder with the parts of a TensorFlow, some of them changed or, with null, left out. */
async function sitePackages(changes: Record<string, string | Buffer | null> = {}, inside = ''): Promise<string> {
  const root = await temporaryFolder();
  const folder = join(root, inside);
  for (const [name, contents] of Object.entries({ ...whole, ...changes })) {
    if (contents === null) continue;
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), contents);
  }
  return root;
}

let into: string;
beforeEach(async () => {
  into = join(await temporaryFolder(), 'binding');
  vi.stubEnv('PATH', await temporaryFolder());
  vi.stubEnv('CXX', undefined);
  vi.stubEnv('ASSAY_TENSORFLOW', into);
});
afterEach(() => vi.unstubAllEnvs());

const run = async (...args: string[]) => {
  const io = fakeIo();
  const openApp = () => Promise.reject(new Error('setup needs no data folder'));
  return { code: await runProgram(['setup', ...args], { io, version: '1.2.3', openApp }), io };
};

/** A program that calls itself a compiler, and runs this script of the shell. */
async function addCompiler(script: string): Promise<void> {
  const path = join(process.env.PATH ?? '', 'clang++');
  await writeFile(path, `#!/bin/sh\nif [ "$1" = --version ]; then echo 'clang version 18.1.3'; exit; fi\n${script}\n`);
  await chmod(path, 0o755);
}
const fails = "echo 'tfjs_backend.cc:1:2: error: no' >&2; exit 1";
/** Writes into what follows -o, and all arguments beside it. */
const writes = (text: string) =>
  `for a in "$@"; do if [ "$last" = -o ]; then printf '%s' '${text}' > "$a"; printf '%s\\n' "$@" > "\${a%/*}/arguments"; fi; last="$a"; done`;

describe('the command', () => {
  test('gpu needs --tensorflow, and cpu takes none: exit code 2', async () => {
    const without = await run('gpu');
    expect(without.code).toBe(2);
    expect(without.io.errors).toEqual([
      'assay: setup gpu: --tensorflow <folder> is missing: where pip has installed TensorFlow',
      expect.stringContaining('pip install tensorflow[and-cuda]'),
    ]);
    const both = await run('cpu', '--tensorflow', '/x');
    expect(both.code).toBe(2);
    expect(both.io.errors[0]).toBe('assay: --tensorflow goes with "setup gpu" alone');
  });
});

describe.skipIf(process.platform === 'linux')('elsewhere than on Linux', () => {
  test('names the engine to take', async () => {
    const { code, io } = await run('gpu', '--tensorflow', await sitePackages());
    expect(code).toBe(1);
    expect(io.errors.join(' ')).toMatch(/CUDA on Linux alone.*tfjs-webgpu/);
  });
});

describe.skipIf(process.platform !== 'linux')('checking a TensorFlow', () => {
  const refusal = async (changes: Record<string, string | Buffer | null>) => {
    const site = await sitePackages(changes);
    const { code, io } = await run('gpu', '--tensorflow', site);
    expect(code).toBe(1);
    return { lines: io.lines, error: io.errors[0]?.replaceAll(site, '<site>') };
  };
  beforeEach(() => addCompiler(fails));

  test('a folder that is not there, or has no TensorFlow: exit code 2', async () => {
    const nowhere = join(await temporaryFolder(), 'nowhere');
    const missing = await run('gpu', '--tensorflow', nowhere);
    expect(missing).toMatchObject({ code: 2, io: { lines: [] } });
    expect(missing.io.errors[0]).toBe(`assay: --tensorflow ${nowhere}: there is no such folder`);
    const empty = await run('gpu', '--tensorflow', await temporaryFolder());
    expect(empty).toMatchObject({ code: 2, io: { lines: [] } });
    expect(empty.io.errors[0]).toMatch(/no TensorFlow is in it; allowed is .*site-packages\/tensorflow/);
  });

  test.each(['2.14.1', '1.15.0', '2.9.1'])('version %s is too old, whatever version.h says', async (version) => {
    const { error, lines } = await refusal({ [`tensorflow_cpu-${version}.dist-info/METADATA`]: '' });
    const reason = `${version} in <site>/tensorflow is too old; allowed is 2.15 or newer`;
    expect(error).toBe(`assay: setup gpu: TensorFlow: ${reason}`);
    expect(lines[0]).toMatch(/^TensorFlow: MISSING, .* is too old/);
    // What is there is said all the same.
    expect(lines).toContain(`libtensorflow_cc.so.2: for ${process.arch}`);
  });

  test('the version comes from version.h where there is no dist-info of TensorFlow itself', async () => {
    const { error } = await refusal({
      'tensorflow/include/tensorflow/core/public/version.h': versionHeader(2, 14),
      'tensorflow_estimator-2.15.0.dist-info/METADATA': '',
    });
    expect(error).toMatch(/TensorFlow: 2\.14\.1 in/);
    const none = await refusal({ 'tensorflow/include/tensorflow/core/public/version.h': '' });
    expect(none.error).toMatch(/neither a dist-info .* nor version\.h has a version/);
  });

  test.each(['2.15.0', '2.16.2', '2.21.0', '3.0.0', '2.22.0rc1'])('version %s will do', async (version) => {
    const { error, lines } = await refusal({ [`tensorflow-${version}.dist-info/METADATA`]: '' });
    expect(lines[0]).toMatch(`TensorFlow: ${version} in`);
    expect(error).toMatch('no compiler succeeded');
  });

  test('headers and libraries that are not there, or are for another processor', async () => {
    const headers = await refusal({ 'tensorflow/include/tensorflow/c/eager/c_api.h': null });
    expect(headers.error).toBe('assay: setup gpu: Headers: no tensorflow/c/eager/c_api.h in <site>/tensorflow/include');
    const libraries = await refusal({
      'tensorflow/libtensorflow_cc.so.2': library(other),
      'tensorflow/libtensorflow_framework.so.2': null,
    });
    expect(libraries.error).toBe(
      `assay: setup gpu: libtensorflow_cc.so.2: is for ${other}; this machine is ${process.arch}; libtensorflow_framework.so.2: not in <site>/tensorflow`,
    );
    const text = await refusal({ 'tensorflow/libtensorflow_cc.so.2': 'version https://git-lfs' });
    expect(text.error).toBe('assay: setup gpu: libtensorflow_cc.so.2: is not a library');
  });

  test('no compiler: what to install', async () => {
    vi.stubEnv('PATH', await temporaryFolder());
    const { code, io } = await run('gpu', '--tensorflow', await sitePackages());
    expect(code).toBe(1);
    expect(io.errors[0]).toBe('assay: setup gpu: Compilers: neither clang++ 14 nor g++ 12, or newer');
    expect(io.errors[1]).toMatch(/apt install g\+\+/);
  });

  test.each([
    ['site-packages itself', '', ''],
    ['the folder of TensorFlow', '', 'tensorflow'],
    ['a virtual environment', 'lib/python3.12/site-packages', ''],
  ])('is found by %s', async (_, inside, given) => {
    const root = await sitePackages({}, inside);
    const { io } = await run('gpu', '--tensorflow', join(root, given));
    expect(io.lines[0]).toBe(`TensorFlow: 2.15.1 in ${join(root, inside, 'tensorflow')}`);
  });
});

describe.skipIf(process.platform !== 'linux')('compiling', () => {
  test('an error of the compiler is passed on, and what was set up stays', async () => {
    await mkdir(into);
    await writeFile(join(into, bindingFile()), 'earlier');
    await addCompiler(fails);
    await expect(setUpGpu(() => {}, await sitePackages())).rejects.toThrow(
      'setup gpu: no compiler succeeded (clang++ 18.1.3: tfjs_backend.cc:1:2: error: no)',
    );
    expect(await readdir(into)).toEqual([bindingFile()]);
    expect(await readFile(join(into, bindingFile()), 'utf8')).toBe('earlier');
  });

  test('a binding that does not load is not kept', async () => {
    await addCompiler(writes('no library'));
    await expect(setUpGpu(() => {}, await sitePackages())).rejects.toThrow(
      /^setup gpu: TensorFlow does not load: .*(invalid ELF header|file too short)/,
    );
    expect(await readdir(into)).toEqual(['arguments']);
    expect(findBinding()).toEqual({ missing: 'TensorFlow is not set up: run "assay setup gpu"' });
  });

  test('CUDA of the same site-packages is linked, with its folders in the search path', async () => {
    const [cublas, cudnn] = ['nvidia/cublas/lib/libcublas.so.12', 'nvidia/cudnn/lib/libcudnn.so.9'];
    const site = await sitePackages({ [cublas]: '', [cudnn]: '', 'nvidia/cublas/lib/libnvblas.so.12': '' });
    await addCompiler(writes(''));
    const said: string[] = [];
    await setUpGpu((line) => said.push(line), site).catch(() => {});
    expect(said).toContain('CUDA libraries: libcublas.so.12, libcudnn.so.9');
    const given = (await readFile(join(into, 'arguments'), 'utf8')).split('\n');
    expect(given.filter((argument) => argument.startsWith(join(site, 'nvidia')))).toEqual(
      [cublas, cudnn, 'nvidia/cublas/lib', 'nvidia/cudnn/lib'].map((name) => join(site, name)),
    );
    const paths = given.flatMap((argument, i) => (argument === '-rpath' ? [given[i + 2]] : []));
    expect(paths).toEqual(['tensorflow', 'nvidia/cublas/lib', 'nvidia/cudnn/lib'].map((name) => join(site, name)));
  });
});

describe('trying a binding', () => {
  /** Looks like the compiled module; `product` is what its multiplication gives. */
  const module = (more: string, product = '19, 22, 43, 50') => `
    ${more}
    module.exports = {
      TF_Version: '2.99.0', isUsingGpuDevice: () => true, createTensor: () => 1,
      executeOp: () => [{ id: 2 }], tensorDataSync: () => Float32Array.of(${product}),
    };`;
  const tried = async (text: string, timeoutMs?: number) => {
    const path = join(await temporaryFolder(), 'binding.cjs');
    await writeFile(path, text);
    return probeBinding(path, timeoutMs);
  };

  test('says what it computes on, and keeps the log apart', async () => {
    expect(await tried(module('console.error("from the library")'))).toEqual({
      version: '2.99.0',
      gpu: true,
      log: 'from the library\n',
    });
  });

  test.each([
    ['multiplies wrongly', module('', '1, 2, 3, 4'), 'TensorFlow 2.99.0 multiplies wrongly: 1,2,3,4'],
    ['crashes', module('process.kill(process.pid, "SIGILL")'), 'TensorFlow ended with SIGILL while it was loaded'],
    [
      'misses a library',
      module('throw new Error("libx.so.2: cannot open shared object file")'),
      'TensorFlow does not load: libx.so.2: cannot open shared object file',
    ],
  ])('one that %s ends nothing but its own process', async (_, text, reason) => {
    expect(await tried(text)).toEqual({ reason });
  });

  test('one that hangs is ended', async () => {
    expect(await tried(module('for (;;);'), 1000)).toEqual({ reason: 'TensorFlow did not answer within 1 s' });
  });
});
