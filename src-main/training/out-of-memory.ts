/** A run for which the device has too little memory: what it says, what would help, and what it leaves to go on from. */
import { AssayError } from '../../src-shared/errors.ts';
import { type MemorySettings, outOfMemoryMessage } from '../../src-shared/memory.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { OutOfMemoryError } from '../engine/engine.ts';

/** The error in a run's own words where memory is what was short; else as it is. @param where As for `outOfMemoryMessage`. */
export function memoryFailure(
  error: unknown,
  where: string | null,
  config: RunConfig,
  memory: MemorySettings,
): unknown {
  if (!(error instanceof OutOfMemoryError)) return error;
  return new AssayError('out-of-memory', outOfMemoryMessage(where, error.message), {
    hint: `What helps: ${waysOut(config, memory).join('; ')}.`,
    cause: error,
  });
}

/** Least change first: what leaves the run as it is, then what makes it another. */
function waysOut({ policy, rollouts }: RunConfig, { recompute, microBatchTokens = 0 }: MemorySettings): string[] {
  return [
    ...(policy.recompute || recompute ? [] : ['resume with recomputed activations']),
    `resume with ${microBatchTokens > 0 ? `fewer than ${microBatchTokens}` : 'fewer'} tokens at a time (a smaller micro-batch)`,
    ...(policy.adapter === 'lora' ? [] : ['a new run with a LoRA adapter']),
    `a new run with responses shorter than ${rollouts.maxNewTokens} tokens`,
  ];
}
