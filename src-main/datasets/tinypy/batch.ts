/** Demonstrations together with their prompts: what supervised training and the tokenizer's trainer take. */
import type { Random } from '../../../src-shared/random.ts';
import { promptText } from '../../model/prompt.ts';
import { type DemonstrationOptions, demonstrate } from './demonstrations.ts';
import type { TinyPyProblem } from './problems.ts';

export interface Demonstration {
  readonly problem: TinyPyProblem;
  readonly prompt: string;
  /** Without the end-of-sequence token. */
  readonly response: string;
}

/** `size` demonstrations of problems drawn with replacement. */
export function demonstrationBatch(
  problems: readonly TinyPyProblem[],
  size: number,
  random: Random,
  options: DemonstrationOptions,
): Demonstration[] {
  return Array.from({ length: size }, () => {
    const problem = random.pick(problems);
    return { problem, prompt: promptText(problem, 'tinypy'), response: demonstrate(problem, random, options) };
  });
}
