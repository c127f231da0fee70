/**
 * The generator of TinyPy: English compositions of arithmetic steps on x. The functions, not the wordings, are
 * dealt to the splits by a seeded hash (80/10/10), so no function of one split is asked for in another. Within a split
 * a function may come back through other steps; no statement does.
 */
import type { Problem, Split } from '../../../src-shared/problem.ts';
import { seedFrom, stream } from '../../../src-shared/random.ts';
import type { Test } from '../../../src-shared/verdict.ts';
import { evaluate, type Form, meaningOf } from './forms.ts';
import { compose, drawSteps, type Step } from './steps.ts';
import type { Variant } from './variants.ts';

export interface TinyPyProblem extends Problem {
  readonly steps: readonly Step[];
}

export type SplitSizes = Readonly<Record<Split, number>>;

/** Tenths of the functions that each split gets. */
const TENTHS: SplitSizes = { train: 8, validation: 1, test: 1 };
/** A function is asked for at most as often as if a tenth had just this many, so that the simplest do not prevail. */
const FUNCTIONS_PER_TENTH = 16;
/** Draws in a row without a new problem after which the sizes count as impossible. */
const MOST_VAIN_DRAWS = 50_000;
const FUNCTION_NAME = 'f';

/** All splits, equal for equal arguments; the difficulties of a split alternate. */
export function generateProblems(seed: number, sizes: SplitSizes, variant: Variant): Record<Split, TinyPyProblem[]> {
  const { id: variantId, levels } = variant;
  const standard = variantId === 'standard';
  const statements = new Set<string>();
  const byLevel = levels.map((level, i) => {
    const quota = (split: Split) => Math.floor((sizes[split] + levels.length - 1 - i) / levels.length);
    const random = stream(seed, 'tinypy', ...(standard ? [] : [variantId]), level.difficulty);
    const drawn: Record<Split, Draft[]> = { train: [], validation: [], test: [] };
    const asked = new Map<string, number>();
    const most = (split: Split) => Math.ceil(quota(split) / (FUNCTIONS_PER_TENTH * TENTHS[split]));
    let missing = quota('train') + quota('validation') + quota('test');
    let vain = 0;
    while (missing > 0) {
      if (vain++ === MOST_VAIN_DRAWS)
        throw new RangeError(
          `TinyPy: ${missing} ${level.difficulty} problems of other meaning or wording do not exist`,
        );
      const steps = drawSteps(level.steps, random, variant.numbers, variant.bounds);
      const form = compose(steps);
      const meaning = meaningOf(form);
      const split = splitOf(seed, meaning);
      const statement = variant.statementOf(steps, random);
      const times = asked.get(meaning) ?? 0;
      if (drawn[split].length >= quota(split) || times >= most(split) || statements.has(statement)) continue;
      asked.set(meaning, times + 1);
      statements.add(statement);
      drawn[split].push({ steps, form, statement, difficulty: level.difficulty });
      missing--;
      vain = 0;
    }
    return drawn;
  });
  const collect = (split: Split) =>
    Array.from({ length: sizes[split] }, (_, n) => {
      const draft = byLevel[n % levels.length]?.[split][Math.floor(n / levels.length)] as Draft;
      return problemFrom(draft, `tinypy-${standard ? '' : `${variantId}-`}${split}-${String(n + 1).padStart(4, '0')}`);
    });
  return { train: collect('train'), validation: collect('validation'), test: collect('test') };
}

interface Draft {
  readonly steps: readonly Step[];
  readonly form: Form;
  readonly statement: string;
  readonly difficulty: string;
}

function splitOf(seed: number, meaning: string): Split {
  const bucket = seedFrom(seed, 'tinypy', 'split', meaning) % 10;
  if (bucket < TENTHS.train) return 'train';
  return bucket < TENTHS.train + TENTHS.validation ? 'validation' : 'test';
}

function problemFrom({ steps, form, statement, difficulty }: Draft, id: string): TinyPyProblem {
  const test = (x: number): Test => ({ kind: 'functional', input: String(x), expected: String(evaluate(form, x)) });
  // Both ends of the line, and two points on the side where max(.., 0) is not 0: no other TinyPy form passes all.
  const side = Math.sign(form.a);
  return {
    id,
    statement,
    functionName: FUNCTION_NAME,
    starterCode: `def ${FUNCTION_NAME}(x):\n`,
    difficulty,
    visibleTests: [0, 3].map(test),
    hiddenTests: [-100 * side, 100 * side, 1000 * side].map(test),
    meaning: meaningOf(form),
    steps,
  };
}
