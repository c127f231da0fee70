/** TinyPy, the embedded problem set: made from its seed in a moment, so no file carries it. */
import type { Split } from '../../../src-shared/problem.ts';
import { type DatasetKind, hashOf } from '../dataset.ts';
import { generateProblems, type SplitSizes, type TinyPyProblem } from './problems.ts';

export const TINYPY_SIZES: SplitSizes = { train: 4000, validation: 256, test: 256 };
const SEED = 1;

let generated: Record<Split, readonly TinyPyProblem[]> | null = null;

/** One split of TinyPy, with the steps that demonstrations need. */
export function tinypyProblems(split: Split): readonly TinyPyProblem[] {
  generated ??= generateProblems(SEED, TINYPY_SIZES);
  return generated[split];
}

const load = async (split: Split) => tinypyProblems(split);

export const tinypy: DatasetKind = {
  id: 'tinypy',
  title: 'TinyPy',
  help: 'The embedded problems: one-line Python functions described in two to four steps. 4,000 to train, 256 to validate, 256 to test; no function is in two splits.',
  options: {},
  open: () => ({ id: 'tinypy', title: 'TinyPy', load, hash: () => hashOf(load) }),
};
