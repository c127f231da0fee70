/**
 * The native module between @tensorflow/tfjs-node-gpu and TensorFlow: where it lies, what it computes on, and loading
 * it. `assay setup gpu` compiles it (setup-gpu.ts); without that, the one that the package fetched itself is taken.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import util, { promisify } from 'node:util';
import type { KernelBackend } from '@tensorflow/tfjs';
import envPaths from 'env-paths';
import { z } from 'zod';
import { missingPackage, requirePackage, type Tf } from './library.ts';

export const tensorflowPackage = '@tensorflow/tfjs-node-gpu';

/** A first use of a card that TensorFlow has no code for compiles that code, for minutes; `assay setup gpu` waits. */
const PROBE_TIMEOUT_MS = 60_000;

export interface TensorflowDevice {
  /** Of TensorFlow. */
  readonly version: string;
  /** Whether it computes on a CUDA device; else on the CPU. */
  readonly gpu: boolean;
  /** What TensorFlow wrote to standard error. */
  readonly log: string;
}

/** `ASSAY_TENSORFLOW`, or a folder of the user's: the package may lie where nothing can be written. */
export function bindingFolder(): string {
  return process.env.ASSAY_TENSORFLOW || join(envPaths('assay', { suffix: '' }).data, 'tensorflow');
}

/** Name of the module: its sources come from the package, so another version of that needs another module. */
export function bindingFile(): string {
  const { version } = requirePackage(`${tensorflowPackage}/package.json`) as { version: string };
  return `tfjs-node-gpu-${version}-${process.platform}-${process.arch}.node`;
}

/** Path of the module that is to be loaded, or in one line why there is none. */
export function findBinding(): { readonly path: string } | { readonly missing: string } {
  const missing = missingPackage('@tensorflow/tfjs') ?? missingPackage(`${tensorflowPackage}/package.json`);
  if (missing) return { missing: missing.replace('/package.json', '') };
  const path = [join(bindingFolder(), bindingFile()), ...fetchedBindings()].find((path) => existsSync(path));
  return path === undefined ? { missing: 'TensorFlow is not set up: run "assay setup gpu"' } : { path };
}

/** What `npm run setup:gpu` leaves in the package; of several levels of Node-API the highest first. */
function fetchedBindings(): string[] {
  const lib = join(dirname(requirePackage.resolve(`${tensorflowPackage}/package.json`)), 'lib');
  if (!existsSync(lib)) return [];
  const folders = readdirSync(lib).filter((name) => /^napi-v\d+$/.test(name));
  const level = (name: string) => Number(name.slice('napi-v'.length));
  return folders.sort((a, b) => level(b) - level(a)).map((name) => join(lib, name, 'tfjs_binding.node'));
}

const probes = new Map<string, ReturnType<typeof probeBinding>>();

/** What the module computes on; asked once a process. */
export function tensorflowDevice(path: string): Promise<TensorflowDevice | { readonly reason: string }> {
  const probe = probes.get(path) ?? probeBinding(path);
  probes.set(path, probe);
  return probe;
}

/** Multiplies two matrices and says where. */
const probeScript = `
const binding = require(process.argv[1]);
const matrix = (...values) => binding.createTensor([2, 2], binding.TF_FLOAT, Float32Array.from(values));
const plain = (name) => ({ name, type: binding.TF_ATTR_BOOL, value: false });
const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
const attributes = [plain('transpose_a'), plain('transpose_b'), type];
const [{ id }] = binding.executeOp('MatMul', attributes, [matrix(1, 2, 3, 4), matrix(5, 6, 7, 8)], 1);
const product = Array.from(binding.tensorDataSync(id));
console.log(JSON.stringify({ version: binding.TF_Version, gpu: binding.isUsingGpuDevice(), product }));
`;
const probed = z.object({ version: z.string(), gpu: z.boolean(), product: z.array(z.number()) });

/**
 * Load the module in a process of its own and multiply with it: neither a crash (a processor without the instructions
 * that TensorFlow was built for) nor the memory of a GPU is then this process's.
 */
export async function probeBinding(
  path: string,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<TensorflowDevice | { readonly reason: string }> {
  const env = { ...process.env, ...settings({ TF_CPP_MIN_LOG_LEVEL: '1' }), ELECTRON_RUN_AS_NODE: '1' };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', probeScript, path], {
      env,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const { version, gpu, product } = probed.parse(JSON.parse(stdout));
    if (product.join() !== '19,22,43,50') return { reason: `TensorFlow ${version} multiplies wrongly: ${product}` };
    return { version, gpu, log: stderr };
  } catch (error) {
    const { killed, signal, stderr = '', message } = error as Failure;
    if (killed) return { reason: `TensorFlow did not answer within ${timeoutMs / 1000} s` };
    if (signal) return { reason: `TensorFlow ended with ${signal} while it was loaded` };
    const thrown = /^\w*Error: (.*)$/m.exec(stderr)?.[1];
    return { reason: `TensorFlow does not load: ${thrown ?? message.split('\n')[0]}` };
  }
}

type Failure = Error & { readonly killed?: boolean; readonly signal?: string | null; readonly stderr?: string };

/** What TensorFlow reads from the environment once, when it is loaded. What the user has set stands. */
function settings(extra: Record<string, string>): Record<string, string> {
  const wanted = {
    // Of a GPU's memory only what is needed: without it all is taken, and a second process finds none.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // The same bits every time, as the other engines give: no sums in the order in which threads of a GPU arrive.
    TF_DETERMINISTIC_OPS: '1',
    // Matrices are multiplied in float32, and not in the 10 bits of TF32.
    NVIDIA_TF32_OVERRIDE: '0',
    ...extra,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => process.env[name] === undefined));
}

/**
 * Register the backend `tensorflow`, on the module at `path`. The package's own entry does the same, but only for a
 * module at the place in the package that node-pre-gyp computes; so its two parts, the kernels and the backend, are
 * taken, and the entry is left out.
 */
export function registerTensorflow(tf: Tf, path: string): void {
  if (tf.findBackendFactory('tensorflow')) return;
  Object.assign(process.env, settings({ TF_CPP_MIN_LOG_LEVEL: '2' }));
  giveBackRemoved();
  requirePackage(`${tensorflowPackage}/dist/register_all_kernels`);
  const { NodeJSKernelBackend } = requirePackage(`${tensorflowPackage}/dist/nodejs_kernel_backend`) as {
    NodeJSKernelBackend: new (binding: unknown, packageName: string) => KernelBackend;
  };
  const binding: unknown = requirePackage(path);
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, tensorflowPackage));
}

/** tfjs-node 4.22 calls a function that Node 23 removed, and one that newer Nodes warn of. */
function giveBackRemoved(): void {
  const isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  for (const [name, value] of Object.entries({ isNullOrUndefined, isArray: Array.isArray }))
    Object.defineProperty(util, name, { value, configurable: true });
}
