/** The list of advantages. */
import type { Advantage } from './advantage.ts';
import { groupRelative } from './group-relative.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { pairs } from './pairs.ts';
import { positives } from './positives.ts';
import { reinforcePlusPlus } from './reinforce-plus-plus.ts';

export const advantages: readonly Advantage[] = [groupRelative, leaveOneOut, reinforcePlusPlus, positives, pairs];
