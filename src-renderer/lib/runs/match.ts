/** From a query to the runs that it is true of. */
import type { RunSummary } from '../../../src-shared/api.ts';
import type { OptionValue } from '../../../src-shared/options.ts';
import { type Field, findFields } from './fields.ts';
import { type Comparison, parseQuery, type Term } from './query.ts';

export interface Matcher {
  readonly matches: (run: RunSummary) => boolean;
  /** What is wrong with the query, one line each; a term at fault matches no run. */
  readonly faults: readonly string[];
}

/** @param isComplete false while options are on their way, so that an unknown key is no fault yet */
export function compileQuery(query: string, fields: readonly Field[], isComplete = true): Matcher {
  const faults: string[] = [];
  const tests = parseQuery(query).terms.map((term): ((run: RunSummary) => boolean) => {
    const test = term.kind === 'text' ? textTest(term.text) : fieldTest(term, fields, isComplete);
    if (typeof test === 'string') {
      faults.push(test);
      return () => false;
    }
    return term.negated ? (run) => !test(run) : test;
  });
  return { matches: (run) => tests.every((test) => test(run)), faults };
}

function textTest(text: string): (run: RunSummary) => boolean {
  const wanted = text.toLowerCase();
  return (run) =>
    `${run.name} #${run.number} ${run.status} ${run.reward} ${run.preset ?? ''} ${run.study ?? ''} ${run.tags.join(' ')}`
      .toLowerCase()
      .includes(wanted);
}

type FieldTerm = Extract<Term, { kind: 'field' }>;

/** @returns What is wrong, in place of a test. */
function fieldTest(
  { key, comparison, values }: FieldTerm,
  fields: readonly Field[],
  isComplete: boolean,
): ((run: RunSummary) => boolean) | string {
  const [field, second] = findFields(fields, key);
  if (field === undefined) return isComplete ? `There is no key "${key}"` : () => false;
  if (second !== undefined) {
    const keys = findFields(fields, key).map((f) => f.key);
    return `"${key}" can mean ${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', …' : ''}`;
  }
  if (comparison === ':') {
    const tests = values.map((value) => equalTest(value, field));
    return (run) => {
      const own = field.values(run);
      return tests.some((test) => own.some(test));
    };
  }
  const bounds = values.map((value) => numberOf(value, field));
  const wrong = bounds.indexOf(null);
  if (wrong >= 0) return `${key}${comparison}${values[wrong]}: "${values[wrong]}" is not a number`;
  return (run) =>
    field
      .values(run)
      .some((own) => typeof own === 'number' && bounds.some((bound) => holds(own, comparison, bound ?? 0)));
}

function holds(own: number, comparison: Comparison, bound: number): boolean {
  switch (comparison) {
    case '>':
      return own > bound;
    case '>=':
      return own >= bound;
    case '<':
      return own < bound;
    case '<=':
      return own <= bound;
    default:
      return own === bound;
  }
}

function equalTest(value: string, field: Field): (own: OptionValue) => boolean {
  const number = numberOf(value, field);
  const wanted = value.toLowerCase();
  const pattern = field.isLoose && !wanted.includes('*') ? `*${wanted}*` : wanted;
  const test = pattern.includes('*') ? wildcard(pattern) : (text: string) => text === pattern;
  return (own) => (typeof own === 'number' ? number !== null && isClose(own, number) : test(String(own).toLowerCase()));
}

/** 43.8 % is typed where 0.4380000001 is meant. */
const isClose = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)) || a === b;

function wildcard(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (text) => expression.test(text);
}

/** `14`, `#14`, `1e-4`, `70%`; null for what is no number. */
function numberOf(value: string, field: Field): number | null {
  const text = value.trim().replace(/^#/, '');
  const percent = text.endsWith('%');
  const digits = percent ? text.slice(0, -1) : text;
  const number = digits.trim() === '' ? Number.NaN : Number(digits);
  if (!Number.isFinite(number)) return null;
  return percent && field.isFraction ? number / 100 : percent ? null : number;
}
