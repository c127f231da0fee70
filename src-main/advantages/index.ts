/** The list of advantages. */
import type { Advantage } from './advantage.ts';
import { groupRelative } from './group-relative.ts';

export const advantages: readonly Advantage[] = [groupRelative];
