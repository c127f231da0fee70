/**
 * Responses to TinyPy problems for making a policy that is worth training: it sometimes answers without a thought,
 * and sometimes slips. Every text is what the tokenizer and the policy see; none ends with the end-of-sequence token.
 */
import { defaultsOf, type ValuesOf } from '../../../src-shared/options.ts';
import type { Random } from '../../../src-shared/random.ts';
import { expressionOf, type Form, IDENTITY } from './forms.ts';
import type { TinyPyProblem } from './problems.ts';
import { apply, type Step } from './steps.ts';

const share = { kind: 'number', min: 0, max: 1, source: 'own choice' } as const;
export const demonstrationOptions = {
  skipShare: {
    ...share,
    label: 'Answers at once',
    default: 0.4,
    help: 'Share of responses without reasoning. The slips of the steps are in their answers too.',
  },
  stepErrorRate: {
    ...share,
    label: 'Slips per step',
    default: 0.2,
    help: 'Chance that a step goes wrong. What follows goes on from the wrong form, and so does the answer.',
  },
  wordedShare: {
    ...share,
    label: 'Worded endings',
    default: 0.35,
    help: 'Share of thoughts whose last line opens with a word such as "conclude".',
  },
  verboseShare: {
    ...share,
    label: 'Verbose thoughts',
    default: 0.2,
    help: 'Share of thoughts in which every line opens with a word. The rest, neither worded nor verbose, is bare.',
  },
} as const;
export type DemonstrationOptions = ValuesOf<typeof demonstrationOptions>;

export const defaultDemonstrationOptions: DemonstrationOptions = defaultsOf(demonstrationOptions);

// Some of these are reasoning words as the diagnostics count them, some are not: so the count can rise or vanish.
const FIRST_WORDS = ['first', 'think', 'reason', 'logic'];
const NEXT_WORDS = ['then', 'now', 'next'];
const LAST_WORDS = ['conclude', 'determine', 'infer', 'deduce', 'so', 'thus', 'hence'];

/** One response to a problem. */
export function demonstrate(problem: TinyPyProblem, random: Random, options: DemonstrationOptions): string {
  const forms: Form[] = [];
  let form = IDENTITY;
  for (const step of problem.steps) {
    form = random.next() < options.stepErrorRate ? slip(step, form, random) : apply(step, form);
    forms.push(form);
  }
  const code = `\`\`\`python\ndef ${problem.functionName}(x):\n    return ${expressionOf(form)}\n\`\`\``;
  if (random.next() < options.skipShare) return code;
  return `<think>${thought(forms.map(expressionOf), random, options)}</think>\n${code}`;
}

function thought(lines: readonly string[], random: Random, options: DemonstrationOptions): string {
  const u = random.next();
  const verbose = u < options.verboseShare;
  const worded = verbose || u < options.verboseShare + options.wordedShare;
  const word = (i: number): string => {
    if (i === lines.length - 1) return worded ? `${random.pick(LAST_WORDS)} ` : '';
    if (!verbose) return '';
    return `${random.pick(i === 0 ? FIRST_WORDS : NEXT_WORDS)} `;
  };
  return lines.map((line, i) => `${word(i)}${line}`).join('\n');
}

/** A wrong result of a step, of the kinds that people make. Never the right one. */
function slip(step: Step, form: Form, random: Random): Form {
  const right = apply(step, form);
  const wrong = [...likelySlips(step, form, right), { ...right, b: right.b + 1 }, { ...right, b: right.b - 1 }];
  const different = (f: Form) => f.a !== right.a || f.b !== right.b || f.outer !== right.outer;
  return random.pick(wrong.filter(different));
}

function likelySlips(step: Step, form: Form, right: Form): Form[] {
  switch (step.kind) {
    case 'add':
      return [
        { ...form, b: form.b - step.k },
        { ...right, b: right.b + 10 },
        { ...right, b: right.b - 10 },
      ];
    case 'multiply':
      return [
        { ...right, b: form.b },
        { ...right, b: form.b },
        { ...right, a: form.a },
      ];
    case 'negate':
      return [
        { ...right, b: form.b },
        { ...right, a: form.a },
      ];
    case 'add-x':
      return [{ ...form, a: form.a - step.sign }, { ...form, b: form.b + step.sign }, form];
    default:
      return [form, { ...right, outer: step.kind === 'abs' ? 'floor' : 'abs' }];
  }
}
