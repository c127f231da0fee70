/** What a run costs an NVIDIA card, by the driver's own tool, which reports once a second for as long as the run lasts. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { StepMetrics } from '../../src-shared/metrics.ts';

const MIB = 2 ** 20;
/** Utilisation in percent, memory in MiB; a card that does not know one says so in words. */
const lineSchema = z.tuple([z.coerce.number().min(0).max(100), z.coerce.number().nonnegative()]);

export interface GpuMeter {
  /** The series of the step that ends now; none where nothing was heard since the last one. */
  sample(): StepMetrics;
}

/** The engines that compute on a card. */
const ON_CARDS: ReadonlySet<string> = new Set(['tfjs-node-gpu', 'tfjs-webgpu']);

/** Null for an engine that uses no card. Where the tool is not there, nothing is ever heard. */
export function createGpuMeter(engine: string, tool = 'nvidia-smi'): GpuMeter | null {
  if (!ON_CARDS.has(engine)) return null;
  // TensorFlow and Dawn take the first of the cards that they may see.
  const card = process.env.CUDA_VISIBLE_DEVICES?.split(',')[0] || '0';
  const query = [
    '--query-gpu=utilization.gpu,memory.used',
    '--format=csv,noheader,nounits',
    '--loop=1',
    `--id=${card}`,
  ];
  const child = spawn(tool, query, { stdio: ['ignore', 'pipe', 'ignore'] });
  // It may not be there. It must not keep the process of the run alive, and ends with its pipe.
  child.on('error', () => undefined);
  child.unref();
  process.once('exit', () => child.kill());

  let loads: number[] = [];
  let memory: number | null = null;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const heard = lineSchema.safeParse(line.split(',').map((field) => field.trim()));
    if (!heard.success) return;
    loads.push(heard.data[0] / 100);
    memory = heard.data[1] * MIB;
  });
  return {
    sample: () => {
      if (memory === null) return {};
      const found: StepMetrics = { 'system/gpu-memory': memory };
      const load =
        loads.length === 0 ? {} : { 'system/gpu': loads.reduce((sum, each) => sum + each, 0) / loads.length };
      loads = [];
      memory = null;
      return { ...found, ...load };
    },
  };
}
