/** What a run that ran out of memory may change when it goes on: how it is held in memory, and nothing of what it computes. */
import { z } from 'zod';

/** Kept beside a run's configuration, which stays as it was launched. */
export const memorySettingsSchema = z.strictObject({
  /** Make activations again in the backward pass, whatever the configuration says. The numbers stay. */
  recompute: z.boolean().optional(),
  /** Tokens that go through the model together at most, 0 for as many as the engine likes. Sums are taken in another
   * order, so the last bits of numbers may differ. */
  microBatchTokens: z.number().int().min(0).max(1_048_576).optional(),
});
export type MemorySettings = z.infer<typeof memorySettingsSchema>;

const PREFIX = 'Out of memory';

/** @param where For example `step 3`; null while the policy is loaded. */
export function outOfMemoryMessage(where: string | null, reason: string): string {
  return `${PREFIX}${where === null ? '' : ` at ${where}`}: ${reason}`;
}

/** Whether this is why a run was interrupted. */
export function isOutOfMemory(error: string | null): boolean {
  return error?.startsWith(PREFIX) === true;
}
