/** LaTeX and plain text of a final answer as tokens. What says nothing about its value is left out: dollar signs, white
 * space, sizes of brackets, degrees. Linear time. */

export type Token =
  /** Digits with at most one point, an exponent apart. */
  | { readonly kind: 'number'; readonly text: string; readonly exponent: number }
  /** A letter, a Greek letter, a function or a constant. */
  | { readonly kind: 'name'; readonly text: string }
  /** Words: a unit behind a number, or an answer in words. */
  | { readonly kind: 'text'; readonly text: string }
  /** An operator, a bracket or a command that is none of the others, by one spelling each. */
  | { readonly kind: 'symbol'; readonly text: string };

/** The answer is not one that is read here; the reason is for tests. */
export class Unreadable extends Error {}

export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['sin', 'cos', 'tan', 'cot', 'sec', 'csc', 'arcsin', 'arccos', 'arctan', 'sinh', 'cosh', 'tanh'],
  ...['ln', 'log', 'lg', 'exp', 'gcd', 'lcm', 'min', 'max', 'abs'],
]);

const MOST_TOKENS = 600;
const UNITS = new Set(['cm', 'mm', 'km', 'kg', 'mg', 'ml', 'ft', 'in', 'lb', 'oz', 'hr', 'am', 'pm', 'mi', 'yd']);

/** One spelling for those that mean the same. */
const SPELLINGS: Readonly<Record<string, string>> = {
  ...{ '·': '*', '×': '*', '∙': '*', '⋅': '*', '\\cdot': '*', '\\times': '*', '\\ast': '*', '\\div': '/', '÷': '/' },
  ...{ '−': '-', '–': '-', '∕': '/', '⁄': '/', ':': '/', '\\colon': '/', '\\ratio': '/' },
  ...{ '±': '\\pm', '∓': '\\mp', '√': '\\sqrt', '∪': '\\cup', '∞': '\\infty', '∈': '\\in', '∅': '\\emptyset' },
  ...{ '\\varnothing': '\\emptyset', '≤': '\\le', '≥': '\\ge', '\\leq': '\\le', '\\geq': '\\ge', '≠': '\\ne' },
  ...{ '\\leqslant': '\\le', '\\geqslant': '\\ge', '\\lt': '<', '\\gt': '>', '\\neq': '\\ne', '≈': '\\approx' },
  ...{ '\\sim': '\\approx', '\\equiv': '=', '\\dfrac': '\\frac', '\\tfrac': '\\frac', '\\cfrac': '\\frac' },
  ...{ '\\dbinom': '\\binom', '\\tbinom': '\\binom', '\\lbrace': '\\{', '\\rbrace': '\\}', '\\lbrack': '[' },
  ...{ '\\rbrack': ']', '\\lparen': '(', '\\rparen': ')', '\\vert': '|', '\\lvert': '|', '\\rvert': '|', '\\mid': '|' },
  ...{ '\\%': '%', '％': '%', '\\land': ',', '\\lor': ',', ';': ',', '\\ldots': '\\dots', '\\cdots': '\\dots' },
  ...{ '\\langle': '(', '\\rangle': ')', '**': '^', '（': '(', '）': ')', '，': ',' },
};
const PLAIN_NAMES: Readonly<Record<string, string>> = {
  ...{ pi: 'pi', infinity: '\\infty', infty: '\\infty', oo: '\\infty', sqrt: '\\sqrt' },
  ...{ π: 'pi', '\\pi': 'pi', θ: 'theta', φ: 'phi' },
};
/** Letters' names and commands that are names. */
const GREEK = new Set(
  'alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell'.split(
    ' ',
  ),
);
const LEFT_OUT = new Set([
  ...['\\left', '\\right', '\\big', '\\Big', '\\bigg', '\\Bigg', '\\bigl', '\\bigr', '\\displaystyle', '\\textstyle'],
  ...['\\limits', '\\,', '\\;', '\\:', '\\!', '\\ ', '\\quad', '\\qquad', '\\$', '\\(', '\\)', '\\[', '\\]', '$', '~'],
  ...['\\circ', '\\degree', '°', '£', '€', '\\pounds', '\\euro', '\\hfill', '\\thinspace'],
]);
const DEGREES = new Set(['\\circ', '\\degree', '°']);
const WORDS_IN = new Set(['\\text', '\\mbox', '\\textbf', '\\textit', '\\textrm', '\\textnormal', '\\hbox']);
const FONTS = new Set([
  '\\mathrm',
  '\\mathbf',
  '\\mathit',
  '\\mathsf',
  '\\mathcal',
  '\\mathbb',
  '\\operatorname',
  '\\boldsymbol',
]);

const SPACE = /\s+/y;
const GROUPED = /\d{1,3}(?:(?:\{,\}|\\[,!]|\u202f|\u00a0| |,)\d{3})+(?!\d)(?:\.\d+)?/y;
const GROUPED_SAFELY = /\d{1,3}(?:(?:\{,\}|\\[,!]|\u202f|\u00a0| )\d{3})+(?!\d)(?:\.\d+)?/y;
const NUMBER = /\d+\.?\d*|\.\d+/y;
const EXPONENT = /[eE]([-+]?\d{1,4})(?![\dA-Za-z])/y;
const COMMAND = /\\(?:[A-Za-z]+|[\s\S])/y;
const WORD = /[A-Za-z]+/y;

/** @param thousands Whether 1,234 is a number (outside brackets) or a list. @throws Unreadable */
export function tokensOf(text: string, thousands: boolean): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let depth = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const push = (token: Token): void => {
    if (tokens.length >= MOST_TOKENS) throw new Unreadable('too long');
    tokens.push(token);
  };
  const symbol = (raw: string): void => {
    const spelling = SPELLINGS[raw] ?? raw;
    const name = Object.hasOwn(PLAIN_NAMES, raw) ? PLAIN_NAMES[raw] : undefined;
    if (name !== undefined) push({ kind: name.startsWith('\\') ? 'symbol' : 'name', text: name });
    else if (LEFT_OUT.has(raw)) {
      if (!DEGREES.has(raw)) return;
      // ^\circ and ^{\circ}: the caret, with the brace, is part of it.
      const caret = tokens.at(-1);
      if (caret?.kind === 'symbol' && caret.text === '{' && tokens.at(-2)?.text === '^') {
        tokens.length -= 2;
        take(SPACE);
        if (text[at] === '}') at++;
      } else if (caret?.kind === 'symbol' && caret.text === '^') tokens.pop();
      take(/\s*(?:[CF](?![A-Za-z])|\\(?:text|mathrm)\{\s*[CF]\s*\})/y);
    } else {
      if ('([{'.includes(spelling) || spelling === '\\{') depth += spelling === '{' ? 0 : 1;
      if (')]'.includes(spelling) || spelling === '\\}') depth -= 1;
      push({ kind: 'symbol', text: spelling });
    }
  };
  const word = (run: string): void => {
    const lower = run.toLowerCase();
    if (lower === 'and' || lower === 'or') push({ kind: 'symbol', text: ',' });
    else if (Object.hasOwn(PLAIN_NAMES, run)) symbol(run);
    else if (FUNCTIONS.has(run)) push({ kind: 'name', text: run });
    else if (run.length > 2 || UNITS.has(run)) push({ kind: 'text', text: run });
    else for (const letter of run) push({ kind: 'name', text: letter });
  };
  while (at < text.length) {
    if (take(SPACE) !== null) continue;
    const number = take(thousands && depth === 0 ? GROUPED : GROUPED_SAFELY) ?? take(NUMBER);
    if (number !== null) {
      const exponent = take(EXPONENT);
      push({ kind: 'number', text: number[0].replace(/[^\d.]/g, ''), exponent: Number(exponent?.[1] ?? 0) });
      continue;
    }
    const letters = take(WORD);
    if (letters !== null) {
      word(letters[0]);
      continue;
    }
    const command = take(COMMAND)?.[0];
    if (command === undefined) {
      const pair = text.slice(at, at + 2);
      const raw =
        pair === '**' || pair === '<=' || pair === '>=' ? pair : String.fromCodePoint(text.codePointAt(at) ?? 0);
      at += raw.length;
      symbol(raw === '<=' ? '\\le' : raw === '>=' ? '\\ge' : raw);
    } else if (WORDS_IN.has(command) || FONTS.has(command)) {
      const inner = group(text, at);
      if (inner === null) continue;
      at += inner.length + 2;
      for (const token of wordsOf(inner, FONTS.has(command), thousands)) push(token);
    } else if (GREEK.has(command.slice(1)) || FUNCTIONS.has(command.slice(1)))
      push({ kind: 'name', text: command.slice(1) });
    else symbol(command);
  }
  return tokens;
}

/** What is between the braces that open at `at`; null where none open or they do not close. */
function group(text: string, at: number): string | null {
  if (text[at] !== '{') return null;
  for (let i = at, open = 0; i < text.length; i++) {
    if (text[i] === '{') open++;
    else if (text[i] === '}' && --open === 0) return text.slice(at + 1, i);
  }
  return null;
}

/** Words are one token, but for a choice as (C), for numbers, and for a letter or function in a font. */
function wordsOf(inner: string, isFont: boolean, thousands: boolean): Token[] {
  const text = inner.trim();
  if (/^(?:and|or)$/i.test(text)) return [{ kind: 'symbol', text: ',' }];
  if (/^\(?[A-Z]\)?\.?$/.test(text) || /^[\d.,\s/-]+$/.test(text)) return tokensOf(text.replace(/\.$/, ''), thousands);
  if (isFont && (text.length === 1 || FUNCTIONS.has(text))) return [{ kind: 'name', text }];
  if (isFont && /[\\\d]/.test(text)) return tokensOf(text, thousands);
  return text === '' ? [] : [{ kind: 'text', text }];
}
