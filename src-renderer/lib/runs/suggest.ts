/** What may come next in the query bar: keys for a word, values after a key. */
import type { RunSummary } from '../../../src-shared/api.ts';
import { type Field, findFields } from './fields.ts';
import { quote, tokenise } from './query.ts';

export interface Suggestion {
  /** The query with the suggestion taken, and where the caret then stands. */
  readonly query: string;
  readonly caret: number;
  readonly label: string;
  readonly detail: string;
}

const MOST = 12;
const HEAD = /^(-?)([A-Za-z][\w.@/-]*)(>=|<=|!=|[:=><])(.*)$/s;

export function suggest(
  query: string,
  caret: number,
  fields: readonly Field[],
  runs: readonly RunSummary[],
): Suggestion[] {
  const token = tokenise(query).find(({ from, to }) => from <= caret && caret <= to);
  const from = token?.from ?? caret;
  const to = token?.to ?? caret;
  const text = token?.text ?? '';
  const taken = (inserted: string, label: string, detail: string): Suggestion => ({
    query: query.slice(0, from) + inserted + query.slice(to),
    caret: from + inserted.length,
    label,
    detail,
  });

  // The whole list of keys is for who has not begun; between two terms it would be in the way.
  if (text === '' && query.trim() !== '') return [];
  const head = HEAD.exec(text);
  if (head === null) {
    const sign = text.startsWith('-') ? '-' : '';
    const typed = text.slice(sign.length).toLowerCase();
    const rank = ({ key }: Field) =>
      key.toLowerCase().startsWith(typed) ? 0 : key.toLowerCase().includes(`.${typed}`) ? 1 : 2;
    return fields
      .filter(({ key }) => key.toLowerCase().includes(typed))
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, MOST)
      .map(({ key, title }) => taken(`${sign}${key}:`, `${key}:`, title === key ? 'option' : title));
  }
  const [, sign = '', key = '', operator = '', typed = ''] = head;
  const [field, second] = findFields(fields, key);
  if (field === undefined || second !== undefined) return [];
  const comma = typed.lastIndexOf(',');
  const before = typed.slice(0, comma + 1);
  const wanted = typed
    .slice(comma + 1)
    .replaceAll('"', '')
    .toLowerCase();
  return [...countValues(field, runs)]
    .filter(([value]) => value.toLowerCase().includes(wanted) && value.toLowerCase() !== wanted)
    .slice(0, MOST)
    .map(([value, count]) =>
      taken(`${sign}${key}${operator}${before}${quote(value)} `, value, `${count} ${count === 1 ? 'run' : 'runs'}`),
    );
}

/** Values that occur, the most frequent first. */
export function countValues(field: Field, runs: readonly RunSummary[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const run of runs)
    for (const value of field.values(run)) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}
