/** TinyPy, the embedded problem set: made from its seed in a moment, so no file carries it. */
import { defaultsOf, type ValuesOf } from '../../../src-shared/options.ts';
import type { Split } from '../../../src-shared/problem.ts';
import { type DatasetKind, hashOf } from '../dataset.ts';
import { generateProblems, type SplitSizes, type TinyPyProblem } from './problems.ts';
import { variants } from './variants.ts';

export const TINYPY_SIZES: SplitSizes = { train: 4000, validation: 256, test: 256 };
const SEED = 1;

const options = {
  variant: {
    kind: 'choice',
    label: 'Problems',
    default: 'standard',
    choices: variants.map(({ id, title, help }) => ({ value: id, label: title, help })),
    help: 'The embedded policy was made on the standard problems; the others are there to see what carries over. No function that one of them validates or tests is trained on in any.',
    source: 'own choice',
  },
} as const;

const generated = new Map<string, Record<Split, readonly TinyPyProblem[]>>();

/** One split of TinyPy, with the steps that demonstrations need. */
export function tinypyProblems(split: Split, id = 'standard'): readonly TinyPyProblem[] {
  const variant = variants.find((each) => each.id === id);
  if (variant === undefined) throw new RangeError(`TinyPy: variant ${id}; there is none`);
  const problems = generated.get(id) ?? generateProblems(SEED, TINYPY_SIZES, variant);
  generated.set(id, problems);
  return problems[split];
}

export const tinypy: DatasetKind = {
  id: 'tinypy',
  title: 'TinyPy',
  help: 'The embedded problems: one-line Python functions described in a few steps. 4,000 to train, 256 to validate, 256 to test; no function is in two splits.',
  options,
  open(values) {
    // A run that was made before there was a choice has the standard problems.
    const { variant } = { ...defaultsOf(options), ...values } as ValuesOf<typeof options>;
    const load = async (split: Split) => tinypyProblems(split, variant);
    return { id: 'tinypy', title: 'TinyPy', load, hash: () => hashOf(load) };
  },
};
