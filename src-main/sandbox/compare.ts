/** Whether an answer is the expected one, by the rules of LiveCodeBench's grader (lcb_runner/evaluation/testing_util.py,
 * github.com/LiveCodeBench/LiveCodeBench). Pure; it runs where the untrusted program cannot reach. */
import { type PyValue, parsePythonJson, pythonEquals } from './values.ts';

// What Python's str.strip and str.split take for white space; JavaScript's trim differs at both ends of the list.
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING = new RegExp(`^${SPACE}+`);
const SPACES = new RegExp(`${SPACE}+`);
const ONE_SPACE = new RegExp(SPACE);

/** Python's str.strip(). */
export function strip(text: string): string {
  let end = text.length;
  while (end > 0 && ONE_SPACE.test(text[end - 1] as string)) end -= 1;
  return text.slice(0, end).replace(LEADING, '');
}

/** Printed text: as many lines as expected, and each line equal once stripped, or all its words equal as exact decimal
 * numbers ("1e3" is "1000.0"; there is no tolerance). */
export function sameOutput(printed: string, expected: string): boolean {
  const printedLines = strip(printed).split('\n');
  const expectedLines = strip(expected).split('\n');
  if (printedLines.length !== expectedLines.length) return false;
  return printedLines.every((line, i) => sameLine(strip(line), strip(expectedLines[i] as string)));
}

function sameLine(printed: string, expected: string): boolean {
  if (printed === expected) return true;
  const printedWords = printed.split(SPACES);
  const expectedWords = expected.split(SPACES);
  if (printedWords.length !== expectedWords.length) return false;
  return printedWords.every((word, i) => {
    const number = canonicalDecimal(word);
    return number !== null && number === canonicalDecimal(expectedWords[i] as string);
  });
}

const DECIMAL = /^([-+]?)(?=\d|\.\d)(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i;
const INFINITE = /^([-+]?)inf(?:inity)?$/i;

/** One text for all spellings of a number in Python's decimal.Decimal; null for what is none, or is not a number
 * (NaN equals nothing). Departure: decimal digits other than 0-9, which Decimal reads too, are not read. */
export function canonicalDecimal(word: string): string | null {
  const text = word.replaceAll('_', '');
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? '-inf' : 'inf';
  const found = DECIMAL.exec(text);
  if (found === null) return null;
  // Decimal refuses exponents beyond 19 digits; so the arithmetic below stays small.
  if ((found[4]?.length ?? 0) > 20) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = trimZeros(digits);
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}

/** Without trailing zeros; a regular expression would take quadratic time on hostile input. */
function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** A function's answer against the expected JSON text: a tuple counts as a list at the top level only, then Python's ==.
 * Throws a SyntaxError where `expected` is not JSON. */
export function sameAnswer(answer: PyValue, expected: string): boolean {
  const isTuple = answer !== null && typeof answer === 'object' && answer.kind === 'tuple';
  return pythonEquals(isTuple ? { kind: 'list', items: answer.items } : answer, parsePythonJson(expected));
}
