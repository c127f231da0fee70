/** The list of objectives. */
import { grpo } from './grpo.ts';
import type { ObjectiveMember } from './objective.ts';

export const objectives: readonly ObjectiveMember[] = [grpo];
