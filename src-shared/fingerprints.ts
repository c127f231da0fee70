/** What a run was measured with, as hashes: recorded when it starts, so that later it can be told which runs may be
 * compared. */
import { z } from 'zod';

/** SHA-256 in hex. */
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const fingerprintsSchema = z.object({
  /** Validation problems that are used, in order, without their tests. */
  problems: hash,
  /** Tests of these problems. */
  tests: hash,
  /** How problems become prompts: two fixed problems as this policy is asked them. */
  prompt: hash,
  /** Weights, model configuration and tokenizer that training starts from. */
  policy: hash,
  validationProblems: z.number().int().nonnegative(),
  /** How many of the validation problems are among the training problems too: all of them in test-time training. */
  trainedOn: z.number().int().nonnegative(),
});
export type Fingerprints = z.infer<typeof fingerprintsSchema>;
