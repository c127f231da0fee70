/** Memory of the devices that engines compute on: what the system, or the driver's own tool, says. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Device } from '../../src-shared/devices.ts';
import { engines } from '../engine/index.ts';
import { machineMemory } from './machine.ts';
import type { Rates } from './rate.ts';

const MIB = 2 ** 20;
const LONGEST_MS = 5000;

const cardSchema = z.tuple([z.string().min(1), z.coerce.number().positive(), z.string().min(1)]);
export interface Card {
  readonly name: string;
  readonly memoryMb: number;
  readonly driver: string;
}

/** Lines of `nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader,nounits`; others are passed over. */
export function parseCards(text: string): Card[] {
  return text.split('\n').flatMap((line) => {
    const parsed = cardSchema.safeParse(line.split(',').map((field) => field.trim()));
    if (!parsed.success) return [];
    const [name, memoryMb, driver] = parsed.data;
    return [{ name, memoryMb, driver }];
  });
}

/** NVIDIA's cards; none where its tool is not there or does not answer. */
async function cards(): Promise<Card[]> {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  try {
    return parseCards((await promisify(execFile)('nvidia-smi', query, { timeout: LONGEST_MS })).stdout);
  } catch {
    // No card of NVIDIA's, or no driver: nothing is known of its memory.
    return [];
  }
}

/** Null where nobody says: WebGPU hides it from whoever asks. */
async function memoryMb(engine: string): Promise<number | null> {
  if (engine === 'tfjs-webgpu') return null;
  if (engine === 'tfjs-node-gpu') return (await cards())[0]?.memoryMb ?? null;
  return Math.floor(machineMemory().totalBytes / MIB);
}

/** @param measure Which to measure now: all that can run, one by its id, or none. */
export async function devicesOf(rates: Rates, measure: boolean | string): Promise<Device[]> {
  const devices: Device[] = [];
  for (const { id, title, unavailable } of engines) {
    const reason = await unavailable();
    const isAsked = reason === null && (measure === true || measure === id);
    const rate = isAsked ? await rates.measure(id) : await rates.known(id);
    devices.push({
      engine: id,
      title,
      unavailable: reason,
      device: rate?.device ?? null,
      build: rate?.build ?? null,
      memoryMb: reason === null ? await memoryMb(id) : null,
      gflops: rate?.products === undefined ? null : rate.products / 1e9,
    });
  }
  return devices;
}
