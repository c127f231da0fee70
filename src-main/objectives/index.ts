/** The list of objectives. */
import { dpo } from './dpo.ts';
import { policyGradients } from './grpo.ts';
import { likelihood } from './likelihood.ts';
import type { ObjectiveMember } from './objective.ts';

export const objectives: readonly ObjectiveMember[] = [...policyGradients, likelihood, dpo];
