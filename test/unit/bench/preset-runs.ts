/** Runs of presets with chosen numbers, in the form of the files that presets.bench.ts writes. */
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { parseRun, type Run } from '../../bench/presets/runs.ts';

export interface Chosen {
  readonly preset: string;
  readonly seed: number;
  /** Validation accuracy at steps 0, 10, 20, ... as fractions. */
  readonly accuracy: readonly number[];
  /** Mean validation length at the same steps; 20 throughout unless given. */
  readonly length?: readonly number[];
  /** Share with reasoning at the same steps; 1 throughout unless given. */
  readonly reasoning?: readonly number[];
  /** Token entropy and own reward of the training rollouts: first step and last, a line between. */
  readonly entropy?: readonly [number, number];
  readonly reward?: readonly [number, number];
}

/** The object as it stands in the file. */
export function runObject({ preset, seed, accuracy, length, reasoning, entropy, reward }: Chosen) {
  const last = 10 * (accuracy.length - 1);
  const config = resolveConfig({ preset, values: { 'seeds.run': seed, 'limits.steps': last } });
  const between = ([from, to]: readonly [number, number], step: number) =>
    from + ((to - from) * (step - 1)) / Math.max(1, last - 1);
  const steps = Array.from({ length: last + 1 }, (_, step) => {
    const metrics: Record<string, number> = {};
    if (step > 0) {
      metrics['train/length'] = 20;
      metrics['train/token-entropy'] = between(entropy ?? [0.4, 0.4], step);
      metrics['train/reward'] = between(reward ?? [0, 1], step);
    }
    if (step % 10 === 0) {
      metrics['eval/avg@k'] = accuracy[step / 10] as number;
      metrics['eval/avg@k-se'] = 0.02;
      metrics['eval/length'] = length?.[step / 10] ?? 20;
      metrics['eval/reasoning'] = reasoning?.[step / 10] ?? 1;
      metrics['eval/truncated'] = 0;
    }
    return { step, metrics };
  });
  const device = { engine: 'tfjs-cpu', device: 'CPU', precision: 'float32', build: 'made for a test' };
  return { preset, seed, device, config, steps, seconds: 1 };
}

export const chosenRun = (chosen: Chosen): Run =>
  parseRun(JSON.stringify(runObject(chosen)), 'test', chosen.preset, chosen.seed);
