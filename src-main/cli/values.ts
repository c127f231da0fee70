/** From what a person typed to option values: `--set` by full path or unambiguous ending, checked against the catalogue. */
import type { Catalogue, FlatValues } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { type OptionValue, problemWith, valueFromText } from '../../src-shared/options.ts';
import { type Chosen, chosenMembers, type Place, places } from '../../src-shared/places.ts';

/**
 * The option that a path or ending stands for.
 * @throws AssayError `usage` when it stands for none or for several
 */
export function findPlace(all: readonly Place[], chosen: Chosen, typed: string): Place {
  const matching = all.filter(({ path }) => path === typed || path.endsWith(`.${typed}`));
  const applies = ({ member }: Place) => member === null || chosen.get(member.group) === member.id;
  const exact = matching.filter(({ path }) => path === typed);
  const found = (exact.length > 0 ? exact : matching).filter(applies);
  if (found[0] !== undefined && found.length === 1) return found[0];
  if (found.length > 1)
    throw new AssayError(
      'usage',
      `--set ${typed}: stands for ${listOf(
        found.map((p) => p.path),
        'and',
      )}; write one in full`,
    );
  const other = matching[0]?.member;
  if (other)
    throw new AssayError(
      'usage',
      `--set ${typed}: ${matching[0]?.path} belongs to ${other.group} ${other.id}, and this run has ${other.group} ${chosen.get(other.group)}`,
      { hint: `Add --set ${other.group}.kind=${other.id} to choose it.` },
    );
  const near = nearest(typed, all.filter(applies));
  throw new AssayError('usage', `--set ${typed}: unknown option`, {
    hint: near.length > 0 ? `Did you mean ${listOf(near, 'or')}?` : 'The command "assay catalogue" lists all options.',
  });
}

/** `path=value` pairs over what a file or preset gave. */
export function applySets(
  catalogue: Catalogue,
  preset: string | null,
  given: FlatValues,
  sets: readonly string[],
): FlatValues {
  const all = places(catalogue);
  const pairs = sets.map((set) => {
    const equals = set.indexOf('=');
    if (equals <= 0) throw new AssayError('usage', `--set ${set}: is not path=value, for example limits.steps=20`);
    return { typed: set.slice(0, equals).trim(), text: set.slice(equals + 1) };
  });
  const values: Record<string, OptionValue> = { ...given };
  const put = (place: Place, text: string) => {
    const value = valueFromText(place.option, text);
    // What is no number is shown as it was typed.
    const wrong = problemWith(place.option, Number.isNaN(value) ? text : value);
    if (wrong !== null) throw new AssayError('usage', `${place.path}: ${wrong}`, { path: place.path });
    values[place.path] = value;
  };
  // Members first, whatever the order: they decide which options there are.
  const isKind = ({ typed }: { typed: string }) => typed === 'kind' || typed.endsWith('.kind');
  for (const { typed, text } of pairs.filter(isKind)) put(findPlace(all, new Map(), typed), text);
  const chosen = chosenMembers(catalogue, preset, values);
  for (const pair of pairs) if (!isKind(pair)) put(findPlace(all, chosen, pair.typed), pair.text);
  return values;
}

export function listOf(words: readonly string[], join: 'and' | 'or'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${join} ${words.at(-1)}`;
}

/** Up to three paths that a typed one may have meant, the likeliest first. */
function nearest(typed: string, all: readonly Place[]): string[] {
  const ending = typed.slice(typed.lastIndexOf('.') + 1).toLowerCase();
  const scored = all.map(({ path }) => {
    const name = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
    const group = path.slice(0, path.indexOf('.')).toLowerCase();
    const isPart = ending.length > 2 && (name.includes(ending) || group === ending);
    return { path, distance: isPart ? 1 : editDistance(ending, name) };
  });
  return [...new Map(scored.map((s) => [s.path, s])).values()]
    .filter(({ distance }) => distance <= Math.max(2, Math.floor(ending.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ path }) => path);
}

/** Levenshtein's: insertions, deletions and substitutions that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
