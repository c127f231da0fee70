/** The steps a TinyPy problem is composed of: what each does to the running form, and the ways to say it. */
import type { Random } from '../../../src-shared/random.ts';
import { type Bounds, type Form, IDENTITY, isInBounds } from './forms.ts';

export type Step =
  /** k is not 0. */
  | { readonly kind: 'add'; readonly k: number }
  | { readonly kind: 'multiply'; readonly k: number }
  | { readonly kind: 'negate' }
  /** Adds x (sign 1) or subtracts it (-1). */
  | { readonly kind: 'add-x'; readonly sign: 1 | -1 }
  | { readonly kind: 'abs' }
  | { readonly kind: 'floor' };

/** The form after `step`. Only `abs` and `floor` may come last; they never come earlier. */
export function apply(step: Step, form: Form): Form {
  const { a, b } = form;
  switch (step.kind) {
    case 'add':
      return { ...form, b: b + step.k };
    case 'multiply':
      return { ...form, a: a * step.k, b: b * step.k };
    case 'negate':
      // 0 - b, because -b would make a negative zero.
      return { ...form, a: -a, b: 0 - b };
    case 'add-x':
      return { ...form, a: a + step.sign };
    default:
      return { ...form, outer: step.kind };
  }
}

/** The form after all steps, starting from x. */
export function compose(steps: readonly Step[]): Form {
  return steps.reduce((form, step) => apply(step, form), IDENTITY);
}

/** The numbers that steps are drawn with. */
export interface Numbers {
  /** Least and largest |k| that is added. */
  readonly add: readonly [number, number];
  /** Factors, the likelier ones several times. */
  readonly multiply: readonly number[];
}

/** Share of problems whose last step is `abs`, and as many `floor`. */
const OUTER_SHARE = 0.1;

/**
 * A composition of `count` steps, one of them at least `add`, in which no two neighbours are of one kind and no running
 * form is out of bounds.
 */
export function drawSteps(count: number, random: Random, numbers: Numbers, bounds: Bounds): Step[] {
  const steps: Step[] = [];
  let form = IDENTITY;
  while (steps.length < count) {
    const step = drawStep(random, steps.length === count - 1, numbers);
    const next = apply(step, form);
    if (step.kind === steps.at(-1)?.kind || !isInBounds(next, bounds)) continue;
    steps.push(step);
    form = next;
  }
  return steps.some((step) => step.kind === 'add') ? steps : drawSteps(count, random, numbers, bounds);
}

function drawStep(random: Random, last: boolean, { add, multiply }: Numbers): Step {
  const u = random.next();
  if (last && u < 2 * OUTER_SHARE) return { kind: u < OUTER_SHARE ? 'abs' : 'floor' };
  const v = random.next();
  if (v < 0.5) return { kind: 'add', k: random.int(...add) * random.pick([1, -1]) };
  if (v < 0.8) return { kind: 'multiply', k: random.pick(multiply) };
  if (v < 0.88) return { kind: 'negate' };
  return { kind: 'add-x', sign: random.pick([1, -1]) };
}

/** One of the ways to say a step, for example `take away 7`. */
export function wordingOf(step: Step, random: Random): string {
  switch (step.kind) {
    case 'add':
      return step.k > 0
        ? random.pick([`add ${step.k}`, `add ${step.k} to it`, `increase it by ${step.k}`])
        : random.pick([`subtract ${-step.k}`, `take away ${-step.k}`, `decrease it by ${-step.k}`]);
    case 'multiply': {
      const plain = [`multiply by ${step.k}`, `multiply it by ${step.k}`];
      if (step.k === 2) return random.pick([...plain, 'double it', 'double it']);
      return random.pick(step.k === 3 ? [...plain, 'triple it', 'triple it'] : plain);
    }
    case 'negate':
      return random.pick(['negate it', 'flip its sign', 'change its sign']);
    case 'add-x':
      return step.sign > 0 ? random.pick(['add x', 'add x to it']) : 'subtract x';
    case 'abs':
      return random.pick(['take the absolute value', 'drop its sign']);
    case 'floor':
      return random.pick(['raise it to at least 0', 'replace a negative result by 0']);
    default:
      return step satisfies never;
  }
}
