/** Whether an answer is the expected one. Pure; it runs where the untrusted program cannot reach, and takes linear time
 * (sorting apart) whatever the program answers.
 *
 * exact, the rules of LiveCodeBench's grader (lcb_runner/evaluation/testing_util.py,
 * github.com/LiveCodeBench/LiveCodeBench):
 * - text, stripped, has as many lines as expected; each line, stripped, is equal, or has as many words and all of them
 *   are equal as exact decimals ("1e3" is "1000.0"; there is no tolerance);
 * - a value equals the expected JSON by Python's ==; a tuple counts as a list, but not inside another value.
 *
 * tolerance, after math.isclose and the checkers of contests; what exact accepts, it accepts:
 * - text, stripped, has as many lines as expected and each line as many words; each word is equal, or near as a number;
 * - a value as exact, but that numbers in lists, tuples and the values of dicts need only be near. True and False are
 *   no such numbers, nor are keys of dicts;
 * - near is |got - expected| <= max(absolute, relative * |expected|), in float64 below 2^53 and exactly beyond: no whole
 *   number is rounded, but in text those of more than 4,300 digits. Infinities are near themselves alone, as is text for
 *   a number beyond the range of float64 that is not such a whole number. NaN is near nothing, though equal as text.
 *
 * unordered:
 * - text, stripped, has the expected lines in any order, a line as often as expected, each compared as exact;
 * - a list (or tuple) has the elements of the expected list in any order, an element as often as expected, by Python's
 *   == (1 is 1.0, NaN equals nothing); lists inside keep their order. Other values are compared as exact. */
import type { Comparison } from '../../src-shared/verdict.ts';
import { canonicalDecimal, isNear, numberOfDecimal, type Tolerance } from './numbers.ts';
import { Identities, matches, type PyValue, pythonEquals } from './values.ts';

/** The comparisons that need no program. */
export type Rule = Exclude<Comparison, { readonly kind: 'checker' }>;

// What Python's str.strip and str.split take for white space; JavaScript's trim differs at both ends of the list.
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${SPACE}]+`);
const ONE_SPACE = new RegExp(`[${SPACE}]`);
const WORD = new RegExp(`[^${SPACE}]+`, 'g');

/** Python's str.strip(). */
export function strip(text: string): string {
  let end = text.length;
  while (end > 0 && ONE_SPACE.test(text[end - 1] as string)) end -= 1;
  return text.slice(0, end).replace(LEADING, '');
}

/** Printed text against the expected text. */
export function sameOutput(printed: string, expected: string, rule: Rule): boolean {
  switch (rule.kind) {
    case 'exact':
      return pairwise(lines(printed), lines(expected), sameLine);
    case 'tolerance':
      return pairwise(lines(printed), lines(expected), (a, b) => nearLine(a, b, rule));
    case 'unordered':
      return sameMultiset(lines(printed), lines(expected), identityOfLine, identityOfLine);
  }
}

/** A function's answer against the expected value. */
export function sameAnswer(answer: PyValue, expected: PyValue, rule: Rule): boolean {
  const got = asList(answer);
  switch (rule.kind) {
    case 'exact':
      return pythonEquals(got, expected);
    case 'tolerance':
      return matches(got, expected, (a, b) => isNear(a, b, rule));
    case 'unordered': {
      if (!isList(got) || !isList(expected)) return pythonEquals(got, expected);
      if (got.items.length !== expected.items.length) return false;
      const known = new Identities();
      return sameMultiset(
        got.items,
        expected.items,
        (item) => known.find(item),
        (item) => known.add(item),
      );
    }
  }
}

const isList = (value: PyValue): value is { kind: 'list'; items: readonly PyValue[] } =>
  typeof value === 'object' && value?.kind === 'list';

const asList = (value: PyValue): PyValue =>
  typeof value === 'object' && value?.kind === 'tuple' ? { kind: 'list', items: value.items } : value;

// Lines and words come one at a time: hostile text has tens of millions of them, and the first that differs decides.

/** The stripped lines of the stripped text; one empty line where it is empty. */
function* lines(text: string): Generator<string> {
  const stripped = strip(text);
  for (let start = 0; start <= stripped.length; ) {
    const next = stripped.indexOf('\n', start);
    const end = next === -1 ? stripped.length : next;
    yield strip(stripped.slice(start, end));
    start = end + 1;
  }
}

function* words(line: string): Generator<string> {
  for (const [word] of line.matchAll(WORD)) yield word;
}

function pairwise<T>(got: Iterable<T>, expected: Iterator<T>, same: (got: T, expected: T) => boolean): boolean {
  for (const item of got) {
    const other = expected.next();
    if (other.done === true || !same(item, other.value)) return false;
  }
  return expected.next().done === true;
}

const sameLine = (printed: string, expected: string): boolean =>
  printed === expected || pairwise(words(printed), words(expected), sameNumber);

function sameNumber(printed: string, expected: string): boolean {
  const number = canonicalDecimal(printed);
  return number !== null && number === canonicalDecimal(expected);
}

const nearLine = (printed: string, expected: string, tolerance: Tolerance): boolean =>
  pairwise(words(printed), words(expected), (a, b) => a === b || nearNumber(a, b, tolerance));

function nearNumber(printed: string, expected: string, tolerance: Tolerance): boolean {
  const [left, right] = [canonicalDecimal(printed), canonicalDecimal(expected)];
  if (left === null || right === null) return false;
  if (left === right) return true;
  const [got, wanted] = [numberOfDecimal(left), numberOfDecimal(right)];
  return got !== null && wanted !== null && isNear(got, wanted, tolerance);
}

/** Equal for two lines exactly where they are the same line. */
function identityOfLine(line: string): string {
  const numbers: string[] = [];
  for (const word of words(line)) {
    const number = canonicalDecimal(word);
    if (number === null) return `text ${line}`;
    numbers.push(number);
  }
  return `numbers ${numbers.join(' ')}`;
}

/** Whether both have the same identities, each as often. Only those of `expected` are kept. */
function sameMultiset<T, I>(
  got: Iterable<T>,
  expected: Iterable<T>,
  identityOfGot: (item: T) => I,
  identityOfExpected: (item: T) => I,
): boolean {
  const missing = new Map<I, number>();
  for (const item of expected) {
    const identity = identityOfExpected(item);
    missing.set(identity, (missing.get(identity) ?? 0) + 1);
  }
  for (const item of got) {
    const identity = identityOfGot(item);
    const count = missing.get(identity);
    if (count === undefined) return false;
    if (count === 1) missing.delete(identity);
    else missing.set(identity, count - 1);
  }
  return missing.size === 0;
}
