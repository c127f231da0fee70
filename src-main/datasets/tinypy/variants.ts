/**
 * Kinds of TinyPy problems. `standard` is what the embedded policy was made on; each of the others differs from it in
 * one thing, so that what a policy keeps there says what it learned. Functions are dealt to splits alike in all of them.
 */
import type { Random } from '../../../src-shared/random.ts';
import type { Bounds } from './forms.ts';
import { LARGEST_A, LARGEST_B } from './forms.ts';
import { type Numbers, type Step, wordingOf } from './steps.ts';

export interface Variant {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** Steps of a problem by its difficulty. A split takes them in turn. */
  readonly levels: readonly { readonly difficulty: string; readonly steps: number }[];
  readonly numbers: Numbers;
  /** Of all forms, running ones included. */
  readonly bounds: Bounds;
  statementOf(steps: readonly Step[], random: Random): string;
}

const standard: Variant = {
  id: 'standard',
  title: 'Standard',
  help: 'Two to four steps with numbers up to 12.',
  levels: [
    { difficulty: 'easy', steps: 2 },
    { difficulty: 'medium', steps: 3 },
    { difficulty: 'hard', steps: 4 },
  ],
  numbers: { add: [1, 12], multiply: [2, 2, 3, 3, 4, 5] },
  bounds: { a: LARGEST_A, b: LARGEST_B },
  statementOf: (steps, random) => listed(steps, random, ['take x', 'start with x', 'given x']),
};

export const variants: readonly Variant[] = [
  standard,
  {
    ...standard,
    id: 'longer',
    title: 'Longer',
    help: 'Five steps; words and numbers as in the standard ones.',
    levels: [{ difficulty: '5 steps', steps: 5 }],
  },
  {
    ...standard,
    id: 'addends',
    title: 'Larger addends',
    help: 'Numbers from 13 to 40 are added; factors, steps and words as in the standard ones.',
    numbers: { ...standard.numbers, add: [13, 40] },
    bounds: { a: LARGEST_A, b: 399 },
  },
  {
    ...standard,
    id: 'factors',
    title: 'Larger factors',
    help: 'Factors from 6 to 9; what is added, steps and words as in the standard ones.',
    numbers: { ...standard.numbers, multiply: [6, 7, 8, 9] },
    bounds: { a: 99, b: 399 },
  },
  {
    ...standard,
    id: 'reframed',
    title: 'Reframed',
    help: 'x is introduced in other words, such as "begin with x"; the steps are said as in the standard ones.',
    statementOf: (steps, random) => listed(steps, random, ['begin with x', 'let x be given', 'use x']),
  },
];

function listed(steps: readonly Step[], random: Random, openings: readonly string[]): string {
  const [first, ...rest] = steps.map((step) => wordingOf(step, random));
  const opening = random.pick(openings);
  const joint = random.pick([', then ', ', ']);
  const last = random.pick([', then ', ', and finally ']);
  const middle = rest.slice(0, -1).map((text) => `${joint}${text}`);
  return `Write f(x): ${opening}, ${first}${middle.join('')}${last}${rest.at(-1)}.`;
}
