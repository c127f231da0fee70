/**
 * The language of the query bar over runs: words to find, and `key:value` terms that all have to hold. Reading and
 * writing it; what a key stands for is for fields.ts to say.
 *
 *   grpo reward:self-certainty,token-entropy temp>1 -tag:"to redo" name:*seed*
 */

export const OPERATORS = ['>=', '<=', '!=', ':', '=', '>', '<'] as const;
export type Comparison = ':' | '>' | '>=' | '<' | '<=';

export type Term =
  | { readonly kind: 'text'; readonly text: string; readonly negated: boolean }
  | {
      readonly kind: 'field';
      readonly key: string;
      readonly comparison: Comparison;
      /** One of them is enough. Never empty. */
      readonly values: readonly string[];
      readonly negated: boolean;
    };

export interface Query {
  readonly terms: readonly Term[];
  /** Keys that wait for their value: nothing is wrong yet. */
  readonly unfinished: readonly string[];
}

const FIELD = /^([A-Za-z][\w.@/-]*)(>=|<=|!=|[:=><])/;

export interface Token {
  readonly text: string;
  /** Where it stands in the query. */
  readonly from: number;
  readonly to: number;
}

/** Split at white space outside quotes. A quote that is never closed reaches to the end. */
export function tokenise(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    if (/\s/.test(query.charAt(at))) {
      at++;
      continue;
    }
    const from = at;
    let quoted = false;
    while (at < query.length && (quoted || !/\s/.test(query.charAt(at)))) {
      if (query.charAt(at) === '\\' && quoted) at++;
      else if (query.charAt(at) === '"') quoted = !quoted;
      at++;
    }
    at = Math.min(at, query.length);
    tokens.push({ text: query.slice(from, at), from, to: at });
  }
  return tokens;
}

/** What a token says; null for what says nothing, and for `unfinished` see Query. */
function readTerm(token: string): Term | { readonly unfinished: string } | null {
  const negated = token.startsWith('-') && token.length > 1;
  const body = negated ? token.slice(1) : token;
  const match = FIELD.exec(body);
  if (match === null) {
    const text = unquote(body);
    return text === '' ? null : { kind: 'text', text, negated };
  }
  const [head, key, operator] = match as unknown as [string, string, (typeof OPERATORS)[number]];
  const values = splitValues(body.slice(head.length)).filter((value) => value !== '');
  if (values.length === 0) return { unfinished: key };
  const comparison = operator === '=' || operator === '!=' ? ':' : operator;
  return { kind: 'field', key, comparison, values, negated: negated !== (operator === '!=') };
}

export function parseQuery(query: string): Query {
  const terms: Term[] = [];
  const unfinished: string[] = [];
  for (const { text } of tokenise(query)) {
    const read = readTerm(text);
    if (read === null) continue;
    if ('unfinished' in read) unfinished.push(read.unfinished);
    else terms.push(read);
  }
  return { terms, unfinished };
}

/** The query that parses to these terms. */
export function printQuery(terms: readonly Term[]): string {
  return terms
    .map((term) => {
      const sign = term.negated ? '-' : '';
      if (term.kind === 'field') return `${sign}${term.key}${term.comparison}${term.values.map(quote).join(',')}`;
      const isPlain = /^[^\s"\\-][^\s"\\]*$/.test(term.text) && !FIELD.test(term.text);
      return sign + (isPlain ? term.text : quoted(term.text));
    })
    .join(' ');
}

/** A value as it is typed after a key. */
export function quote(value: string): string {
  // After `<`, an `=` would be read as `<=`.
  return /^[^\s",\\=][^\s",\\]*$/.test(value) ? value : quoted(value);
}

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Without quotes and escapes; quotes may stand around any part. */
function unquote(text: string): string {
  let out = '';
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i);
    if (letter === '"') inside = !inside;
    else if (letter === '\\' && inside) out += text.charAt(++i);
    else out += letter;
  }
  return out;
}

/** At commas outside quotes. */
function splitValues(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let inside = false;
  for (let i = 0; i <= text.length; i++) {
    const letter = text.charAt(i);
    if (letter === '\\' && inside) i++;
    else if (letter === '"') inside = !inside;
    else if ((letter === ',' && !inside) || i === text.length) {
      parts.push(unquote(text.slice(from, i)));
      from = i + 1;
    }
  }
  if (from < text.length) parts.push(unquote(text.slice(from)));
  return parts;
}
