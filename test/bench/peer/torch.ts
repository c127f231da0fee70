/** Finds the PyTorch of engine.bench.ts, or installs one, and takes the fastest where there are several. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import envPaths from 'env-paths';
import { askOnce, type Command, Contender } from './contender.ts';
import { firstStepLine, peakLine, rateLine, type TorchLine, torchLine } from './figures.ts';

/** A way to run PyTorch here. */
export interface Torch {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  readonly about: TorchLine;
}

const script = join(import.meta.dirname, 'torch_peer.py');
const cachedPython = join(envPaths('assay', { suffix: '' }).cache, 'bench-python', 'bin', 'python');
const avx512Cores = ['SkylakeX', 'Cooperlake', 'SapphireRapids', 'Zen5'];

export const torchTitle = ({ about }: Torch) => `PyTorch ${about.version}, ${about.blas}`;

export function torchCommand(torch: Pick<Torch, 'python' | 'env'>, args: readonly (string | number)[]): Command {
  return { name: 'PyTorch', file: torch.python, args: [script, ...args.map(String)], env: torch.env };
}

/**
 * Every PyTorch that starts: `ASSAY_BENCH_PYTHON` alone where it is set, else those of the cached environment, of the
 * system (Debian's `python3-torch`, best with `libopenblas0`) and of the path. An OpenBLAS that does not know this core
 * for one with AVX-512 comes a second time, told so.
 */
export async function findTorches(threads: number): Promise<Torch[]> {
  const chosen = process.env.ASSAY_BENCH_PYTHON;
  const pythons = chosen ? [chosen] : [cachedPython, '/usr/bin/python3', 'python3'];
  const found = new Map<string, Torch>();
  for (const python of pythons) {
    const settings: Record<string, string>[] = [{}];
    for (const env of settings) {
      try {
        const about = await askOnce(torchCommand({ python, env }, ['about', threads]), threads, torchLine);
        found.set(`${about.version} ${about.blas}`, { python, env, about });
        const { openblasCore: core } = about;
        if (settings.length === 1 && core !== null && !avx512Cores.includes(core) && hasAvx512())
          settings.push({ OPENBLAS_CORETYPE: 'SkylakeX' });
      } catch (error) {
        if (chosen) throw new Error(`ASSAY_BENCH_PYTHON: ${(error as Error).message}`);
      }
    }
  }
  return [...found.values()];
}

/** The largest rate of square float32 matrix products, in GFLOP/s. */
export async function matmulPeak(torch: Torch, threads: number): Promise<number> {
  const { gflops } = await askOnce(torchCommand(torch, ['peak', threads]), threads, peakLine);
  return gflops;
}

/** One short measurement of training, in tokens a second. */
export async function trainRate(torch: Torch, threads: number, folder: string): Promise<number> {
  const contender = new Contender(torchCommand(torch, ['train', threads, folder, 1]), threads);
  try {
    await contender.ready(firstStepLine);
    const { tokens, seconds } = await contender.measure(rateLine);
    return tokens / seconds;
  } finally {
    await contender.close();
  }
}

/** PyTorch from the package index that pip is set up for, in an environment of its own in the user's cache folder. */
export async function installTorch(): Promise<void> {
  const folder = dirname(dirname(cachedPython));
  await mkdir(folder, { recursive: true });
  await runToEnd('python3', ['-m', 'venv', folder]);
  await runToEnd(cachedPython, ['-m', 'pip', 'install', 'torch']);
}

function runToEnd(file: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${file} ${args.join(' ')}: status ${code}`)),
    );
  });
}

function hasAvx512(): boolean {
  return process.platform === 'linux' && / avx512f /.test(readFileSync('/proc/cpuinfo', 'utf8'));
}
