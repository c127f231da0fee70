/** The WebGPU backend through Dawn: any GPU with a Vulkan, Metal or Direct3D 12 driver, without CUDA. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type * as dawn from 'webgpu';
import { rotaryDivisors } from '../../model/rotary.ts';
import { DeviceOps } from './device-ops.ts';
import { family } from './family.ts';
import { loadTf, missingPackage, packageBuild, requirePackage, selectBackend } from './library.ts';
import { backendOf, boundPool, chooseMatMul, guardDevice } from './webgpu-device.ts';

const backendPackage = '@tensorflow/tfjs-backend-webgpu';

/** Dawn's entry point, kept for the life of the process: its devices die with it. */
let gpu: GPU | null = null;

async function openGpu(): Promise<GPU> {
  if (gpu) return gpu;
  const { create, globals } = (await import('webgpu')) as typeof dawn;
  Object.assign(globalThis, globals);
  gpu = create([]);
  return gpu;
}

async function unavailable(): Promise<string | null> {
  const missing = missingPackage('@tensorflow/tfjs') ?? missingPackage(backendPackage) ?? missingPackage('webgpu');
  if (missing) return missing;
  if (process.platform === 'linux' && !hasVulkanDriver()) return 'no Vulkan driver is installed';
  let adapter: GPUAdapter | null;
  try {
    adapter = await (await openGpu()).requestAdapter({ powerPreference: 'high-performance' });
  } catch (error) {
    return `WebGPU does not start: ${(error as Error).message.split('\n')[0]}`;
  }
  if (!adapter) return 'no GPU that WebGPU can use';
  // A driver that computes on the CPU is slower than the CPU engines; whoever names it explicitly may have it.
  if (adapter.info.isFallbackAdapter && !process.env.VK_ICD_FILENAMES)
    return `only a software GPU (${describe(adapter.info)}); set VK_ICD_FILENAMES to use it all the same`;
  return null;
}

/** Where Vulkan's loader looks for drivers. Asked first, because Dawn complains on stderr when it finds none. */
function hasVulkanDriver(): boolean {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES, XDG_DATA_DIRS, XDG_DATA_HOME } = process.env;
  if (VK_ICD_FILENAMES || VK_DRIVER_FILES) return true;
  const shared = (XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':');
  return ['/etc', XDG_DATA_HOME || join(homedir(), '.local/share'), ...shared]
    .map((root) => join(root, 'vulkan/icd.d'))
    .some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
}

/** The backend of this process and what it runs on. */
async function start() {
  const webgpu = await openGpu();
  if (!globalThis.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(globalThis.navigator, 'gpu', { value: webgpu, configurable: true });
  const tf = loadTf();
  requirePackage(backendPackage);
  await selectBackend(tf, 'webgpu');
  const adapter = await webgpu.requestAdapter({ powerPreference: 'high-performance' });
  const backend = backendOf(tf);
  boundPool(backend);
  chooseMatMul(tf, adapter?.info.isFallbackAdapter ?? false);
  return {
    tf,
    device: adapter ? describe(adapter.info) : 'GPU',
    limits: backend.device.limits,
    guard: guardDevice(backend.device),
  };
}

let started: ReturnType<typeof start> | null = null;

/** @param mostBytes Of one tensor, where that is to be less than the device allows. */
export function webgpu(mostBytes = Number.POSITIVE_INFINITY) {
  return family({
    id: 'tfjs-webgpu',
    title: 'TensorFlow.js, WebGPU',
    unavailable,
    sliceTokens: 8192,
    start: async () => {
      started ??= start();
      const { tf, device, limits, guard } = await started;
      const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, mostBytes);
      const build = `${packageBuild(backendPackage)}, ${packageBuild('webgpu')}`;
      return {
        tf,
        backend: 'webgpu',
        guard,
        device: { engine: 'tfjs-webgpu', device, precision: 'float32', build },
        ops: (config) => new DeviceOps(tf, config, rotaryDivisors(config), Math.floor(most / 4)),
      };
    },
  });
}

export const tfjsWebgpu = webgpu();

function describe({ description, vendor, architecture }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed GPU';
}
